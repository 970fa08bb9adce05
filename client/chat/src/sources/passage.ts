import type { Source } from "@opsloom/sdk";

/** The text round a quote, as far as the reader may see the document. */
export interface Passage {
  before: string;
  quote: string;
  after: string;
}

export type PassageLoader = (source: Source) => Promise<Passage | null>;
