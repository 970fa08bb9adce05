/**
 * One WebSocket that is kept up: back-off, watchdog, close codes, what to show while it is down. It knows nothing of
 * sessions: the frames go out by `onFrame`, and each attempt asks `hello` for the newest ticket and cursor.
 */
import { delayBefore } from "./backoff";
import type { ConnectionStatus, ErrorInfo } from "./chat-state";
import { CLOSE, isFinal, NotNow, reasonOf, Refused, SIGNED_OUT } from "./closing";
import type { ClientFrame, Hello, ServerFrame } from "./frames.gen";
import { newRef } from "./ids";
import { onWake } from "./wake";

export const PROTOCOL = "opsloom.v1";

/** The part of `WebSocket` that is used; tests bring their own. */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}
export type MakeSocket = (url: string, protocol: string) => SocketLike;

export interface ConnectionOptions {
  readonly url: string;
  /** Asked for each attempt. May throw `Refused` (give up) or `NotNow`; anything else it throws means "try again". */
  readonly hello: () => Promise<Hello>;
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onStatus: (status: ConnectionStatus) => void;
  /** Every loss, with its close code (1006: none was received). Return true to try again after a final code. */
  readonly onLost?: (code: number) => boolean;
  /** An answer is running here: a draining server is then left only when it closes. */
  readonly isBusy?: () => boolean;
  readonly socket?: MakeSocket;
  readonly random?: () => number;
}

/** A person need not see a break that is shorter. */
const SHOW_BREAK_AFTER_MS = 1_000;
/** Ticket, handshake and welcome together; mobile networks take 2–3 s for it at worst. */
const ATTACH_WITHIN_MS = 15_000;
/** Home routers drop a silent connection after about a minute; 25 s leaves one lost ping of room. */
const PING_AFTER_SILENCE_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
const WATCH_EVERY_MS = 5_000;
/** After waking up the link is either there at once or gone. */
const WAKE_PONG_WITHIN_MS = 3_000;
/** A connection that lived shorter than this counts as a failed attempt, so that welcome-and-drop is no tight loop. */
const SETTLED_AFTER_MS = 2_000;
/** "Too many connections" does not get better within milliseconds. */
const ATTEMPT_AFTER_TOO_MANY = 5;

type Timer = ReturnType<typeof setTimeout> | undefined;

export class Connection {
  readonly #options: ConnectionOptions;
  #socket: SocketLike | null = null;
  /** Counts sockets; callbacks of an older one find that they are no longer asked. */
  #generation = 0;
  #attempt = 0;
  #attached = false;
  #everAttached = false;
  #attachedAt = 0;
  #breakShown = false;
  #signedOutOnce = false;
  #draining = false;
  #heardAt = 0;
  #pingAt: number | null = null;
  #pongWithin = PONG_WITHIN_MS;
  #lastError: ErrorInfo | null = null;
  /** Set while the next attempt is being waited for. */
  #retryTimer: Timer;
  #retryAt: number | null = null;
  #attachTimer: Timer;
  #showTimer: Timer;
  #drainTimer: Timer;
  #watchTimer: ReturnType<typeof setInterval> | undefined;
  #stopWaking: (() => void) | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Attached: what is sent now will be read. */
  get attached(): boolean {
    return this.#attached;
  }

