import { useEffect, useState, type ReactNode } from "react";
import { CopyButton } from "../ui/CopyButton";
import { ScrollX } from "../ui/ScrollX";

/** Above this, colouring while it grows costs more than a paint (about 2 ms for 8 kB); it is coloured when whole. */
const LIVE_CHARS = 8_000;
const MOST_CHARS = 100_000;

type Highlight = typeof import("./highlight");
let loaded: Highlight | null = null;

export function CodeBlock({ text, language, open }: { text: string; language: string; open: boolean }): ReactNode {
  const colour = useHighlighter(language !== "" && language !== "text" && text.length <= MOST_CHARS && (!open || text.length <= LIVE_CHARS));
  return (
    <figure className="md-code">
      <figcaption>
        <span>{language || "text"}</span>
        <CopyButton text={text} label="Copy code" />
      </figcaption>
      <ScrollX label={`Code${language ? `, ${language}` : ""}`}>
        <pre><code>{colour ? colour.highlight(text, language) : text}</code></pre>
      </ScrollX>
    </figure>
  );
}

/** The highlighter arrives with the first block that has a language; until then, and for unknown ones, code is plain. */
export function useHighlighter(wanted: boolean): Highlight | null {
  const [, arrived] = useState(loaded !== null);
  useEffect(() => {
    if (!wanted || loaded) return;
    let mounted = true;
    import("./highlight").then(
      (module) => {
        loaded = module;
        if (mounted) arrived(true);
      },
      () => undefined, // offline: plain code is still code
    );
    return () => {
      mounted = false;
    };
  }, [wanted]);
  return wanted ? loaded : null;
}
