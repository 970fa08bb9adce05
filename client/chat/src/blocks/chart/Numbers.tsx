/** A chart's numbers as a table, and as CSV. */
import type { ReactNode } from "react";
import { ScrollX } from "../../ui/ScrollX";
import { csvOf, type Cell, type Column } from "../rows";
import { withUnit, type ChartData } from "./model";

const first = (chart: ChartData): string => chart.x.label || (chart.type === "pie" ? "Part" : "Label");

export function Numbers({ chart }: { chart: ChartData }): ReactNode {
  return (
    <ScrollX label={chart.title} className="max-h-80 overflow-y-auto">
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">{first(chart)}</th>
            {chart.series.map(({ name }) => <th key={name} scope="col" className="text-end">{name}</th>)}
          </tr>
        </thead>
        <tbody>
          {chart.labels.map((label, i) => (
            <tr key={i}>
              <th scope="row" className="font-normal! text-ink!">{label}</th>
              {chart.series.map(({ name, values }) => <td key={name} className="text-end tabular-nums">{withUnit(values[i], chart.y.unit)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

export function csvOfChart(chart: ChartData): string {
  const heading = (text: string): string => (chart.y.unit ? `${text} (${chart.y.unit})` : text);
  const columns: Column[] = [
    { key: "-", label: first(chart), type: "text" },
    ...chart.series.map(({ name }, s): Column => ({ key: String(s), label: heading(name), type: "number" })),
  ];
  const rows = chart.labels.map((label, i): Record<string, Cell> => ({ "-": label, ...Object.fromEntries(chart.series.map(({ values }, s) => [s, values[i]])) }));
  return csvOf({ columns }, rows, ",");
}
