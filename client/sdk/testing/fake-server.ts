/** For tests: a server that keeps the protocol's promises (log, cursor, `ref`), over links that may be cut anywhere. */
import type { ClientFrame, Cursor, Hello, Message, ServerFrame } from "../frames.gen";
import type { SocketLike } from "../connection";
import { apply, emptyState, type State } from "../reducer";

const AUTHOR = { id: "usr_1", name: "Visitor", kind: "visitor" } as const;
const LATENCY_MS = 2;
const TOKEN_EVERY_MS = 7;

interface Session {
  id: string;
  written: boolean;
  state: State;
  /** Every durable and live frame, in the order in which it happened. */
  history: { frame: ServerFrame; turn: string | null }[];
  replies: Map<string, ServerFrame>;
  queue: string[];
}

export interface FakeServerOptions {
  readonly random?: () => number;
  /** The answer to a text, a token an item. */
  readonly answer?: (text: string) => string[];
}

/** One end of a link; the client holds it as a `SocketLike`. */
export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  session: Session | null = null;
  up = true;
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
    setTimeout(() => this.up && this.onopen?.(), LATENCY_MS);
  }
  /** Client to server. */
  send(text: string): void {
    if (this.up) setTimeout(() => this.up && this.#server.receive(this, JSON.parse(text) as ClientFrame), LATENCY_MS);
  }
  close(): void {
    this.up = false;
    this.#server.sockets.delete(this);
  }
  /** Server to client. */
  push(frame: ServerFrame): void {
    const data = JSON.stringify(frame);
    setTimeout(() => this.up && this.onmessage?.({ data }), LATENCY_MS);
  }
  /** Half-open: nothing passes any more, and neither end is told. */
  goSilent(): void {
    this.up = false;
  }
  /** What is in flight is lost, both ways. */
  cut(code = 1006): void {
    this.up = false;
    this.#server.sockets.delete(this);
    this.onclose?.({ code });
  }
}

export class FakeServer {
  readonly sockets = new Set<FakeSocket>();
  readonly sessions = new Map<string, Session>();
  readonly hellos: Hello[] = [];
  runs = 0;
  /** Answer the next `send`s with this error instead. */
  refusals: Omit<Extract<ServerFrame, { type: "error" }>, "type" | "ref">[] = [];
  /** Frames that the filter does not let through are lost on the way to the client. */
  filter: (frame: ServerFrame) => boolean = () => true;
  readonly #random: () => number;
  readonly #answer: (text: string) => string[];
  #ids = 0;

  constructor({ random = () => 0.5, answer = (text) => ["You ", "said ", `"${text}".`] }: FakeServerOptions = {}) {
    this.#random = random;
    this.#answer = answer;
  }

  readonly connect = (): FakeSocket => {
    const socket = new FakeSocket(this);
    this.sockets.add(socket);
    return socket;
  };

  receive(socket: FakeSocket, frame: ClientFrame): void {
    if (frame.type === "hello") {
      this.hellos.push(frame);
      this.#attach(socket, frame.session ?? null, frame.cursor ?? null);
    } else if (frame.type === "open") {
      this.#attach(socket, frame.session ?? null, frame.cursor ?? null, frame.ref);
    } else if (frame.type === "ping") {
      socket.push({ type: "pong", ref: frame.ref });
    } else if (socket.session !== null) {
      this.#request(socket, socket.session, frame);
    }
  }

