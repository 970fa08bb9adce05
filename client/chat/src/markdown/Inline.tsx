/** Inline tokens as React elements. There is no path from a model's text to HTML: unknown tokens are shown as they were typed. */
import type { Token, Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { Citation } from "../sources/Citation";
import { decodeEntities } from "./entities";
import { safeHref } from "./links";
import type { CitationToken } from "./tokenizer";

export function Inline({ tokens }: { tokens: readonly Token[] | undefined }): ReactNode {
  return tokens?.map((token, i) => <Fragment key={i}>{one(token, tokens[i + 1]?.type === "citation")}</Fragment>);
}

/** A sub-set of marked's tokens by name; `Tokens.Generic` widens the union so the cast is written once, here. */
type Known =
  | Tokens.Text | Tokens.Escape | Tokens.Strong | Tokens.Em | Tokens.Del | Tokens.Codespan | Tokens.Br | Tokens.Link | Tokens.Image | Tokens.Checkbox
  | CitationToken;

/** `cited`: a citation follows, which should not begin the next line. */
function one(token: Token, cited: boolean): ReactNode {
  const known = token as Known;
  switch (known.type) {
    case "text":
      return known.tokens ? <Inline tokens={known.tokens} /> : decodeEntities(cited ? known.text.replace(/ +$/, "\u00a0") : known.text);
    case "escape":
      return known.text;
    case "strong":
      return <strong><Inline tokens={known.tokens} /></strong>;
    case "em":
      return <em><Inline tokens={known.tokens} /></em>;
    case "del":
      return <del><Inline tokens={known.tokens} /></del>;
    case "codespan":
      return <code>{known.text}</code>;
    case "br":
      return <br />;
    case "checkbox":
      return <input type="checkbox" checked={known.checked} disabled aria-label={known.checked ? "Done" : "Not done"} />;
    case "citation":
      return <Citation number={known.number} />;
    case "link":
      return <Anchor href={known.href} title={known.title}><Inline tokens={known.tokens} /></Anchor>;
    case "image":
      // Nothing is fetched by looking at an answer: a picture's address could carry what was said to someone else's server.
      return <Anchor href={known.href} title={known.title}>{decodeEntities(known.text) || "Image"}</Anchor>;
    default:
      return (known as Token).raw;
  }
}

function Anchor({ href, title, children }: { href: string; title?: string | null | undefined; children: ReactNode }): ReactNode {
  const safe = safeHref(decodeEntities(href));
  if (safe === null) return children;
  return (
    <a href={safe} title={title ?? undefined} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
