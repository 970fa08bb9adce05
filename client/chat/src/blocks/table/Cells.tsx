import { ArrowDown, ArrowUp, Check, X } from "lucide-react";
import { memo, type ReactNode } from "react";
import { Outside, shortAddress } from "../parts/Outside";
import { alignOf, cellText, type Cell, type Column, type Sort } from "../rows";

interface HeadsProps {
  columns: readonly Column[];
  /** Least widths in characters: a long text wraps at a readable measure, and the table scrolls. */
  least?: readonly number[];
  sort: Sort | null;
  choose: (sort: Sort | null) => void;
}

/** The row of heads: a click sorts up, the next down, the third as it came. */
export function Heads({ columns, least, sort, choose }: HeadsProps): ReactNode {
  return (
    <tr aria-rowindex={1}>
      {columns.map((column, i) => {
        const on = sort?.key === column.key;
        const Arrow = on && sort.down ? ArrowDown : ArrowUp;
        const turn = (): void => choose(!on ? { key: column.key, down: false } : sort.down ? null : { key: column.key, down: true });
        return (
          <th key={column.key} scope="col" aria-sort={on ? (sort.down ? "descending" : "ascending") : undefined} className={side(column)} style={least ? { minInlineSize: `${least[i]}ch` } : undefined}>
            <button type="button" onClick={turn} className="touch group/sort relative inline-flex items-center py-1 font-medium hover:text-ink">
              {column.label}{column.unit && column.type !== "money" ? ` (${column.unit})` : ""}
              <Arrow
                size={16}
                strokeWidth={1.75}
                aria-hidden
                className={`absolute ${alignOf(column) === "right" ? "end-full me-0.5" : "start-full ms-0.5"} ${on ? "text-accent" : "opacity-0 group-hover/sort:opacity-60 group-focus-visible/sort:opacity-60"}`}
              />
            </button>
          </th>
        );
      })}
    </tr>
  );
}

interface RowProps {
  row: Record<string, Cell>;
  columns: readonly Column[];
  /** Its place among all, where not all are on the page: counted from 1, the heads are the first. */
  index?: number;
}

export const Row = memo(function Row({ row, columns, index }: RowProps): ReactNode {
  return (
    <tr aria-rowindex={index}>
      {columns.map((column) => <td key={column.key} className={`${side(column)} ${column.type === "date" || isWord(row[column.key]) ? "whole" : ""}`}><CellView column={column} value={row[column.key]} /></td>)}
    </tr>
  );
});

function CellView({ column, value }: { column: Column; value: Cell }): ReactNode {
  const text = cellText(column, value);
  if (column.type === "boolean" && typeof value === "boolean") {
    const Icon = value ? Check : X;
    return <span className={`inline-flex items-center gap-1.5 ${value ? "" : "text-muted"}`}><Icon size={16} strokeWidth={1.75} aria-hidden className={value ? "text-ok" : ""} />{text}</span>;
  }
  if (column.type === "link" && typeof value === "string") return <Outside url={value} className="text-accent">{shortAddress(value)}</Outside>;
  return text;
}

/** An id or a name that would be torn apart at its hyphen. */
const isWord = (value: Cell): boolean => typeof value === "string" && value.length <= 20 && !/\s/.test(value);

function side(column: Column): string {
  const align = alignOf(column);
  return align === "right" ? "text-end tabular-nums" : align === "center" ? "text-center" : "";
}
