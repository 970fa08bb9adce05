import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Block } from "./Block";
import { safeHref } from "./links";
import { PAYLOADS } from "./payloads";
import { MarkdownStream } from "./stream";
import { Conversed } from "../testing/Conversed";

const TAGS = new Set("p h3 h4 h5 h6 ul ol li strong em del code pre a br hr blockquote table thead tbody tr th td input span div figure figcaption button svg rect path".split(" "));
const ATTRIBUTES: Record<string, RegExp> = {
  class: /^[\w\s:./()[\]%&>-]*$/,
  href: /^(https?:\/\/|mailto:)/,
  title: /./s,
  target: /^_blank$/,
  rel: /^noopener noreferrer nofollow$/,
  type: /^(button|checkbox)$/,
  "aria-label": /./,
  "aria-hidden": /^true$/,
  disabled: /^$/,
  readonly: /^$/,
  checked: /^$/,
  scope: /^col$/,
  start: /^\d+$/,
};
const DRAWING = new Set("xmlns width height viewBox fill stroke stroke-width stroke-linecap stroke-linejoin x y rx ry d".split(" "));

/** Every tag and attribute of React's own output, which is escaped and so can be read with two expressions. */
function faults(html: string): string[] {
  const found: string[] = [];
  for (const [, tag = "", attributes = ""] of html.matchAll(/<([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"]*")*)\s*\/?>/g)) {
    if (!TAGS.has(tag)) found.push(`<${tag}>`);
    for (const [, name = "", value = ""] of attributes.matchAll(/([\w:-]+)="([^"]*)"/g)) {
      const drawing = (tag === "svg" || tag === "rect" || tag === "path") && DRAWING.has(name);
      if (!drawing && !ATTRIBUTES[name]?.test(value)) found.push(`<${tag} ${name}="${value}">`);
    }
  }
  const rest = html.replace(/<\/?[a-zA-Z][\w-]*(?:\s+[\w:-]+="[^"]*")*\s*\/?>/g, "");
  if (/[<>]/.test(rest)) found.push(`not read: ${rest.slice(0, 80)}`);
  return found;
}

function html(stream: MarkdownStream, text: string, open: boolean): string {
  const segments = stream.update(text, open);
  return renderToStaticMarkup(<Conversed>{segments.map(({ at, token }) => <Block key={at} token={token} open={open} />)}</Conversed>);
}

describe("hostile Markdown", () => {
  it("has at least sixty payloads", () => expect(PAYLOADS.length).toBeGreaterThanOrEqual(60));

  it.each(PAYLOADS.map((payload) => [payload]))("%j gives safe elements at every prefix", (payload) => {
    const text = `Before **it**.\n\n${payload}\n\nAfter [it](https://example.com).`;
    const stream = new MarkdownStream();
    for (let end = 16; end <= text.length; end++) {
      expect(faults(html(stream, text.slice(0, end), true)), JSON.stringify(text.slice(0, end))).toEqual([]);
    }
    expect(faults(html(stream, text, false))).toEqual([]);
  });

  it("would notice", () => {
    expect(faults(`<p><script src="x"></script></p>`)).not.toEqual([]);
    expect(faults(`<a href="javascript:alert(1)">x</a>`)).not.toEqual([]);
    expect(faults(`<p onclick="x">y</p>`)).not.toEqual([]);
  });
});

describe("safeHref", () => {
  it.each(["https://example.com/a?b=c#d", "http://example.com/", "mailto:a@b.c"])("keeps %s", (href) => expect(safeHref(href)).toBe(href));
  it.each(["javascript:alert(1)", "java\tscript:alert(1)", "\u0001javascript:x", "data:text/html,x", "/relative", "//host/x", "https://a@b/", "", "blob:https://x/1"])("refuses %j", (href) =>
    expect(safeHref(href)).toBeNull());
});
