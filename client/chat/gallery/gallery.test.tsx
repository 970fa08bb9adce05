// @vitest-environment happy-dom
// @vitest-environment-options { "settings": { "disableIframePageLoading": true, "handleDisabledFileLoadingAsSuccess": true } }
import type { Block, PatchOp } from "@opsloom/sdk";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it } from "vitest";
import { patch } from "../../sdk/patching";
import { BlockView } from "../src/blocks/BlockView";
import { blockKinds } from "../src/blocks/registry";
import { Context, createScreen, storeOf, type ConversationContext } from "../src/context";
import { safeHref } from "../src/markdown/links";
import { PAYLOADS } from "../src/markdown/payloads";
import { casesOf, fixtures, type Case } from "./cases";
import { FakeChat } from "./FakeChat";
import { files } from "./files";
import { hostile } from "./hostile";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

/** The blocks as elements, when their code and files have arrived; `errors` is what a component threw. */
async function shown(cases: readonly Case[]): Promise<{ page: HTMLElement; errors: string[]; leave: () => Promise<void> }> {
  const page = document.createElement("div");
  document.body.append(page);
  const errors: string[] = [];
  const root = createRoot(page, { onCaughtError: (error) => errors.push(String(error)) });
  const chat = new FakeChat({});
  const context: ConversationContext = { chat, store: storeOf(chat), screen: createScreen(), passage: null, files, compose: () => undefined, focusComposer: () => undefined };
  const blocks = cases.map(({ kind, data, fallback, state }, i): Block => ({ id: `blk_${i}`, kind, version: 1, data, fallback, state }));
  await act(async () => root.render(<Context value={context}>{blocks.map((block) => <BlockView key={block.id} block={block} live={false} />)}</Context>));
  for (let i = 0; i < 50 && page.querySelector(".skeleton, [aria-busy=true]"); i++) await act(async () => new Promise((done) => setTimeout(done, 10)));
  return {
    page,
    errors,
    leave: async () => {
      await act(async () => root.unmount());
      page.remove();
    },
  };
}

async function grown(kind: string, states: readonly unknown[]): Promise<{ errors: string[]; leave: () => Promise<void> }> {
  const page = document.createElement("div");
  document.body.append(page);
  const errors: string[] = [];
  const root = createRoot(page, { onCaughtError: (error) => errors.push(String(error)) });
  const chat = new FakeChat({});
  const context: ConversationContext = { chat, store: storeOf(chat), screen: createScreen(), passage: null, files, compose: () => undefined, focusComposer: () => undefined };
  const draw = (data: unknown, version: number, growing: boolean): Promise<void> => {
    const block: Block = { id: "blk_g", kind, version, data, fallback: "It grows.", state: null, ...(growing ? { growing } : {}) };
    return act(async () => root.render(<Context value={context}><BlockView block={block} live /></Context>));
  };
  await draw(states[0], 1, true);
  for (let i = 0; i < 50 && page.querySelector(".skeleton"); i++) await act(async () => new Promise((done) => setTimeout(done, 10)));
  for (const [at, data] of states.entries()) {
    const growing = at < states.length - 1;
    await draw(data, at + 1, growing);
    expect(page.querySelector("[aria-busy=true]") !== null).toBe(growing);
    const fillable = page.querySelectorAll<HTMLInputElement>("input:not([type=search]), select, textarea, [type=submit]");
    if (growing) for (const control of fillable) expect(control.disabled).toBe(true);
  }
  return { errors, leave: async () => { await act(async () => root.unmount()); page.remove(); } };
}

const byKind = new Map<string, Case[]>(blockKinds().map((kind) => [kind, casesOf().filter((one) => one.kind === kind)]));

describe("gallery", () => {
  it("has a fixture for every kind that there is", () => expect(fixtures().map(({ kind }) => kind).sort()).toEqual(blockKinds().sort()));

  it.each([...byKind.keys()])("shows every state of %s", async (kind) => {
    const cases = byKind.get(kind) ?? [];
    const { page, errors, leave } = await shown(cases);
    expect(errors).toEqual([]);
    expect(page.children.length).toBe(cases.length);
    for (const one of page.children) expect(one.textContent?.length || one.querySelector("[aria-label]")).toBeTruthy();
    await leave();
  });

  it("says a kind that it does not know in words", async () => {
    const { page, leave } = await shown([{ kind: "seismograph", name: "", data: {}, fallback: "A line that shook.", state: null }]);
    expect(page.textContent).toContain("A line that shook.");
    await leave();
  });
});

