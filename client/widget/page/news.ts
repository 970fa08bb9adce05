/** What is new in a conversation since one last looked: pure, a state in, what to tell the host page out. */
import type { State } from "@opsloom/sdk";

export interface News {
  /** Messages that were added, oldest first, by whose they are. */
  readonly added: readonly ("user" | "assistant")[];
  readonly unread: number;
}

/** Follows one conversation. What is there when it is first seen, or comes by scrolling back, is no news. */
export class NewsReader {
  #session: string | null = null;
  #known = new Set<string>();
  #unread = 0;

  read(state: State | null, looking: boolean): News {
    const before = this.#unread;
    if (looking || state === null || state.session.id !== this.#session) this.#unread = 0;
    if (state === null) return { added: [], unread: this.#unread };
    const finished = state.messages.filter((message) => message.status !== "queued" && message.status !== "running");
    const isFirstLook = state.session.id !== this.#session;
    const last = finished.findLastIndex((message) => this.#known.has(message.id));
    const fresh = isFirstLook ? [] : finished.slice(last + 1);
    this.#session = state.session.id;
    this.#known = new Set(finished.map((message) => message.id));
    const added = fresh.map((message) => message.role);
    if (!looking) this.#unread = (isFirstLook ? 0 : before) + added.filter((role) => role === "assistant").length;
    return { added, unread: this.#unread };
  }
}
