/** A table as quiet as the text round it: figures set right, wide ones scroll inside with a fading edge. */
import type { Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { ScrollX } from "../ui/ScrollX";
import { Inline } from "./Inline";

export function MarkdownTable({ token }: { token: Tokens.Table }): ReactNode {
  const align = token.header.map((_, column) => token.align[column] ?? (isNumeric(token, column) ? "right" : null));
  return (
    <ScrollX label="Table" className="md-table">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, i) => (
              <th key={i} scope="col" className={alignment(align[i])}><Inline tokens={cell.tokens} /></th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((cells, i) => <Row key={i} cells={cells} align={align} text={cells.map((cell) => cell.text).join("|")} />)}
        </tbody>
      </table>
    </ScrollX>
  );
}

type Align = "center" | "left" | "right" | null;

const Row = memo(
  function Row({ cells, align }: { cells: Tokens.TableCell[]; align: Align[]; text: string }): ReactNode {
    return (
      <tr>
        {cells.map((cell, i) => <td key={i} className={alignment(align[i])}><Inline tokens={cell.tokens} /></td>)}
      </tr>
    );
  },
  (a, b) => a.text === b.text && a.align.join() === b.align.join(),
);

function alignment(align: Align | undefined): string | undefined {
  return align === "right" ? "text-end tabular-nums" : align === "center" ? "text-center" : undefined;
}

/** `1,234.5`, `-3 %`, `€ 12`, `4 ms`; a dash or nothing counts as a missing figure. */
const FIGURE = /^[-+−~≈<>≤≥]?\s*[$€£¥]?\s*\d[\d\s.,'’\u00a0\u202f]*\s*(?:%|‰|×|x|[a-zA-Zµ°€$£]{1,4}(?:\/[a-zA-Z]{1,3})?)?$/;

export function isNumeric(token: Tokens.Table, column: number): boolean {
  let figures = 0;
  for (const row of token.rows) {
    const text = row[column]?.text.replace(/\*\*|`/g, "").trim() ?? "";
    if (!text || /^[-–—]$/.test(text)) continue;
    if (!FIGURE.test(text)) return false;
    figures++;
  }
  return figures > 0;
}
