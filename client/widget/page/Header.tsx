import { IconButton } from "@opsloom/chat";
import type { ChatState } from "@opsloom/sdk";
import { ChevronDown, SquarePen } from "lucide-react";
import type { ReactNode } from "react";

export interface HeaderProps {
  state: ChatState;
  framed: boolean;
  onNew: () => void;
  onClose: () => void;
}

/** Who one talks to, one line of status, and the two ways out: a new conversation, and back to the page. */
export function Header({ state, framed, onNew, onClose }: HeaderProps): ReactNode {
  const name = state.assistant?.name ?? "Chat";
  return (
    <header className="flex min-h-14 shrink-0 items-center gap-3 border-b border-line ps-4 pe-2">
      <span aria-hidden="true" className="grid size-8 shrink-0 place-items-center rounded-full bg-accent text-ui font-semibold text-on-accent">
        {[...name][0]?.toUpperCase()}
      </span>
      <div className="min-w-0 flex-1">
        <h1 className="truncate text-ui font-semibold">{name}</h1>
        <p className="truncate text-caption text-muted">{statusOf(state)}</p>
      </div>
      <IconButton icon={SquarePen} size={36} label="New conversation" onClick={onNew} disabled={isEmpty(state)} />
      {framed ? <IconButton icon={ChevronDown} size={36} label="Close" onClick={onClose} /> : null}
    </header>
  );
}

const isEmpty = ({ conversation, pending }: ChatState): boolean =>
  (conversation?.messages.length ?? 0) === 0 && conversation?.turn == null && pending.length === 0;

function statusOf({ status, conversation }: ChatState): string {
  if (status.phase === "online") return conversation?.turn == null ? "Online" : "Answering…";
  if (status.phase === "closed") return "Not connected";
  return status.phase === "reconnecting" ? "Reconnecting…" : "Connecting…";
}
