/** A plan whose steps tick off in place. */
import { Check, Circle, CircleDot, Minus, X } from "lucide-react";
import type { ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import type { BlockProps } from "./registry";

interface TasksData {
  title: string;
  tasks: { label: string; status?: keyof typeof SIGN; note?: string | null }[];
}

const SIGN = {
  pending: { icon: Circle, tone: "text-edge", word: "To do" },
  running: { icon: CircleDot, tone: "text-accent", word: "Running" },
  done: { icon: Check, tone: "text-ok", word: "Done" },
  failed: { icon: X, tone: "text-danger", word: "Failed" },
  skipped: { icon: Minus, tone: "text-muted", word: "Skipped" },
} as const;

export default function Tasks({ data }: BlockProps): ReactNode {
  const { title, tasks = [] } = data as TasksData;
  const done = tasks.filter(({ status }) => status === "done" || status === "skipped").length;
  return (
    <Card label={title}>
      <div className="flex items-baseline justify-between gap-4">
        <CardTitle>{title}</CardTitle>
        <span className="shrink-0 text-ui tabular-nums text-muted">{done} of {tasks.length}<span className="sr-only"> done</span></span>
      </div>
      <ol className="mt-3">
        {tasks.map(({ label, status = "pending", note }, i) => {
          const { icon: Icon, tone, word } = SIGN[status] ?? SIGN.pending;
          const quiet = status === "pending" || status === "skipped";
          return (
            <li key={i} aria-current={status === "running" ? "step" : undefined} className="relative flex gap-3 pb-3 last:pb-0">
              {i < tasks.length - 1 ? <span aria-hidden className="absolute inset-y-0 start-[9.5px] top-6 bottom-1 w-px bg-line" /> : null}
              <span className="grid size-5 shrink-0 place-items-center"><Icon size={16} strokeWidth={1.75} className={tone} aria-hidden /></span>
              <span className="min-w-0 flex-1 text-ui">
                <span className={`${quiet ? "text-muted" : ""} ${status === "running" ? "font-medium" : ""} ${status === "skipped" ? "line-through" : ""}`}>{label}</span>
                <span className="sr-only">: {word}</span>
                {note ? <span className="block text-caption text-muted">{note}</span> : null}
              </span>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
