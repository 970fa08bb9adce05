/** Rows under typed columns: figures right, sorting by a click on the head, a filter, CSV to take along. */
import { Download, Search } from "lucide-react";
import { useDeferredValue, useMemo, useState, type ReactNode } from "react";
import { figure } from "../format/number";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { csvFile, save } from "../ui/save";
import { Card, CardTitle } from "./Card";
import type { BlockProps } from "./registry";
import { columnChars, csvOf, filtered, sorted, type Sort, type TableData } from "./rows";
import { Heads, Row } from "./table/Cells";
import { Windowed } from "./table/Windowed";

/** Shown at once; a person who wants more asks for it. */
const FIRST_ROWS = 12;
/** From here on only the rows in view are elements: 300 rows of 6 cells are laid out in about 15 ms, 10,000 in half a second. */
const MANY_ROWS = 300;

export default function Table({ data }: BlockProps): ReactNode {
  const table = useMemo((): TableData => ({ columns: [], rows: [], ...(data as Partial<TableData>) }), [data]);
  const { title, total } = table;
  const [sort, setSort] = useState<Sort | null>(null);
  const [all, setAll] = useState(false);
  const [query, setQuery] = useState("");
  const asked = useDeferredValue(query);
  const ordered = useMemo(() => sorted(table, sort), [table, sort]);
  const rows = useMemo(() => filtered(table, ordered, asked), [table, ordered, asked]);
  const shown = all ? rows : rows.slice(0, FIRST_ROWS);
  const name = title ?? "Table";
  const many = shown.length > MANY_ROWS;
  const least = many ? undefined : columnChars({ columns: table.columns, rows: shown }).map((chars) => Math.min(chars * 1.2, 28));
  const heads = <Heads columns={table.columns} least={least} sort={sort} choose={setSort} />;
  return (
    <Card label={name} flush>
      <div className="flex items-start justify-between gap-3 px-(--pad) pb-1 pt-(--top)">
        <div className="min-w-0">
          {title ? <CardTitle>{title}</CardTitle> : null}
          <p role="status" className="text-caption text-muted">{counted(rows.length, table.rows.length, total ?? 0)}</p>
        </div>
        <div className="-me-1.5 flex">
          <CopyButton text={() => csvOf(table, rows, "\t")} label="Copy table" />
          <IconButton icon={Download} label="Download CSV" size={28} onClick={() => save(csvFile(csvOf(table, rows, ",")), `${title ?? "table"}.csv`)} />
        </div>
      </div>
      {table.rows.length > FIRST_ROWS ? (
        <div className="relative px-(--pad) pb-2 pt-1">
          <Search size={16} strokeWidth={1.75} aria-hidden className="pointer-events-none absolute inset-y-0 start-[calc(var(--pad)+0.75rem)] my-auto text-muted" />
          <input type="search" value={query} onChange={(event) => setQuery(event.target.value)} aria-label={`Filter ${name}`} placeholder="Filter" className="field ps-9!" />
        </div>
      ) : null}
      {rows.length === 0 ? <p className="px-(--pad) pb-(--foot) pt-1 text-ui text-muted">{query ? "No row has these words." : "No rows."}</p> : null}
      {rows.length === 0 ? null : many ? (
        <Windowed table={table} rows={shown} label={name} heads={heads} />
      ) : (
        <ScrollX label={name} className={`px-(--pad) pb-(--foot) ${all && shown.length > 40 ? "max-h-128 overflow-y-auto" : ""}`}>
          <table className="grid-table">
            <thead>{heads}</thead>
            <tbody>{shown.map((row, i) => <Row key={i} row={row} columns={table.columns} />)}</tbody>
          </table>
        </ScrollX>
      )}
      {rows.length > FIRST_ROWS ? (
        <div className="border-t border-line px-3 py-1.5">
          <Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Show fewer" : `Show all ${figure(rows.length)}`}</Button>
        </div>
      ) : null}
    </Card>
  );
}

/** `3 of 20 rows` where a filter leaves some out, or the assistant did. */
function counted(shown: number, held: number, total: number): string {
  const whole = Math.max(total, held);
  return shown < whole ? `${figure(shown)} of ${figure(whole)} rows` : whole === 1 ? "1 row" : `${figure(whole)} rows`;
}