describe("half of the data", () => {
  it.each([...byKind.keys()])("of %s is shown as far as it goes, while the rest is being written", async (kind) => {
    const halves = (byKind.get(kind) ?? [])
      .filter(({ data, state }) => (state === null || state.status === "open") && JSON.stringify(data).length < 20_000)
      .slice(0, 4)
      .flatMap((one) => {
        // Keys come in order: what is not written yet is what stands behind.
        const entries = Object.entries(one.data as object);
        return entries.map((_, end): Case => ({ ...one, data: Object.fromEntries(entries.slice(0, end)) }));
      });
    const { errors, leave } = await shown(halves);
    expect(errors).toEqual([]);
    await leave();
  });
});

interface Growth {
  kind: string;
  opens: unknown;
  patches: PatchOp[][];
  whole: unknown;
}

/** `blocks/fixtures/growing`: every kind's example as the server sends it while a model writes it. */
const growths = Object.values(import.meta.glob<Growth[]>("../../../blocks/fixtures/growing/*.json", { eager: true, import: "default" })).flat();

describe("growing", () => {
  it("is known of every kind", () => expect(growths.map(({ kind }) => kind).sort()).toEqual(blockKinds().sort()));

  it.each(growths)("$kind is shown in each of its states, and ends whole", async ({ kind, opens, patches, whole }) => {
    const states = patches.reduce<unknown[]>((seen, ops) => [...seen, patch(seen.at(-1), ops)], [opens]);
    expect(states.at(-1)).toEqual(whole);
    // In one block that changes, as on a page: what a component keeps from one state must not break the next.
    const { errors, leave } = await grown(kind, states);
    expect(errors).toEqual([]);
    await leave();
  });
});

const ELEMENTS = /^(script|iframe|object|embed|link|meta|base|style|template|portal|frame|applet)$/i;
const LOADS = new Set(["src", "srcset", "poster", "data", "background", "action", "formaction", "ping", "xlink:href", "srcdoc"]);

function faults(page: HTMLElement): string[] {
  const found: string[] = [];
  for (const element of page.querySelectorAll("*")) {
    if (isSandbox(element)) continue;
    if (ELEMENTS.test(element.tagName)) found.push(`<${element.tagName}>`);
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) found.push(`${element.tagName} ${name}`);
      if (LOADS.has(name) && !value.startsWith("blob:")) found.push(`${element.tagName} ${name}="${value}"`);
      if (name === "href" && safeHref(value) !== value) found.push(`${element.tagName} href="${value}"`);
      if (name === "style" && /url\((?!#)|expression|@import/i.test(value)) found.push(`${element.tagName} style="${value}"`);
    }
  }
  return found;
}

/** An app's frame: always the same page of ours, and without an origin. */
const isSandbox = (element: Element): boolean =>
  element.tagName === "IFRAME" && element.getAttribute("src") === "/sandbox" && element.getAttribute("sandbox") === "allow-scripts" && !element.hasAttribute("srcdoc") && !element.hasAttribute("allow");

describe("hostile texts", () => {
  it.each([...byKind.keys()])("in every field of %s stay words", async (kind) => {
    const one = (byKind.get(kind) ?? []).toSorted((a, b) => JSON.stringify(b.data).length - JSON.stringify(a.data).length).find(({ data }) => JSON.stringify(data).length < 20_000);
    expect(one).toBeDefined();
    const rounds = Array.from({ length: Math.ceil(PAYLOADS.length / 4) }, (_, i) => i * 4);
    const { page, errors, leave } = await shown(rounds.map((round) => ({ ...(one as Case), data: hostile(one?.data, round) })));
    expect(errors).toEqual([]);
    expect(faults(page)).toEqual([]);
    await leave();
  });
});
