/** Every kind of block in every state: `blocks.html`, with `?kind=chart`, `&theme=dark`, `&dir=rtl`. */
import type { Block } from "@opsloom/sdk";
import { useEffect, useState, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import "../src/theme/style.css";
import "./gallery.css";
import { BlockView } from "../src/blocks/BlockView";
import { Context, createScreen, storeOf, useChat, type ConversationContext } from "../src/context";
import { applyMode, type Mode } from "../src/theme/theme";
import { casesOf, type Case } from "./cases";
import { hostile } from "./hostile";
import { EMPTY, FakeChat, id } from "./FakeChat";
import { files } from "./files";
import { grow } from "./growing";
import { Button } from "../src/ui/Button";

const query = new URLSearchParams(location.search);
applyMode((query.get("theme") ?? "auto") as Mode);
if (query.get("dir") === "rtl") document.documentElement.dir = "rtl";
const wanted = query.get("kind");

const round = query.get("hostile");
/** Cases that a test put on the page before its scripts ran, in place of the gallery's own. */
const given = (globalThis as { given?: Case[] }).given;
const all = given ?? (round === null ? casesOf() : casesOf().map((one) => ({ ...one, data: hostile(one.data, Number(round)) })));
const cases = all.filter(({ kind }) => !wanted || kind === wanted);
const blocks = cases.map(({ kind, data, fallback, state }): Block => ({ id: id("blk"), kind, version: 1, data, fallback, state }));
const chat = new FakeChat({
  conversation: {
    ...EMPTY.conversation!,
    messages: [{ id: "msg", role: "assistant", parent: null, siblings: [], status: "waiting", created_at: "2026-11-22T14:03:00Z", parts: blocks.map((block) => ({ type: "block", block })) }],
  },
});
const context: ConversationContext = { chat, store: storeOf(chat), screen: createScreen(), passage: null, files, compose: () => undefined, focusComposer: () => undefined };

function Gallery(): ReactNode {
  const message = useChat((state) => state.conversation?.messages[0]);
  useEffect(() => {
    document.documentElement.dataset["ready"] = "true";
  }, []);
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  let before = "";
  return (
    <div className="kinds">
      <header><h1>Blocks</h1></header>
      <nav aria-label="Kinds">
        {kinds.map((kind) => <a key={kind} href={`?${new URLSearchParams({ ...Object.fromEntries(query), kind })}`}>{kind}</a>)}
      </nav>
      <main>
        {message?.parts.map((part, i) => {
          if (part.type !== "block") return null;
          const { kind, name } = cases[i] as Case;
          const first = kind !== before;
          before = kind;
          return (
            <section key={part.block.id} data-case={`${kind}/${name}`} aria-label={`${kind}, ${name}, ${i}`}>
              {first ? <h2>{kind}</h2> : null}
              <p className="case">{name}</p>
              <BlockView block={part.block} live={cases[i]?.live ?? false} />
            </section>
          );
        })}
      </main>
    </div>
  );
}

/** A block that grows: `?stream=table` or `?stream=chart`, with a button whose answer can be timed. */
function Growing(): ReactNode {
  const message = useChat((state) => state.conversation?.turn?.message);
  const [count, setCount] = useState(0);
  return (
    <div className="kinds">
      <main>
        <Button onClick={() => setCount(count + 1)}>Clicked {count}</Button>
        {message?.parts.map((part, i) => (part.type === "block" ? <BlockView key={i} block={part.block} live /> : null))}
      </main>
    </div>
  );
}

const stream = query.get("stream");
if (stream) grow(chat, stream === "chart" ? "chart" : "table");
createRoot(document.getElementById("root") as HTMLElement).render(<Context value={context}>{stream ? <Growing /> : <Gallery />}</Context>);
