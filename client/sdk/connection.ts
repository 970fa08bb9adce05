/**
 * One WebSocket that is kept up: back-off, watchdog, close codes, what to show while it is down. It knows nothing of
 * sessions: the frames go out by `onFrame`, and each attempt asks `hello` for the newest ticket and cursor.
 */
import { delayAfterTooMany, delayBefore } from "./backoff";
import type { ConnectionStatus, ErrorInfo } from "./chat-state";
import { CLOSE, isFinal, NotNow, reasonOf, Refused, SIGNED_OUT } from "./closing";
import type { ClientFrame, Hello, ServerFrame } from "./frames.gen";
import { newRef } from "./ids";
import { onWake } from "./wake";
import { LOOK_EVERY_MS, Watchdog, type Expecting, type Verdict } from "./watchdog";

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
  /** Returns whether it took the conversation further: then a connection that breaks soon after was no failed attempt. */
  readonly onFrame: (frame: ServerFrame) => boolean;
  readonly onStatus: (status: ConnectionStatus) => void;
  /** Every loss, with its close code (1006: none was received). Return true to try again after a final code. */
  readonly onLost?: (code: number) => boolean;
  /** What should come. While an `answer` runs here, a draining server is left only when it closes. */
  readonly expecting?: () => Expecting;
  /** The link stands, but the answer that should run stands still: its end may have been lost. */
  readonly onStill?: () => void;
  readonly socket?: MakeSocket;
  readonly random?: () => number;
}

/** A person need not see a break that is shorter. */
const SHOW_BREAK_AFTER_MS = 1_000;
/** Ticket, handshake and welcome together; mobile networks take 2–3 s for it at worst. */
const ATTACH_WITHIN_MS = 15_000;
/** An attempt that was under way when the device fell asleep is not waited for longer than this. */
const STALE_ATTEMPT_MS = 3_000;
/** A connection that brought nothing and lived shorter counts as a failed attempt: welcome-and-drop is no tight loop. */
const SETTLED_AFTER_MS = 2_000;

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
  /** This connection took the conversation further. */
  #useful = false;
  #breakShown = false;
  #signedOutOnce = false;
  #draining = false;
  #asleep = false;
  #attemptAt = 0;
  readonly #watchdog = new Watchdog();
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
    this.#stopWaking = onWake({ wake: () => this.#wake(), sleep: () => this.#sleep() });
    this.#watchTimer = setInterval(() => this.#watch(), LOOK_EVERY_MS);
    this.#asleep = false;
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
    this.#attemptAt = Date.now();
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
    const frame = decode(data);
    this.#watchdog.heard(Date.now(), frame?.type !== "pong");
    if (frame === null || frame.type === "pong") return;
    if (frame.type === "welcome" && !this.#attached) this.#attach();
    if (frame.type === "error" && frame.ref == null) this.#lastError = frame;
    if (frame.type === "going_away") this.#drain(frame.retry_ms);
    if (this.#options.onFrame(frame)) this.#useful = true;
    if (this.#draining && !this.#isAnswering()) this.reconnect();
  }

  #isAnswering(): boolean {
    return this.#options.expecting?.() === "answer";
  }

  #attach(): void {
    clearTimeout(this.#attachTimer);
    this.#clearShow();
    const resumedAt = this.#breakShown ? Date.now() : null;
    this.#attached = true;
    this.#everAttached = true;
    this.#attachedAt = Date.now();
    this.#watchdog.begin(this.#attachedAt);
    this.#breakShown = false;
    this.#signedOutOnce = false;
    this.#options.onStatus({ phase: "online", resumedAt });
  }

  /** `going_away`: move when the delay is over, but never out of the middle of an answer that still arrives here. */
  #drain(ms: number): void {
    clearTimeout(this.#drainTimer);
    this.#drainTimer = setTimeout(() => {
      this.#draining = true;
      if (!this.#isAnswering()) this.reconnect();
    }, ms);
  }

  #lost(code: number, atLeastMs = 0): void {
    const error = this.#lastError;
    const settled = this.#attached && (this.#useful || Date.now() - this.#attachedAt >= SETTLED_AFTER_MS);
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
    this.#breakBegins();
    const random = this.#options.random ?? Math.random;
    const pause = code === CLOSE.tooMany ? delayAfterTooMany(random) : delayBefore(this.#attempt + 1, random);
    this.#tryAfter(Math.max(atLeastMs, pause));
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
    this.#useful = false;
    clearTimeout(this.#attachTimer);
    clearTimeout(this.#drainTimer);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #watch(): void {
    if (this.#attached) this.#obey(this.#watchdog.look(Date.now(), this.#options.expecting?.() ?? "nothing"));
  }

  #obey(verdict: Verdict): void {
    if (verdict === "ping") this.send({ type: "ping", ref: newRef() });
    else if (verdict === "dead") this.#lost(1006);
    else if (verdict === "ask") this.#options.onStill?.();
  }

  #wake(): void {
    if (this.#attached) {
      this.#obey(this.#watchdog.woke(Date.now()));
      return;
    }
    const isStale = this.#retryTimer === undefined && Date.now() - this.#attemptAt >= STALE_ATTEMPT_MS;
    if (!this.#asleep && !isStale && this.#retryTimer === undefined) return;
    this.#asleep = false;
    this.#drop();
    this.#attempt = 0;
    this.#tryAfter(0);
  }

  /** Put away, perhaps for good: the socket goes, so that the page may be kept; everything else stays as it is. */
  #sleep(): void {
    if (this.#stopWaking === null) return;
    this.#asleep = true;
    this.#drop(CLOSE.normal);
    this.#clearRetry();
    this.#breakBegins();
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
