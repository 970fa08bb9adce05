/** What a view of a chat may read and ask for. `Chat` implements it over a server; a gallery may fake it. */
import type {
  Act,
  AssistantInfo,
  Author,
  Choose,
  Edit,
  ErrorFrame,
  Feedback,
  FileRef,
  Retry,
  Send,
  ServerFrame,
  Stop,
  Withdraw,
} from "./frames.gen";
import type { State } from "./reducer";

/** What gets exactly one reply and may be sent again under the same `ref`. */
export type Request = Send | Withdraw | Act | Stop | Retry | Edit | Choose | Feedback;

export type ErrorInfo = Pick<ErrorFrame, "code" | "text" | "issues">;

/**
 * - `idle`: not asked to connect yet
 * - `connecting`: first contact, nothing to show so far
 * - `online`: attached; stays so for the first second of a break, which people need not see
 * - `reconnecting`: a break of more than a second; `attempt` counts from 1; `retryAt` is when the next try starts (ms
 *   since the epoch), null while one runs
 * - `closed`: for good, until `connect()` is called again; `error` says why (null after `close()`)
 *
 * `resumedAt`: when a break that was shown ended (ms since the epoch), to say "Picked the stream back up" for a while.
 */
export type ConnectionStatus =
  | { readonly phase: "idle" }
  | { readonly phase: "connecting"; readonly attempt: number }
  | { readonly phase: "online"; readonly resumedAt: number | null }
  | { readonly phase: "reconnecting"; readonly attempt: number; readonly retryAt: number | null }
  | { readonly phase: "closed"; readonly error: ErrorInfo | null };

/** A request that the server has not answered. A refused `send` or `edit` stays, with its `error`, until resent or discarded. */
export interface Pending {
  readonly ref: string;
  readonly session: string;
  readonly frame: Request;
  /** The files of a `send`, to show them. */
  readonly files: readonly FileRef[];
  /** ms since the epoch */
  readonly at: number;
  /** Refused for good: nothing happens until it is resent or discarded. */
  readonly error: ErrorInfo | null;
  /** The server asked for patience (`rate_limited`, `busy`, `unavailable`): sent again by itself at `until` (ms since the epoch). */
  readonly delayed: { readonly until: number; readonly error: ErrorInfo } | null;
}

export interface ChatState {
  readonly status: ConnectionStatus;
  /** null until the server has said what there is: show a skeleton, not the welcome screen. */
  readonly conversation: State | null;
  readonly assistant: AssistantInfo | null;
  readonly user: Author | null;
  /** `frame_bytes`, `message_chars` …, as far as the server tells them. */
  readonly limits: Readonly<Record<string, number>>;
  /** In the order in which they were made. */
  readonly pending: readonly Pending[];
  /** True while older messages are being fetched. */
  readonly loadingOlder: boolean;
}

/** How a request ended. It is never rejected, so a view may ignore it. */
export type Outcome = { readonly ok: true; readonly frame: ServerFrame } | { readonly ok: false; readonly error: ErrorInfo };

/** A request as it was made: `ref` names it in `ChatState.pending`; `done` settles with the server's reply. */
export interface Requested {
  readonly ref: string;
  readonly done: Promise<Outcome>;
}

export type Target = { readonly session: string } | { readonly assistant: string };

/** One person's view of one conversation. Plain: no framework, no globals, everything bound to the instance. */
export interface ChatApi {
  /** Stable until something changes: fit for `useSyncExternalStore(chat.subscribe, chat.getState)`. */
  getState: () => ChatState;
  /** Called after each change, while text streams at most every 50 ms. Returns the way to end it. */
  subscribe: (listener: () => void) => () => void;

  /** Start, or start again after `closed`. */
  connect: () => void;
  /** Leave for good; unanswered requests stay in the outbox. */
  close: () => void;
  /** Another session, or (`assistant`) a new one. The view empties at once (`conversation: null`). */
  open: (target: Target) => void;

  send: (text: string, files?: readonly FileRef[]) => Requested;
  /** The running turn, if there is one. */
  stop: () => Requested | null;
  act: (block: string, action: string, values?: unknown) => Requested;
  /** Another answer beside this one. */
  retry: (message: string) => Requested;
  edit: (message: string, text: string) => Requested;
  choose: (message: string) => Requested;
  /** Take back a queued message. */
  withdraw: (message: string) => Requested;
  feedback: (message: string, value: -1 | 0 | 1, comment?: string) => Requested;

  /** A refused request once more, as a new one. */
  resend: (ref: string) => Requested | null;
  /** Forget a refused request, or one that never left this device; returns it, so that its text can go back to the composer. */
  discard: (ref: string) => Pending | null;
  /** Fetch messages before the first one held (`conversation.more`). */
  loadOlder: () => Promise<void>;
  /** What the host page says about itself; goes with the next `hello` (a quiet one, if it changed). */
  setContext: (context: Record<string, unknown> | null) => void;
}