  #id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_${String(this.#ids).padStart(5, "0")}`;
  }

  #attach(socket: FakeSocket, id: string | null, cursor: Cursor | null, ref?: string): void {
    const known = id === null ? this.#create() : this.sessions.get(id);
    if (known === undefined || (id !== null && !known.written)) {
      if (ref === undefined) socket.cut(4404);
      else socket.push({ type: "error", ref, code: "not_found", text: "No such session." });
      return;
    }
    const replay = cursor === null || this.#random() < 0.3 ? null : replayed(known, cursor);
    socket.session = known;
    socket.push({
      type: "welcome",
      protocol: "opsloom.v1",
      connection: this.#id("con"),
      user: AUTHOR,
      assistant: { slug: "demo", name: "Demo", greeting: "Hello.", starters: [], look: {}, kinds: [] },
      session: known.state.session,
      resumed: replay !== null,
      limits: { message_chars: 100, frame_bytes: 4096 },
      ...(ref === undefined ? {} : { ref }),
    });
    if (replay === null) socket.push(snapshot(known.state));
    else for (const frame of replay) socket.push(frame);
  }

  #create(): Session {
    const id = this.#id("ses");
    const state = emptyState({ id, rev: 0 });
    const session = { id, written: false, state, history: [], replies: new Map(), queue: [] };
    this.sessions.set(id, session);
    return session;
  }

  #request(socket: FakeSocket, session: Session, frame: Exclude<ClientFrame, Hello | { type: "open" | "ping" }>): void {
    const earlier = session.replies.get(frame.ref);
    if (earlier !== undefined) {
      socket.push(earlier);
      return;
    }
    const refusal = this.refusals.shift();
    if (refusal !== undefined) {
      socket.push({ type: "error", ref: frame.ref, ...refusal });
      return;
    }
    if (frame.type === "send") this.#send(socket, session, frame.ref, frame.text);
    else this.#reply(socket, session, { type: "ack", ref: frame.ref });
  }

  #send(socket: FakeSocket, session: Session, ref: string, text: string): void {
    session.written = true;
    const busy = session.state.turn !== null;
    const message: Message = {
      id: this.#id("msg"),
      role: "user",
      parent: session.state.leaf,
      siblings: [],
      place: 0,
      status: busy ? "queued" : "done",
      created_at: "2026-01-02T03:04:05Z",
      parts: [{ type: "text", text }],
      author: AUTHOR,
    };
    const frame: ServerFrame = { type: "message", rev: session.state.rev + 1, message };
    this.#happen(session, frame, socket, ref);
    session.replies.set(ref, { ...frame, ref });
    if (busy) session.queue.push(message.id);
    else this.#run(session, message.id, text);
  }

  #reply(socket: FakeSocket, session: Session, reply: ServerFrame & { ref: string }): void {
    session.replies.set(reply.ref, reply);
    socket.push(reply);
  }

  #run(session: Session, parent: string, text: string): void {
    this.runs += 1;
    const turn = this.#id("trn");
    const message = this.#id("msg");
    this.#happen(session, { type: "turn.start", rev: session.state.rev + 1, turn, epoch: 1, message, parent, model: "demo" });
    const tokens = this.#answer(text);
    const step = (): void => {
      const token = tokens.shift();
      const running = session.state.turn;
      if (running === null) return;
      if (token !== undefined) {
        this.#happen(session, { type: "text.delta", seq: running.seq + 1, part: 0, text: token });
        setTimeout(step, TOKEN_EVERY_MS);
        return;
      }
      const ended: Message = { ...running.message, status: "done" };
      this.#happen(session, { type: "turn.end", rev: session.state.rev + 1, turn, status: "done", message: ended });
      this.#next(session);
    };
    setTimeout(step, TOKEN_EVERY_MS);
  }

  #next(session: Session): void {
    const id = session.queue.shift();
    const queued = session.state.messages.find((message) => message.id === id);
    if (id === undefined || queued === undefined) return;
    const parent = session.state.leaf;
    const change = { id, status: "done", parent, siblings: [], place: 0 } as const;
    this.#happen(session, { type: "message.update", rev: session.state.rev + 1, message: { ...change, siblings: [] } });
    const text = queued.parts[0]?.type === "text" ? queued.parts[0].text : "";
    this.#run(session, id, text);
  }

  #happen(session: Session, frame: ServerFrame, asker?: FakeSocket, ref?: string): void {
    session.state = apply(session.state, frame);
    session.history.push({ frame, turn: session.state.turn?.id ?? null });
    for (const socket of this.sockets) {
      if (socket.session !== session || !this.filter(frame)) continue;
      socket.push(socket === asker ? ({ ...frame, ref } as ServerFrame) : frame);
    }
  }
}

function snapshot(state: State): ServerFrame {
  const { turn, ...rest } = state;
  return { type: "snapshot", ...rest, messages: [...state.messages], ...(turn === null ? {} : { turn }) };
}

/** What follows the cursor, or null where it names another turn than the one that was running then. */
function replayed({ history }: Session, cursor: Cursor): ServerFrame[] | null {
  const place = cursor.rev === 0 ? -1 : history.findIndex(({ frame }) => "rev" in frame && frame.rev === cursor.rev);
  if (place < 0 && cursor.rev > 0) return null;
  return history
    .slice(place + 1)
    .filter(({ frame, turn }) => !("seq" in frame) || turn !== cursor.turn || frame.seq > (cursor.seq ?? 0))
    .map(({ frame }) => frame);
}
