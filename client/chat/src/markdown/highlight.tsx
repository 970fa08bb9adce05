/** Code in colour, as elements. Its own chunk: loaded with the first code block. */
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import markdown from "highlight.js/lib/languages/markdown";
import nginx from "highlight.js/lib/languages/nginx";
import php from "highlight.js/lib/languages/php";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import { Fragment, type ReactNode } from "react";

const lowlight = createLowlight({
  bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, kotlin, markdown, nginx, php, python, ruby, rust, sql, swift, typescript,
  xml, yaml,
});

type Node = ReturnType<typeof lowlight.highlight>["children"][number];

/** The text as coloured spans; the text itself where the language is not known. */
export function highlight(text: string, language: string): ReactNode {
  if (!lowlight.registered(language)) return text;
  return nodes(lowlight.highlight(language, text).children);
}

/** The same line by line, for what numbers or marks its lines; a colour that goes over a line's end goes on in the next. */
export function highlightLines(text: string, language: string): ReactNode[] {
  if (!lowlight.registered(language)) return text.split("\n");
  const lines: ReactNode[][] = [[]];
  const walk = (children: readonly Node[], names: string): void => {
    for (const child of children) {
      if (child.type === "element") {
        const own = child.properties["className"];
        walk(child.children as Node[], Array.isArray(own) ? `${names} ${own.join(" ")}`.trim() : names);
      } else if (child.type === "text") {
        child.value.split("\n").forEach((piece, i) => {
          if (i > 0) lines.push([]);
          const line = lines.at(-1) as ReactNode[];
          if (piece) line.push(names ? <span key={line.length} className={names}>{piece}</span> : <Fragment key={line.length}>{piece}</Fragment>);
        });
      }
    }
  };
  walk(lowlight.highlight(language, text).children, "");
  return lines;
}

function nodes(children: readonly Node[]): ReactNode {
  return children.map((child, i) => {
    if (child.type === "text") return <Fragment key={i}>{child.value}</Fragment>;
    if (child.type !== "element") return null;
    const names = child.properties["className"];
    return <span key={i} className={Array.isArray(names) ? names.join(" ") : undefined}>{nodes(child.children as Node[])}</span>;
  });
}
