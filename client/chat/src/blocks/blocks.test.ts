import { describe, expect, it } from "vitest";
import { chosenIds } from "./Choices";
import { sameOrigin } from "./extensions";
import { problems, valuesOf, type Field } from "./fields";
import { fraction } from "./Progress";
import { csvOf, filtered, sorted } from "./rows";
import { labelStep, stacks, valueDomain, type ChartData } from "./chart/model";
import { diff, hunks, linesOf } from "./code/diff";
import { degrees, viewOf } from "./map/view";
import { worded } from "./Metrics";
import { clock } from "./parts/Player";

const field = (type: Field["type"], more: Partial<Field> = {}): Field => ({ name: "f", label: "F", type, required: false, ...more });

describe("form", () => {
  it.each<[Field, string | boolean | undefined, string | undefined]>([
    [field("text", { required: true }), "  ", "Please fill in “F”."],
    [field("text", { max: 3 }), "abcd", "At most 3 characters, please."],
    [field("email"), "nobody", "This is not an e-mail address."],
    [field("email"), "a@b.cd", undefined],
    [field("number", { min: 1 }), "0", "At least 1, please."],
    [field("number"), "x", "A number is expected here."],
    [field("number"), "1,5", undefined],
    [field("date", { min: "2026-01-01" }), "2025-12-31", "Not before 2026-01-01, please."],
    [field("checkbox", { required: true }), false, "Please tick “F”."],
    [field("select"), undefined, undefined],
  ])("%j with %j: %j", (shape, value, expected) => expect(problems([shape], value === undefined ? {} : { f: value })["f"]).toBe(expected));

  it("sends figures as numbers and nothing for nothing", () => {
    const fields = [field("number", { name: "n" }), field("text", { name: "t" }), field("checkbox", { name: "c" }), field("text", { name: "e" })];
    expect(valuesOf(fields, { n: " 1,5 ", t: " a ", c: true, e: "" })).toEqual({ n: 1.5, t: "a", c: true });
  });
});

describe("table", () => {
  const columns = [{ key: "a", label: "A", type: "text" as const }, { key: "b", label: "B, C", type: "number" as const }];
  it("sorts figures as figures, with empty cells last", () => {
    const rows = [{ b: 10 }, { b: null }, { b: 9 }];
    expect(sorted({ rows }, { key: "b", down: false }).map(({ b }) => b)).toEqual([9, 10, null]);
    expect(sorted({ rows }, { key: "b", down: true }).map(({ b }) => b)).toEqual([10, 9, null]);
  });
  it("writes CSV that a spreadsheet does not run", () =>
    expect(csvOf({ columns }, [{ a: '=HYPERLINK("x")', b: -1 }, { a: 'say "hi"', b: null }], ",")).toBe('A,"B, C"\n"\'=HYPERLINK(""x"")",-1\n"say ""hi""",'));
});

describe("chart", () => {
  const chart = (type: ChartData["type"], values: (number | null)[]): ChartData => ({ title: "t", type, labels: values.map((_, i) => i), series: [{ name: "s", values }], x: {}, y: {} });
  it("measures bars from zero and lets far lines stand higher", () => {
    expect(valueDomain(chart("bar", [90, 100]))).toEqual([0, 100]);
    expect(valueDomain(chart("line", [990, 1000, null]))).toEqual([990, 1000]);
    expect(valueDomain(chart("bar", [-5, 3]))).toEqual([-5, 3]);
    expect(valueDomain(chart("line", [null]))).toEqual([0, 1]);
  });
  it("counts figures by round steps", () => expect([labelStep(Array.from({ length: 5_000 }, (_, i) => i), 620), labelStep(Array.from({ length: 40 }, (_, i) => i), 300)]).toEqual([500, 5]));
  it("thins labels that would touch", () => {
    expect(labelStep(["Jan", "Feb"], 600)).toBe(1);
    expect(labelStep(Array.from({ length: 60 }, (_, i) => `2026-01-${i}`), 300)).toBeGreaterThan(10);
  });
});

describe("progress, choices, extensions", () => {
  it("weighs stages", () => expect(fraction({ title: "", stages: [{ label: "a", status: "done" }, { label: "b", status: "running", weight: 3, done: 0.4 }, { label: "c", status: "pending" }] })).toBeCloseTo(0.44));
  it("reads what was chosen", () => {
    expect(chosenIds({ choices: ["a", "b"] })).toEqual(["a", "b"]);
    expect(chosenIds(null)).toEqual([]);
  });
  it("loads only from its own origin", () => {
    const base = "https://chat.example.com/c/1";
    expect(sameOrigin("/extensions/weather.js", base)).toBe("https://chat.example.com/extensions/weather.js");
    for (const url of ["https://evil.example/x.js", "//evil.example/x.js", "data:text/javascript,1", "blob:https://chat.example.com/1", "https://chat.example.com:444/x.js"]) expect(sameOrigin(url, base)).toBeNull();
  });
});

