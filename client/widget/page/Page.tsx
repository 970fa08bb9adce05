import { applyLook, Conversation } from "@opsloom/chat";
import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { Header } from "./Header";
import type { Opened } from "./open-chat";

export interface PageProps {
  opened: Opened;
  framed: boolean;
  onClose: () => void;
}

export function Page({ opened: { chat, passage, files, fresh, startAnew }, framed, onClose }: PageProps): ReactNode {
  const state = useSyncExternalStore(chat.subscribe, chat.getState);
  const [isFresh, setFresh] = useState(fresh);
  const look = state.assistant?.look;
  useEffect(() => {
    if (look !== undefined) applyLook(look);
  }, [look]);
  const startNew = (): void => {
    setFresh(true);
    startAnew();
  };
  return (
    <div className="flex h-dvh flex-col overflow-hidden overscroll-contain bg-paper text-ink">
      <Header state={state} framed={framed} onNew={startNew} onClose={onClose} />
      <main className="min-h-0 flex-1">
        <Conversation chat={chat} passage={passage} files={files} fresh={isFresh} captureTyping />
      </main>
    </div>
  );
}
