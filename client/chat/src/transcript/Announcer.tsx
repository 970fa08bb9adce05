import { useEffect, useRef, useState, type ReactNode } from "react";
import { useChat } from "../context";

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
    // It is there already: it came with what shows the answer.
    if (message) void import("./Transcript").then((module) => setWords(module.spoken(message)));
  }, [now, conversation]);

  useEffect(() => {
    if (!words) return;
    const timer = setTimeout(() => setWords(""), 1000);
    return () => clearTimeout(timer);
  }, [words]);

  return <div role="status" aria-live="polite" aria-atomic className="sr-only">{words}</div>;
}