  start(): void {
    if (this.#stopWaking !== null) return;
    this.#stopWaking = onWake(() => this.#wake());
    this.#watchTimer = setInterval(() => this.#watch(), WATCH_EVERY_MS);
    this.#attempt = 0;
    this.#everAttached = false;
    this.#signedOutOnce = false;
    this.#tryAfter(0);
  }

  /** For good, until `start`. */
  stop(error: ErrorInfo | null = null): void {
    this.#drop(CLOSE.normal);
    this.#clearRetry();
    this.#clearShow();
    clearInterval(this.#watchTimer);
    this.#stopWaking?.();
    this.#stopWaking = null;
    this.#breakShown = false;
    this.#options.onStatus({ phase: "closed", error });
  }

  /** A new socket at once, for instance to attach elsewhere. */
  reconnect(): void {
    if (this.#stopWaking === null) return;
    this.#drop(CLOSE.normal);
    this.#attempt = 0;
    this.#breakBegins();
    this.#tryAfter(0);
  }

  /** False where nothing is attached; the caller keeps what must not be lost. */
  send(frame: ClientFrame): boolean {
    if (!this.#attached || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #tryAfter(ms: number): void {
    this.#attempt += 1;
    this.#clearRetry();
    this.#retryTimer = setTimeout(() => void this.#connect(), ms);
    this.#retryAt = Date.now() + ms;
    this.#show();
  }

  #clearRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#retryAt = null;
  }

  #clearShow(): void {
    clearTimeout(this.#showTimer);
    this.#showTimer = undefined;
  }

  async #connect(): Promise<void> {
    const generation = ++this.#generation;
    const isCurrent = (): boolean => generation === this.#generation;
    this.#clearRetry();
    this.#show();
    this.#lastError = null;
    clearTimeout(this.#attachTimer);
    this.#attachTimer = setTimeout(() => isCurrent() && this.#lost(1006), ATTACH_WITHIN_MS);
    let hello: Hello;
    try {
      hello = await this.#options.hello();
    } catch (error) {
      if (!isCurrent()) return;
      if (error instanceof Refused) this.stop(error.error);
      else this.#lost(1006, error instanceof NotNow ? error.ms : 0);
      return;
    }
    if (!isCurrent()) return;
    const make = this.#options.socket ?? browserSocket;
    const socket = make(this.#options.url, PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => isCurrent() && socket.send(JSON.stringify(hello));
    socket.onmessage = (event) => isCurrent() && this.#heard(event.data);
    socket.onclose = (event) => isCurrent() && this.#lost(event.code);
  }

  #heard(data: unknown): void {
    this.#heardAt = Date.now();
    this.#pingAt = null;
    const frame = decode(data);
    if (frame === null || frame.type === "pong") return;
    if (frame.type === "welcome" && !this.#attached) this.#attach();
    if (frame.type === "error" && frame.ref == null) this.#lastError = frame;
    if (frame.type === "going_away") this.#drain(frame.retry_ms);
    this.#options.onFrame(frame);
    if (this.#draining && !this.#options.isBusy?.()) this.reconnect();
  }

  #attach(): void {
    clearTimeout(this.#attachTimer);
    this.#clearShow();
    const resumedAt = this.#breakShown ? Date.now() : null;
    this.#attached = true;
    this.#everAttached = true;
    this.#attachedAt = Date.now();
    this.#breakShown = false;
    this.#signedOutOnce = false;
    this.#options.onStatus({ phase: "online", resumedAt });
  }

  /** `going_away`: move when the delay is over, but never out of the middle of an answer that still arrives here. */
  #drain(ms: number): void {
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => {
      this.#draining = true;
      if (!this.#options.isBusy?.()) this.reconnect();
    }, ms);
  }

  #lost(code: number, atLeastMs = 0): void {
    const error = this.#lastError;
    const settled = this.#attached && Date.now() - this.#attachedAt >= SETTLED_AFTER_MS;
    this.#drop();
    const again = this.#options.onLost?.(code) === true;
    if (this.#stopWaking === null) return;
    if (isFinal(code) && !again) {
      this.stop(error ?? reasonOf(code));
      return;
    }
    if (code === CLOSE.signedOut) {
      if (this.#signedOutOnce) {
        this.stop(error ?? SIGNED_OUT);
        return;
      }
      this.#signedOutOnce = true;
    }
    if (settled || again) this.#attempt = 0;
    if (code === CLOSE.tooMany) this.#attempt = Math.max(this.#attempt, ATTEMPT_AFTER_TOO_MANY);
    this.#breakBegins();
    this.#tryAfter(Math.max(atLeastMs, delayBefore(this.#attempt + 1, this.#options.random ?? Math.random)));
  }

  #breakBegins(): void {
    if (!this.#everAttached || this.#breakShown || this.#showTimer !== undefined) return;
    this.#showTimer = setTimeout(() => {
      this.#showTimer = undefined;
      this.#breakShown = true;
      this.#show();
    }, SHOW_BREAK_AFTER_MS);
  }

  #show(): void {
    if (this.#stopWaking === null) return;
    if (!this.#everAttached) this.#options.onStatus({ phase: "connecting", attempt: this.#attempt });
    else if (this.#breakShown) this.#options.onStatus({ phase: "reconnecting", attempt: this.#attempt, retryAt: this.#retryAt });
  }

  /** Let go of the socket without waiting for its goodbye: a half-open one never says it. */
  #drop(code?: number): void {
    this.#generation += 1;
    this.#attached = false;
    this.#draining = false;
    this.#pingAt = null;
    clearTimeout(this.#attachTimer);
    clearTimeout(this.#drainTimer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #ping(pongWithin: number): void {
    if (!this.send({ type: "ping", ref: newRef() })) return;
    this.#pingAt = Date.now();
    this.#pongWithin = pongWithin;
  }

  #watch(): void {
    if (!this.#attached) return;
    const now = Date.now();
    if (this.#pingAt !== null) {
      if (now - this.#pingAt >= this.#pongWithin) this.#lost(1006);
    } else if (now - this.#heardAt >= PING_AFTER_SILENCE_MS) {
      this.#ping(PONG_WITHIN_MS);
    }
  }

  #wake(): void {
    if (this.#attached) {
      this.#ping(WAKE_PONG_WITHIN_MS);
      setTimeout(() => this.#watch(), WAKE_PONG_WITHIN_MS);
    } else if (this.#retryTimer !== undefined) {
      this.#attempt = 0;
      this.#tryAfter(0);
    }
  }
}

const browserSocket: MakeSocket = (url, protocol) => new WebSocket(url, protocol) as SocketLike;

/** The frame, or null for what is none: a server's unknown types pass, the reducer skips them. */
function decode(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const value: unknown = JSON.parse(data);
    const isFrame = typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
    return isFrame ? (value as ServerFrame) : null;
  } catch {
    return null;
  }
}
