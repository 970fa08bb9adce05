/** Cases beside the fixtures: ten thousand rows, five thousand points, an answer that is still being written, files that are gone. */
import type { Case } from "./cases";

const show = (kind: string, name: string, data: unknown): Case => ({ kind, name, data, fallback: `${name}, in words.`, state: null });
const regions = ["North", "South", "West", "East"];
const rows = Array.from({ length: 10_000 }, (_, i) => ({
  order: `A-${String(100_000 + i)}`,
  region: regions[(i * 7) % 4] as string,
  day: new Date(Date.UTC(2024, 0, 1 + (i % 700))).toISOString().slice(0, 10),
  pieces: (i * 37) % 211,
  sum: ((i * 7919) % 1_000_000) / 100,
}));

export const MORE: Case[] = [
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
  show("chart", "5,000 points", {
    title: "Load of a morning",
    type: "line",
    labels: Array.from({ length: 5_000 }, (_, i) => i),
    series: [{ name: "Requests", values: Array.from({ length: 5_000 }, (_, i) => 200 + 90 * Math.sin(i / 240) + ((i * 7919) % 61)) }],
    x: { label: "Second" },
    y: { label: "Requests", unit: "1/s" },
  }),
  { ...show("progress", "live, with a way out", { title: "Reading the documents", stages: [{ label: "Collect", status: "done" }, { label: "Split", status: "running", done: 0.4 }, { label: "Embed", status: "pending" }], seconds_left: 95, note: "Document 41 of 102" }), live: true },
  show("audio", "a tone", { file: "fil_sound", title: "A quiet tone", seconds: 1 }),
  show("image", "gone", { file: "fil_gone", alt: "A picture that was deleted" }),
  show("app", "gone", { title: "Seats", description: "Seats in use: Oslo 12, Lisbon 34, Kyoto 21.", file: "fil_gone", height: 120 }),
  show("app", "asks for a link", {
    title: "Where to read on",
    description: "An app that would like to open a page.",
    html: `<p style="padding:0 20px">Asked.</p><script>
      parent.postMessage({ jsonrpc: "2.0", id: 1, method: "ui/open-link", params: { url: "https://docs.example.com/a/long/way/down?to=the&page=that+is+meant" } }, "*")
    </script>`,
    height: 80,
  }),
  show("seismograph", "a kind that this page does not know", {}),
];
