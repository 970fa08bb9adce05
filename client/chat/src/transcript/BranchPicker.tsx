import type { Message } from "@opsloom/sdk";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { useConversation } from "../context";
import { IconButton } from "../ui/IconButton";

/** `2 / 3`: the other answers, or wordings, in the same place. */
export function BranchPicker({ message }: { message: Message }): ReactNode {
  const { chat } = useConversation();
  const { siblings, place = 0 } = message;
  if (siblings.length === 0) return null;
  const older = siblings[place - 1];
  const newer = siblings[place];
  return (
    <div className="inline-flex items-center text-caption text-muted" role="group" aria-label="Versions">
      <IconButton icon={ChevronLeft} label="Previous version" size={28} disabled={!older} onClick={() => older && chat.choose(older)} className="rtl:-scale-x-100" />
      <span className="tabular-nums">{place + 1} / {siblings.length + 1}</span>
      <IconButton icon={ChevronRight} label="Next version" size={28} disabled={!newer} onClick={() => newer && chat.choose(newer)} className="rtl:-scale-x-100" />
    </div>
  );
}
