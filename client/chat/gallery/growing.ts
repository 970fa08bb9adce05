/** Blocks that come in pieces, as a server sends them: 5,000 rows in 50 patches, or 20 points a second for a minute. */
import type { PatchOp, ServerFrame } from "@opsloom/sdk";
import type { FakeChat } from "./FakeChat";

const EVERY_MS = { table: 100, chart: 50 };
const PATCHES = { table: 50, chart: 1_200 };
const ROWS = 100;

const FIRST = {
  table: {
    title: "Orders",
    columns: [
      { key: "order", label: "Order", type: "text" },
      { key: "region", label: "Region", type: "text" },
      { key: "sum", label: "Sum", type: "money", unit: "EUR" },
    ],
    rows: [],
  },
  chart: { title: "Load", type: "line", labels: [0], series: [{ name: "Requests", values: [100] }, { name: "Errors", values: [3] }], x: { label: "Second" }, y: {} },
};

function ops(kind: "table" | "chart", at: number): PatchOp[] {
  if (kind === "table") {
    const rows = Array.from({ length: ROWS }, (_, i) => ({ order: `A-${at * ROWS + i}`, region: i % 2 ? "North" : "South", sum: ((at * ROWS + i) * 7919) % 10_000 }));
    return [{ op: "append", path: "/rows", value: rows }];
  }
  return [
    { op: "append", path: "/labels", value: [at + 1] },
    { op: "append", path: "/series/0/values", value: [Math.round(100 + 40 * Math.sin(at / 30) + (at % 7))] },
    { op: "append", path: "/series/1/values", value: [at % 5] },
  ];
}

/** Characters of each patch's JSON, for who measures. */
const sent: number[] = [];

export function grow(chat: FakeChat, kind: "table" | "chart"): void {
  let seq = 0;
  Object.assign(globalThis, { sent });
  const feed = (...frames: ServerFrame[]): void => chat.feed(...frames);
  feed({ type: "turn.start", rev: (chat.getState().conversation?.rev ?? 0) + 1, turn: "turn_g", epoch: 1, message: "msg_g", parent: "msg", model: "demo" });
  feed({ type: "block.render", seq: ++seq, part: 0, block: { id: "blk_g", kind, version: 1, data: FIRST[kind], fallback: "It grows.", state: null } });
  const timer = setInterval(() => {
    if (seq > PATCHES[kind]) {
      clearInterval(timer);
      document.documentElement.dataset["grown"] = "true";
      return;
    }
    const patch: ServerFrame = { type: "block.patch", seq: seq + 1, part: 0, version: seq + 1, ops: ops(kind, seq - 1) };
    sent.push(JSON.stringify(patch).length);
    feed(patch);
    seq++;
  }, EVERY_MS[kind]);
}
