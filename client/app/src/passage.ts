/** The text round a quote, from the document as the server stores it. */
import type { PassageLoader } from "@opsloom/chat";
import type { Rest } from "@opsloom/sdk";

/** Code points shown before and after the quote: about two paragraphs. */
const AROUND = 400;

interface Excerpt {
  text: string;
  start: number;
  end: number;
}

export function passageLoader(rest: Rest): PassageLoader {
  return async ({ document, start, end, quote }) => {
    if (start == null || end == null) return null;
    const excerpt = await rest.get<Excerpt>(`documents/${encodeURIComponent(document)}/text`, { start: Math.max(0, start - AROUND), end: end + AROUND });
    const points = [...excerpt.text]; // the server counts code points, JavaScript UTF-16
    const [from, to] = [start - excerpt.start, end - excerpt.start];
    const found = points.slice(from, to).join("");
    // The document was replaced since: its places are others, so only the quote itself is true.
    if (found !== quote) return null;
    return { before: edge(points.slice(0, from).join(""), "start"), quote: found, after: edge(points.slice(to).join(""), "end") };
  };
}

/** Cut at a word, with a mark that there is more. */
function edge(text: string, side: "start" | "end"): string {
  if ([...text].length < AROUND) return text;
  return side === "start" ? `…${text.replace(/^\S*/, "")}` : `${text.replace(/\S*$/, "")}…`;
}
