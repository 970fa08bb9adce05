/** The passages of an answer; the chosen one stands open with its words marked. Beside the thread, or over it where there is no room. */
import type { Source } from "@opsloom/sdk";
import { ExternalLink, X } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from "react";
import { useConversation, useScreen } from "../context";
import { safeHref } from "../markdown/links";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { tidy, type Passage } from "./passage";

export function SourcePanel(): ReactNode {
  const { screen } = useConversation();
  const panel = useScreen((state) => state.panel);
  const root = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);

  useEffect(() => {
    opener.current = document.activeElement;
    root.current?.querySelector<HTMLElement>("[data-close]")?.focus({ preventScroll: true });
    return () => {
      if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
    };
  }, []);
  /** The marked words at a third of the height. Never scrollIntoView: inside a frame it moves the host page. */
  const showMark = useCallback(() => {
    const [box, mark] = [root.current?.querySelector("ol"), root.current?.querySelector("mark")];
    if (!box || !mark) return;
    const below = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
    box.scrollTop += below - box.clientHeight / 3;
  }, []);

  if (!panel) return null;
  const close = (): void => screen.setState({ panel: null });
  return (
    <aside
      ref={root}
      aria-label="Sources"
      onKeyDown={(event) => event.key === "Escape" && close()}
      className="flex h-full min-h-0 w-full flex-col bg-paper"
    >
      <header className="flex h-14 shrink-0 items-center justify-between border-b border-line pe-2 ps-5">
        <h2 className="text-ui font-medium">Sources</h2>
        <IconButton icon={X} label="Close sources" size={36} data-close onClick={close} />
      </header>
      <ol className="relative min-h-0 flex-1 overflow-y-auto overscroll-contain p-3">
        {panel.sources.map((source) => (
          <SourceItem
            key={source.id}
            source={source}
            shown={showMark}
            chosen={source.number === panel.number}
            choose={() => screen.setState({ panel: { ...panel, number: source.number } })}
          />
        ))}
      </ol>
    </aside>
  );
}

function SourceItem({ source, chosen, choose, shown }: { source: Source; chosen: boolean; choose: () => void; shown: () => void }): ReactNode {
  const url = source.url ? safeHref(source.url) : null;
  return (
    <li data-chosen={chosen} className={`rounded-card ${chosen ? "border border-line bg-surface" : ""}`}>
      <button
        type="button"
        aria-expanded={chosen}
        onClick={choose}
        className="flex min-h-11 w-full items-start gap-2.5 rounded-card px-3 py-3 text-start outline-offset-[-2px] hover:text-accent"
      >
        <span className="cite mt-0.5" aria-hidden>{source.number}</span>
        <span className="min-w-0 flex-1 text-ui font-medium">{source.title}</span>
        {source.page ? <span className="shrink-0 text-caption leading-5 text-muted">p. {source.page}</span> : null}
      </button>
      {chosen ? (
        <div className="animate-appear px-4 pb-3">
          <PassageText source={source} shown={shown} />
          <div className="mt-2 flex items-center justify-between">
            {url ? (
              <a href={url} target="_blank" rel="noopener noreferrer" className="inline-flex min-h-8 items-center gap-1.5 text-caption font-medium text-accent hover:underline">
                Open document <ExternalLink size={16} strokeWidth={1.75} aria-hidden />
              </a>
            ) : <span />}
            <CopyButton text={source.quote} label="Copy passage" />
          </div>
        </div>
      ) : null}
    </li>
  );
}

function PassageText({ source, shown }: { source: Source; shown: () => void }): ReactNode {
  const { passage: load } = useConversation();
  const [passage, setPassage] = useState<Passage | null>(null);
  useEffect(() => {
    let wanted = true;
    load?.(source).then((found) => wanted && setPassage(found), () => undefined); // the quote itself is always there
    return () => {
      wanted = false;
    };
  }, [load, source]);
  useLayoutEffect(shown, [shown, passage]);
  return (
    <blockquote className="whitespace-pre-wrap text-ui leading-6 text-muted [overflow-wrap:anywhere]">
      {tidy(passage?.before)}
      <mark className="rounded-[3px] bg-mark px-0.5 text-ink [box-decoration-break:clone]">{tidy(passage?.quote ?? source.quote)}</mark>
      {tidy(passage?.after)}
    </blockquote>
  );
}
