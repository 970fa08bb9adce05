/** One person's conversation over one connection: attaches, keeps the state, heals holes, carries requests. */
import type { ChatApi, ChatState, ErrorInfo, Pending, Request, Requested, Target } from "./chat-state";
import { CLOSE } from "./closing";
import { Connection, type MakeSocket } from "./connection";
import type { FileRef, Hello, ServerFrame, Welcome } from "./frames.gen";
import { newRef } from "./ids";
import { Misfit } from "./misfit";
import { openOutbox, placeOfNew, type Outbox } from "./outbox";
import { Publisher } from "./publisher";
import { apply, cursorOf, emptyState, type State } from "./reducer";
import { Requests, type Wish } from "./requests";
import { Rest } from "./rest";
import type { Tickets } from "./tickets";
import type { Expecting } from "./watchdog";

export interface ChatOptions {
  /** The server's origin, `https://chat.example.com`. */
  readonly server: string;
  readonly tickets: Tickets;
  /** Go on with this session … */
  readonly session?: string | undefined;
  /** … or begin one with this assistant; with both, only if the server never got to know the session. */
  readonly assistant?: string | undefined;
  /** Begin a new one with `assistant` also where the session is gone or somebody else's. Else that ends in `closed`. */
  readonly beginWhereGone?: boolean;
  /** Block kinds that this client renders; others come with their fallback text anyway. */
  readonly kinds?: readonly string[];
  readonly client?: { readonly name: string; readonly version: string };
  readonly locale?: string | undefined;
  readonly timezone?: string | undefined;
  readonly context?: Record<string, unknown> | null;
  /** The session is worth remembering: it has, or is about to have, its first message. */
  readonly onSession?: (session: string) => void;
  readonly outbox?: Outbox;
  readonly rest?: Rest;
  readonly socket?: MakeSocket;
  readonly random?: () => number;
}

const OLDER_AT_ONCE = 50;
/** The server's default for `frame_bytes`, until its `welcome` says otherwise. */
const FRAME_BYTES = 256 * 1024;
const TOO_LONG: ErrorInfo = { code: "too_long", text: "This is too long to send. Shorten it, or attach it as a file." };
/** A server that keeps sending what does not fit is not asked for its state more often than this. */
const RESYNC_EVERY_MS = 1_000;
const OPEN_WITHIN_MS = 10_000;
const CONTEXT_SETTLES_MS = 300;

const LIVE: ReadonlySet<string> = new Set([
  "text.delta",
  "reasoning.delta",
  "tool.start",
  "tool.progress",
  "tool.end",
  "block.render",
  "block.patch",
  "source",
]);

type Timer = ReturnType<typeof setTimeout> | undefined;

export class Chat implements ChatApi {
  readonly #options: ChatOptions;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #rest: Rest;
  readonly #publisher = new Publisher(() => this.#publish());
  readonly #listeners = new Set<() => void>();
  #live: ChatState;
  #published: ChatState;
  /** Where to attach; with both, `assistant` is what to fall back to. */
  #target: { session?: string | undefined; assistant?: string | undefined };
  #context: Record<string, unknown> | null;
  /** The `open` that is under way; until its welcome, frames speak of where we were. */
  #attaching: string | null = null;
  /** A session that turned out not to exist; its requests follow into the next one. */
  #orphaned: string | null = null;
  readonly #restored = new Set<string>();
  #remembered: string | null = null;
  #resyncedAt = 0;
  #openTimer: Timer;
  #resyncTimer: Timer;
  #contextTimer: Timer;

