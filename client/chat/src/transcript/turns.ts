/** Rows as turns: a question and what follows it. Pure. */
import type { Row } from "./rows";

/** The unit that anchors near the top when it is sent. */
export interface TurnRows {
  key: string;
  rows: Row[];
}

export function byTurn(rows: readonly Row[]): TurnRows[] {
  const turns: TurnRows[] = [];
  for (const row of rows) {
    const own = row.type === "unsent" || row.message.role === "user";
    const last = turns.at(-1);
    if (own || !last) turns.push({ key: row.key, rows: [row] });
    else last.rows.push(row);
  }
  return turns;
}
