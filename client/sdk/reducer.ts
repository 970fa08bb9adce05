/**
 * What a client holds, and how a frame changes it: pure, the same rules as `opsloom_protocol.state`, tested by the same
 * fixtures. What a frame does not touch keeps its identity, so that views may compare by reference.
 */
import type {
  BlockState,
  BlockUpdate,
  Cursor,
  Message,
  MessageAdded,
  MessageChange,
  MessageUpdate,
  ServerFrame,
  SessionInfo,
  SessionUpdate,
  TurnEnd,
  TurnStart,
  Turn,
} from "./frames.gen";
import { Gap } from "./misfit";
import { nextParts, type LiveFrame, type Part } from "./parts";

/** The path's messages, the queued ones after them, and the running turn; the running answer stands only in there. */
export interface State {
  readonly session: SessionInfo;
  readonly rev: number;
  readonly leaf: string | null;
  readonly messages: readonly Message[];
  readonly more: boolean;
  readonly turn: Turn | null;
}

type DurableFrame = MessageAdded | MessageUpdate | SessionUpdate | TurnStart | BlockUpdate | TurnEnd;

/** A session that nothing was heard of yet. */
export function emptyState(session: SessionInfo): State {
  return { session, rev: 0, leaf: null, messages: [], more: false, turn: null };
}

/** Where to go on from after a break. */
export function cursorOf(state: State): Cursor {
  if (state.turn === null) return { rev: state.rev };
  return { rev: state.rev, turn: state.turn.id, epoch: state.turn.epoch, seq: state.turn.seq };
}

/**
 * The state after the frame. What was already applied, and frames of types that this version does not know, change
 * nothing (the same object comes back). Throws `Gap` where frames are missing and `Misfit` where one makes no sense.
 */
export function apply(state: State, frame: ServerFrame): State {
  switch (frame.type) {
    case "snapshot":
      return {
        session: frame.session,
        rev: frame.rev,
        leaf: frame.leaf,
        messages: frame.messages,
        more: frame.more,
        turn: frame.turn ?? null,
      };
    case "welcome":
      return frame.session.id === state.session.id ? state : emptyState(frame.session);
    case "message":
    case "message.update":
    case "session.update":
    case "turn.start":
    case "block.update":
    case "turn.end":
      return durable(state, frame);
    case "text.delta":
    case "reasoning.delta":
    case "tool.start":
    case "tool.progress":
    case "tool.end":
    case "block.render":
    case "block.patch":
    case "source":
      return live(state, frame);
    default:
      return state;
  }
}

function durable(before: State, frame: DurableFrame): State {
  if (frame.rev <= before.rev) return before;
  if (frame.rev !== before.rev + 1) throw new Gap(`Revision ${frame.rev} does not follow ${before.rev}.`);
  const state: State = { ...before, rev: frame.rev, session: { ...before.session, rev: frame.rev } };
  switch (frame.type) {
    case "message":
      if (frame.message.status === "queued") return { ...state, messages: [...state.messages, frame.message] };
      return placed(state, frame.message);
    case "message.update":
      return changed(state, frame.message);
    case "session.update":
      return {
        ...state,
        session: frame.title == null ? state.session : { ...state.session, title: frame.title },
        leaf: frame.leaf ?? state.leaf,
      };
    case "turn.start":
      return started(state, frame);
    case "block.update":
      return edited(state, frame.message, (message) => withBlockState(message, frame.block.id, frame.block.state));
    case "turn.end": {
      const held = state.messages.some((message) => message.id === frame.message.id);
      if (!held) return { ...placed(state, frame.message), turn: null };
      const messages = state.messages.map((message) => (message.id === frame.message.id ? frame.message : message));
      return { ...state, turn: null, messages };
    }
  }
}

const isQueued = (message: Message): boolean => message.status === "queued";

/** Put the message at its place in the path: what stood there and below leaves the view; the queue stays last. */
function placed(state: State, message: Message): State {
  const { above, queue } = around(state.messages, message.parent, message.id);
  const more = message.parent !== null && (state.more || above.length === 0);
  return { ...state, leaf: message.id, messages: [...above, message, ...queue], more };
}

/** The held part of the path down to `parent`, and the queue; the message `id` itself is in neither. */
function around(messages: readonly Message[], parent: string | null, id: string): Record<"above" | "queue", Message[]> {
  const others = messages.filter((held) => held.id !== id);
  const path = others.filter((held) => !isQueued(held));
  const place = path.findIndex((held) => held.parent === parent || held.id === parent);
  // Neither is held: the parent is older than the window, or the message is a root.
  const kept = place < 0 ? 0 : path[place]?.parent === parent ? place : place + 1;
  return { above: path.slice(0, kept), queue: others.filter(isQueued) };
}

function changed(state: State, change: MessageChange): State {
  const held = state.messages.find((message) => message.id === change.id);
  const merged = (message: Message): Message => ({ ...message, ...change });
  if (held === undefined) return edited(state, change.id, merged);
  if (change.status === "withdrawn") {
    return { ...state, messages: state.messages.filter((message) => message.id !== change.id) };
  }
  if (isQueued(held) && change.status !== undefined && change.status !== "queued") {
    return placed(state, merged(held));
  }
  return edited(state, change.id, merged);
}

function started(state: State, frame: TurnStart): State {
  const turn = (message: Message): Turn => ({ id: frame.turn, epoch: frame.epoch, seq: 0, message });
  const waiting = state.messages.find((message) => message.id === frame.message);
  if (waiting !== undefined) {
    const messages = state.messages.filter((message) => message.id !== frame.message);
    return { ...state, leaf: frame.message, messages, turn: turn({ ...waiting, status: "running", model: frame.model }) };
  }
  const { above, queue } = around(state.messages, frame.parent, frame.message);
  const siblings = frame.siblings ?? [];
  const answer: Message = {
    id: frame.message,
    role: "assistant",
    parent: frame.parent,
    siblings,
    place: siblings.length,
    status: "running",
    created_at: frame.created_at ?? "",
    parts: [],
    model: frame.model,
    ...(frame.author == null ? {} : { author: frame.author }),
  };
  return { ...state, leaf: frame.message, messages: [...above, ...queue], turn: turn(answer) };
}

/** Change one message, wherever it stands; one outside the window is nobody's loss. */
function edited(state: State, id: string, change: (message: Message) => Message): State {
  if (state.turn?.message.id === id) {
    return { ...state, turn: { ...state.turn, message: change(state.turn.message) } };
  }
  return { ...state, messages: state.messages.map((message) => (message.id === id ? change(message) : message)) };
}

function withBlockState(message: Message, block: string, state: BlockState): Message {
  const parts = message.parts.map(
    (part): Part => (part.type === "block" && part.block.id === block ? { ...part, block: { ...part.block, state } } : part),
  );
  return { ...message, parts };
}

function live(state: State, frame: LiveFrame): State {
  const turn = state.turn;
  if (turn === null) throw new Gap("A live frame without a running turn.");
  if (frame.seq <= turn.seq) return state;
  if (frame.seq !== turn.seq + 1) throw new Gap(`Step ${frame.seq} does not follow ${turn.seq}.`);
  const message = { ...turn.message, parts: nextParts(turn.message.parts, frame) };
  return { ...state, turn: { ...turn, seq: frame.seq, message } };
}
