// Generated from protocol/schema by `npm run types`. Do not edit.

export type ClientFrame = Hello | Open | Send | Withdraw | Act | Stop | Retry | Edit | Choose | Feedback | Ping;
export type ServerFrame =
  | Welcome
  | Snapshot
  | MessageAdded
  | MessageUpdate
  | SessionUpdate
  | TurnStart
  | BlockUpdate
  | TurnEnd
  | TextDelta
  | ReasoningDelta
  | ToolStart
  | ToolProgress
  | ToolEnd
  | BlockRender
  | BlockPatch
  | SourceAdded
  | Ack
  | ErrorFrame
  | GoingAway
  | Pong;

export interface OpsloomProtocol {
  client: ClientFrame;
  server: ServerFrame;
  message: Message;
  state: State;
}
/**
 * The first frame: who is there, where to attach, and how far this client has read.
 */
export interface Hello {
  type: "hello";
  client: ClientInfo;
  ticket?: string | null;
  key?: string | null;
  session?: string | null;
  assistant?: string | null;
  cursor?: Cursor | null;
  kinds?: string[] | null;
  locale?: string | null;
  timezone?: string | null;
  context?: Record<string, unknown> | null;
}
export interface ClientInfo {
  name: string;
  version: string;
}
/**
 * How far a client has read: the last `rev`, and the last `seq` of the turn it was following.
 */
export interface Cursor {
  rev: number;
  turn?: string | null;
  epoch?: number | null;
  seq?: number | null;
}
export interface Open {
  type: "open";
  ref: string;
  session?: string | null;
  assistant?: string | null;
  cursor?: Cursor | null;
}
export interface Send {
  type: "send";
  ref: string;
  text: string;
  files?: string[];
  parent?: string | null;
}
export interface Withdraw {
  type: "withdraw";
  ref: string;
  message: string;
}
export interface Act {
  type: "act";
  ref: string;
  block: string;
  action: string;
  values?: unknown;
}
export interface Stop {
  type: "stop";
  ref: string;
  turn: string;
}
export interface Retry {
  type: "retry";
  ref: string;
  message: string;
}
export interface Edit {
  type: "edit";
  ref: string;
  message: string;
  text: string;
}
export interface Choose {
  type: "choose";
  ref: string;
  message: string;
}
export interface Feedback {
  type: "feedback";
  ref: string;
  message: string;
  value: -1 | 0 | 1;
  comment?: string | null;
}
export interface Ping {
  type: "ping";
  ref: string;
}
/**
 * Attached. `limits` are the ones a client can keep to by itself, by their setting's name in lower case.
 */
export interface Welcome {
  type: "welcome";
  protocol: string;
  connection: string;
  user: Author;
  assistant: AssistantInfo;
  session: SessionInfo;
  resumed: boolean;
  limits: {
    [k: string]: number;
  };
  ref?: string | null;
}
export interface Author {
  id: string;
  name: string;
  kind: "assistant" | "operator" | "person" | "visitor";
}
/**
 * The public part of an assistant; `kinds` are the block kinds it may show. `draft`: not as it is, but as its
 *     draft would have it; only those who manage the workspace are ever shown that.
 */
export interface AssistantInfo {
  slug: string;
  name: string;
  greeting: string;
  starters: string[];
  look: Record<string, unknown>;
  kinds: string[];
  draft?: boolean;
}
/**
 * `rev` is always sent, 0 for a session that has no row yet.
 */
export interface SessionInfo {
  id: string;
  rev: number;
  title?: string | null;
}
/**
 * The state as it is; replaces all that a client holds.
 *
 *     `messages` are the last ones of the path from the root to `leaf`, then the queued ones; `more` says that older
 *     ones are to be had by REST. A running answer stands only in `turn.message`.
 */
export interface Snapshot {
  type: "snapshot";
  session: SessionInfo;
  rev: number;
  leaf: string | null;
  messages: Message[];
  more: boolean;
  turn?: Turn;
}
/**
 * One message of the tree.
 *
 *     `siblings` are the ids of the other messages in the same place, oldest first; `place` is how many of them are older
 *     than this one, so that a client can write "2 / 3" without comparing ids.
 */
