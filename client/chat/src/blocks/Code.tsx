/** Text of a program with its colours; with what it was before, what changed in it. */
import { FileDiff, FileCode2 } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { useHighlighter } from "../markdown/CodeBlock";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { Changes } from "./code/Changes";
import { diff, linesOf } from "./code/diff";
import type { BlockProps } from "./registry";

interface CodeData {
  code: string;
  language?: string | null;
  title?: string | null;
  before?: string | null;
}

export default function Code({ data }: BlockProps): ReactNode {
  const { code = "", language, title, before } = data as CodeData;
  const [whole, setWhole] = useState(false);
  const colour = useHighlighter(Boolean(language));
  const compared = typeof before === "string";
  const changes = useMemo(() => (typeof before === "string" ? diff(linesOf(before), linesOf(code)) : []), [before, code]);
  const lines = useMemo(() => (colour && language ? colour.highlightLines(linesOf(code).join("\n"), language) : linesOf(code)), [colour, code, language]);
  const old = useMemo(
    () => (typeof before !== "string" ? [] : colour && language ? colour.highlightLines(linesOf(before).join("\n"), language) : linesOf(before)),
    [colour, before, language],
  );
  const name = title ?? language ?? "Code";
  const count = (sign: string): number => changes.filter((line) => line.sign === sign).length;
  return (
    <figure className="md-code" aria-label={compared ? `Change of ${name}` : name}>
      <figcaption>
        <span className="flex min-w-0 items-baseline gap-2.5">
          <span className={`truncate ${title ? "font-medium text-ink" : ""}`}>{name}</span>
          {compared ? (
            <span className="shrink-0 tabular-nums">
              <span className="text-ok"><span className="sr-only">Lines added: </span>+{count("added")}</span> <span className="text-danger"><span className="sr-only">removed: </span>−{count("removed")}</span>
            </span>
          ) : title && language ? (
            <span className="shrink-0">{language}</span>
          ) : null}
        </span>
        <span className="flex shrink-0">
          {compared ? <IconButton icon={whole ? FileDiff : FileCode2} label={whole ? "Show the change" : "Show the new text"} size={28} onClick={() => setWhole(!whole)} /> : null}
          <CopyButton text={code} label="Copy code" />
        </span>
      </figcaption>
      <ScrollX label={name} className="max-h-144 overflow-y-auto">
        {compared && !whole ? <Changes lines={changes} before={old} after={lines} /> : <Numbered lines={lines} />}
      </ScrollX>
    </figure>
  );
}

/** The numbers stand beside the text and are no part of it: what is selected and copied is the code alone. */
function Numbered({ lines }: { lines: readonly ReactNode[] }): ReactNode {
  return (
    <pre>
      <code className="code-lines">
        {lines.map((line, i) => <span key={i} className="code-line" data-n={lines.length > 4 ? i + 1 : undefined}>{line}{"\n"}</span>)}
      </code>
    </pre>
  );
}
