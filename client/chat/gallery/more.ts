/** Cases beside the examples: every type of chart, ten thousand rows, what is odd. */
import type { Case } from "./cases";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"];
const three = [
  { name: "North", values: [120, 135, 128, 160, 172, 181] },
  { name: "South", values: [98, null, 110, 121, 119, 140] },
  { name: "West", values: [60, 72, 90, 70, 64, 99] },
];
const show = (kind: string, name: string, data: unknown): Case => ({ kind, name, data, fallback: `${name}, in words.`, state: null });
const chart = (type: string, series: { name: string; values: (number | null)[] }[] = three, labels: (string | number)[] = months): Case =>
  show("chart", type, { title: `Orders in the first half, ${type.replace("_", " ")}`, type, labels, series, x: { label: "Month" }, y: { label: "Orders", unit: "pcs" } });

const regions = ["North", "South", "West", "East"];
const rows = Array.from({ length: 10_000 }, (_, i) => ({
  order: `A-${String(100_000 + i)}`,
  region: regions[(i * 7) % 4] as string,
  day: new Date(Date.UTC(2024, 0, 1 + (i % 700))).toISOString().slice(0, 10),
  pieces: (i * 37) % 211,
  sum: ((i * 7919) % 1_000_000) / 100,
}));

export const MORE: Case[] = [
  chart("bar"),
  chart("stacked_bar"),
  chart("line"),
  chart("area", three.slice(0, 2)),
  chart("pie", [{ name: "Orders", values: [120, 135, 128, 60, 72, 181] }]),
  chart("scatter", three, [1, 2.5, 3, 4.2, 5, 7]),
  show("table", "10,000 rows", {
    title: "Orders",
    columns: [
      { key: "order", label: "Order", type: "text" },
      { key: "region", label: "Region", type: "text" },
      { key: "day", label: "Day", type: "date" },
      { key: "pieces", label: "Pieces", type: "number" },
      { key: "sum", label: "Sum", type: "money", unit: "EUR" },
    ],
    rows,
  }),
  show("table", "no rows", { title: "Complaints", columns: [{ key: "a", label: "What", type: "text" }], rows: [] }),
];
