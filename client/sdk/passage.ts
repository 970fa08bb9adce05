/** The text round a quote, from the document as the server stores it. */
import type { Source } from "./frames.gen";
import type { Rest } from "./rest";

export interface Passage {
  readonly before: string;
  readonly quote: string;
  readonly after: string;
}

interface Excerpt {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly length: number;
}

/**
 * The quote with up to `around` code points on either side, cut at words and marked with an ellipsis where there is more.
 * Null where the source names no place, or where the document has been replaced since and its places are others.
 */
export async function readPassage(rest: Rest, source: Source, around = 400): Promise<Passage | null> {
  const { document, quote, start, end } = source;
  if (start == null || end == null) return null;
  const window = { start: Math.max(0, start - around), end: end + around };
  const excerpt = await rest.get<Excerpt>(`documents/${encodeURIComponent(document)}/text`, window);
  const points = [...excerpt.text]; // the server counts code points, JavaScript UTF-16
  const [from, to] = [start - excerpt.start, end - excerpt.start];
  if (points.slice(from, to).join("") !== quote) return null;
  const before = points.slice(0, from).join("");
  const after = points.slice(to).join("");
  return {
    before: excerpt.start > 0 ? `…${before.replace(/^\S*/, "")}` : before,
    quote,
    after: excerpt.end < excerpt.length ? `${after.replace(/\S*$/, "")}…` : after,
  };
}
