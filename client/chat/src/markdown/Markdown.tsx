/** Markdown that streams: `open` while more may come. */
import { useRef, type ReactNode } from "react";
import type { Tokens } from "marked";
import { Block } from "./Block";
import { MarkdownStream, type Segment } from "./stream";

export interface MarkdownProps {
  text: string;
  open?: boolean;
}

export function Markdown({ text, open = false }: MarkdownProps): ReactNode {
  const stream = useRef<MarkdownStream>(null);
  stream.current ??= new MarkdownStream();
  const segments = stream.current.update(text, open);
  const levels = headingLevels(segments);
  return (
    <div className="md">
      {segments.map(({ at, token }, i) => (
        <Block key={at} token={token} level={levels[i]} open={open && i === segments.length - 1} />
      ))}
    </div>
  );
}

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
