import { describe, expect, it } from "vitest";
import { chosenIds } from "./Choices";
import { sameOrigin } from "./extensions";
import { problems, valuesOf, type Field } from "./fields";
import { fraction } from "./Progress";
import { csvOf, sorted } from "./rows";
import { labelStep, valueDomain, type ChartData } from "./chart/model";

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
