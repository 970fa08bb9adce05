import type { Source } from "@opsloom/sdk";

/** The text round a quote, as far as the reader may see the document. */
export interface Passage {
  before: string;
  quote: string;
  after: string;
}

export type PassageLoader = (source: Source) => Promise<Passage | null>;

/**
 * A document's text without the marks of Markdown and the line ends of its author: for reading a few lines of it. The
 * words stay as they are.
 */
export function tidy(text: string | undefined): string {
  return (text ?? "")
    .replace(/^ {0,3}(?:`{3,}|~{3,}).*$/gm, "")
    .replace(/^ {0,3}#{1,6}\s+/gm, "")
    .replace(/(\S)[ \t]*\n(?=[^\s\-*+>|#\d])/g, "$1 ")
    .replace(/(\*\*|__)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/`([^`\n]+)`/g, "$1")
    .replace(/\[([^\]\n]+)\]\([^)\s]+\)/g, "$1")
    .replace(/\n{3,}/g, "\n\n");
}
