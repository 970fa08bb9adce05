/** A few figures, large, each with how it moved. */
import { ArrowDownRight, ArrowUpRight, Minus } from "lucide-react";
import type { ReactNode } from "react";
import { figure, money } from "../format/number";
import { Card, CardTitle } from "./Card";
import type { BlockProps } from "./registry";

export interface Metric {
  label: string;
  value: number | string | null;
  unit?: string | null;
  change?: number | null;
  change_unit?: string;
  since?: string | null;
  good?: "up" | "down" | null;
  trend?: number[] | null;
}

interface MetricsData {
  title?: string | null;
  metrics: Metric[];
}

export default function Metrics({ data }: BlockProps): ReactNode {
  const { title, metrics = [] } = data as MetricsData;
  return (
    <Card label={title ?? "Figures"}>
      {title ? <CardTitle>{title}</CardTitle> : null}
      <dl className={`metrics ${title ? "mt-3" : ""}`}>
        {metrics.map((metric, i) => (
          <div key={i} className="flex min-w-0 flex-col">
            <dt className="text-caption text-muted">{metric.label}</dt>
            <dd className="mt-0.5 [overflow-wrap:anywhere]">
              <span className="text-title font-medium tabular-nums tracking-tight">{worded(metric)}</span>
              <Change metric={metric} />
              {metric.trend && metric.trend.length > 1 ? <Trend values={metric.trend} label={metric.label} /> : null}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** The figure in the reader's notation: a unit of three capitals is a currency. */
export function worded({ value, unit }: Pick<Metric, "value" | "unit">): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number" && unit && /^[A-Z]{3}$/.test(unit)) return money(value, unit);
  const text = typeof value === "number" ? figure(value) : value;
  return unit ? `${text}\u202f${unit}` : text;
}

function Change({ metric: { change, change_unit = "%", since, good } }: { metric: Metric }): ReactNode {
  if (change === null || change === undefined) return null;
  const up = change > 0;
  const Icon = change === 0 ? Minus : up ? ArrowUpRight : ArrowDownRight;
  const tone = !good || change === 0 ? "text-muted" : (good === "up") === up ? "text-ok" : "text-danger";
  return (
    <span className="mt-0.5 flex flex-wrap items-center gap-x-1 text-caption">
      <span className={`inline-flex items-center gap-0.5 font-medium tabular-nums ${tone}`}>
        <Icon size={14} strokeWidth={2} aria-hidden />
        {up ? "+" : change < 0 ? "−" : ""}{figure(Math.abs(change))}{change_unit ? `\u202f${change_unit}` : ""}
      </span>
      {since ? <span className="text-muted">since {since}</span> : null}
    </span>
  );
}

const [WIDE, HIGH] = [120, 28];

/** The way it went, without axes: the figures themselves are in its name. */
function Trend({ values, label }: { values: readonly number[]; label: string }): ReactNode {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = values.map((value, i): [number, number] => [
    2 + (i / (values.length - 1)) * (WIDE - 6),
    high === low ? HIGH / 2 : 3 + (1 - (value - low) / (high - low)) * (HIGH - 6),
  ]);
  const [x, y] = at.at(-1) ?? [0, 0];
  return (
    <svg role="img" aria-label={`${label}, before: ${values.map((value) => figure(value)).join(", ")}`} viewBox={`0 0 ${WIDE} ${HIGH}`} width={WIDE} height={HIGH} className="mt-2 block max-w-full">
      <polyline points={at.map((one) => one.join(",")).join(" ")} fill="none" strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" className="stroke-muted" />
      <circle cx={x} cy={y} r="2.5" className="fill-accent" />
    </svg>
  );
}
