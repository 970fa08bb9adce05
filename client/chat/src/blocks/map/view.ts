/** Where on the drawing a place of the earth lies. Pure. */
export interface Place {
  lat: number;
  lon: number;
}

export interface View {
  /** px of a place; longitudes count on over 180°, so that what is near on earth is near here. */
  at: (place: Place) => [x: number, y: number];
  west: number;
  east: number;
  south: number;
  north: number;
  /** px of a degree of latitude. */
  scale: number;
  /** The longitude from which the drawing counts. */
  first: number;
}

/** Degrees; two shops in one street still stand apart, and the paper round them is not empty. */
const LEAST = 0.02;
/** Degrees round a single place: wide enough to know the coast by. */
const AROUND = 16;
/** px that points and their names need at the edges. */
const EDGE = 36;

/** All points in view: as wide as the earth where they are all over it, else as near as they allow. */
export function viewOf(points: readonly Place[], width: number, height: number): View {
  const first = start(points.map(({ lon }) => lon));
  const lons = points.map(({ lon }) => over(lon, first));
  const lats = points.map(({ lat }) => lat);
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const middle = { lon: (west + east) / 2, lat: (south + north) / 2 };
  // Nearer to the poles a degree of longitude is shorter; a view of the whole earth does without.
  const squeeze = east - west > 90 ? 1 : Math.max(0.2, Math.cos((middle.lat * Math.PI) / 180));
  const inner = { width: Math.max(40, width - 2 * EDGE), height: Math.max(40, height - 2 * EDGE) };
  const least = east === west && south === north ? AROUND : LEAST;
  const scale = Math.min(inner.width / (Math.max(east - west, least) * squeeze), inner.height / Math.max(north - south, least), 20_000);
  const at = ({ lat, lon }: Place): [number, number] => [
    width / 2 + (lon - middle.lon) * squeeze * scale,
    height / 2 - (lat - middle.lat) * scale,
  ];
  const [wide, high] = [width / 2 / squeeze / scale, height / 2 / scale];
  return {
    at: ({ lat, lon }) => at({ lat, lon: over(lon, first) }),
    west: middle.lon - wide,
    east: middle.lon + wide,
    south: middle.lat - high,
    north: middle.lat + high,
    scale,
    first,
  };
}

const over = (lon: number, first: number): number => (lon < first ? lon + 360 : lon);

/** The longitude after the widest gap between points: from there on they stand closest. */
function start(lons: readonly number[]): number {
  const sorted = [...new Set(lons)].sort((a, b) => a - b);
  let best = { from: sorted[0] ?? 0, gap: (sorted[0] ?? 0) + 360 - (sorted.at(-1) ?? 0) };
  for (let i = 1; i < sorted.length; i++) {
    const gap = (sorted[i] as number) - (sorted[i - 1] as number);
    if (gap > best.gap) best = { from: sorted[i] as number, gap };
  }
  return best.from;
}

const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** Degrees between the lines of the grid: three to six of them in a view. */
export function gridStep(span: number): number {
  return STEPS.find((step) => span / step >= 3) ?? 0.001;
}

export function gridLines(from: number, to: number, step: number): number[] {
  const lines: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i++) lines.push(Number((i * step).toFixed(4)));
  return lines;
}

/** `13.4° E`, of a longitude that may have counted on over 180. */
export function degrees(value: number, plus: string, minus: string): string {
  const turned = value > 180 ? value - 360 : value < -180 ? value + 360 : value;
  return `${Number(Math.abs(turned).toFixed(3))}°${turned === 0 || (Math.abs(turned) === 180 && plus === "E") ? "" : ` ${turned < 0 ? minus : plus}`}`;
}

export interface Named {
  index: number;
  x: number;
  y: number;
  anchor: "start" | "end" | "middle";
}

export interface Spot {
  x: number;
  y: number;
  r: number;
  label: string;
}

export interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

const around = ({ x, y, r }: Spot): Box => ({ left: x - r, right: x + r, top: y - r, bottom: y + r });
const apart = (a: Box, b: Box): boolean => a.right < b.left || a.left > b.right || a.bottom < b.top || a.top > b.bottom;

/** px of the small map of the earth that says where a near view is. */
const INSET = { width: 96, height: 48, edge: 10 };

/** The corner for it that no point needs; null where each is taken. */
export function insetBox(spots: readonly Spot[], width: number, height: number): Box | null {
  const { width: w, height: h, edge } = INSET;
  for (const top of [edge, height - h - 26]) {
    for (const left of [width - w - edge, 46]) {
      const box = { left, right: left + w, top, bottom: top + h };
      if (spots.every((spot) => apart(around(spot), box))) return box;
    }
  }
  return null;
}

/** Names beside their points, largest points first, as many as stand clear of each other, of the edges and of the degrees at the foot. */
export function names(spots: readonly Spot[], width: number, height: number, inset: Box | null): Named[] {
  const taken = [...spots.map(around), ...(inset ? [inset] : [])];
  const placed: Named[] = [];
  const order = spots.map((_, i) => i).sort((a, b) => (spots[b]?.r ?? 0) - (spots[a]?.r ?? 0));
  for (const index of order.slice(0, 60)) {
    const { x, y, r, label } = spots[index] as (typeof spots)[number];
    const wide = label.length * 6.6; // px of a character of 12 px Inter
    const tries: [number, number, Named["anchor"]][] = [[x + r + 5, y, "start"], [x - r - 5, y, "end"], [x, y - r - 10, "middle"], [x, y + r + 10, "middle"]];
    // Clear of the degrees at the left edge first, over them where there is no other place.
    for (const [edge, [tx, ty, anchor]] of [44, 2].flatMap((edge) => tries.map((one) => [edge, one] as const))) {
      const left = anchor === "start" ? tx : anchor === "end" ? tx - wide : tx - wide / 2;
      const box = { left, right: left + wide, top: ty - 8, bottom: ty + 8 };
      const inside = box.left >= edge && box.right <= width - 2 && box.top >= 2 && box.bottom <= height - 20;
      const clear = taken.every((one, i) => i === index || apart(box, one));
      if (!inside || !clear) continue;
      taken.push(box);
      placed.push({ index, x: tx, y: ty, anchor });
      break;
    }
  }
  return placed;
}
