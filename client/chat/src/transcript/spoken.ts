/** What a screen reader is told of an answer that is whole. Pure. */
import type { Message } from "@opsloom/sdk";
import { plainText, read } from "./grouping";

const ENDINGS: Partial<Record<Message["status"], string>> = {
  stopped: "Stopped.",
  interrupted: "Interrupted.",
  waiting: "Waiting for you.",
};

/** Marks of the notation are noise to the ear; 4,000 characters are about four minutes of speech. */
export function spoken(message: Message): string {
  const text = plainText(message)
    .replace(/```[\s\S]*?(?:```|$)/g, "Code.")
    .replace(/\[(\d{1,3})\](?!\()/g, "")
    .replace(/[*_`#>|~]+/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .slice(0, 4000);
  const ending = ENDINGS[message.status] ?? (message.status === "failed" ? (message.error?.text ?? "The answer failed.") : "");
  const sources = read(message).sources.length;
  return [text, ending, sources ? `${sources} ${sources === 1 ? "source" : "sources"}.` : ""].filter(Boolean).join("\n");
}