export interface Message {
  id: string;
  role: "assistant" | "user";
  parent: string | null;
  siblings: string[];
  status: "done" | "failed" | "interrupted" | "queued" | "running" | "stopped" | "waiting" | "withdrawn";
  created_at: string;
  parts: (TextPart | ReasoningPart | BlockPart | SourcePart | ToolPart | FilePart)[];
  place?: number;
  author?: Author;
  model?: string;
  usage?: Usage;
  feedback?: FeedbackMark;
  error?: MessageError;
}
export interface TextPart {
  type: "text";
  text: string;
}
export interface ReasoningPart {
  type: "reasoning";
  text?: string;
  ms?: number | null;
}
export interface BlockPart {
  type: "block";
  block: Block;
}
/**
 * A piece of interface.
 *
 *     `fallback` says the same in plain text and is never empty; `version` counts changes of `data`. `growing` says that
 *     its data are still being written: they may lack things, `fallback` is of what there was at first, and nobody acts.
 *     `view` is the same in another kind, which a client may know where it does not know this one.
 */
export interface Block {
  id: string;
  kind: string;
  version: number;
  data: unknown;
  fallback: string;
  state?: BlockState | null;
  growing?: boolean;
  view?: View;
}
/**
 * What people did with a block. Replaced whole, never patched. `until` is when an open one expires, if it does.
 */
export interface BlockState {
  status: "answered" | "expired" | "open" | "withdrawn";
  action?: string | null;
  values?: unknown;
  by?: string | null;
  at?: string | null;
  until?: string | null;
}
/**
 * A block drawn by another kind, for a client that does not know its own.
 */
export interface View {
  kind: string;
  data: unknown;
}
export interface SourcePart {
  type: "source";
  source: Source;
}
/**
 * A passage that an answer rests on.
 *
 *     `quote` stands verbatim in the document's stored text from `start` to `end` (code points); `page` counts from 1.
 */
export interface Source {
  id: string;
  number: number;
  title: string;
  document: string;
  chunk: string;
  quote: string;
  url?: string | null;
  page?: number | null;
  start?: number | null;
  end?: number | null;
}
/**
 * A call of a tool, as far as people are shown it; `ms` is how long it took, `approval` the block by which a person
 *     allowed or denied it.
 */
export interface ToolPart {
  type: "tool";
  call: string;
  tool: string;
  title: string;
  status: "denied" | "error" | "ok" | "running" | "stopped";
  input?: unknown;
  progress?: Progress | null;
  summary?: string | null;
  ms?: number | null;
  approval?: string | null;
}
export interface Progress {
  done: number;
  total?: number | null;
  note?: string | null;
}
export interface FilePart {
  type: "file";
  file: FileRef;
}
export interface FileRef {
  id: string;
  name: string;
  media_type: string;
  bytes: number;
}
/**
 * Tokens as the vendor counted them; `cost` in US dollars where the price is known.
 *
 *     `cached_tokens` are those of the input that the vendor had kept from an earlier request, `reasoning_tokens` those of
 *     the output that were thought and not said. `estimated`: the vendor gave no figures, as where an answer was stopped,
 *     and the text was counted instead.
 */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cached_tokens?: number;
  reasoning_tokens?: number;
  cost?: number | null;
  estimated?: boolean;
}
export interface FeedbackMark {
  value: -1 | 0 | 1;
  comment?: string | null;
}
export interface MessageError {
  code: string;
  text: string;
}
/**
 * A running turn in a snapshot: its answer whole, as of `seq`.
 */
export interface Turn {
  id: string;
  epoch: number;
  seq: number;
  message: Message;
}
export interface MessageAdded {
  type: "message";
  rev: number;
  message: Message;
  ref?: string | null;
}
export interface MessageUpdate {
  type: "message.update";
  rev: number;
  message: MessageChange;
  ref?: string | null;
}
/**
 * The id of a message and the fields that changed; what is absent stays as it was.
 *
 *     `parent`, `siblings` and `place` come together with the status `done`, when a message leaves the queue and takes
 *     its place.
 */
