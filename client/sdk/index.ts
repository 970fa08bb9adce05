export type * from "./frames.gen";
export type { Part, LiveFrame } from "./parts";
export type {
  ChatApi,
  ChatState,
  ConnectionStatus,
  ErrorInfo,
  Outcome,
  Pending,
  Request,
  Requested,
  Target,
} from "./chat-state";
export { apply, cursorOf, emptyState, type State } from "./reducer";
export { Gap, Misfit } from "./misfit";
export { Chat, type ChatOptions } from "./chat";
export { Connection, PROTOCOL, type ConnectionOptions, type MakeSocket, type SocketLike } from "./connection";
export { IndexedDbOutbox, MemoryOutbox, openOutbox, type Entry, type Outbox } from "./outbox";
export { Rest, RestError, type Page, type Query, type RestOptions, type SessionRow } from "./rest";
export { MemoryKeep, openKeep, type Keep } from "./storage";
export { HttpTickets, type HttpTicketsOptions, type Tickets } from "./tickets";
export { readPassage, type Passage } from "./passage";
