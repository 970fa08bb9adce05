import type { Message } from "@opsloom/sdk";
import { Ellipsis, Quote, RefreshCw, TextQuote, ThumbsDown, ThumbsUp } from "lucide-react";
import type { ReactNode } from "react";
import { useConversation } from "../context";
import { figure } from "../format/number";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { Menu } from "../ui/Menu";
import { BranchPicker } from "./BranchPicker";
import { plainText, withSources } from "./grouping";

/** What one may do with an answer: always on the last, on hover or focus for the rest. */
export function ActionBar({ message, last }: { message: Message; last: boolean }): ReactNode {
  const { chat, compose } = useConversation();
  const mark = message.feedback?.value ?? 0;
  const judge = (value: -1 | 1): void => void chat.feedback(message.id, mark === value ? 0 : value);
  const write = (text: string): void => void navigator.clipboard?.writeText(text);
  const tokens = (message.usage?.input_tokens ?? 0) + (message.usage?.output_tokens ?? 0);
  return (
    <div
      className={`-ms-1.5 flex min-h-8 items-center gap-0.5 ${last ? "" : "opacity-0 transition-opacity duration-150 group-focus-within/turn:opacity-100 group-hover/turn:opacity-100"}`}
      role="group"
      aria-label="Actions"
    >
      <CopyButton text={() => plainText(message)} label="Copy answer" />
      <IconButton icon={RefreshCw} label="Answer again" size={28} onClick={() => chat.retry(message.id)} />
      <IconButton icon={ThumbsUp} label="Good answer" size={28} on={mark === 1} aria-pressed={mark === 1} onClick={() => judge(1)} />
      <IconButton icon={ThumbsDown} label="Bad answer" size={28} on={mark === -1} aria-pressed={mark === -1} onClick={() => judge(-1)} />
      <Menu
        icon={Ellipsis}
        label="More"
        items={[
          { label: "Copy with sources", icon: TextQuote, run: () => write(withSources(message)) },
          { label: "Quote in a reply", icon: Quote, run: () => compose(quoted(plainText(message))) },
        ]}
      />
      <BranchPicker message={message} />
      {tokens > 0 ? (
        <span className="ms-auto hidden truncate ps-3 text-caption text-muted sm:block">
          {message.model ? `${shortModel(message.model)} · ` : ""}{figure(tokens, 0)} tokens
        </span>
      ) : null}
    </div>
  );
}

const shortModel = (name: string): string => name.slice(name.indexOf(":") + 1);

function quoted(text: string): string {
  const lines = text.split("\n");
  return `${lines.slice(0, 12).map((line) => `> ${line}`).join("\n")}\n\n`;
}
