import type { BlockState, Message } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { useChat } from "../../context";
import { moment } from "../../format/date";

interface SettledProps {
  state: BlockState | null;
  /** As in "This request has expired". */
  what: string;
  /** What a person did. */
  done?: string;
  className?: string;
}

/** How a question ended, where nobody needs to do anything any more; or until when it is open. */
export function Settled({ state, what, done = "Answered", className = "" }: SettledProps): ReactNode {
  const who = useChat(({ user, conversation }) => nameOf(state?.by, user?.id, conversation?.messages));
  const text = words(state, what, done, who);
  return text ? <p className={`text-caption text-muted ${className}`}>{text}</p> : null;
}

/** Empty for oneself, and where it was not kept. */
function nameOf(id: string | null | undefined, own: string | undefined, messages: readonly Message[] = []): string {
  if (!id || id === own) return "";
  return messages.find(({ author }) => author?.id === id)?.author?.name ?? "another person";
}

function words(state: BlockState | null, what: string, done: string, who: string): string {
  switch (state?.status) {
    case "expired":
      return `${what} has expired.`;
    case "withdrawn":
      return "The conversation went on without an answer.";
    case "answered":
      return state.at || who ? `${done}${who ? ` by ${who},` : ""}${state.at ? ` ${moment(state.at)}` : ""}`.replace(/,$/, "") : "";
    case "open":
      return state.until ? `Open until ${moment(state.until)}.` : "";
    default:
      return "";
  }
}
