/** Blocks side by side, to leaf through by swiping, with the buttons or with the arrow keys. */
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useCallback, useEffect, useRef, useState, type ReactNode } from "react";
import { IconButton } from "../ui/IconButton";
import { CardTitle, Framed } from "./Card";
import { Part, type PartData } from "./parts/Part";
import type { BlockProps } from "./registry";

interface CarouselData {
  title?: string | null;
  items: PartData[];
}

export default function Carousel({ data, live }: BlockProps): ReactNode {
  const { title, items = [] } = data as CarouselData;
  const strip = useRef<HTMLUListElement>(null);
  const [seen, setSeen] = useState({ first: 0, last: 0, ends: true });

  const measure = useCallback((): void => {
    const box = strip.current;
    if (!box) return;
    const edge = box.getBoundingClientRect();
    const inside = [...box.children].flatMap((item, i) => {
      const { left, right } = item.getBoundingClientRect();
      return left >= edge.left - 8 && right <= edge.right + 8 ? [i] : [];
    });
    setSeen({ first: inside[0] ?? 0, last: inside.at(-1) ?? 0, ends: box.scrollWidth - box.clientWidth <= 1 });
  }, []);
  useEffect(() => {
    const box = strip.current;
    if (!box) return;
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    return () => watch.disconnect();
  }, [measure, items.length]);

  const go = (index: number): void => {
    const [box, item] = [strip.current, strip.current?.children[index]];
    // Not `scrollIntoView`: it would move the page as well.
    if (box && item) box.scrollBy({ left: item.getBoundingClientRect().left - box.getBoundingClientRect().left, behavior: "smooth" });
  };
  const place = seen.first === seen.last ? `${seen.first + 1} of ${items.length}` : `${seen.first + 1}–${seen.last + 1} of ${items.length}`;
  return (
    <div role="group" aria-roledescription="carousel" aria-label={title ?? "Several things"}>
      <div className={title || !seen.ends ? "mb-2 flex min-h-8 items-center gap-2" : "hidden"}>
        <div className="min-w-0 flex-1">{title ? <CardTitle>{title}</CardTitle> : null}</div>
        {seen.ends ? null : (
          <>
            <span className="text-caption tabular-nums text-muted">{place}</span>
            <IconButton icon={ChevronLeft} label="Earlier" size={32} disabled={seen.first === 0} onClick={() => go(Math.max(0, seen.first - 1))} className="rtl:-scale-x-100" />
            <IconButton icon={ChevronRight} label="Later" size={32} disabled={seen.last === items.length - 1} onClick={() => go(seen.first + 1)} className="rtl:-scale-x-100" />
          </>
        )}
      </div>
      <Framed value={false}>
        <ul ref={strip} onScroll={measure} tabIndex={seen.ends ? undefined : 0} aria-label={title ?? "Several things"} className="strip">
          {items.map((part, i) => <li key={i}><Part part={part} live={live} /></li>)}
        </ul>
      </Framed>
    </div>
  );
}
