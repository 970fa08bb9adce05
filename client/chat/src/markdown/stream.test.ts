import { describe, expect, it } from "vitest";
import { ALL_ELEMENTS } from "../../gallery/samples";
import { closeInline, closeTail } from "./closing";
import { decodeEntities } from "./entities";
import { headingLevels } from "./Markdown";
import { MarkdownStream, type Segment } from "./stream";

const shape = (segments: readonly Segment[]): unknown => segments.map(({ token }) => JSON.parse(JSON.stringify(token)));
const whole = (text: string): Segment[] => new MarkdownStream().update(text, false);

const TEXTS: Record<string, string> = {
  "every element": ALL_ELEMENTS,
  "numbered items apart": "1. a\n\n2. b\n\n3. c\n\ntext\n\n1. d",
  "bullets, then a rule": "- a\n\n- b\n\n---\n\n* c",
  "a definition after its use": "See [the docs][d].\n\nMore.\n\n[d]: https://example.com/docs\n\nEnd.",
  "setext headings": "Title\n=====\n\nSub\n---\n\ntext",
  "fences in lists": "- a\n\n  ```py\n  x = 1\n\n  y = 2\n  ```\n- b",
  "quotes": "> a\n\n> b\n> - c\n\nd",
  "tabs and carriage returns": "-\ta\r\n\r\n\tb\r\n\r\nc",
  "nothing": "",
  "blank lines": "\n\n\na\n\n\n\nb\n\n",
};

describe("MarkdownStream", () => {
  it.each(Object.entries(TEXTS))("read in pieces is read whole: %s", (_, text) => {
    for (const step of [1, 3, 7]) {
      const stream = new MarkdownStream();
      for (let end = 0; end < text.length; end += step) stream.update(text.slice(0, end), true);
      expect(shape(stream.update(text, false)), `in steps of ${step}`).toEqual(shape(whole(text)));
    }
  });

  it("keeps closed blocks by identity, and all of them at completion", () => {
    const stream = new MarkdownStream();
    const first = stream.update("One.\n\nTwo.\n\nThr", true);
    const second = stream.update("One.\n\nTwo.\n\nThree and more.", true);
    expect(second[0]).toBe(first[0]);
    expect(second[1]).toBe(first[1]);
    const done = stream.update("One.\n\nTwo.\n\nThree and more.", false);
    expect(done.map((segment, i) => segment === second[i])).toEqual([true, true, true]);
  });

  it("starts over when the text is another", () => {
    const stream = new MarkdownStream();
    stream.update("One.\n\nTwo.\n\nThree.", true);
    expect(shape(stream.update("Other.", false))).toEqual(shape(whole("Other.")));
  });

  it("lexes the tail only: 200 kB of sections in 2,000 pieces stay under 4 s", () => {
    const text = Array.from({ length: 280 }, (_, i) => `## Section ${i}\n\nSome **words** and \`code\`.[1]\n\n${"A sentence of a paragraph. ".repeat(24)}`).join("\n\n");
    const stream = new MarkdownStream();
    const start = performance.now();
    for (let end = 0; end < text.length; end += Math.ceil(text.length / 2000)) stream.update(text.slice(0, end), true);
    expect(performance.now() - start).toBeLessThan(4000);
  });

  it("survives what would overflow a parser", () => {
    expect(whole(">".repeat(20_000) + "a").length).toBeGreaterThan(0);
    expect(whole("[".repeat(5_000) + "a").length).toBeGreaterThan(0);
  });
});

describe("closing", () => {
  it.each([
    ["a **bo", "a **bo**"],
    ["a **", "a"],
    ["a *it", "a *it*"],
    ["a ***both", "a ***both***"],
    ["a `co", "a `co`"],
    ["a ~~de", "a ~~de~~"],
    ["snake_case_", "snake_case_"],
    ["2 * 3", "2 * 3"],
    ["see [the do", "see the do"],
    ["see [the docs](https://exa", "see the docs"],
    ["see ![a pic](htt", "see"],
    ["so it is [1", "so it is"],
    ["so it is [1]", "so it is [1]"],
    ["**bold** and *it* done", "**bold** and *it* done"],
  ])("%j becomes %j", (text, expected) => expect(closeInline(text).trimEnd()).toBe(expected));

  it("makes a table of its first row", () => expect(closeTail("| a | b")).toMatch(/^\| a \| b\n\|[ -]+\|[ -]+\|$/));
  it("does not touch an open fence", () => expect(closeTail("```py\nx = a ** b")).toBe("```py\nx = a ** b"));
  it("drops a half-typed underline", () => expect(closeTail("text\n--")).toBe("text"));
  it("closes within a list item", () => expect(closeTail("- a\n- **b")).toBe("- a\n- **b**"));
});

describe("headings", () => {
  it("never skip a level", () => expect(headingLevels(whole("### a\n\n## b\n\n#### c\n\n# d"))).toEqual([3, 3, 4, 3]));
});

describe("entities", () => {
  it("are text", () => expect(decodeEntities("&lt;b&gt; &amp; &#8364; &#x20AC; &nosuch; &#0;")).toBe("<b> & € € &nosuch; \ufffd"));
});
