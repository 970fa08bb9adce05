/** One-use tickets for the socket, and the anonymous visitor's own secret, which makes the next ticket the same person's. */
import { NotNow, Refused } from "./closing";
import { Rest, RestError } from "./rest";
import type { Keep } from "./storage";

export interface Tickets {
  /** A fresh ticket. Throws `Refused` where asking again is no use, `NotNow` where the server named a delay. */
  take(): Promise<string>;
  /** The visitor's secret, a Bearer for that person's own REST reads; null for people who are signed in. */
  visitor(): string | null;
}

interface TicketReply {
  ticket: string;
  expires_in: number;
  visitor?: string | null;
}

export interface HttpTicketsOptions {
  readonly server: string;
  readonly assistant?: string;
  /** New conversations are with the assistant's draft. For people who are signed in and change assistants. */
  readonly draft?: boolean;
  /** Where the visitor's secret is kept. */
  readonly keep: Keep;
  /** A widget sends no cookies (`omit`, the default); the server's own pages say `same-origin`. */
  readonly credentials?: RequestCredentials;
  /**
   * The token that goes along where a cookie signs in; null for a visitor. A person who is signed in is known by the
   * cookie: then no visitor's secret is sent, and the ticket is good for every assistant of theirs.
   */
  readonly csrf?: () => string | null;
  readonly fetch?: typeof fetch;
}

export class HttpTickets implements Tickets {
  readonly #options: HttpTicketsOptions;
  readonly #rest: Rest;
  readonly #key: string;

  constructor(options: HttpTicketsOptions) {
    this.#options = options;
    this.#key = `visitor.${options.assistant ?? ""}`;
    const { server, credentials = "omit", csrf = () => null, fetch } = options;
    this.#rest = new Rest({ server, credentials, csrf, fetch });
  }

  visitor(): string | null {
    return this.#isSignedIn() ? null : this.#options.keep.get(this.#key);
  }

  #isSignedIn(): boolean {
    return (this.#options.csrf?.() ?? null) !== null;
  }

  async take(): Promise<string> {
    if (this.#isSignedIn() || this.visitor() !== null) return this.#take();
    const release = await lock(`opsloom.${this.#key}`);
    try {
      return await this.#take();
    } finally {
      release();
    }
  }

  async #take(): Promise<string> {
    const { assistant, draft = false, keep } = this.#options;
    const visitor = this.visitor();
    const isSignedIn = this.#isSignedIn();
    try {
      const reply = await this.#rest.post<TicketReply>("tickets", {
        ...(assistant === undefined || (isSignedIn && !draft) ? {} : { assistant }),
        ...(draft ? { draft } : {}),
        ...(visitor === null ? {} : { visitor }),
      });
      if (!isSignedIn && reply.visitor != null && reply.visitor !== visitor) keep.set(this.#key, reply.visitor);
      return reply.ticket;
    } catch (error) {
      if (error instanceof RestError && error.status === 401 && visitor !== null && !draft) {
        // The secret is no longer known (another database, an erased person). Better a new person than a dead chat.
        keep.remove(this.#key);
        return this.#take();
      }
      throw translated(error);
    }
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof RestError)) return error;
  if (error.retryMs !== null) return new NotNow(error.retryMs);
  // 408, 425 and 429 pass; every other 4xx is an answer that will not change by asking again.
  const final = error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status);
  return final ? new Refused(error.info) : error;
}

/**
 * Two tabs that open at the same moment must not become two people: the second waits for the first one's secret. Where
 * storage is blocked locks are too (SecurityError), and there is nothing to share anyway.
 */
function lock(name: string): Promise<() => void> {
  const locks = (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks;
  return new Promise((resolve) => {
    const free = (): void => resolve(() => undefined);
    if (locks === undefined) free();
    else locks.request(name, () => new Promise<void>((release) => resolve(release))).catch(free);
  });
}
