import { expect, it } from "vitest";
import type { Source } from "./frames.gen";
import { readPassage } from "./passage";
import { Rest } from "./rest";

const TEXT = "Tea 🫖 is brewed hot. Let it steep for four minutes. Then pour it slowly into the cup.";
const POINTS = [...TEXT];

function rest(): Rest {
  const fetch = (address: string): Promise<Response> => {
    const query = new URL(address, "http://x").searchParams;
    const [start, end] = [Number(query.get("start")), Math.min(Number(query.get("end")), POINTS.length)];
    return Promise.resolve(Response.json({ text: POINTS.slice(start, end).join(""), start, end, length: POINTS.length }));
  };
  return new Rest({ server: "", fetch: fetch as unknown as typeof globalThis.fetch });
}

function source(quote: string, change: Partial<Source> = {}): Source {
  const start = [...TEXT.slice(0, TEXT.indexOf(quote))].length;
  return { id: "s", number: 1, title: "Tea", document: "doc", chunk: "c", quote, start, end: start + [...quote].length, ...change };
}

it("finds the quote by code points, and cuts at words where there is more", async () => {
  expect(await readPassage(rest(), source("Let it steep for four minutes."), 10)).toEqual({
    before: "… hot. ",
    quote: "Let it steep for four minutes.",
    after: " Then …",
  });
  expect((await readPassage(rest(), source("brewed"), 500))?.before).toBe("Tea 🫖 is ");
});

it("has nothing to show where the document is another by now, or the place unknown", async () => {
  expect(await readPassage(rest(), source("brewed", { quote: "boiled" }))).toBeNull();
  expect(await readPassage(rest(), source("brewed", { start: null }))).toBeNull();
});
