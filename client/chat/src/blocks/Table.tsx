/** Rows under typed columns: figures right, sorting by a click on the head, CSV to take along. */
import { ArrowDown, ArrowUp, Download } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { figure } from "../format/number";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { Card, CardTitle } from "./Card";
import type { BlockProps } from "./registry";
import { alignOf, cellText, csvOf, sorted, type Sort, type TableData } from "./rows";

/** Shown at once; a person who wants more asks for it. */
const FIRST_ROWS = 12;

export default function Table({ data }: BlockProps): ReactNode {
  const table = data as TableData;
  const { columns, title, total } = table;
  const [sort, setSort] = useState<Sort | null>(null);
  const [all, setAll] = useState(false);
  const rows = useMemo(() => sorted(table, sort), [table, sort]);
  const shown = all ? rows : rows.slice(0, FIRST_ROWS);
  const count = total ?? rows.length;
  const turn = (key: string): void => setSort(sort?.key !== key ? { key, down: false } : sort.down ? null : { key, down: true });
  return (
    <Card label={title ?? "Table"} flush>
      <div className="flex items-start justify-between gap-3 px-5 pb-1 pt-4 max-sm:px-4">
        <div className="min-w-0">
          {title ? <CardTitle>{title}</CardTitle> : null}
          <p className="text-caption text-muted">{count === 1 ? "1 row" : count === rows.length ? `${figure(count)} rows` : `${figure(rows.length)} of ${figure(count)} rows`}</p>
        </div>
        <div className="-me-1.5 flex">
          <CopyButton text={() => csvOf(table, rows, "\t")} label="Copy table" />
          <IconButton icon={Download} label="Download CSV" size={28} onClick={() => save(csvOf(table, rows, ","), `${title ?? "table"}.csv`)} />
        </div>
      </div>
      <ScrollX label={title ?? "Table"} className="px-5 pb-3 max-sm:px-4">
        <table className="grid-table">
          <thead>
            <tr>
              {columns.map((column) => {
                const on = sort?.key === column.key;
                const Arrow = on && sort.down ? ArrowDown : ArrowUp;
                return (
                  <th key={column.key} scope="col" aria-sort={on ? (sort.down ? "descending" : "ascending") : undefined} className={side(alignOf(column))}>
                    <button type="button" onClick={() => turn(column.key)} className="touch group/sort relative inline-flex items-center py-1 font-medium hover:text-ink">
                      {column.label}{column.unit && column.type !== "money" ? ` (${column.unit})` : ""}
                      <Arrow
                        size={16}
                        strokeWidth={1.75}
                        aria-hidden
                        className={`absolute ${alignOf(column) === "right" ? "end-full me-0.5" : "start-full ms-0.5"} ${on ? "text-accent" : "opacity-0 group-hover/sort:opacity-60"}`}
                      />
                    </button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, i) => (
              <tr key={i}>
                {columns.map((column) => <td key={column.key} className={`${side(alignOf(column))} ${column.type === "date" ? "whole" : ""}`}>{cellText(column, row[column.key])}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollX>
      {rows.length > FIRST_ROWS ? (
        <div className="border-t border-line px-3 py-1.5">
          <Button kind="quiet" onClick={() => setAll(!all)}>{all ? "Show fewer" : `Show all ${figure(rows.length)}`}</Button>
        </div>
      ) : null}
    </Card>
  );
}

const side = (align: "left" | "center" | "right"): string =>
  align === "right" ? "text-end tabular-nums" : align === "center" ? "text-center" : "";

function save(text: string, name: string): void {
  // The mark tells Excel that the file is UTF-8.
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[^\p{L}\p{N} ._-]+/gu, "_");
  link.click();
  URL.revokeObjectURL(url);
}
