/** What the assistant did before it spoke: one line while it goes on, folded into "Worked for 12 s · 4 steps" after. */
import { Ban, Check, ChevronRight, CircleAlert, Square } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { duration } from "../format/duration";
import { figure } from "../format/number";
import { Elapsed } from "./Elapsed";
import { workTime, type Step } from "./grouping";

export function Work({ steps, live }: { steps: readonly Step[]; live: boolean }): ReactNode {
  const [open, setOpen] = useState(false);
  const id = useId();
  const title = live ? liveTitle(steps) : doneTitle(steps);
  return (
    <div className="text-ui">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="touch -mx-1.5 inline-flex min-h-7 max-w-full items-center gap-1 rounded-control px-1.5 text-start text-muted transition-colors
          duration-150 hover:text-ink"
      >
        <span className={`truncate ${live ? "shimmer" : ""}`}>{title}</span>
        {live ? <Elapsed /> : null}
        <ChevronRight size={16} strokeWidth={1.75} aria-hidden className={`shrink-0 transition-transform duration-150 ${open ? "rotate-90" : "rtl:-scale-x-100"}`} />
      </button>
      <div id={id} className="fold" data-open={open} inert={!open}>
        <ol>
          {steps.map(({ index, part }) => (
            <li key={index} className="relative border-s border-line py-1.5 ms-1.5 ps-4">
              {part.type === "tool" ? <ToolStep part={part} /> : <ReasoningStep part={part} />}
            </li>
          ))}
        </ol>
      </div>
    </div>
  );
}

function liveTitle(steps: readonly Step[]): string {
  const tool = steps.findLast(({ part }) => part.type === "tool" && part.status === "running")?.part;
  if (tool?.type !== "tool") return "Thinking";
  const { title, progress } = tool;
  if (progress?.note) return `${title}: ${progress.note}`;
  return progress?.total ? `${title} · ${figure(progress.done, 0)} of ${figure(progress.total, 0)}` : title;
}

function doneTitle(steps: readonly Step[]): string {
  const ms = workTime(steps);
  const time = ms > 0 ? ` for ${duration(ms)}` : "";
  if (steps.every(({ part }) => part.type === "reasoning")) return ms > 0 ? `Thought${time}` : "Thoughts";
  const count = `${steps.length} ${steps.length === 1 ? "step" : "steps"}`;
  const failed = steps.filter(({ part }) => part.type === "tool" && part.status === "error").length;
  return `Worked${time} · ${count}${failed ? ` · ${failed} failed` : ""}`;
}

type ToolPart = Extract<Step["part"], { type: "tool" }>;

const OUTCOME = {
  running: { icon: null, word: "Running", tone: "text-muted" },
  ok: { icon: Check, word: "Done", tone: "text-ok" },
  error: { icon: CircleAlert, word: "Failed", tone: "text-danger" },
  denied: { icon: Ban, word: "Denied", tone: "text-muted" },
  stopped: { icon: Square, word: "Stopped", tone: "text-muted" },
} as const;

function ToolStep({ part }: { part: ToolPart }): ReactNode {
  const { icon: Icon, word, tone } = OUTCOME[part.status];
  const detail = inputText(part.input);
  return (
    <>
      <p className="flex items-baseline gap-2">
        <span className="min-w-0 truncate text-ink">{part.title}</span>
        <span className={`inline-flex shrink-0 items-center gap-1 text-caption ${tone}`}>
          {Icon ? <Icon size={16} strokeWidth={1.75} className="self-center" aria-hidden /> : null}
          <span className={part.status === "ok" ? "sr-only" : ""}>{word}</span>
        </span>
        {part.ms ? <span className="ms-auto shrink-0 text-caption tabular-nums text-muted">{duration(part.ms)}</span> : null}
      </p>
      {detail ? <p className="truncate font-mono text-caption text-muted" title={detail}>{detail}</p> : null}
      {part.summary ? <p className="text-caption text-muted">{part.summary}</p> : null}
    </>
  );
}

function ReasoningStep({ part }: { part: Extract<Step["part"], { type: "reasoning" }> }): ReactNode {
  return <p className="whitespace-pre-wrap text-muted [overflow-wrap:anywhere]">{part.text || "Thought without words."}</p>;
}

/** `{"query": "embed"}` as `query: embed`; deeper things as JSON. */
function inputText(input: unknown): string {
  if (input === null || input === undefined) return "";
  if (typeof input !== "object" || Array.isArray(input)) return JSON.stringify(input).slice(0, 400);
  return Object.entries(input)
    .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" · ")
    .slice(0, 400);
}
