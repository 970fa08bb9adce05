/**
 * Markdown that grows. Top-level tokens that can no longer change are kept by identity, so React skips them; only the
 * tail is lexed again: the work per paint is the length of the last block, not of the answer.
 */
import type { Token } from "marked";
import { closeTail, shownLength } from "./closing";
import { lex, type Definitions } from "./tokenizer";

export interface Segment {
  /** Offset of the token in the source: stable while the text grows and when it is whole, so it serves as the key. */
  at: number;
  token: Token;
}

export class MarkdownStream {
  private source = "";
  private closed: Segment[] = [];
  private closedTo = 0;
  private definitions: Definitions = {};
  private whole: boolean | null = null;
  private shown: Segment[] = [];

  /** The segments for `text`; with `open`, what is unfinished at the end is closed virtually. */
  update(text: string, open: boolean): Segment[] {
    const plain = text.replace(/\r\n?/g, "\n");
    const source = open ? plain.slice(0, shownLength(plain)) : plain;
    if (source === this.source && this.whole === !open) return this.shown;
    if (!source.startsWith(this.source)) this.reset();
    this.source = source;
    this.whole = !open;
    this.shown = this.read(open);
    return this.shown;
  }

  private reset(): void {
    this.closed = [];
    this.closedTo = 0;
    this.definitions = {};
    this.shown = [];
  }

  private read(open: boolean): Segment[] {
    const before = Object.keys(this.definitions).length;
    const from = this.closedTo;
    const tail = this.segments(lex(this.source.slice(from), this.definitions), from);
    if (Object.keys(this.definitions).length > before && from > 0) {
      this.reset(); // a definition may turn earlier text into links: rare, so start over
      return this.read(open);
    }
    const keep = changeableFrom(tail);
    // Where a token's text is not literally the source (tabs, an empty last bullet), offsets cannot be trusted: close nothing.
    if (keep > 0 && this.matches(tail.slice(0, keep))) {
      this.closed = [...this.closed, ...tail.slice(0, keep).filter(isShown)];
      this.closedTo = (tail[keep] as Segment).at;
    } else if (keep > 0) {
      return this.merge([...this.closed, ...tail.filter(isShown)]);
    }
    const rest = tail.slice(keep).filter(isShown);
    if (!open) return this.merge([...this.closed, ...rest]);
    const last = this.source.slice(this.closedTo);
    const closing = closeTail(last);
    const virtual = closing === last ? rest : this.segments(lex(closing, { ...this.definitions }), this.closedTo).filter(isShown);
    return this.merge([...this.closed, ...virtual]);
  }

  private matches(segments: Segment[]): boolean {
    return segments.every(({ at, token }) => this.source.startsWith(token.raw, at));
  }

  private segments(tokens: Token[], from: number): Segment[] {
    let at = from;
    return tokens.map((token) => {
      const segment = { at, token };
      at += token.raw.length;
      return segment;
    });
  }

  /** Reuse what was shown where it says the same, so that completion re-renders nothing. */
  private merge(next: Segment[]): Segment[] {
    const previous = this.shown;
    return next.map((segment, i) => {
      const old = previous[i];
      return old && old.at === segment.at && old.token.type === segment.token.type && old.token.raw === segment.token.raw ? old : segment;
    });
  }
}

function isShown({ token }: Segment): boolean {
  return token.type !== "space" && token.type !== "def";
}

/**
 * Index of the first segment that later text may still change: the last one that is not blank, and the list before it
 * (`1. a`, blank line, `2` is a paragraph until the dot arrives).
 */
function changeableFrom(segments: Segment[]): number {
  let i = segments.length - 1;
  while (i > 0 && segments[i]?.token.type === "space") i--;
  let before = i - 1;
  while (before > 0 && segments[before]?.token.type === "space") before--;
  if (before >= 0 && segments[before]?.token.type === "list") return before;
  return Math.max(i, 0);
}
