/** Views in one place, of which one is seen. */
import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import { Content, type PartData } from "./parts/Part";
import type { BlockProps } from "./registry";

interface TabsData {
  title?: string | null;
  tabs: { label: string; text?: string | null; items?: PartData[] }[];
}

export default function Tabs({ data, live }: BlockProps): ReactNode {
  const { title, tabs = [] } = data as TabsData;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(0);
  const at = Math.min(chosen, tabs.length - 1);
  const tab = tabs[at];

  const keys = (event: KeyboardEvent): void => {
    const rtl = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
    const to = { ArrowRight: at + rtl, ArrowLeft: at - rtl, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    setChosen(next);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <Card label={title ?? "Views"} flush>
      {title ? <div className="px-(--pad) pt-(--top)"><CardTitle>{title}</CardTitle></div> : null}
      <div ref={list} role="tablist" aria-label={title ?? "Views"} onKeyDown={keys} className="scroll-x flex gap-5 border-b border-line px-(--pad)">
        {tabs.map(({ label }, i) => (
          <button
            key={i}
            type="button"
            role="tab"
            id={`${id}-${i}`}
            aria-selected={i === at}
            aria-controls={`${id}-panel`}
            tabIndex={i === at ? 0 : -1}
            onClick={() => setChosen(i)}
            className={`-mb-px min-h-11 shrink-0 border-b-2 px-0.5 text-ui font-medium whitespace-nowrap outline-offset-[-2px] ${i === at ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink"}`}
          >
            {label}
          </button>
        ))}
      </div>
      {tab ? <div key={at} id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${at}`} className="px-(--pad) py-4 max-sm:py-3"><Content text={tab.text} items={tab.items} live={live} /></div> : null}
    </Card>
  );
}
