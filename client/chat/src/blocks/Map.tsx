/** Points of the earth on an outline of our own. No tile is fetched from anywhere. */
import { MapPin, Table2 } from "lucide-react";
import { useMemo, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { Card, CardTitle } from "./Card";
import { withUnit } from "./chart/model";
import { Ground, WIDE_ENOUGH } from "./map/Ground";
import { degrees, insetBox, names, viewOf } from "./map/view";
import { useWidth } from "./parts/useWidth";
import type { BlockProps } from "./registry";

interface Point {
  lat: number;
  lon: number;
  label: string;
  description?: string | null;
  value?: number | null;
}

interface MapData {
  title?: string | null;
  unit?: string | null;
  points: Point[];
}

const HEIGHT = 320;

export default function Map({ data }: BlockProps): ReactNode {
  const { title, unit, points = [] } = data as MapData;
  const [asTable, setAsTable] = useState(false);
  const name = title ?? "Map";
  return (
    <Card label={name} flush>
      <div className="flex items-start justify-between gap-3 px-(--pad) pb-2 pt-(--top)">
        <div className="min-w-0">
          {title ? <CardTitle>{title}</CardTitle> : null}
          <p className="text-caption text-muted">{points.length === 1 ? "1 place" : `${points.length} places`}</p>
        </div>
        <div className="-me-1.5"><IconButton icon={asTable ? MapPin : Table2} label={asTable ? "Show as map" : "Show as table"} size={28} onClick={() => setAsTable(!asTable)} /></div>
      </div>
      {asTable ? <List points={points} unit={unit} name={name} /> : <Drawing points={points} unit={unit} name={name} />}
    </Card>
  );
}

interface PointsProps {
  points: readonly Point[];
  unit: string | null | undefined;
  name: string;
}

function Drawing({ points, unit, name }: PointsProps): ReactNode {
  const [root, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  const view = useMemo(() => viewOf(points, width, HEIGHT), [points, width]);
  const spots = useMemo(() => {
    const most = Math.max(0, ...points.map(({ value }) => value ?? 0));
    return points.map((point) => {
      const [x, y] = view.at(point);
      // The area says the value, not the radius; 4 px is the least that is seen.
      return { x, y, r: most > 0 && point.value ? 4 + 8 * Math.sqrt(point.value / most) : 5, label: point.label };
    });
  }, [points, view]);
  const inset = useMemo(() => (view.east - view.west < WIDE_ENOUGH ? insetBox(spots, width, HEIGHT) : null), [view, spots, width]);
  const written = useMemo(() => names(spots, width, HEIGHT, inset), [spots, width, inset]);
  const shown = at === null || at >= points.length ? null : at;

  const near = (event: PointerEvent): void => {
    const corner = event.currentTarget.getBoundingClientRect();
    const far = spots.map(({ x, y, r }) => Math.hypot(event.clientX - corner.left - x, event.clientY - corner.top - y) - r);
    const best = far.indexOf(Math.min(...far));
    setAt((far[best] ?? Infinity) < 24 ? best : null); // px: a finger's breadth
  };
  const keys = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -points.length, End: points.length }[event.key];
    if (event.key === "Escape") setAt(null);
    if (step === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(points.length - 1, (shown ?? (step > 0 ? -1 : points.length)) + step)));
  };
  const point = points[shown ?? 0];
  return (
    <div ref={root} className="relative overflow-hidden" style={{ blockSize: HEIGHT }}>
      {width > 0 ? (
        <svg role="img" aria-label={`${name}: ${points.slice(0, 20).map(({ label }) => label).join(", ")}${points.length > 20 ? " and more" : ""}`} width={width} height={HEIGHT} className="map block text-[12px]">
          <Ground view={view} width={width} height={HEIGHT} inset={inset} />
          {spots.map(({ x, y, r }, i) => <circle key={i} cx={x} cy={y} r={r} className="map-point" data-on={i === shown || undefined} />)}
          {written.map(({ index, x, y, anchor }) => <text key={index} x={x} y={y} dy="0.35em" textAnchor={anchor} className="map-name">{points[index]?.label}</text>)}
        </svg>
      ) : null}
      {point ? (
        <div
          role="slider"
          tabIndex={0}
          aria-label={`Places of ${name}`}
          aria-valuemin={1}
          aria-valuemax={points.length}
          aria-valuenow={(shown ?? 0) + 1}
          aria-valuetext={[point.label, typeof point.value === "number" ? withUnit(point.value, unit) : "", point.description ?? ""].filter(Boolean).join(", ")}
          onPointerMove={near}
          onPointerDown={near}
          onPointerLeave={() => setAt(null)}
          onKeyDown={keys}
          onBlur={() => setAt(null)}
          className="absolute inset-0 touch-pan-y rounded-control outline-offset-[-3px]"
        />
      ) : null}
      {shown !== null && point ? <Readout point={point} unit={unit} spot={spots[shown] as { x: number; y: number }} width={width} /> : null}
    </div>
  );
}

function Readout({ point, unit, spot, width }: { point: Point; unit: string | null | undefined; spot: { x: number; y: number }; width: number }): ReactNode {
  const vertical = spot.y > HEIGHT / 2 ? { bottom: HEIGHT - spot.y + 12 } : { top: spot.y + 12 };
  const side = spot.x > width / 2 ? { right: Math.max(8, width - spot.x - 16) } : { left: Math.max(8, spot.x - 16) };
  return (
    <div aria-hidden className="pointer-events-none absolute z-10 max-w-64 rounded-control border border-line bg-raised px-3 py-2 text-caption shadow-float" style={{ ...vertical, ...side }}>
      <p className="flex justify-between gap-4 font-medium"><span>{point.label}</span>{typeof point.value === "number" ? <span className="tabular-nums">{withUnit(point.value, unit)}</span> : null}</p>
      {point.description ? <p className="text-muted">{point.description}</p> : null}
      <p className="tabular-nums text-muted">{where(point)}</p>
    </div>
  );
}

const where = ({ lat, lon }: Point): string => `${degrees(lat, "N", "S")}, ${degrees(lon, "E", "W")}`;

function List({ points, unit, name }: PointsProps): ReactNode {
  const values = points.some(({ value }) => typeof value === "number");
  return (
    <ScrollX label={name} className="max-h-80 overflow-y-auto px-(--pad) pb-(--foot)">
      <table className="grid-table">
        <thead>
          <tr>
            <th scope="col">Place</th>
            {values ? <th scope="col" className="text-end">Value</th> : null}
            <th scope="col">Position</th>
          </tr>
        </thead>
        <tbody>
          {points.map((point, i) => (
            <tr key={i}>
              <td>{point.label}{point.description ? <span className="block text-caption text-muted">{point.description}</span> : null}</td>
              {values ? <td className="text-end tabular-nums">{withUnit(point.value, unit)}</td> : null}
              <td className="whole tabular-nums">{where(point)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}
