/** Sections that open and close, each by itself. */
import { ChevronDown } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { Card, CardTitle } from "./Card";
import { Content, type PartData } from "./parts/Part";
import type { BlockProps } from "./registry";

interface AccordionData {
  title?: string | null;
  sections: { title: string; text?: string | null; items?: PartData[]; open?: boolean }[];
}

export default function Accordion({ data, live }: BlockProps): ReactNode {
  const { title, sections = [] } = data as AccordionData;
  const id = useId();
  // What a person turned; the rest is as the data says, which may still change.
  const [turned, setTurned] = useState<Readonly<Record<number, boolean>>>({});
  return (
    <Card label={title ?? "Sections"} flush>
      {title ? <div className="px-(--pad) pb-3 pt-(--top)"><CardTitle>{title}</CardTitle></div> : null}
      {sections.map((section, i) => {
        const open = turned[i] ?? section.open ?? false;
        return (
          <div key={i} className={i > 0 || title ? "border-t border-line" : ""}>
            <h4>
              <button
                type="button"
                id={`${id}-${i}`}
                aria-expanded={open}
                aria-controls={`${id}-${i}-body`}
                onClick={() => setTurned({ ...turned, [i]: !open })}
                className="flex min-h-11 w-full items-center justify-between gap-3 px-(--pad) py-2.5 text-start text-ui font-medium outline-offset-[-2px] hover:bg-wash"
              >
                {section.title}
                <ChevronDown size={16} strokeWidth={1.75} aria-hidden className={`shrink-0 text-muted transition-transform duration-150 ${open ? "rotate-180" : ""}`} />
              </button>
            </h4>
            <div id={`${id}-${i}-body`} role="group" aria-labelledby={`${id}-${i}`} hidden={!open} className="px-(--pad) pb-4 pt-1">
              {open ? <Content text={section.text} items={section.items} live={live} /> : null}
            </div>
          </div>
        );
      })}
    </Card>
  );
}
