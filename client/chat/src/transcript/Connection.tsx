import { useEffect, useState, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { Button } from "../ui/Button";

/** How long "Back" stays. */
const BACK_MS = 2500;

/** The state of the line, only when there is something to say: the sdk counts the first second of a break as online. */
export function Connection(): ReactNode {
  const { chat } = useConversation();
  const status = useChat((state) => state.status);
  const back = useRecent(status.phase === "online" ? status.resumedAt : null);
  if (status.phase === "reconnecting") {
    return <Line busy text={status.attempt > 1 ? `Reconnecting · attempt ${status.attempt}` : "Reconnecting"} />;
  }
  if (status.phase === "closed" && status.error) {
    return (
      <Line text={status.error.text}>
        <Button kind="quiet" onClick={chat.connect}>Try again</Button>
      </Line>
    );
  }
  return back ? <Line text="Back. Nothing was lost." /> : null;
}

/** Laid over the head of the thread: coming and going, it moves nothing that is being read. */
function Line({ text, busy = false, children }: { text: string; busy?: boolean; children?: ReactNode }): ReactNode {
  return (
    <div role="status" className="absolute inset-x-0 top-0 z-10 flex min-h-9 items-center justify-center gap-2 border-b border-line bg-wash px-4 text-caption text-muted animate-appear">
      <span className={busy ? "shimmer" : ""}>{text}</span>
      {children}
    </div>
  );
}

function useRecent(at: number | null): boolean {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (at === null) return;
    setNow(Date.now());
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, at + BACK_MS - Date.now()) + 20);
    return () => clearTimeout(timer);
  }, [at]);
  return at !== null && now - at < BACK_MS;
}
