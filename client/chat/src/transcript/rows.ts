/** What stands in the transcript and what in the queue, from what the server said and what was not yet answered. Pure. */
import type { ChatState, Message, Pending } from "@opsloom/sdk";

export type Row =
  | { key: string; type: "message"; message: Message }
  /** A message of one's own that the server has not confirmed, or has refused. */
  | { key: string; type: "unsent"; pending: Pending; text: string };

export interface Queued {
  key: string;
  text: string;
  /** A queued message's id, or null where the server does not know it yet. */
  message: string | null;
  ref: string | null;
}

export interface View {
  rows: Row[];
  queue: Queued[];
  running: Message | null;
}

export function viewOf({ conversation, pending }: Pick<ChatState, "conversation" | "pending">): View {
  const running = conversation?.turn?.message ?? null;
  const withdrawn = new Set(pending.flatMap(({ frame, error }) => (frame.type === "withdraw" && !error ? [frame.message] : [])));
  const rows: Row[] = [];
  const queue: Queued[] = [];
  for (const message of conversation?.messages ?? []) {
    if (message.status === "withdrawn" || withdrawn.has(message.id)) continue;
    if (message.status === "queued") queue.push({ key: message.id, text: userText(message), message: message.id, ref: null });
    else rows.push({ key: message.id, type: "message", message });
  }
  if (running) rows.push({ key: running.id, type: "message", message: running });
  for (const one of pending) {
    if (one.frame.type !== "send") continue;
    if ((running || queue.length > 0) && !one.error) queue.push({ key: one.ref, text: one.frame.text, message: null, ref: one.ref });
    else rows.push({ key: one.ref, type: "unsent", pending: one, text: one.frame.text });
  }
  return { rows, queue, running };
}

export function userText(message: Message): string {
  return message.parts.map((part) => (part.type === "text" ? part.text : "")).filter(Boolean).join("\n\n");
}

/** The last message of one's own that can be rewritten. */
export function lastOwn(rows: readonly Row[]): Message | null {
  const row = rows.findLast((one) => one.type === "message" && one.message.role === "user" && one.message.status === "done");
  return row?.type === "message" ? row.message : null;
}
