import {
  apply, emptyState, type AssistantInfo, type ChatApi, type ChatState, type Message, type Outcome, type Requested, type ServerFrame, type Source,
} from "@opsloom/sdk";
import { ALL_ELEMENTS, LONG, SOURCES } from "./samples";

const ASSISTANT: AssistantInfo = {
  slug: "demo",
  name: "Opsloom",
  greeting: "What would you like to know about Opsloom?",
  starters: ["How do I embed the chat on my website?", "Show me a chart", "Which models can I use?"],
  look: {},
  kinds: [],
};

export const EMPTY: ChatState = {
  status: { phase: "online", resumedAt: null },
  conversation: emptyState({ id: "ses_gallery", rev: 0, title: null }),
  assistant: ASSISTANT,
  user: { id: "u", name: "Visitor", kind: "visitor" },
  limits: { message_chars: 32_768 },
  pending: [],
  loadingOlder: false,
};

const done: Promise<Outcome> = Promise.resolve({ ok: true, frame: { type: "ack", ref: "r" } });
let count = 0;
export const id = (kind: string): string => `${kind}_${++count}`;

/** A chat without a server: `send` streams a scripted answer through the sdk's own reducer. */
export class FakeChat implements ChatApi {
  #state: ChatState;
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(state: Partial<ChatState>) {
    this.#state = { ...EMPTY, ...state };
  }

  getState = (): ChatState => this.#state;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  #set(next: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...next };
    for (const listener of this.#listeners) listener();
  }
  #frame(...frames: ServerFrame[]): void {
    let state = this.#state.conversation;
    for (const frame of frames) if (state) state = apply(state, frame);
    this.#set({ conversation: state });
  }
  /** Frames as from a server. */
  feed(...frames: ServerFrame[]): void {
    this.#frame(...frames);
  }
  #requested(): Requested {
    return { ref: id("ref"), done };
  }

  connect = (): void => this.#set({ status: { phase: "online", resumedAt: Date.now() } });
  close = (): void => undefined;
  open = (): void => undefined;
  setContext = (): void => undefined;
  loadOlder = (): Promise<void> => Promise.resolve();
  resend = (): null => null;
  discard = (ref: string): null => {
    this.#set({ pending: this.#state.pending.filter((one) => one.ref !== ref) });
    return null;
  };

  send = (text: string): Requested => {
    const conversation = this.#state.conversation;
    if (!conversation) return this.#requested();
    const queued = conversation.turn !== null;
    const message: Message = { id: id("msg"), role: "user", parent: conversation.leaf, siblings: [], status: queued ? "queued" : "done", created_at: new Date().toISOString(), parts: [{ type: "text", text }] };
    this.#frame({ type: "message", rev: conversation.rev + 1, message });
    if (!queued) this.#answer(message.id);
    return this.#requested();
  };

  #answer(parent: string): void {
    const rev = (this.#state.conversation?.rev ?? 0) + 1;
    this.#frame({ type: "turn.start", rev, turn: id("turn"), epoch: 1, message: id("msg"), parent, model: "demo" });
    const long = new URLSearchParams(location.search).has("long");
    const words = (long ? LONG : ALL_ELEMENTS).match(/\s*\S+/g) ?? [];
    const steps: ((seq: number) => ServerFrame)[] = [
      (seq) => ({ type: "tool.start", seq, part: 0, call: "c1", tool: "search_knowledge", title: "Search the knowledge", input: { query: "embed the chat" } }),
      (seq) => ({ type: "tool.end", seq, part: 0, status: "ok", ms: 840, summary: "3 passages" }),
      ...SOURCES.map((source, i) => (seq: number): ServerFrame => ({ type: "source", seq, part: 1 + i, source })),
      ...words.map((text) => (seq: number): ServerFrame => ({ type: "text.delta", seq, part: 1 + SOURCES.length, text })),
    ];
    let at = 0;
    clearInterval(this.#timer);
    const started = performance.now();
    if (long) {
      this.#timer = setInterval(() => {
        // 300 tokens a second, published every 50 ms as the sdk does.
        const due = Math.floor(((performance.now() - started) / 1000) * 300);
        const frames: ServerFrame[] = [];
        while (at < due && at < steps.length) frames.push((steps[at] as (seq: number) => ServerFrame)(++at));
        if (frames.length) this.#frame(...frames);
        else if (at >= steps.length) this.#end("done");
      }, 50);
      return;
    }
    this.#timer = setInterval(() => {
      const step = steps[at];
      if (step && at === 1 && (this.#state.conversation?.turn?.seq ?? 0) < 1) return;
      at++;
      if (step) this.#frame(step(at));
      else this.#end("done");
    }, 30);
  }

  #end(status: "done" | "stopped"): void {
    clearInterval(this.#timer);
    const conversation = this.#state.conversation;
    if (!conversation?.turn) return;
    const { id: turn, message } = conversation.turn;
    this.#frame({ type: "turn.end", rev: conversation.rev + 1, turn, status, message: { ...message, status } });
    const next = this.#state.conversation?.messages.find((one) => one.status === "queued");
    if (next && this.#state.conversation) {
      this.#frame({ type: "message.update", rev: this.#state.conversation.rev + 1, message: { id: next.id, status: "done", parent: message.id, siblings: [], place: 0 } });
      this.#answer(next.id);
    }
  }

  stop = (): Requested => {
    this.#end("stopped");
    return this.#requested();
  };
  act = (block: string, action: string, values?: unknown): Requested => {
    const conversation = this.#state.conversation;
    const message = conversation?.messages.find(({ parts }) => parts.some((part) => part.type === "block" && part.block.id === block));
    if (conversation && message) {
      this.#frame({ type: "block.update", rev: conversation.rev + 1, message: message.id, block: { id: block, state: { status: "answered", action, values, at: new Date().toISOString() } } });
    }
    return this.#requested();
  };
  feedback = (message: string, value: -1 | 0 | 1): Requested => {
    if (this.#state.conversation) this.#frame({ type: "message.update", rev: this.#state.conversation.rev + 1, message: { id: message, feedback: { value } } });
    return this.#requested();
  };
  withdraw = (message: string): Requested => {
    if (this.#state.conversation) this.#frame({ type: "message.update", rev: this.#state.conversation.rev + 1, message: { id: message, status: "withdrawn" } });
    return this.#requested();
  };
  retry = (): Requested => this.#requested();
  edit = (): Requested => this.#requested();
  choose = (): Requested => this.#requested();

  passage = (source: Source): Promise<{ before: string; quote: string; after: string }> =>
    Promise.resolve({ before: "Put one line before the end of the page's body. ", quote: source.quote, after: " It asks for nothing until a person opens it." });
}
