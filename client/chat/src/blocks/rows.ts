/** What a table block holds, in the reader's notation and as CSV. Pure. */
import { day } from "../format/date";
import { figure, money } from "../format/number";

export type Cell = string | number | boolean | null | undefined;

export interface Column {
  key: string;
  label: string;
  type: "text" | "number" | "date" | "money" | "boolean" | "link";
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

// Made once: `localeCompare` makes a collator a call, 130,000 of them to sort 10,000 rows.
const collator = new Intl.Collator(undefined, { numeric: true });

/** In the table's own order without a sort; empty cells last either way. */
export function sorted({ rows }: Pick<TableData, "rows">, sort: Sort | null): Record<string, Cell>[] {
  if (!sort) return rows;
  const { key, down } = sort;
  return rows.toSorted((a, b) => {
    const [x, y] = [a[key] ?? null, b[key] ?? null];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const order = typeof x === "number" && typeof y === "number" ? x - y : collator.compare(String(x), String(y));
    return down ? -order : order;
  });
}

// By row, for as long as the row lives: rows that arrive later do not have the others written out again.
const texts = new WeakMap<object, string>();

/** The rows that hold every word of the query, in any column, as they are shown or as they are. */
export function filtered({ columns }: Pick<TableData, "columns">, rows: readonly Record<string, Cell>[], query: string): readonly Record<string, Cell>[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    let text = texts.get(row);
    if (text === undefined) {
      text = columns.map((column) => `${cellText(column, row[column.key])} ${row[column.key] ?? ""}`).join("\n").toLocaleLowerCase();
      texts.set(row, text);
    }
    const held = text;
    return words.every((word) => held.includes(word));
  });
}

/** What the reader's notation adds to a plain value: separators, a currency, a month in letters, an icon. */
const MORE: Readonly<Record<Column["type"], number>> = { text: 0, number: 2, money: 5, date: 3, boolean: 3, link: 3 };

/** Widths in characters that the columns want, from what they hold; the longest texts wrap or are cut, so 40 is enough. */
export function columnChars({ columns, rows }: { columns: readonly Column[]; rows: readonly Record<string, Cell>[] }): number[] {
  return columns.map((column) => {
    let most = column.label.length + 2;
    for (const row of rows) {
      const value = row[column.key];
      const length = String(value ?? "").length + MORE[column.type];
      if (length > most) most = length;
    }
    return Math.min(40, Math.ceil(most));
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
