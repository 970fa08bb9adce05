import type { ChatApi, ChatState } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { Context, createScreen, Sources, storeOf, type ConversationContext } from "../context";

const state: ChatState = { status: { phase: "idle" }, conversation: null, assistant: null, user: null, limits: {}, pending: [], loadingOlder: false };
const chat = { getState: () => state, subscribe: () => () => undefined } as unknown as ChatApi;
const context: ConversationContext = { chat, store: storeOf(chat), screen: createScreen(), passage: null, files: null, compose: () => undefined, focusComposer: () => undefined };

/** The surroundings that parts of a conversation need, with two sources. For tests. */
export function Conversed({ children }: { children: ReactNode }): ReactNode {
  const source = (number: number) => ({ id: `s${number}`, number, title: "A \"title\"", document: "d", chunk: "c", quote: "q" });
  return (
    <Context value={context}>
      <Sources value={[source(1), source(2)]}>{children}</Sources>
    </Context>
  );
}
