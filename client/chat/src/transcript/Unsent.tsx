import type { Pending } from "@opsloom/sdk";
import { Clock } from "lucide-react";
import type { ReactNode } from "react";
import { useConversation } from "../context";
import { Button } from "../ui/Button";
import { Notice } from "./Notice";
import { Bubble } from "./UserMessage";

/** A message on its way: a clock beside it when that takes a second. Refused: the reason, and it is not lost. */
export function Unsent({ pending, text }: { pending: Pending; text: string }): ReactNode {
  const { chat, compose } = useConversation();
  const { error, delayed } = pending;
  return (
    <div className="flex flex-col items-end gap-1.5">
      <Bubble text={text} files={pending.files} />
      {error ? (
        <Notice tone="danger" text={error.text}>
          <Button onClick={() => chat.resend(pending.ref)}>Send again</Button>
          <Button kind="quiet" onClick={() => chat.discard(pending.ref) && compose(text)}>Edit</Button>
        </Notice>
      ) : (
        <p className="late flex h-7 items-center gap-1.5 text-caption text-muted">
          <Clock size={16} strokeWidth={1.75} aria-hidden /> {delayed ? `${delayed.error.text} It is sent again by itself.` : "Not sent yet"}
        </p>
      )}
    </div>
  );
}
