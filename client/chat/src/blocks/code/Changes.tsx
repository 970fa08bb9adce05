import { useMemo, useState, type ReactNode } from "react";
import { hunks, type Hunk, type Line } from "./diff";

interface ChangesProps {
  lines: readonly Line[];
  /** The lines of both texts, coloured. */
  before: readonly ReactNode[];
  after: readonly ReactNode[];
}

const SIGN = { same: "", added: "+", removed: "−" } as const;

/** One column: what went away over what came, and what is far from any change folded. */
export function Changes({ lines, before, after }: ChangesProps): ReactNode {
  const parts = useMemo(() => hunks(lines), [lines]);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const show = ({ sign, before: old, after: now }: Line, key: number): ReactNode => (
    <span key={key} className="code-line" data-sign={SIGN[sign]} data-change={sign} data-n={(now ?? old ?? 0) + 1}>
      {sign === "same" ? null : <span className="sr-only">{sign === "added" ? "Added: " : "Removed: "}</span>}
      {now === null ? before[old ?? 0] : after[now]}{"\n"}
    </span>
  );
  const fold = ({ lines: hidden }: Hunk, part: number): ReactNode => (
    <button key={`fold ${part}`} type="button" onClick={() => setOpened(new Set([...opened, part]))} className="code-fold">
      Show {hidden.length} lines that are the same
    </button>
  );
  return (
    <pre>
      <code className="code-lines" data-compared>
        {parts.map((part, i) => (part.folded && !opened.has(i) ? fold(part, i) : part.lines.map((line, k) => show(line, i * 10_000 + k))))}
      </code>
    </pre>
  );
}
