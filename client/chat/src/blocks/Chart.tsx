/** Numbers drawn: the same ones stand in a table a click away. */
import { ChartNoAxesColumn, Table2 } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState, type PointerEvent, type ReactNode } from "react";
import { figure } from "../format/number";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { Card, CardTitle } from "./Card";
import { Frame, valueTicks } from "./chart/Frame";
import { Bars, hatch, Hatches, Lines, mark, Pie, Points } from "./chart/Marks";
import { dash, HEIGHT, ink, labelPlaces, plotBox, valueScale, type ChartData } from "./chart/model";
import type { BlockProps } from "./registry";

const MARKS = { bar: Bars, line: Lines, area: Lines, scatter: Points };

export default function Chart({ block, data }: BlockProps): ReactNode {
  const chart = data as ChartData;
  const [asTable, setAsTable] = useState(false);
  const axis = [chart.y.label, chart.y.unit && `(${chart.y.unit})`].filter(Boolean).join(" ");
  return (
    <Card label={chart.title}>
      <div className="flex items-start justify-between gap-3">
        <div>
          <CardTitle>{chart.title}</CardTitle>
          {axis ? <p className="text-caption text-muted">{axis}</p> : null}
        </div>
        <IconButton
          icon={asTable ? ChartNoAxesColumn : Table2}
          label={asTable ? "Show as chart" : "Show as table"}
          size={28}
          onClick={() => setAsTable(!asTable)}
        />
      </div>
      <div className="mt-2 min-h-64">{asTable ? <Numbers chart={chart} /> : <Drawing chart={chart} description={block.fallback} />}</div>
    </Card>
  );
}

function Drawing({ chart, description }: { chart: ChartData; description: string }): ReactNode {
  const id = useId().replace(/[^\w-]/g, "");
  const root = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [at, setAt] = useState<number | null>(null);
  useEffect(() => {
    const box = root.current;
    if (!box) return;
    const watch = new ResizeObserver(() => setWidth(box.clientWidth));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);

  const flat = chart.type === "pie";
  const { box, y, places } = useMemo(() => {
    const draft = valueScale(chart, plotBox(600, 4));
    const widest = Math.max(1, ...valueTicks(draft).map(({ text }) => text.length));
    const made = plotBox(Math.max(width, 160), widest);
    return { box: made, y: valueScale(chart, made), places: labelPlaces(chart, made) };
  }, [chart, width]);

  const near = (event: PointerEvent<SVGSVGElement>): void => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let best = 0;
    chart.labels.forEach((_, i) => {
      if (Math.abs(places.x(i) - x) < Math.abs(places.x(best) - x)) best = i;
    });
    setAt(best);
  };
  const Marks = flat ? null : MARKS[chart.type as keyof typeof MARKS];
  return (
    <div ref={root} className="relative">
      {width > 0 ? (
        <svg
          role="img"
          aria-labelledby={`${id}-t`}
          aria-describedby={`${id}-d`}
          width={width}
          height={HEIGHT}
          className="block overflow-visible"
          onPointerMove={flat ? undefined : near}
          onPointerLeave={() => setAt(null)}
        >
          <title id={`${id}-t`}>{chart.title}</title>
          <desc id={`${id}-d`}>{description}</desc>
          <Hatches id={id} count={flat ? chart.labels.length : chart.series.length} />
          {Marks ? (
            <>
              <Frame data={chart} box={box} y={y} places={places} />
              {at !== null ? <line x1={places.x(at)} x2={places.x(at)} y1={box.top} y2={box.height - box.bottom} className="stroke-edge" strokeDasharray="3 3" /> : null}
              <Marks data={chart} y={y} places={places} id={id} />
            </>
          ) : (
            <Pie data={chart} width={width} id={id} />
          )}
        </svg>
      ) : (
        <div style={{ blockSize: HEIGHT }} />
      )}
      {at !== null && !flat ? <Readout chart={chart} at={at} x={places.x(at)} width={width} /> : null}
      {chart.x.label && !flat ? <p className="text-center text-caption text-muted">{chart.x.label}</p> : null}
      <Legend chart={chart} id={id} narrowPie={flat && width <= 420} />
    </div>
  );
}

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

const withUnit = (value: number | null | undefined, unit: string | null | undefined): string =>
  value === null || value === undefined ? "–" : `${figure(value)}${unit ? ` ${unit}` : ""}`;

function Legend({ chart, id, narrowPie }: { chart: ChartData; id: string; narrowPie: boolean }): ReactNode {
  const pie = chart.type === "pie";
  const names = pie ? (narrowPie ? chart.labels.map(String) : []) : chart.series.map(({ name }) => name);
  if (names.length < 2) return null;
  const lined = chart.type === "line" || chart.type === "area";
  return (
    <ul className="mt-3 flex flex-wrap justify-center gap-x-5 gap-y-1.5 text-caption text-muted">
      {names.map((name, i) => (
        <li key={i} className="inline-flex items-center gap-2">
          <svg width={lined ? 24 : 12} height="12" aria-hidden>
            {lined ? (
              <>
                <line x1="0" x2="24" y1="6" y2="6" strokeWidth="2" strokeDasharray={dash(i)} style={{ stroke: ink(i) }} />
                <path d={mark(i)} transform="translate(12 6)" style={{ fill: ink(i) }} />
              </>
            ) : chart.type === "scatter" ? (
              <path d={mark(i, 52)} transform="translate(6 6)" style={{ fill: ink(i) }} />
            ) : (
              <rect width="12" height="12" rx="3" style={{ fill: hatch(id, i) }} />
            )}
          </svg>
          {name}{pie ? ` · ${withUnit(chart.series[0]?.values[i], chart.y.unit)}` : ""}
        </li>
      ))}
    </ul>
  );
}

function Numbers({ chart }: { chart: ChartData }): ReactNode {
  return (
    <ScrollX label={chart.title} className="max-h-80 overflow-y-auto">
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">{chart.x.label || (chart.type === "pie" ? "Part" : "Label")}</th>
            {chart.series.map(({ name }) => <th key={name} scope="col" className="text-end">{name}</th>)}
          </tr>
        </thead>
        <tbody>
          {chart.labels.map((label, i) => (
            <tr key={i}>
              <th scope="row" className="font-normal! text-ink!">{label}</th>
              {chart.series.map(({ name, values }) => <td key={name} className="text-end tabular-nums">{withUnit(values[i], chart.y.unit)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}
