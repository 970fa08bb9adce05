import type { Source } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { useConversation } from "../context";

/** What an answer rests on, one pill a passage. */
export function SourcesRow({ sources }: { sources: readonly Source[] }): ReactNode {
  const { screen } = useConversation();
  if (sources.length === 0) return null;
  return (
    <div className="flex flex-wrap gap-2" role="group" aria-label="Sources">
      {sources.map((source) => (
        <button
          key={source.id}
          type="button"
          onClick={() => screen.setState({ panel: { sources, number: source.number } })}
          className="touch inline-flex h-8 max-w-60 items-center gap-2 rounded-control border border-line bg-surface pe-3 ps-2 text-caption text-muted
            transition-colors duration-150 hover:border-edge hover:text-ink"
        >
          <span className="cite" aria-hidden>{source.number}</span>
          <span className="truncate" title={source.title}>{shortTitle(source.title)}</span>
          {source.page ? <span className="shrink-0">p. {source.page}</span> : null}
        </button>
      ))}
    </div>
  );
}

/** `Guide › Widget › Cookies` as its last step: within one answer the first are mostly the same. */
function shortTitle(title: string): string {
  return title.slice(title.lastIndexOf(" › ") + 1).replace(/^› /, "");
}
