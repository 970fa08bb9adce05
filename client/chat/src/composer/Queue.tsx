import { Clock, CornerDownLeft, Pencil, X } from "lucide-react";
import type { ReactNode } from "react";
import { useConversation } from "../context";
import type { Queued } from "../transcript/rows";
import { IconButton } from "../ui/IconButton";

/** What waits for the running answer, above the composer; each can be taken back, and the first need not wait. */
export function Queue({ queue, running }: { queue: readonly Queued[]; running: boolean }): ReactNode {
  const { chat, compose } = useConversation();
  if (queue.length === 0) return null;
  const take = ({ message, ref }: Queued): void => {
    if (message) chat.withdraw(message);
    else if (ref) chat.discard(ref);
  };
  return (
    <ul aria-label="Waiting to be sent" className="mx-3 flex flex-col rounded-t-panel border border-b-0 border-line bg-wash px-1.5 py-1 animate-rise">
      {queue.map((one, i) => (
        <li key={one.key} className="flex min-h-8 items-center gap-2 ps-2 text-caption text-muted">
          <Clock size={16} strokeWidth={1.75} aria-hidden className="shrink-0" />
          <span className="min-w-0 flex-1 truncate text-ink">{one.text}</span>
          {i === 0 && running ? <IconButton icon={CornerDownLeft} label="Stop the answer and send now" size={28} onClick={() => chat.stop()} /> : null}
          <IconButton icon={Pencil} label="Edit waiting message" size={28} onClick={() => { take(one); compose(one.text); }} />
          <IconButton icon={X} label="Take back" size={28} onClick={() => take(one)} />
        </li>
      ))}
    </ul>
  );
}
