import { describe, expect, it } from "vitest";
import { contrast, readColour } from "../theme/contrast";
import { age } from "./date";
import { duration } from "./duration";
import { bytes } from "./number";

describe("format", () => {
  it.each([[40, "0.1 s"], [640, "0.6 s"], [1200, "1 s"], [12_400, "12 s"], [125_000, "2 min 5 s"], [3_700_000, "1 h 1 min"]])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));
  it("sorts moments into days of the reader", () => {
    const now = new Date(2026, 10, 22, 9);
    const at = (...day: [number, number, number]): string => new Date(2026, day[0], day[1], day[2]).toISOString();
    expect([at(10, 22, 1), at(10, 21, 23), at(10, 16, 0), at(10, 1, 0), at(5, 1, 0)].map((one) => age(one, now))).toEqual(["Today", "Yesterday", "Last 7 days", "Last 30 days", "Older"]);
  });
  it("counts bytes", () => expect([bytes(12), bytes(12_400)]).toEqual(["12 B", "12 kB"]));
  it("measures contrast", () => {
    expect(contrast(readColour("#000")!, readColour("#ffffff")!)).toBeCloseTo(21);
    expect(contrast(readColour("#0f766e")!, [252, 252, 250])).toBeGreaterThan(4.5);
    expect(readColour("red; background: url(x)")).toBeNull();
  });
});
