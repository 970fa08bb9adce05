/** What a table block holds, in the reader's notation and as CSV. Pure. */
import { day } from "../format/date";
import { figure, money } from "../format/number";

export type Cell = string | number | boolean | null | undefined;

export interface Column {
  key: string;
  label: string;
  type: "text" | "number" | "date" | "money";
  align?: "left" | "center" | "right" | null;
  unit?: string | null;
}

export interface TableData {
  title?: string | null;
  columns: Column[];
  rows: Record<string, Cell>[];
  total?: number | null;
}

export interface Sort {
  key: string;
  down: boolean;
}

export function alignOf({ align, type }: Column): "left" | "center" | "right" {
  return align ?? (type === "number" || type === "money" ? "right" : "left");
}

export function cellText({ type, unit }: Column, value: Cell): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (typeof value === "number") return type === "money" ? money(value, unit ?? undefined) : figure(value, 6);
  return type === "date" ? day(value) : value;
}

/** In the table's own order without a sort; empty cells last either way. */
export function sorted({ rows }: Pick<TableData, "rows">, sort: Sort | null): Record<string, Cell>[] {
  if (!sort) return rows;
  const { key, down } = sort;
  return rows.toSorted((a, b) => {
    const [x, y] = [a[key] ?? null, b[key] ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, { numeric: true });
    return down ? -order : order;
  });
}

/** A cell that a spreadsheet would run as a formula gets an apostrophe, as its own text. */
export function csvOf({ columns }: Pick<TableData, "columns">, rows: readonly Record<string, Cell>[], separator: "," | "\t"): string {
  const field = (value: Cell): string => {
    if (value === null || value === undefined) return "";
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /["\n\r]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map(({ label }) => field(label)), ...rows.map((row) => columns.map(({ key }) => field(row[key])))];
  return lines.map((line) => line.join(separator)).join("\n");
}