  constructor(options: ChatOptions) {
    this.#options = options;
    this.#target = { session: options.session, assistant: options.assistant };
    this.#context = options.context ?? null;
    this.#live = this.#published = {
      status: { phase: "idle" },
      conversation: null,
      assistant: null,
      user: null,
      limits: {},
      pending: [],
      loadingOlder: false,
    };
    this.#rest = options.rest ?? new Rest({ server: options.server, bearer: () => options.tickets.visitor() });
    this.#requests = new Requests({
      outbox: options.outbox ?? openOutbox(),
      transmit: (frame) => this.#attaching === null && this.#connection.send(frame),
      changed: () => this.#changed(),
      objection: (frame) => this.#objection(frame),
    });
    this.#connection = new Connection({
      url: socketUrl(options.server),
      hello: () => this.#hello(),
      onFrame: (frame) => this.#receive(frame),
      onStatus: (status) => this.#set({ status }),
      onLost: (code) => this.#lost(code),
      expecting: () => this.#expecting(),
      onStill: () => this.#attaching === null && this.#attach(),
      ...(options.socket === undefined ? {} : { socket: options.socket }),
      ...(options.random === undefined ? {} : { random: options.random }),
    });
  }

  readonly getState = (): ChatState => this.#published;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly connect = (): void => this.#connection.start();

  readonly close = (): void => {
    clearTimeout(this.#openTimer);
    clearTimeout(this.#resyncTimer);
    clearTimeout(this.#contextTimer);
    this.#requests.close();
    this.#connection.stop();
    this.#publisher.cancel();
  };

  readonly open = (target: Target): void => {
    const left = this.#target.session;
    this.#target = { ...target };
    this.#attaching = null;
    this.#orphaned = null;
    this.#set({ conversation: null, loadingOlder: false, pending: this.#requests.list(this.#place()) });
    const settled = left === undefined || !this.#requests.outstanding(left);
    if (this.#connection.attached && settled) this.#attach();
    else if (this.#live.status.phase === "closed") this.connect();
    else this.#connection.reconnect();
  };

  readonly send = (text: string, files: readonly FileRef[] = []): Requested =>
    this.#request({ type: "send", text, ...(files.length === 0 ? {} : { files: files.map((file) => file.id) }) }, files);

  readonly stop = (): Requested | null => {
    const turn = this.#live.conversation?.turn;
    return turn == null ? null : this.#request({ type: "stop", turn: turn.id });
  };

  readonly act = (block: string, action: string, values?: unknown): Requested =>
    this.#request({ type: "act", block, action, ...(values === undefined ? {} : { values }) });

  readonly retry = (message: string): Requested => this.#request({ type: "retry", message });

  readonly edit = (message: string, text: string): Requested => this.#request({ type: "edit", message, text });

  readonly choose = (message: string): Requested => this.#request({ type: "choose", message });

  readonly withdraw = (message: string): Requested => this.#request({ type: "withdraw", message });

  readonly feedback = (message: string, value: -1 | 0 | 1, comment?: string): Requested =>
    this.#request({ type: "feedback", message, value, ...(comment === undefined ? {} : { comment }) });

  readonly resend = (ref: string): Requested | null => {
    const refused = this.#requests.discard(ref);
    if (refused === null) return null;
    const { ref: _, ...wish } = refused.frame;
    return this.#request(wish as Wish, refused.files);
  };

  readonly discard = (ref: string): Pending | null => this.#requests.discard(ref);

  readonly loadOlder = async (): Promise<void> => {
    const before = this.#live.conversation;
    const first = before?.messages[0];
    if (before === null || first === undefined || !before.more || this.#live.loadingOlder) return;
    this.#set({ loadingOlder: true });
    try {
      const page = await this.#rest.messages(before.session.id, { before: first.id, limit: OLDER_AT_ONCE });
      const now = this.#live.conversation;
      if (now?.session.id === before.session.id && now.messages[0]?.id === first.id) {
        this.#set({ conversation: { ...now, messages: [...page.items, ...now.messages], more: page.more } });
      }
    } finally {
      this.#set({ loadingOlder: false });
    }
  };

  readonly setContext = (context: Record<string, unknown> | null): void => {
    if (JSON.stringify(context) === JSON.stringify(this.#context)) return;
    this.#context = context;
    clearTimeout(this.#contextTimer);
    this.#contextTimer = setTimeout(() => this.#connection.attached && this.#connection.reconnect(), CONTEXT_SETTLES_MS);
  };

  #request(wish: Wish, files: readonly FileRef[] = []): Requested {
    if (this.#target.session !== undefined) this.#remember(this.#target.session);
    return this.#requests.add(this.#place(), wish, files);
  }

  /** Under which name requests are kept: the session, or "a new one with this assistant" until the server has named it. */
  #place(): string {
    return this.#target.session ?? placeOfNew(this.#target.assistant ?? "");
  }

  /** Once a place: what an earlier page left in the outbox. */
  async #restore(place: string): Promise<void> {
    if (this.#restored.has(place)) return;
    this.#restored.add(place);
    await this.#requests.restore(place);
  }

  #objection(frame: Request): ErrorInfo | null {
    const { message_chars: chars = 0, frame_bytes: bytes = FRAME_BYTES } = this.#live.limits;
    const text = "text" in frame ? frame.text : "";
    if (chars > 0 && text.length > chars && [...text].length > chars) return TOO_LONG;
    if (bytes > 0 && new TextEncoder().encode(JSON.stringify(frame)).length > bytes) return TOO_LONG;
    return null;
  }

  async #hello(): Promise<Hello> {
    this.#attaching = null;
    await this.#restore(this.#place());
    const ticket = await this.#options.tickets.take();
    const { client = { name: "opsloom-web", version: "0.1.0" }, kinds, locale, timezone } = this.#options;
    return {
      type: "hello",
      ticket,
      client: { ...client },
      ...this.#where(),
      ...(kinds === undefined ? {} : { kinds: [...kinds] }),
      ...(locale === undefined ? {} : { locale }),
      ...(timezone === undefined ? {} : { timezone }),
      ...(this.#context === null ? {} : { context: this.#context }),
    };
  }

  #where(): Pick<Hello, "session" | "assistant" | "cursor"> {
    const { session, assistant } = this.#target;
    const held = this.#live.conversation;
    if (session === undefined) return { assistant: assistant ?? null };
    // A session without a row is found again by the name that the server sealed for this assistant.
    const sealed = assistant !== undefined && this.#requests.outstanding(session) ? { assistant } : {};
    if (held?.session.id !== session) return { session, ...sealed };
    if (held.rev === 0 && assistant !== undefined && !("assistant" in sealed)) {
      // It has no row and no request yet, so there is nothing to go back to: a new one serves as well. What is asked
      // from here on belongs to that one.
      this.#orphaned = session;
      this.#target = { assistant };
      return { assistant };
    }
    return { session, ...sealed, cursor: cursorOf(held) };
  }

  /** Before the first state, and while an `open` is under way, a long snapshot may be what is silent. */
  #expecting(): Expecting {
    const { conversation } = this.#live;
    if (conversation === null || this.#attaching !== null) return "nothing";
    if (conversation.turn !== null) return "answer";
    return this.#requests.owed(this.#place()) ? "reply" : "nothing";
  }

  /** Over the standing connection: another session, or the same one from the cursor. */
  #attach(withCursor = true): void {
    const ref = newRef();
    const { cursor, ...where } = this.#where();
    const sent = this.#connection.send({ type: "open", ref, ...where, ...(withCursor && cursor ? { cursor } : {}) });
    this.#attaching = sent ? ref : null;
    clearTimeout(this.#openTimer);
    this.#openTimer = setTimeout(() => this.#attaching === ref && this.#connection.reconnect(), OPEN_WITHIN_MS);
  }

  /** Whether the frame took the conversation further. */
  #receive(frame: ServerFrame): boolean {
    if (this.#attaching !== null) {
      if (frame.type === "error" && frame.ref === this.#attaching) {
        this.#connection.stop(frame);
        return false;
      }
      // What was asked before still gets its answer; the rest speaks of where we were, or comes again.
      if (frame.type !== "welcome" || frame.ref !== this.#attaching) {
        this.#requests.answer(frame);
        return false;
      }
      this.#attaching = null;
    }
    const before = this.#live.conversation;
    if (frame.type === "welcome") void this.#welcomed(frame);
    else this.#apply(frame);
    this.#requests.answer(frame);
    if (LIVE.has(frame.type)) this.#publisher.soon();
    else this.#publisher.now();
    return frame.type !== "welcome" && frame.type !== "snapshot" && this.#live.conversation !== before;
  }

  #apply(frame: ServerFrame): void {
    const held = this.#live.conversation ?? (frame.type === "snapshot" ? emptyState(frame.session) : null);
    if (held === null) return;
    try {
      const next = apply(held, frame);
      this.#live = { ...this.#live, conversation: frame.type === "snapshot" ? withOlder(held, next) : next };
      if (next.rev > 0) this.#target = { session: next.session.id };
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      this.#resync();
    }
  }

  /** Ask again from the cursor; if that did not help a moment ago, for the whole state. */
  #resync(): void {
    const again = Date.now() - this.#resyncedAt < 10 * RESYNC_EVERY_MS;
    const wait = Math.max(0, RESYNC_EVERY_MS - (Date.now() - this.#resyncedAt));
    this.#resyncedAt = Date.now() + wait;
    this.#attaching = HOLD;
    clearTimeout(this.#resyncTimer);
    this.#resyncTimer = setTimeout(() => {
      if (this.#attaching !== HOLD) return;
      if (this.#connection.attached) this.#attach(!again);
      else this.#attaching = null;
    }, wait);
  }

  async #welcomed(frame: Welcome): Promise<void> {
    const { assistant, user, limits, session } = frame;
    const same = this.#live.conversation?.session.id === session.id;
    this.#live = { ...this.#live, assistant, user, limits, conversation: same ? this.#live.conversation : null };
    const asked = this.#place();
    this.#target = { session: session.id, assistant: session.rev === 0 ? assistant.slug : undefined };
    if (asked !== session.id) this.#requests.move(asked, session.id);
    if (this.#orphaned !== null) this.#requests.move(this.#orphaned, session.id);
    this.#orphaned = null;
    await this.#restore(session.id);
    if (session.rev > 0 || this.#requests.list(session.id).length > 0) this.#remember(session.id);
    if (this.#target.session === session.id) this.#requests.sendAll(session.id);
    this.#changed();
  }

  #remember(session: string): void {
    if (this.#remembered === session) return;
    this.#remembered = session;
    this.#options.onSession?.(session);
  }

  #lost(code: number): boolean {
    this.#attaching = null;
    const { session, assistant } = this.#target;
    if (code === CLOSE.tooBig && session !== undefined) this.#requests.refuseBiggest(session, TOO_LONG);
    if (code !== CLOSE.notFound || session === undefined || assistant === undefined) return false;
    // Requests that wait for a session without a row were made before it had one: they go to a new one.
    if (this.#options.beginWhereGone !== true && !this.#requests.outstanding(session)) return false;
    this.#orphaned = session;
    this.#target = { assistant };
    this.#live = { ...this.#live, conversation: null };
    return true;
  }

  #changed(): void {
    const orphans = this.#orphaned === null ? [] : this.#requests.list(this.#orphaned);
    this.#set({ pending: [...orphans, ...this.#requests.list(this.#place())] });
  }

  #set(change: Partial<ChatState>): void {
    this.#live = { ...this.#live, ...change };
    this.#publisher.now();
  }

  #publish(): void {
    if (this.#published === this.#live) return;
    this.#published = this.#live;
    for (const listener of this.#listeners) listener();
  }
}

/** Not a ref: frames are held off until the `open` of a resync goes out. */
const HOLD = "-";

/** A fresh window of the same path: what was fetched before it stays in view. */
function withOlder(before: State, next: State): State {
  const first = next.messages[0];
  const place = first === undefined ? -1 : before.messages.findIndex((message) => message.id === first.id);
  if (before.session.id !== next.session.id || place <= 0) return next;
  return { ...next, messages: [...before.messages.slice(0, place), ...next.messages], more: before.more };
}

function socketUrl(server: string): string {
  const url = new URL("/ws", server);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
