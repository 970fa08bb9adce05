/** One thing to know, set apart. */
import { CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Words } from "./parts/Part";
import type { BlockProps } from "./registry";

interface NoticeData {
  text: string;
  title?: string | null;
  tone?: "info" | "success" | "warning";
}

const TONE = {
  info: { icon: Info, word: "Note", ink: "text-accent", frame: "tone-info" },
  success: { icon: CircleCheck, word: "Done", ink: "text-ok", frame: "tone-ok" },
  warning: { icon: TriangleAlert, word: "Warning", ink: "text-warn", frame: "tone-warn" },
} as const;

export default function Notice({ data }: BlockProps): ReactNode {
  const { text = "", title, tone = "info" } = data as NoticeData;
  const { icon: Icon, word, ink, frame } = TONE[tone] ?? TONE.info;
  return (
    <div role="note" aria-label={title ?? word} className={`flex gap-3 rounded-card border px-4 py-3 ${frame}`}>
      <Icon size={20} strokeWidth={1.75} aria-hidden className={`mt-0.5 shrink-0 ${ink}`} />
      <div className="min-w-0 flex-1 text-ui">
        <span className="sr-only">{word}: </span>
        {title ? <p className="text-body font-medium leading-6">{title}</p> : null}
        <Words text={text} />
      </div>
    </div>
  );
}
