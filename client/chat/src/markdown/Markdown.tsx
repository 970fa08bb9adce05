/** Markdown that streams: `open` while more may come. */
import { memo, useRef, type ReactNode } from "react";
import type { Tokens } from "marked";
import { Block } from "./Block";
import { MarkdownStream, type Segment } from "./stream";

export interface MarkdownProps {
  text: string;
  open?: boolean;
}

/** Blocks in one run: React and the browser pass over whole runs that are done, instead of each of a thousand blocks. */
const RUN = 12;

export function Markdown({ text, open = false }: MarkdownProps): ReactNode {
  const stream = useRef<MarkdownStream>(null);
  stream.current ??= new MarkdownStream();
  const segments = stream.current.update(text, open);
  const levels = headingLevels(segments);
  const runs = Math.max(1, Math.ceil(segments.length / RUN));
  return (
    <div className="md">
      {Array.from({ length: runs }, (_, i) => (
        <Run key={i} segments={segments.slice(i * RUN, (i + 1) * RUN)} levels={levels.slice(i * RUN, (i + 1) * RUN)} open={open && i === runs - 1} />
      ))}
    </div>
  );
}

interface RunProps {
  segments: readonly Segment[];
  levels: readonly number[];
  open: boolean;
}

const Run = memo(
  function Run({ segments, levels, open }: RunProps): ReactNode {
    return (
      <div className={open ? undefined : "md-run"}>
        {segments.map(({ at, token }, i) => <Block key={at} token={token} level={levels[i]} open={open && i === segments.length - 1} />)}
      </div>
    );
  },
  (a, b) => a.open === b.open && a.segments.length === b.segments.length && a.segments.every((segment, i) => segment === b.segments[i]) && a.levels.join() === b.levels.join(),
);

/** Levels below the answer's own h2, never jumping by more than one: models start at `#`, `##` or `###` as they like. */
export function headingLevels(segments: readonly Segment[]): number[] {
  const path: number[] = [];
  return segments.map(({ token }) => {
    if (token.type !== "heading") return 0;
    const { depth } = token as Tokens.Heading;
    while (path.length > 0 && (path.at(-1) as number) >= depth) path.pop();
    path.push(depth);
    return 2 + path.length;
  });
}
