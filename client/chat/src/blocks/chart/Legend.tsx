import type { ReactNode } from "react";
import { hatch, mark } from "./Marks";
import { dash, ink, withUnit, type ChartData } from "./model";

/** Which sign is which series; of a narrow pie, whose slices have no names beside them, which is which part. */
export function Legend({ chart, id, narrowPie }: { chart: ChartData; id: string; narrowPie: boolean }): ReactNode {
  const pie = chart.type === "pie";
  const names = pie ? (narrowPie ? chart.labels.map(String) : []) : chart.series.map(({ name }) => name);
  if (names.length < 2) return null;
  const lined = chart.type === "line" || chart.type === "area";
  return (
    <ul className="mt-3 flex flex-wrap justify-center gap-x-5 gap-y-1.5 text-caption text-muted">
      {names.map((name, i) => (
        <li key={i} className="inline-flex items-center gap-2">
          <svg width={lined ? 24 : 12} height="12" aria-hidden>
            {lined ? (
              <>
                <line x1="0" x2="24" y1="6" y2="6" strokeWidth="2" strokeDasharray={dash(i)} style={{ stroke: ink(i) }} />
                <path d={mark(i)} transform="translate(12 6)" style={{ fill: ink(i) }} />
              </>
            ) : chart.type === "scatter" ? (
              <path d={mark(i, 52)} transform="translate(6 6)" style={{ fill: ink(i) }} />
            ) : (
              <rect width="12" height="12" rx="3" style={{ fill: hatch(id, i) }} />
            )}
          </svg>
          {name}{pie ? ` · ${withUnit(chart.series[0]?.values[i], chart.y.unit)}` : ""}
        </li>
      ))}
    </ul>
  );
}