describe("stacks", () => {
  it("stand on each other, what is below zero downwards", () =>
    expect(stacks([{ name: "a", values: [1, -2, null] }, { name: "b", values: [3, -1, 4] }])).toEqual([[[0, 1], [0, -2], null], [[1, 4], [-2, -3], [0, 4]]]));
  it("set the axis to their sums", () =>
    expect(valueDomain({ title: "t", type: "stacked_bar", labels: [0], series: [{ name: "a", values: [5] }, { name: "b", values: [7] }], x: {}, y: {} })).toEqual([0, 12]));
});

describe("filter", () => {
  const columns = [{ key: "a", label: "A", type: "text" as const }, { key: "n", label: "N", type: "number" as const }];
  const rows = [{ a: "North Pier", n: 1200 }, { a: "South", n: 7 }];
  it("finds every word in any column, as it is written and as it is", () => {
    expect(filtered({ columns }, rows, "pier north")).toEqual([rows[0]]);
    expect(filtered({ columns }, rows, "1200")).toEqual([rows[0]]);
    expect(filtered({ columns }, rows, " ")).toBe(rows);
    expect(filtered({ columns }, rows, "west")).toEqual([]);
  });
});

describe("difference", () => {
  const signs = (before: string, after: string): string => diff(linesOf(before), linesOf(after)).map(({ sign }) => sign[0]).join("");
  it("keeps what is the same", () => {
    expect(signs("a\nb\nc\n", "a\nB\nc\n")).toBe("sras");
    expect(signs("a", "a")).toBe("s");
    expect(signs("a\nb", "b\nc")).toBe("rsa");
  });
  it("folds what is far from a change, but never a few lines", () => {
    const before = Array.from({ length: 40 }, (_, i) => `line ${i}`);
    const parts = hunks(diff(before, before.with(20, "other")));
    expect(parts.map(({ folded, lines }) => [folded, lines.length])).toEqual([[true, 17], [false, 8], [true, 16]]);
    expect(hunks(diff(before.slice(0, 12), before.slice(0, 12).with(6, "other"))).every(({ folded }) => !folded)).toBe(true);
  });
});

describe("map", () => {
  it("keeps places round the date line together", () => {
    const view = viewOf([{ lat: -18, lon: 178 }, { lat: -14, lon: -172 }], 600, 320);
    expect(view.at({ lat: -14, lon: -172 })[0] - view.at({ lat: -18, lon: 178 })[0]).toBeGreaterThan(100);
    expect(view.east - view.west).toBeLessThan(40);
  });
  it("has north above and every point inside", () => {
    const points = [{ lat: 52.5, lon: 13.4 }, { lat: -33.9, lon: 151.2 }, { lat: 40.7, lon: -74 }];
    const view = viewOf(points, 600, 320);
    for (const point of points) {
      const [x, y] = view.at(point);
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(600);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(320);
    }
    expect(view.at({ lat: 50, lon: 0 })[1]).toBeLessThan(view.at({ lat: 40, lon: 0 })[1]);
  });
  it("writes degrees as people do", () => expect([degrees(181, "E", "W"), degrees(-12.5, "N", "S"), degrees(0, "N", "S"), degrees(180, "E", "W")]).toEqual(["179° W", "12.5° S", "0°", "180°"]));
});

describe("figures", () => {
  it("are money where the unit is a currency", () => expect(worded({ value: 1250.5, unit: "EUR" })).toMatch(/1,250\.50/));
  it("keep a unit that is none", () => expect(worded({ value: 12, unit: "km" })).toBe("12\u202fkm"));
  it("are a dash while nobody knows", () => expect(worded({ value: null })).toBe("–"));
  it("read lengths as a clock does", () => expect([clock(74), clock(185), clock(3723)]).toEqual(["1:14", "3:05", "1:02:03"]));
});

describe("steps", () => {
  it("of a slider are counted from its least value", () => {
    const slider = { name: "f", label: "F", type: "slider" as const, required: false, min: 15, max: 60, step: 15 };
    expect(problems([slider], { f: "30" })).toEqual({});
    expect(problems([slider], { f: "40" })).toEqual({ f: "In steps of 15 from 15, please." });
    expect(valuesOf([slider], { f: "30" })).toEqual({ f: 30 });
  });
});
