/** Axes with a quiet grid: values left, labels below, as many as stand clear of each other. */
import type { ScaleLinear } from "d3-scale";
import type { ReactNode } from "react";
import { figure, shortFigure } from "../../format/number";
import { labelStep, shortLabel, xScale, type Box, type ChartData, type Place } from "./model";

export function valueTicks(y: ScaleLinear<number, number>): { value: number; text: string }[] {
  const ticks = y.ticks(5);
  const big = ticks.some((tick) => Math.abs(tick) >= 10_000);
  return ticks.map((value) => ({ value, text: big ? shortFigure(value) : figure(value, 6) }));
}

interface FrameProps {
  data: ChartData;
  box: Box;
  y: ScaleLinear<number, number>;
  places: Place;
}

export function Frame({ data, box, y, places }: FrameProps): ReactNode {
  const foot = box.height - box.bottom;
  const zero = y.domain()[0] ?? 0;
  return (
    <g className="text-[12px]" aria-hidden>
      {valueTicks(y).map(({ value, text }) => (
        <g key={value} transform={`translate(0 ${y(value)})`}>
          <line x1={box.left} x2={box.width - box.right} className={value === 0 && zero <= 0 ? "stroke-edge" : "stroke-line"} shapeRendering="crispEdges" />
          <text x={box.left - 8} dy="0.32em" textAnchor="end" className="fill-muted tabular-nums">{text}</text>
        </g>
      ))}
      {data.type === "scatter" ? <NumericLabels data={data} box={box} foot={foot} /> : <Labels data={data} box={box} foot={foot} places={places} />}
    </g>
  );
}

function Labels({ data, box, foot, places }: { data: ChartData; box: Box; foot: number; places: Place }): ReactNode {
  const step = labelStep(data.labels, box.width - box.left - box.right);
  return data.labels.map((label, i) =>
    i % step === 0 ? <text key={i} x={places.x(i)} y={foot + 18} textAnchor="middle" className="fill-muted">{shortLabel(label)}</text> : null,
  );
}

function NumericLabels({ data, box, foot }: { data: ChartData; box: Box; foot: number }): ReactNode {
  const scale = xScale(data, box);
  return scale.ticks(Math.max(2, Math.floor(box.width / 90))).map((tick) => (
    <text key={tick} x={scale(tick)} y={foot + 18} textAnchor="middle" className="fill-muted tabular-nums">{figure(tick, 6)}</text>
  ));
}
