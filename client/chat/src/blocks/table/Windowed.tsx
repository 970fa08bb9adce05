/** Thousands of rows in a box of their own: those in view are elements, the rest is height. */
import { useMemo, useRef, useState, type ReactNode } from "react";
import { columnChars, type Cell, type TableData } from "../rows";
import { Row } from "./Cells";

/** px; every row has one line here, so that a place can be counted out. */
const ROW = 41;
/** Rows above and below the view, so that a quick turn of the wheel shows no gap. */
const SPARE = 12;
const HEIGHT = 480;

interface WindowedProps {
  table: TableData;
  rows: readonly Record<string, Cell>[];
  label: string;
  heads: ReactNode;
}

export function Windowed({ table, rows, label, heads }: WindowedProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState(0);
  const chars = useMemo(() => columnChars(table), [table]);
  const count = Math.ceil(HEIGHT / ROW) + 2 * SPARE;
  const first = Math.max(0, Math.min(from, rows.length - count));
  const shown = rows.slice(first, first + count);
  const scrolled = (): void => {
    // In steps of the spare rows: most scroll events change nothing.
    const at = Math.floor((box.current?.scrollTop ?? 0) / ROW / SPARE) * SPARE - SPARE;
    setFrom(Math.max(0, at));
  };
  const after = rows.length - first - shown.length;
  return (
    <div
      ref={box}
      role="group"
      aria-label={label}
      tabIndex={0}
      onScroll={scrolled}
      className="window-table overflow-auto overscroll-contain px-(--pad)"
      style={{ maxBlockSize: HEIGHT }}
    >
      <table className="grid-table" aria-rowcount={rows.length + 1} style={{ inlineSize: `max(100%, ${chars.reduce((sum, one) => sum + one + 2.5, 0)}ch)` }}>
        <colgroup>{chars.map((width, i) => <col key={i} style={{ inlineSize: `${width + 2.5}ch` }} />)}</colgroup>
        <thead>{heads}</thead>
        <tbody>
          {first > 0 ? <tr aria-hidden style={{ blockSize: first * ROW }} /> : null}
          {shown.map((row, i) => <Row key={first + i} row={row} columns={table.columns} index={first + i + 2} />)}
          {after > 0 ? <tr aria-hidden style={{ blockSize: after * ROW }} /> : null}
        </tbody>
      </table>
    </div>
  );
}
