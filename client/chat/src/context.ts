/** What every part of a conversation may reach: the chat, and what is open on this screen. */
import type { ChatApi, ChatState, FileRef, Message, Source } from "@opsloom/sdk";
import { createContext, useContext } from "react";
import { createStore, useStore, type StoreApi } from "zustand";
import type { PassageLoader } from "./sources/passage";

export interface Screen {
  /** The sources panel: whose, and which number is open. */
  panel: { sources: readonly Source[]; number: number } | null;
  /** One's own message that is being rewritten. */
  editing: string | null;
  /** Citation under the pointer. */
  hover: { source: Source; at: DOMRect } | null;
}

/** The server's files: what a block shows of them, and what a form takes. The SDK's `Rest` is one. */
export interface FileStore {
  download: (file: string, signal?: AbortSignal) => Promise<Blob>;
  upload: (file: File, via?: typeof fetch) => Promise<FileRef>;
}

export interface ConversationContext {
  chat: ChatApi;
  store: ChatStore;
  screen: StoreApi<Screen>;
  passage: PassageLoader | null;
  files: FileStore | null;
  /** Put text into the composer and go there. */
  compose: (text: string) => void;
  focusComposer: () => void;
}

export type ChatStore = Pick<StoreApi<ChatState>, "getState" | "getInitialState" | "subscribe">;

/** A chat as a store that Zustand's `useStore` reads; the chat itself holds the state. */
export function storeOf(chat: ChatApi): ChatStore {
  const { getState } = chat;
  return { getState, getInitialState: getState, subscribe: (listener) => chat.subscribe(() => listener(getState(), getState())) };
}

export function createScreen(): StoreApi<Screen> {
  return createStore<Screen>(() => ({ panel: null, editing: null, hover: null }));
}

export const Context = createContext<ConversationContext | null>(null);

export function useConversation(): ConversationContext {
  const context = useContext(Context);
  if (!context) throw new Error("A part of a conversation stands outside <Conversation>.");
  return context;
}

/** A piece of the chat's state; it must be stable (no new object in the selector). */
export function useChat<T>(select: (state: ChatState) => T): T {
  return useStore(useConversation().store, select);
}

export function useScreen<T>(select: (screen: Screen) => T): T {
  return useStore(useConversation().screen, select);
}

/** The sources of the answer round a citation. */
export const Sources = createContext<readonly Source[]>([]);

export const isRunning = (message: Message): boolean => message.status === "running";
