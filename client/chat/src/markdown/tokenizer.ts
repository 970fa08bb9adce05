/**
 * The dialect: GitHub's Markdown without raw HTML. `<div>` in a model's answer is text, so there is nothing to sanitise;
 * `[3]` is a citation, not a reference link.
 */
import { Lexer, Tokenizer, type Token, type Tokens } from "marked";

export interface CitationToken {
  type: "citation";
  raw: string;
  number: number;
}

export type Definitions = Record<string, { href: string; title?: string | null }>;

const CITATION = /^\[(\d{1,3})\](?!\()/;

class Dialect extends Tokenizer {
  override html(): undefined {
    return undefined;
  }

  override tag(): undefined {
    return undefined;
  }

  /** Deeper quotes than anyone reads would only exhaust the stack. */
  override blockquote(src: string): Tokens.Blockquote | undefined {
    return /^(?: {0,3}>){24}/.test(src) ? undefined : super.blockquote(src);
  }

  /** `[1]: https://…` is how models list their sources; it must stay visible, so only worded labels define links. */
  override def(src: string): Tokens.Def | undefined {
    const found = super.def(src);
    return found && /^\d+$/.test(found.tag) ? undefined : found;
  }

  override reflink(src: string, links: Definitions): Tokens.Link | Tokens.Image | Tokens.Text | undefined {
    const found = CITATION.exec(src);
    if (found) {
      const token: CitationToken = { type: "citation", raw: found[0], number: Number(found[1]) };
      return token as unknown as Tokens.Text; // marked's list of inline tokens is closed; the renderer knows this one
    }
    return super.reflink(src, links as never);
  }
}

const tokenizer = new Dialect();

/** Lex Markdown into top-level tokens; `known` are link definitions seen before this piece, and gains the new ones. */
export function lex(source: string, known: Definitions = {}): Token[] {
  const lexer = new Lexer({ gfm: true, breaks: false, tokenizer });
  Object.assign(lexer.tokens.links, known);
  let tokens: Token[];
  try {
    tokens = lexer.lex(source);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ type: "paragraph", raw: source, text: source, tokens: [{ type: "text", raw: source, text: source }] }]; // nested beyond the stack
  }
  Object.assign(known, lexer.tokens.links);
  return tokens;
}
