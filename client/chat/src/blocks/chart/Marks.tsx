/** Bars, lines, areas, points and slices. */
import { arc, area, line, pie, symbol, symbolCircle, symbolCross, symbolDiamond, symbolSquare, symbolStar, symbolTriangle, symbolWye, type PieArcDatum } from "d3-shape";
import type { ScaleLinear } from "d3-scale";
import type { ReactNode } from "react";
import { figure } from "../../format/number";
import { dash, HEIGHT, ink, shortLabel, stacks, type ChartData, type Place } from "./model";

interface MarksProps {
  data: ChartData;
  places: Place;
  y: ScaleLinear<number, number>;
  id: string;
}

export const hatch = (id: string, index: number): string => (index === 0 ? ink(0) : `url(#${id}-${index % 8})`);

/** The hatchings of the second series and on: lines of the surface over the ink, each in another direction. */
export function Hatches({ id, count }: { id: string; count: number }): ReactNode {
  const turns = [0, 45, -45, 0, 90, 30, -30, 60];
  return (
    <defs>
      {Array.from({ length: Math.min(count, 8) }, (_, i) => i).slice(1).map((i) => (
        <pattern key={i} id={`${id}-${i}`} width={i === 3 ? 6 : 7} height={i === 3 ? 6 : 7} patternUnits="userSpaceOnUse" patternTransform={`rotate(${turns[i]})`}>
          <rect width="7" height="7" style={{ fill: ink(i) }} />
          {i === 3 ? <circle cx="3" cy="3" r="1.1" style={{ fill: "var(--surface)" }} /> : <rect width="1.25" height="7" style={{ fill: "var(--surface)" }} opacity="0.38" />}
        </pattern>
      ))}
    </defs>
  );
}

/** Values up to which each is an element of its own. Beyond, a series is one path: 5,000 elements would be compared 20 times a second. */
const MANY = 400;

function Shapes({ shapes }: { shapes: readonly string[] }): ReactNode {
  return shapes.length > MANY ? <path d={shapes.join("")} /> : shapes.map((d, i) => (d ? <path key={i} d={d} /> : null));
}

export function Bars({ data, places, y, id }: MarksProps): ReactNode {
  const count = data.series.length;
  const gap = count > 1 ? Math.min(3, places.band * 0.06) : 0;
  const width = Math.min(44, (places.band - gap * (count - 1)) / count);
  const whole = width * count + gap * (count - 1);
  return data.series.map(({ name, values }, s) => (
    <g key={name} style={{ fill: hatch(id, s) }}>
      <Shapes
        shapes={values.map((value, i) => {
          if (value === null) return "";
          const [top, foot] = [y(Math.max(0, value)), y(Math.min(0, value))];
          const x = places.x(i) - whole / 2 + s * (width + gap);
          return bar(x, top, Math.max(1, width), Math.max(1, foot - top), value < 0);
        })}
      />
    </g>
  ));
}

/** One bar a label, its series on top of one another with a hair of the surface between. */
export function Stacks({ data, places, y, id }: MarksProps): ReactNode {
  const width = Math.max(1, Math.min(44, places.band));
  return stacks(data.series).map((spans, s) => (
    <g key={data.series[s]?.name} style={{ fill: hatch(id, s) }}>
      <Shapes
        shapes={spans.map((span, i) => {
          if (span === null || span[0] === span[1]) return "";
          const [top, foot] = [y(Math.max(...span)), y(Math.min(...span))];
          return `M${places.x(i) - width / 2},${top}h${width}v${Math.max(0.5, foot - top - 1)}h${-width}z`;
        })}
      />
    </g>
  ));
}

/** Rounded at the end that says the value, square where it stands. */
function bar(x: number, y: number, w: number, h: number, down: boolean): string {
  const r = Math.min(3, w / 2, h);
  return down
    ? `M${x},${y}h${w}v${h - r}q0,${r} ${-r},${r}h${2 * r - w}q${-r},0 ${-r},${-r}z`
    : `M${x},${y + h}v${r - h}q0,${-r} ${r},${-r}h${w - 2 * r}q${r},0 ${r},${r}v${h - r}z`;
}

const SYMBOLS = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolCross, symbolStar, symbolWye, symbolCircle];
export const mark = (index: number, size = 44): string => symbol(SYMBOLS[index % 8], size)() ?? "";

