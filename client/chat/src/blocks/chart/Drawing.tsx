/** The drawing itself, as wide as there is room, read with the pointer or with the arrow keys. */
import { useId, useMemo, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { useWidth } from "../parts/useWidth";
import { Frame, valueTicks } from "./Frame";
import { Legend } from "./Legend";
import { Bars, Hatches, Lines, Pie, Points, sliceAt, Stacks } from "./Marks";
import { HEIGHT, ink, isBlank, labelPlaces, plotBox, valueScale, withUnit, type ChartData } from "./model";

const MARKS = { bar: Bars, stacked_bar: Stacks, line: Lines, area: Lines, scatter: Points };

export function Drawing({ chart, description }: { chart: ChartData; description: string }): ReactNode {
  const id = useId().replace(/[^\w-]/g, "");
  const [root, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const round = chart.type === "pie";
  const { box, y, places } = useMemo(() => {
    const draft = valueScale(chart, plotBox(600, 4));
    const widest = Math.max(1, ...valueTicks(draft).map(({ text }) => text.length));
    const made = plotBox(Math.max(width, 160), widest);
    return { box: made, y: valueScale(chart, made), places: labelPlaces(chart, made) };
  }, [chart, width]);
  const count = chart.labels.length;
  const shown = at === null ? null : Math.min(at, count - 1);

  const point = (event: PointerEvent): void => {
    const corner = event.currentTarget.getBoundingClientRect();
    const [x, top] = [event.clientX - corner.left, event.clientY - corner.top];
    setAt(chart.type === "pie" ? sliceAt(chart, width, x, top) : nearest(count, places.x, x));
  };
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -count, End: count }[event.key];
    if (event.key === "Escape") setAt(null);
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(count - 1, (shown ?? (step > 0 ? -1 : count)) + step)));
  };
  const Marks = chart.type === "pie" ? null : MARKS[chart.type];
  return (
    <div ref={root} className="relative">
      {width > 0 ? (
        <svg role="img" aria-labelledby={`${id}-t`} aria-describedby={`${id}-d`} width={width} height={HEIGHT} className="block overflow-visible">
          <title id={`${id}-t`}>{chart.title}</title>
          <desc id={`${id}-d`}>{description || chart.series.map(({ name }) => name).join(", ")}</desc>
          <Hatches id={id} count={round ? count : chart.series.length} />
          {isBlank(chart) ? (
            <text x={width / 2} y={HEIGHT / 2} textAnchor="middle" className="fill-muted text-[14px]">No values yet</text>
          ) : Marks ? (
            <>
              <Frame data={chart} box={box} y={y} places={places} />
              {shown !== null ? <line x1={places.x(shown)} x2={places.x(shown)} y1={box.top} y2={box.height - box.bottom} className="stroke-edge" strokeDasharray="3 3" /> : null}
              <Marks data={chart} y={y} places={places} id={id} />
            </>
          ) : (
            <Pie data={chart} width={width} id={id} at={shown} />
          )}
        </svg>
      ) : (
        <div style={{ blockSize: HEIGHT }} />
      )}
      {count > 0 && width > 0 && !isBlank(chart) ? (
        <div
          role="slider"
          tabIndex={0}
          aria-label={`Values of ${chart.title}`}
          aria-valuemin={0}
          aria-valuemax={count - 1}
          aria-valuenow={shown ?? 0}
          aria-valuetext={spoken(chart, shown ?? 0)}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setAt(null)}
          onKeyDown={key}
          onBlur={() => setAt(null)}
          className="absolute inset-x-0 top-0 touch-pan-y rounded-control"
          style={{ blockSize: HEIGHT }}
        />
      ) : null}
      {shown !== null && !round ? <Readout chart={chart} at={shown} x={places.x(shown)} width={width} /> : null}
      {chart.x.label && !round && !isBlank(chart) ? <p className="text-center text-caption text-muted">{chart.x.label}</p> : null}
      <Legend chart={chart} id={id} narrowPie={round && width <= 420} />
    </div>
  );
}

function nearest(count: number, place: (index: number) => number, x: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (Math.abs(place(i) - x) < Math.abs(place(best) - x)) best = i;
  return best;
}

/** What a screen reader says at a place: the label, then every series' value. */
const spoken = (chart: ChartData, at: number): string =>
  `${chart.labels[at]}: ${chart.series.map(({ name, values }) => `${name} ${withUnit(values[at], chart.y.unit)}`).join(", ")}`;

function Readout({ chart, at, x, width }: { chart: ChartData; at: number; x: number; width: number }): ReactNode {
  const left = x > width / 2;
  return (
    <div
      aria-hidden
      className="pointer-events-none absolute top-2 z-10 max-w-56 rounded-control border border-line bg-raised px-3 py-2 text-caption shadow-float"
      style={left ? { right: width - x + 10 } : { left: x + 10 }}
    >
      <p className="font-medium">{chart.labels[at]}</p>
      {chart.series.map(({ name, values }, s) => (
        <p key={name} className="mt-0.5 flex items-center gap-2">
          <span className="size-2 shrink-0 rounded-full" style={{ background: ink(s) }} />
          <span className="truncate text-muted">{name}</span>
          <span className="ms-auto ps-2 tabular-nums">{withUnit(values[at], chart.y.unit)}</span>
        </p>
      ))}
    </div>
  );
}
