import { Check, Copy } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { IconButton } from "./IconButton";

interface CopyButtonProps {
  /** What is copied; a function is asked on the click. */
  text: string | (() => string);
  label: string;
}

/** Copies, then shows a tick for 1.5 s: long enough to be seen, short enough to be used again. */
export function CopyButton({ text, label }: CopyButtonProps): ReactNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    copyText(typeof text === "string" ? text : text()).then(() => setCopied(true), () => setCopied(false));
  };
  return <IconButton icon={copied ? Check : Copy} label={copied ? "Copied" : label} size={28} on={copied} onClick={copy} />;
}

/** `navigator.clipboard` is missing on plain http; the old way works there. */
async function copyText(text: string): Promise<void> {
  if (typeof navigator.clipboard?.writeText === "function") return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("The browser did not copy.");
}
