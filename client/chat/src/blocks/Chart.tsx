/** Numbers drawn: the same ones stand in a table a click away, and can be taken along as a picture or as CSV. */
import { ChartNoAxesColumn, Download, Image, Sheet, Table2 } from "lucide-react";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { IconButton } from "../ui/IconButton";
import { Menu } from "../ui/Menu";
import { csvFile, save } from "../ui/save";
import { Card, CardTitle } from "./Card";
import { Drawing } from "./chart/Drawing";
import { csvOfChart, Numbers } from "./chart/Numbers";
import { picture } from "./chart/picture";
import type { ChartData } from "./chart/model";
import type { BlockProps } from "./registry";

/** What stands before the first numbers came. */
const NOTHING: ChartData = { title: "", type: "bar", labels: [], series: [], x: {}, y: {} };

export default function Chart({ block, data }: BlockProps): ReactNode {
  const chart = useMemo((): ChartData => ({ ...NOTHING, ...(data as Partial<ChartData>) }), [data]);
  const [asTable, setAsTable] = useState(false);
  const drawn = useRef<HTMLDivElement>(null);
  const axis = [chart.y.label, chart.y.unit && `(${chart.y.unit})`].filter(Boolean).join(" ");
  const take = (): void => {
    const svg = drawn.current?.querySelector<SVGSVGElement>("svg[role=img]");
    if (svg) void picture(svg, chart).then((blob) => blob && save(blob, `${chart.title}.png`));
  };
  const csv = { label: "Download CSV", icon: Sheet, run: () => save(csvFile(csvOfChart(chart)), `${chart.title}.csv`) };
  return (
    <Card label={chart.title}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <CardTitle>{chart.title}</CardTitle>
          {axis ? <p className="text-caption text-muted">{axis}</p> : null}
        </div>
        <div className="-me-1.5 flex shrink-0">
          <IconButton
            icon={asTable ? ChartNoAxesColumn : Table2}
            label={asTable ? "Show as chart" : "Show as table"}
            size={28}
            onClick={() => setAsTable(!asTable)}
          />
          <Menu icon={Download} label={`Download ${chart.title}`} items={asTable ? [csv] : [{ label: "Download PNG", icon: Image, run: take }, csv]} />
        </div>
      </div>
      <div ref={drawn} className="mt-2 min-h-64">{asTable ? <Numbers chart={chart} /> : <Drawing chart={chart} description={block.fallback} />}</div>
    </Card>
  );
}
