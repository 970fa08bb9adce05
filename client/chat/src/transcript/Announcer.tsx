import { useEffect, useRef, useState, type ReactNode } from "react";
import { useChat } from "../context";
import { read, plainText } from "./grouping";

/** A screen reader gets the answer once, when it is whole; the words leave after a second so that they are not met again. */
export function Announcer(): ReactNode {
  const conversation = useChat((state) => state.conversation);
  const running = useRef<string | null>(null);
  const [words, setWords] = useState("");
  const now = conversation?.turn?.message.id ?? null;

  useEffect(() => {
    const before = running.current;
    running.current = now;
    if (!before || before === now) return;
    const message = conversation?.messages.find(({ id }) => id === before);
    if (message) setWords(spoken(message));
  }, [now, conversation]);

  useEffect(() => {
    if (!words) return;
    const timer = setTimeout(() => setWords(""), 1000);
    return () => clearTimeout(timer);
  }, [words]);

  return <div role="status" aria-live="polite" aria-atomic className="sr-only">{words}</div>;
}

type Message = Parameters<typeof plainText>[0];

const ENDINGS: Partial<Record<Message["status"], string>> = {
  stopped: "Stopped.",
  interrupted: "Interrupted.",
  waiting: "Waiting for you.",
};

/** Marks of the notation are noise to the ear; 4,000 characters are about four minutes of speech. */
function spoken(message: Message): string {
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
