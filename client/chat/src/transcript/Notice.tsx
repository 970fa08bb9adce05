import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";

/** Something went another way, said in its place: what happened, what was kept, what to do. */
export function Notice({ text, tone = "muted", children }: { text: string; tone?: "muted" | "danger"; children?: ReactNode }): ReactNode {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 text-ui">
      <p className={`flex items-start gap-2 ${tone === "danger" ? "text-danger" : "text-muted"}`}>
        {tone === "danger" ? <CircleAlert size={16} strokeWidth={1.75} aria-hidden className="mt-0.5 shrink-0" /> : null}
        <span>{text}</span>
      </p>
      {children ? <div className="flex gap-2">{children}</div> : null}
    </div>
  );
}
