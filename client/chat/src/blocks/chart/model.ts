/** A chart's numbers and the scales they stand on. Pure. */
import { scaleBand, scaleLinear, scalePoint, type ScaleLinear } from "d3-scale";
import { figure } from "../../format/number";

export interface ChartData {
  title: string;
  type: "bar" | "stacked_bar" | "line" | "area" | "pie" | "scatter";
  labels: (string | number)[];
  series: { name: string; values: (number | null)[] }[];
  x: { label?: string };
  y: { label?: string; unit?: string | null };
}

export interface Box {
  width: number;
  height: number;
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** px; the same for every chart, so that nothing moves when its code or data arrives. */
export const HEIGHT = 256;

export function plotBox(width: number, widestTick: number): Box {
  // 6.6 px is a digit of 12 px Inter with tabular figures.
  return { width, height: HEIGHT, top: 12, right: 8, bottom: 28, left: Math.ceil(widestTick * 6.6) + 12 };
}

/** From zero for bars and areas, whose length is what is read; lines and points may stand higher. */
export function valueDomain({ type, series }: ChartData): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  const seen = (value: number | null | undefined): void => {
    if (typeof value !== "number" || !Number.isFinite(value)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  };
  if (type === "stacked_bar") for (const span of stacks(series).flat()) span?.forEach(seen);
  else for (const { values } of series) values.forEach(seen);
  if (low > high) return [0, 1];
  const fromZero = type === "bar" || type === "stacked_bar" || type === "area" || (low >= 0 && low < (high - low) * 2);
  if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)];
  return [low, high];
}

/** From where to where each value of each series stands when series are stacked: what is above zero upwards, the rest down. */
export function stacks(series: ChartData["series"]): ([number, number] | null)[][] {
  const up: number[] = [];
  const down: number[] = [];
  return series.map(({ values }) =>
    values.map((value, i) => {
      if (value === null) return null;
      const side = value < 0 ? down : up;
      const from = side[i] ?? 0;
      side[i] = from + value;
      return [from, from + value];
    }),
  );
}

export function valueScale(data: ChartData, box: Box): ScaleLinear<number, number> {
  return scaleLinear(valueDomain(data), [box.height - box.bottom, box.top]).nice(5);
}

export interface Place {
  /** px of the middle of the label at `index`. */
  x: (index: number) => number;
  /** px that belong to a label; 0 for points on a numeric axis. */
  band: number;
}

export function labelPlaces(data: ChartData, box: Box): Place {
  const range: [number, number] = [box.left, box.width - box.right];
  const indices = data.labels.map((_, i) => i);
  if (data.type === "scatter") {
    const scale = xScale(data, box);
    return { x: (i) => scale(Number(data.labels[i])), band: 0 };
  }
  if (data.type === "bar" || data.type === "stacked_bar") {
    const scale = scaleBand(indices, range).paddingInner(0.32).paddingOuter(0.16);
    return { x: (i) => (scale(i) ?? 0) + scale.bandwidth() / 2, band: scale.bandwidth() };
  }
  const scale = scalePoint(indices, range).padding(0.3);
  return { x: (i) => scale(i) ?? 0, band: scale.step() };
}

export function xScale(data: ChartData, box: Box): ScaleLinear<number, number> {
  const xs = data.labels.map(Number).filter(Number.isFinite);
  const [low, high] = xs.length ? [Math.min(...xs), Math.max(...xs)] : [0, 1];
  return scaleLinear(low === high ? [low - 1, high + 1] : [low, high], [box.left + 8, box.width - box.right - 8]).nice(5);
}

/** Every how many labels one is written, so that they do not touch. */
export function labelStep(labels: readonly (string | number)[], room: number): number {
  const longest = Math.min(MOST_CHARS, Math.max(1, ...labels.map((label) => String(label).length)));
  const fit = Math.max(1, Math.floor(room / (longest * 6.8 + 14)));
  const step = Math.ceil(labels.length / fit);
  return step > 2 && labels.every((label) => typeof label === "number") ? round(step) : step;
}

/** Figures are counted by 2, 5, 10, 20, 50 … and not by 385. */
function round(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5, 10].find((times) => times * power >= step) as number);
}

export const isBlank = ({ series }: ChartData): boolean => !series.some(({ values }) => values?.some((value) => value !== null));

const MOST_CHARS = 14;
export const shortLabel = (label: string | number): string => {
  const text = String(label);
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS - 1)}…` : text;
};

export const INKS = 8;
export const ink = (index: number): string => `var(--chart-${(index % INKS) + 1})`;
/** Lines differ by dash too, points by shape, bars by hatching: colour is never the only sign. */
export const DASHES = ["none", "6 4", "2 3", "10 4 2 4", "14 5", "1 5", "8 3 2 3 2 3", "4 2"];
export const dash = (index: number): string => DASHES[index % DASHES.length] as string;

export const withUnit = (value: number | null | undefined, unit: string | null | undefined): string =>
  value === null || value === undefined ? "–" : `${figure(value)}${unit ? ` ${unit}` : ""}`;
