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
