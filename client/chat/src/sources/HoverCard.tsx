import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useScreen } from "../context";
import { tidy } from "./passage";

/** The one card that shows what a citation rests on: 256 px, above the chip where there is room, never in the way of the pointer. */
export function HoverCard(): ReactNode {
  const hover = useScreen((screen) => screen.hover);
  const card = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = card.current;
    if (!box || !hover) return;
    const { left, top, bottom, width } = hover.at;
    const x = Math.max(8, Math.min(left + width / 2 - 128, innerWidth - 264));
    const above = top - box.offsetHeight - 8;
    box.style.translate = `${x}px ${above >= 8 ? above : bottom + 8}px`;
  }, [hover]);
  if (!hover) return null;
  const { title, quote, page } = hover.source;
  return (
    <div
      ref={card}
      aria-hidden
      className="pointer-events-none fixed start-0 top-0 z-50 w-64 rounded-card border border-line bg-raised p-3 shadow-float animate-appear"
    >
      <p className="truncate text-caption font-medium">{title}</p>
      <p className="mt-1 line-clamp-4 text-caption text-muted">{tidy(quote)}</p>
      {page ? <p className="mt-1.5 text-caption text-muted">Page {page}</p> : null}
    </div>
  );
}
