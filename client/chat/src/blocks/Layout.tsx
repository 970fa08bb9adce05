/** Rows and columns of other blocks; a row becomes a column where there is no room for one. */
import type { ReactNode } from "react";
import { CardTitle } from "./Card";
import { Part, type PartData } from "./parts/Part";
import type { BlockProps } from "./registry";

interface LayoutData {
  title?: string | null;
  direction?: "row" | "column";
  weights?: number[] | null;
  items: PartData[];
}

export default function Layout({ data, live }: BlockProps): ReactNode {
  const { title, direction = "column", weights, items = [] } = data as LayoutData;
  const whole = (weights ?? items.map(() => 1)).reduce((sum, one) => sum + one, 0);
  const share = (i: number): number => (weights?.[i] ?? 1) / whole;
  return (
    <div role="group" aria-label={title ?? (direction === "row" ? "Side by side" : "Together")}>
      {title ? <div className="mb-3"><CardTitle>{title}</CardTitle></div> : null}
      {direction === "row" ? (
        <div className="flex flex-wrap items-stretch gap-4">
          {items.map((part, i) => (
            // 13rem: under it neither a chart nor a table can be read, so the next one goes into a line of its own.
            <div key={i} className="row-item min-w-0" style={{ flex: `${share(i) * 100} 1 max(min(13rem, 100%), calc(${share(i) * 100}% - 1rem))` }}><Part part={part} live={live} /></div>
          ))}
        </div>
      ) : (
        <div className="flex flex-col gap-4">{items.map((part, i) => <Part key={i} part={part} live={live} />)}</div>
      )}
    </div>
  );
}
