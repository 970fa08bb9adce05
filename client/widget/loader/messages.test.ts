import { describe, expect, it } from "vitest";
import { readContext, readToHost, readToPage, wrap } from "../messages";

describe("what crosses between host and frame", () => {
  it.each([
    { type: "hello", open: true, context: { page: "/pricing" } },
    { type: "open" },
    { type: "close" },
    { type: "context", context: null },
  ] as const)("to the page: %j", (message) => expect(readToPage(wrap(message))).toEqual(message));

  it.each([
    { type: "ready" },
    { type: "close" },
    { type: "unread", count: 2 },
    { type: "message", role: "user" },
  ] as const)("to the host: %j", (message) => expect(readToHost(wrap(message))).toEqual(message));

  it.each([
    null,
    "ready",
    { type: "ready" },
    { opsloom: "other", type: "ready" },
    wrap({ type: "unread", count: -1 }),
    wrap({ type: "unread", count: "<b>1</b>" } as never),
    wrap({ type: "message", role: "system" } as never),
    wrap({ type: "eval" } as never),
  ])("nothing else to the host: %j", (data) => expect(readToHost(data)).toBeNull());

  it.each([
    wrap({ type: "hello" } as never),
    wrap({ type: "hello", open: "yes", context: null } as never),
    wrap({ type: "context", context: ["a"] } as never),
    wrap({ type: "context", context: { text: "x".repeat(20_000) } }),
  ])("nothing else to the page: %#", (data) => expect(readToPage(data)).toBeNull());

  it("a context is a bounded plain object, and a copy", () => {
    const context = { plan: "pro", deep: { a: [1] } };
    expect(readContext(context)).toEqual(context);
    expect(readContext(context)).not.toBe(context);
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    for (const value of [undefined, 1, "x", [], loop, () => 1]) expect(readContext(value)).toBeUndefined();
  });
});
