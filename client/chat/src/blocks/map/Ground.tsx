import type { ReactNode } from "react";
import { LAKE, LAND } from "./land";
import { degrees, gridLines, gridStep, type Box, type View } from "./view";

/** Degrees across under which the rough outline would be wrong about the place; the grid alone is right anywhere. */
export const WIDE_ENOUGH = 12;

interface GroundProps {
  view: View;
  width: number;
  height: number;
  /** Where the small map of the earth stands, if it does. */
  inset: Box | null;
}

/** Sea, land and the lines of longitude and latitude. */
export function Ground({ view, width, height, inset }: GroundProps): ReactNode {
  const { west, east, south, north } = view;
  const step = gridStep(Math.min(east - west, 2 * (north - south)));
  const [x0, y0] = view.at({ lon: view.first, lat: 0 });
  const [x1] = view.at({ lon: view.first + 1, lat: 0 });
  const x = (lon: number): number => x0 + (lon - view.first) * (x1 - x0);
  const y = (lat: number): number => y0 - lat * view.scale;
  const path = (shape: readonly (readonly [number, number])[], turn: number): string =>
    `M${shape.map(([lon, lat]) => `${x(lon + turn).toFixed(1)},${y(lat).toFixed(1)}`).join("L")}Z`;
  const turns = [-360, 0, 360].filter((turn) => 190 + turn > west && -180 + turn < east);
  return (
    <g aria-hidden>
      <rect width={width} height={height} className="map-sea" />
      {east - west >= WIDE_ENOUGH ? (
        <>
          <path d={turns.flatMap((turn) => LAND.map((shape) => path(shape, turn))).join("")} className="map-land" />
          <path d={turns.map((turn) => path(LAKE, turn)).join("")} className="map-sea" />
        </>
      ) : null}
      <path
        d={[
          ...gridLines(west, east, step).map((lon) => `M${x(lon).toFixed(1)},0V${height}`),
          ...gridLines(Math.max(-90, south), Math.min(90, north), step).map((lat) => `M0,${y(lat).toFixed(1)}H${width}`),
        ].join("")}
        className="map-grid"
      />
      {gridLines(west, east, step).map((lon) =>
        x(lon) > 60 && x(lon) < width - 30 ? <text key={lon} x={x(lon)} y={height - 6} textAnchor="middle" className="map-degree">{degrees(lon, "E", "W")}</text> : null,
      )}
      {gridLines(Math.max(-90, south), Math.min(90, north), step).map((lat) =>
        y(lat) > 14 && y(lat) < height - 24 ? <text key={lat} x={6} y={y(lat) - 4} className="map-degree">{degrees(lat, "N", "S")}</text> : null,
      )}
      {inset ? <Locator lon={(west + east) / 2} lat={(south + north) / 2} box={inset} /> : null}
    </g>
  );
}

function Locator({ lon, lat, box }: { lon: number; lat: number; box: Box }): ReactNode {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  const at = (one: number, two: number): [string, string] => [(((one + 180) / 360) * width).toFixed(1), (((90 - two) / 180) * height).toFixed(1)];
  const [x, y] = at(((lon + 540) % 360) - 180, lat);
  return (
    <g transform={`translate(${box.left} ${box.top})`}>
      <rect width={width} height={height} rx="4" className="map-inset" />
      <path d={LAND.map((shape) => `M${shape.map(([one, two]) => at(Math.min(one, 180), two).join(",")).join("L")}Z`).join("")} className="map-land" />
      <rect x={Number(x) - 4} y={Number(y) - 4} width="8" height="8" className="map-here" />
    </g>
  );
}
