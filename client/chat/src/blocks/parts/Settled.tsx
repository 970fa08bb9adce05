import type { BlockState } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { moment } from "../../format/date";

/** How a question ended, where nobody needs to do anything any more. */
export function Settled({ state, what, className = "" }: { state: BlockState | null; what: string; className?: string }): ReactNode {
  const text = words(state, what);
  return text ? <p className={`text-caption text-muted ${className}`}>{text}</p> : null;
}

function words(state: BlockState | null, what: string): string {
  switch (state?.status) {
    case "expired":
      return `${what} has expired.`;
    case "withdrawn":
      return "The conversation went on without an answer.";
    case "answered":
      return state.at ? `Answered ${moment(state.at)}` : "";
    default:
      return "";
  }
}
