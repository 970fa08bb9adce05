/** How far a piece of work is, stage by stage; changes in place. */
import { Check, Circle, CircleDot, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useConversation } from "../context";
import { duration } from "../format/duration";
import { figure } from "../format/number";
import { Button } from "../ui/Button";
import { Card, CardTitle } from "./Card";
import { Settled } from "./parts/Settled";
import type { BlockProps } from "./registry";

export interface ProgressData {
  title: string;
  stages: { label: string; status: "pending" | "running" | "done" | "failed"; weight?: number | null; done?: number | null }[];
  done?: number | null;
  total?: number | null;
  note?: string | null;
  seconds_left?: number | null;
}

/** How much of the whole is done, 0 to 1: by the stages' weights, else by the units; null where nobody knows. */
export function fraction({ stages = [], done, total }: ProgressData): number | null {
  if (stages.length > 0) {
    const whole = stages.reduce((sum, { weight }) => sum + (weight ?? 1), 0);
    return stages.reduce((sum, stage) => sum + (stage.weight ?? 1) * (stage.status === "done" ? 1 : (stage.done ?? 0)), 0) / whole;
  }
  return total ? Math.min(1, (done ?? 0) / total) : null;
}

const SIGN = {
  pending: { icon: Circle, tone: "text-edge", word: "To do" },
  running: { icon: CircleDot, tone: "text-accent", word: "Running" },
  done: { icon: Check, tone: "text-ok", word: "Done" },
  failed: { icon: X, tone: "text-danger", word: "Failed" },
} as const;

export default function Progress({ data, state, busy, live, act }: BlockProps): ReactNode {
  const progress = data as ProgressData;
  const { title, stages = [], done, total, note, seconds_left } = progress;
  const { chat } = useConversation();
  const [stopped, setStopped] = useState(false);
  const cancelled = state?.status === "answered";
  // Inside another block it has no state: there the whole answer is stopped.
  const cancel = (): void => {
    if (state?.status === "open") {
      void act("cancel", {});
      return;
    }
    setStopped(true);
    chat.stop();
  };
  const finished = stages.length > 0 ? stages.every(({ status }) => status === "done" || status === "failed") : Boolean(total && (done ?? 0) >= total);
  const share = fraction(progress);
  const failed = stages.some(({ status }) => status === "failed");
  const percent = share === null ? null : Math.round(share * 100);
  const facts = [
    done !== undefined && done !== null ? `${figure(done)}${total ? ` of ${figure(total)}` : ""}` : "",
    note ?? "",
    typeof seconds_left === "number" && !finished ? `${duration(seconds_left * 1000)} left` : "",
  ].filter(Boolean).join(" · ");
  return (
    <Card label={title}>
      <div className="flex items-baseline justify-between gap-4">
        <CardTitle>{title}</CardTitle>
        {percent === null ? null : <span className="shrink-0 text-ui tabular-nums text-muted">{percent} %</span>}
      </div>
      <div
        role="progressbar"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent ?? undefined}
        className="mt-3 h-1.5 overflow-hidden rounded-full bg-press"
      >
        <div
          className={`h-full origin-left rounded-full transition-transform duration-200 ease-out rtl:origin-right ${failed ? "bg-danger" : "bg-accent"} ${share === null && live ? "shimmer-bar" : ""}`}
          style={{ transform: `scaleX(${share ?? (live ? 0.3 : 0)})` }}
        />
      </div>
      {stages.length > 0 ? (
        <ol className="mt-4 flex flex-col gap-2">
          {stages.map((stage, i) => {
            const { icon: Icon, tone, word } = SIGN[stage.status];
            return (
              <li key={i} className={`flex items-center gap-2.5 text-ui ${stage.status === "pending" ? "text-muted" : ""}`}>
                <Icon size={16} strokeWidth={1.75} className={`shrink-0 ${tone}`} aria-hidden />
                <span className="min-w-0 flex-1">{stage.label}<span className="sr-only">: {word}</span></span>
                {stage.status === "running" && stage.done ? <span className="tabular-nums text-muted">{Math.round(stage.done * 100)} %</span> : null}
              </li>
            );
          })}
        </ol>
      ) : null}
      {facts || (live && !finished && !cancelled) ? (
        <div className="mt-3 flex min-h-5 items-center justify-between gap-4">
          <p className="min-w-0 text-caption tabular-nums text-muted">{facts}</p>
          {live && !finished && !cancelled ? (
            <Button kind="quiet" disabled={busy || stopped} className="-my-2 -me-3.5" onClick={cancel}>
              {busy || stopped ? "Cancelling" : "Cancel"}
            </Button>
          ) : null}
        </div>
      ) : null}
      <Settled state={cancelled ? state : null} what="This" done="Cancelled" className="mt-3" />
    </Card>
  );
}
