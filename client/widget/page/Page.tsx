import { applyLook, Conversation } from "@opsloom/chat";
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import { Header } from "./Header";
import type { Opened } from "./open-chat";

export interface PageProps {
  opened: Opened;
  framed: boolean;
  /** Whether the composer takes the focus at once. */
  autoFocus: boolean;
  onClose: () => void;
}

export function Page({ opened: { chat, startAnew }, framed, autoFocus, onClose }: PageProps): ReactNode {
  const state = useSyncExternalStore(chat.subscribe, chat.getState);
  const look = state.assistant?.look;
  useEffect(() => {
    if (look !== undefined) applyLook(look);
  }, [look]);
  return (
    <div className="flex h-dvh flex-col overflow-hidden overscroll-contain bg-paper text-ink">
      <Header state={state} framed={framed} onNew={startAnew} onClose={onClose} />
      <main className="min-h-0 flex-1">
        <Conversation chat={chat} autoFocus={autoFocus} />
      </main>
    </div>
  );
}
