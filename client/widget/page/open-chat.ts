/** The chat of this frame: one visitor, one assistant, the conversation they were in. No cookie is used or sent. */
import { blockKinds, type FileStore, type PassageLoader } from "@opsloom/chat";
import { Chat, HttpTickets, readPassage, Rest, type Keep } from "@opsloom/sdk";

export interface Opened {
  readonly chat: Chat;
  readonly passage: PassageLoader;
  readonly files: FileStore;
  /** No earlier conversation is being gone on with. */
  readonly fresh: boolean;
  /** Leave this conversation and begin another. */
  readonly startAnew: () => void;
}

export function openChat(assistant: string, keep: Keep, context: Record<string, unknown> | null): Opened {
  const server = location.origin;
  const sessionKey = `session.${assistant}`;
  const session = keep.get(sessionKey) ?? undefined;
  const tickets = new HttpTickets({ server, assistant, keep });
  const rest = new Rest({ server, bearer: () => tickets.visitor(), credentials: "omit" });
  const chat = new Chat({
    server,
    tickets,
    rest,
    assistant,
    session,
    beginWhereGone: true,
    kinds: blockKinds(),
    client: { name: "opsloom-widget", version: "0.1.0" },
    locale: navigator.language,
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    context,
    onSession: (session) => keep.set(sessionKey, session),
  });
  const startAnew = (): void => {
    keep.remove(sessionKey);
    chat.open({ assistant });
  };
  const passage: PassageLoader = (source) => readPassage(rest, source);
  return { chat, passage, files: rest, fresh: session === undefined, startAnew };
}