export function Lines({ data, places, y }: MarksProps): ReactNode {
  const points = data.labels.length <= 24;
  return data.series.map(({ name, values }, s) => {
    const at = values.map((value, i): [number, number | null] => [places.x(i), value === null ? null : y(value)]);
    const path = line<[number, number | null]>().defined((p) => p[1] !== null).x((p) => p[0]).y((p) => p[1] ?? 0);
    const fill = area<[number, number | null]>().defined((p) => p[1] !== null).x((p) => p[0]).y0(y(Math.max(0, y.domain()[0] ?? 0))).y1((p) => p[1] ?? 0);
    return (
      <g key={name}>
        {data.type === "area" ? <path d={fill(at) ?? ""} style={{ fill: ink(s) }} opacity="0.16" /> : null}
        <path d={path(at) ?? ""} fill="none" strokeWidth="2" strokeLinejoin="round" strokeLinecap="round" strokeDasharray={dash(s)} style={{ stroke: ink(s) }} />
        {at.map(([x, py], i) => {
          if (py === null) return null;
          const alone = at[i - 1]?.[1] == null && at[i + 1]?.[1] == null;
          return !points && !alone ? null : <path key={i} d={mark(s)} transform={`translate(${x} ${py})`} strokeWidth="1.5" style={{ fill: ink(s), stroke: "var(--surface)" }} />;
        })}
      </g>
    );
  });
}

/** px; the shapes tell series apart up to a few hundred points, then they cover one another and a dot says as much. */
const DOT = 2.5;

export function Points({ data, places, y }: MarksProps): ReactNode {
  return data.series.map(({ name, values }, s) => (
    <g key={name} style={{ fill: ink(s) }} opacity="0.85">
      {values.length > MANY ? (
        <path d={values.map((value, i) => (value === null ? "" : `M${places.x(i) - DOT},${y(value)}a${DOT},${DOT} 0 1,0 ${2 * DOT},0a${DOT},${DOT} 0 1,0 ${-2 * DOT},0`)).join("")} />
      ) : (
        values.map((value, i) => (value === null ? null : <path key={i} d={mark(s, 52)} transform={`translate(${places.x(i)} ${y(value)})`} />))
      )}
    </g>
  ));
}

/** Which slice lies at a point, px from the drawing's corner; null beside the ring. */
export function sliceAt(data: ChartData, width: number, x: number, y: number): number | null {
  const radius = HEIGHT / 2 - 12;
  const [dx, dy] = [x - (width > 420 ? radius + 16 : width / 2), y - HEIGHT / 2];
  const far = Math.hypot(dx, dy);
  if (far > radius || far < radius * 0.5) return null;
  const angle = (Math.atan2(dx, -dy) + 2 * Math.PI) % (2 * Math.PI);
  const slices = pie<number>().sort(null)(data.series[0]?.values.map((value) => Math.max(0, value ?? 0)) ?? []);
  const found = slices.findIndex(({ startAngle, endAngle }) => angle >= startAngle && angle < endAngle);
  return found < 0 ? null : found;
}

/** Slices from the top, clockwise, in the order given; each is named beside it as far as there is room. */
export function Pie({ data, width, id, at }: { data: ChartData; width: number; id: string; at: number | null }): ReactNode {
  const values = data.series[0]?.values.map((value) => Math.max(0, value ?? 0)) ?? [];
  const sum = values.reduce((a, b) => a + b, 0) || 1;
  const slices = pie<number>().sort(null)(values);
  const radius = HEIGHT / 2 - 12;
  const shape = arc<PieArcDatum<number>>().innerRadius(radius * 0.58).outerRadius(radius).padAngle(0.012).cornerRadius(2);
  const beside = width > 420;
  const cx = beside ? radius + 16 : width / 2;
  return (
    <g transform={`translate(${cx} ${HEIGHT / 2})`}>
      {slices.map((slice, i) => <path key={i} d={shape(slice) ?? ""} opacity={at === null || at === i ? 1 : 0.45} style={{ fill: hatch(id, i) }} />)}
      {at !== null && values[at] !== undefined ? (
        <g textAnchor="middle">
          <text dy="-0.2em" className="fill-ink text-[20px] font-semibold tabular-nums">{figure((values[at] / sum) * 100, 1)} %</text>
          <text dy="1.2em" className="fill-muted text-caption">{shortLabel(data.labels[at] ?? "")}</text>
        </g>
      ) : null}
      {beside
        ? data.labels.slice(0, 10).map((label, i) => (
            <g key={i} transform={`translate(${radius + 32} ${(i - (Math.min(10, data.labels.length) - 1) / 2) * 22})`}>
              <rect x="0" y="-6" width="12" height="12" rx="3" style={{ fill: hatch(id, i) }} />
              <text x="20" dy="0.35em" className="fill-ink text-caption">{shortLabel(label)}</text>
              <text x={width - cx - radius - 48} dy="0.35em" textAnchor="end" className="fill-muted text-caption tabular-nums">
                {figure(values[i] ?? 0)}{data.y.unit ? ` ${data.y.unit}` : ""} · {figure(((values[i] ?? 0) / sum) * 100, 0)} %
              </text>
            </g>
          ))
        : null}
    </g>
  );
}
