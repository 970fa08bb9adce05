/**
 * Requests on their way: each is kept until its one reply came, sent again under the same `ref` after every break, in the
 * order in which they were made, and stored meanwhile. The server does nothing twice for one `ref`.
 */
import type { ErrorInfo, Outcome, Pending, Request, Requested } from "./chat-state";
import type { ErrorFrame, FileRef, ServerFrame } from "./frames.gen";
import { newRef } from "./ids";
import type { Entry, Outbox } from "./outbox";

/** A request as the caller words it; the `ref` is made here. */
export type Wish = Request extends infer R ? (R extends Request ? Omit<R, "ref"> : never) : never;

export interface RequestsOptions {
  readonly outbox: Outbox;
  /** False where nothing is attached; the request then waits for `sendAll`. */
  readonly transmit: (frame: Request) => boolean;
  readonly changed: () => void;
  /** Why this request cannot even be tried; null where it can. */
  readonly objection: (frame: Request) => ErrorInfo | null;
}

type Kept = Entry & Pick<Pending, "delayed">;

const PATIENCE: ReadonlySet<string> = new Set(["rate_limited", "busy", "unavailable"]);
const PATIENCE_MS = 2_000;
/** What was written this long ago is not sent behind the person's back any more. */
const STALE_AFTER_MS = 24 * 3600 * 1000;
const STALE: ErrorInfo = { code: "expired", text: "This was never sent. Send it now?" };

/** A refused one of these carries words of the person, so it stays to be resent. */
const holdsText = (frame: Request): boolean => frame.type === "send" || frame.type === "edit";

export class Requests {
  readonly #options: RequestsOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  #order = 0;
  #patienceTimer: ReturnType<typeof setTimeout> | undefined;
  #patienceEnds = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** In the order in which they were made. */
  list(session: string): Kept[] {
    return [...this.#kept.values()].filter((entry) => entry.session === session);
  }

  /** Whether replies are still to come. */
  outstanding(session: string): boolean {
    return this.list(session).some((entry) => entry.error === null);
  }

  /** Whether the server should reply any moment: something was sent, and it did not ask for patience. */
  owed(session: string): boolean {
    return this.list(session).some((entry) => entry.sent && entry.error === null && entry.delayed === null);
  }

  add(session: string, wish: Wish, files: readonly FileRef[] = []): Requested {
    const ref = newRef();
    const frame = { ...wish, ref } as Request;
    const done = new Promise<Outcome>((resolve) => this.#waiting.set(ref, resolve));
    const entry = { ref, session, frame, files, at: Date.now(), order: this.#order++, sent: false, error: null, delayed: null };
    this.#kept.set(ref, entry);
    const objection = this.#options.objection(frame);
    if (objection !== null) this.#refuse(entry, objection);
    else if (!this.#transmit(entry)) this.#store(entry);
    this.#options.changed();
    return { ref, done };
  }

  /** Take up what an earlier page left behind. */
  async restore(session: string): Promise<void> {
    const restored = (await this.#options.outbox.load(session)).filter((entry) => !this.#kept.has(entry.ref));
    const made = [...this.#kept.values()];
    this.#kept.clear();
    for (const entry of restored) this.#take(entry);
    for (const entry of made) this.#kept.set(entry.ref, entry);
    this.#options.changed();
  }

  #take(entry: Entry): void {
    const stale = entry.error === null && Date.now() - entry.at > STALE_AFTER_MS;
    if (stale && !holdsText(entry.frame)) void this.#options.outbox.delete(entry.ref);
    else this.#kept.set(entry.ref, { ...entry, error: stale ? STALE : entry.error, delayed: null });
  }

  /** After attaching: everything unanswered, again, in order. */
  sendAll(session: string): void {
    for (const entry of this.#kept.values()) {
      if (entry.session === session && entry.error === null) this.#transmit(entry);
    }
  }

  /** The session had no row yet, so nothing of it was accepted: what waits there goes to its successor. */
  move(from: string, to: string): void {
    for (const entry of this.#kept.values()) {
      if (entry.session === from) this.#replace(entry, { session: to });
    }
  }

  /** The frame's `ref` is one of ours: settle it. */
  answer(frame: ServerFrame): void {
    const ref = "ref" in frame ? frame.ref : null;
    const entry = ref == null ? undefined : this.#kept.get(ref);
    if (entry === undefined) return;
    if (frame.type !== "error") {
      this.#forget(entry.ref);
      this.#settle(entry.ref, { ok: true, frame });
    } else if (PATIENCE.has(frame.code)) {
      this.#wait(entry, frame);
    } else {
      this.#refuse(entry, infoOf(frame));
    }
    this.#options.changed();
  }

  /** The biggest one on its way was too big for the server's socket (close code 1009). */
  refuseBiggest(session: string, error: ErrorInfo): void {
    const sent = this.list(session).filter((entry) => entry.error === null);
    const biggest = sent.sort((a, b) => JSON.stringify(b.frame).length - JSON.stringify(a.frame).length)[0];
    const entry = biggest && this.#kept.get(biggest.ref);
    if (entry !== undefined) this.#refuse(entry, error);
  }

  /** Forget a refused one, or one that never left this device. */
  discard(ref: string): Pending | null {
    const entry = this.#kept.get(ref);
    if (entry === undefined || (entry.error === null && entry.sent)) return null;
    this.#forget(ref);
    this.#settle(ref, { ok: false, error: entry.error ?? { code: "expired", text: "Discarded." } });
    this.#options.changed();
    return entry;
  }

  close(): void {
    clearTimeout(this.#patienceTimer);
    this.#patienceTimer = undefined;
  }

  #transmit(entry: Kept): boolean {
    if (!this.#options.transmit(entry.frame)) return false;
    if (!entry.sent || entry.delayed !== null) this.#replace(entry, { sent: true, delayed: null });
    return true;
  }

  #wait(entry: Kept, frame: ErrorFrame): void {
    const until = Date.now() + (frame.retry_ms ?? PATIENCE_MS);
    this.#kept.set(entry.ref, { ...entry, delayed: { until, error: infoOf(frame) } });
    // One timer for all, at the latest time asked for: so they stay in order.
    this.#patienceEnds = Math.max(this.#patienceEnds, until);
    clearTimeout(this.#patienceTimer);
    this.#patienceTimer = setTimeout(() => {
      for (const late of this.#kept.values()) if (late.delayed !== null) this.#transmit(late);
      this.#options.changed();
    }, this.#patienceEnds - Date.now());
  }

  #refuse(entry: Kept, error: ErrorInfo): void {
    if (holdsText(entry.frame)) this.#replace(entry, { error, delayed: null });
    else this.#forget(entry.ref);
    this.#settle(entry.ref, { ok: false, error });
  }

  #replace(entry: Kept, change: Partial<Kept>): void {
    const next = { ...entry, ...change };
    this.#kept.set(entry.ref, next);
    this.#store(next);
  }

  #store({ delayed: _, ...entry }: Kept): void {
    void this.#options.outbox.put(entry);
  }

  #forget(ref: string): void {
    this.#kept.delete(ref);
    void this.#options.outbox.delete(ref);
  }

  #settle(ref: string, outcome: Outcome): void {
    this.#waiting.get(ref)?.(outcome);
    this.#waiting.delete(ref);
  }
}

const infoOf = ({ code, text, issues }: ErrorFrame): ErrorInfo => (issues == null ? { code, text } : { code, text, issues });