export interface MessageChange {
  id: string;
  status?: "done" | "failed" | "interrupted" | "queued" | "running" | "stopped" | "waiting" | "withdrawn";
  parent?: string | null;
  siblings?: string[];
  place?: number;
  feedback?: FeedbackMark;
}
/**
 * A new title or leaf. A new leaf is always followed by a snapshot, as the path is another.
 */
export interface SessionUpdate {
  type: "session.update";
  rev: number;
  title?: string | null;
  leaf?: string | null;
  ref?: string | null;
}
/**
 * The answer `message` begins under `parent`, or, where it was waiting, goes on with the parts it has.
 *
 *     `siblings` are the other answers under that parent, oldest first; all of them are older.
 */
export interface TurnStart {
  type: "turn.start";
  rev: number;
  turn: string;
  epoch: number;
  message: string;
  parent: string | null;
  model: string;
  siblings?: string[];
  created_at?: string | null;
  author?: Author | null;
}
export interface BlockUpdate {
  type: "block.update";
  rev: number;
  message: string;
  block: BlockChange;
  ref?: string | null;
}
export interface BlockChange {
  id: string;
  state: BlockState;
}
export interface TurnEnd {
  type: "turn.end";
  rev: number;
  turn: string;
  status: "done" | "failed" | "interrupted" | "stopped" | "waiting";
  message: Message;
}
export interface TextDelta {
  type: "text.delta";
  seq: number;
  part: number;
  text: string;
}
export interface ReasoningDelta {
  type: "reasoning.delta";
  seq: number;
  part: number;
  text: string;
}
export interface ToolStart {
  type: "tool.start";
  seq: number;
  part: number;
  call: string;
  tool: string;
  title: string;
  input?: unknown;
  approval?: string | null;
}
export interface ToolProgress {
  type: "tool.progress";
  seq: number;
  part: number;
  done?: number | null;
  total?: number | null;
  note?: string | null;
}
export interface ToolEnd {
  type: "tool.end";
  seq: number;
  part: number;
  status: "denied" | "error" | "ok" | "running" | "stopped";
  ms: number;
  summary?: string | null;
}
export interface BlockRender {
  type: "block.render";
  seq: number;
  part: number;
  block: Block;
}
/**
 * Change a block's data. `grown` ends a block's growing: its data are whole, after the ops.
 */
export interface BlockPatch {
  type: "block.patch";
  seq: number;
  part: number;
  version: number;
  ops: PatchOp[];
  grown?: Grown | null;
}
/**
 * One change of a block's `data`; `path` is a JSON Pointer inside it. `append` adds to a string or a list.
 */
export interface PatchOp {
  op: "append" | "remove" | "set";
  path: string;
  value?: unknown;
}
/**
 * What a block that was growing is when it is whole, beside its data.
 */
export interface Grown {
  fallback: string;
  state?: BlockState | null;
}
export interface SourceAdded {
  type: "source";
  seq: number;
  part: number;
  source: Source;
}
export interface Ack {
  type: "ack";
  ref: string;
}
/**
 * Something was refused or failed; `text` is safe to show. The connection stays unless a close code follows.
 */
export interface ErrorFrame {
  type: "error";
  code:
    | "bad_frame"
    | "budget"
    | "busy"
    | "conflict"
    | "expired"
    | "forbidden"
    | "internal"
    | "invalid"
    | "not_found"
    | "rate_limited"
    | "too_long"
    | "unavailable";
  text: string;
  ref?: string | null;
  retry_ms?: number | null;
  issues?: Issue[] | null;
}
/**
 * One thing wrong with what was sent: a JSON Pointer or field name, and words.
 */
export interface Issue {
  path: string;
  text: string;
}
export interface GoingAway {
  type: "going_away";
  retry_ms: number;
}
export interface Pong {
  type: "pong";
  ref: string;
}
/**
 * A session as a client sees it: the path's messages, the queued ones after them, and the running turn.
 *
 *     The running answer stands only in `turn.message`.
 */
export interface State {
  session: SessionInfo;
  rev?: number;
  leaf?: string | null;
  messages?: Message[];
  more?: boolean;
  turn?: Turn | null;
}
