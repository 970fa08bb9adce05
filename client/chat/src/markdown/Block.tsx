/** One top-level Markdown block. Memoised by token identity: a closed block is rendered once in its life. */
import type { Token, Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { CodeBlock } from "./CodeBlock";
import { Inline } from "./Inline";
import { MarkdownTable } from "./MarkdownTable";

type Known = Tokens.Heading | Tokens.Paragraph | Tokens.Text | Tokens.List | Tokens.Blockquote | Tokens.Code | Tokens.Table | Tokens.Hr | Tokens.Space | Tokens.Def;

interface BlockProps {
  token: Token;
  /** Level of a heading below the answer's own; assistive technology gets no skipped levels. */
  level?: number;
  /** The block still grows. */
  open?: boolean;
}

export const Block = memo(function Block({ token, level = 3, open = false }: BlockProps): ReactNode {
  const known = token as Known;
  switch (known.type) {
    case "heading": {
      const Tag = `h${Math.min(level, 6)}` as "h3";
      return <Tag className={`md-h md-h${Math.min(known.depth, 4)}`}><Inline tokens={known.tokens} /></Tag>;
    }
    case "paragraph":
      return <p className={isAside(known.tokens) ? "md-aside" : undefined}><Inline tokens={known.tokens} /></p>;
    case "text":
      return known.tokens ? <Inline tokens={known.tokens} /> : <Inline tokens={[known]} />;
    case "list":
      return <List token={known} open={open} />;
    case "blockquote":
      return <blockquote><Blocks tokens={known.tokens} open={open} /></blockquote>;
    case "code":
      return <CodeBlock text={known.text} language={languageOf(known.lang)} open={open} />;
    case "table":
      return <MarkdownTable token={known} />;
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    default:
      return <Inline tokens={[token]} />; // a tight list item holds its tick box beside its text
  }
});

/** A paragraph that is all in italics is a remark beside the answer, as a note under a text is. */
const isAside = (tokens: readonly Token[]): boolean => tokens.length === 1 && tokens[0]?.type === "em";

function languageOf(info: string | undefined): string {
  return /^[\w+#.-]+/.exec(info?.trim() ?? "")?.[0].toLowerCase() ?? "";
}

function Blocks({ tokens, open }: { tokens: readonly Token[]; open: boolean }): ReactNode {
  return tokens.map((token, i) => <Block key={i} token={token} open={open && i === tokens.length - 1} level={4} />);
}

function List({ token, open }: { token: Tokens.List; open: boolean }): ReactNode {
  const items = token.items.map((item, i) => <Item key={i} item={item} loose={token.loose} open={open && i === token.items.length - 1} />);
  if (!token.ordered) return <ul>{items}</ul>;
  return <ol start={typeof token.start === "number" && token.start !== 1 ? token.start : undefined}>{items}</ol>;
}

interface ItemProps {
  item: Tokens.ListItem;
  loose: boolean;
  open: boolean;
}

/** A list of 500 items is one growing token; comparing the text spares the 499 that did not change. */
const Item = memo(
  function Item({ item, open }: ItemProps): ReactNode {
    return <li className={item.task ? "md-task" : undefined}><Blocks tokens={item.tokens} open={open} /></li>;
  },
  (a, b) => a.item.raw === b.item.raw && a.loose === b.loose && a.open === b.open,
);
