import type { Message, Part, Pending } from "@opsloom/sdk";
import { describe, expect, it } from "vitest";
import { byTurn } from "./turns";
import { plainText, read, withSources, workTime } from "./grouping";
import { lastOwn, viewOf } from "./rows";

let made = 0;
const message = (role: Message["role"], parts: Part[], more: Partial<Message> = {}): Message => ({ id: `m${++made}`, role, parent: null, siblings: [], status: "done", created_at: "2026-11-22T10:00:00Z", parts, ...more });
const text = (value: string): Part => ({ type: "text", text: value });
const tool = (status: "ok" | "running" = "ok", ms = 500): Part => ({ type: "tool", call: "c", tool: "t", title: "T", status, ms });
const source = (number: number): Part => ({ type: "source", source: { id: `s${number}`, number, title: `Doc ${number}`, document: "d", chunk: "c", quote: "q" } });

describe("read", () => {
  it("folds steps together, across sources", () => {
    const { groups, sources } = read(message("assistant", [{ type: "reasoning", text: "hm", ms: 1000 }, tool(), source(2), source(1), tool(), text("So.[1]"), tool(), text("And.")]));
    expect(groups.map(({ type }) => type)).toEqual(["work", "text", "work", "text"]);
    expect(groups.map(({ at }) => at)).toEqual([0, 5, 6, 7]);
    expect(groups[0]?.type === "work" && workTime(groups[0].steps)).toBe(2000);
    expect(sources.map(({ number }) => number)).toEqual([1, 2]);
  });

  it("thinks where nothing else moves", () => {
    const running = (parts: Part[]) => read(message("assistant", parts, { status: "running" }));
    expect(running([]).thinking).toBe(true);
    expect(running([tool("running")]).thinking).toBe(false);
    expect(running([tool("running")]).groups[0]).toMatchObject({ live: true });
    expect(running([tool(), text("a")])).toMatchObject({ thinking: false, groups: [{ live: false }, { open: true }] });
    const block = (growing: boolean): Part => ({ type: "block", block: { id: "b", kind: "table", version: 1, data: {}, fallback: "T", state: null, ...(growing ? { growing } : {}) } });
    expect(running([block(true)]).thinking).toBe(false);
    expect(running([block(false)]).thinking).toBe(true);
    expect(read(message("assistant", [])).thinking).toBe(false);
  });

  it("copies words, and sources where asked", () => {
    const answer = message("assistant", [tool(), source(1), text("So.[1]"), { type: "block", block: { id: "b", kind: "k", version: 1, data: {}, fallback: "In words." } }]);
    expect(plainText(answer)).toBe("So.[1]\n\nIn words.");
    expect(withSources(answer)).toBe("So.[1]\n\nIn words.\n\n[1] Doc 1");
  });
});

describe("viewOf", () => {
  const conversation = (messages: Message[], running: Message | null = null) => ({
    session: { id: "s", rev: 1 }, rev: 1, leaf: null, messages, more: false, turn: running && { id: "t", epoch: 1, seq: 0, message: running },
  });
  const pending = (frame: Pending["frame"], error: Pending["error"] = null): Pending => ({ ref: `r${++made}`, session: "s", frame, files: [], at: 0, error, delayed: null });

  it("puts the running answer after the path and the queue apart", () => {
    const own = message("user", [text("a")]);
    const answer = message("assistant", [], { status: "running" });
    const queued = message("user", [text("b")], { status: "queued" });
    const view = viewOf({ conversation: conversation([own, queued], answer), pending: [pending({ type: "send", ref: "r", text: "c" })] });
    expect(view.rows.map(({ key }) => key)).toEqual([own.id, answer.id]);
    expect(view.queue.map((one) => one.text)).toEqual(["b", "c"]);
    expect(view.running).toBe(answer);
  });

  it("shows what was not sent, or refused, where it will stand; and nothing that is being taken back", () => {
    const queued = message("user", [text("b")], { status: "queued" });
    const view = viewOf({ conversation: conversation([queued]), pending: [pending({ type: "withdraw", ref: "w", message: queued.id }), pending({ type: "send", ref: "r", text: "c" }, { code: "busy", text: "Full." })] });
    expect(view.queue).toEqual([]);
    expect(view.rows).toMatchObject([{ type: "unsent", text: "c" }]);
  });

  it("shows what was written before the first contact", () => {
    expect(viewOf({ conversation: null, pending: [pending({ type: "send", ref: "r", text: "hi" })] }).rows).toHaveLength(1);
  });

  it("finds turns, and one's own last words", () => {
    const [a, b, c] = [message("user", [text("a")]), message("assistant", [text("b")]), message("user", [text("c")])];
    const { rows } = viewOf({ conversation: conversation([a, b, c]), pending: [] });
    expect(byTurn(rows).map((turn) => turn.rows.length)).toEqual([2, 1]);
    expect(lastOwn(rows)).toBe(c);
  });
});
