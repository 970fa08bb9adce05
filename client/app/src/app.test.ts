import type { Rest } from "@opsloom/sdk";
import { describe, expect, it } from "vitest";
import { passageLoader } from "./passage";
import { routeOf, sessionPath } from "./route";

const at = (pathname: string, search = "", hash = ""): ReturnType<typeof routeOf> => routeOf({ pathname, search, hash });

describe("routes", () => {
  it("are what the address says", () => {
    expect(at("/")).toEqual({ page: "chat", session: null, assistant: null });
    expect(at("/", "?assistant=help")).toEqual({ page: "chat", session: null, assistant: "help" });
    expect(at(sessionPath("ses_a/b"))).toEqual({ page: "chat", session: "ses_a/b", assistant: null });
    expect(at("/knowledge")).toEqual({ page: "knowledge" });
    expect(at("/login", "", "#token=t1")).toEqual({ page: "login", token: "t1" });
    expect(at("/login")).toEqual({ page: "login", token: "" });
  });
});

describe("passages", () => {
  const text = `${"a ".repeat(600)}😀 The quote. ${"b ".repeat(600)}`;
  const points = [...text];
  const start = 1202;
  const source = { id: "s", number: 1, title: "T", document: "d", chunk: "c", quote: "The quote.", start, end: start + 10 };
  const server = (stored: readonly string[]): Rest =>
    ({ get: (_: string, { start, end }: { start: number; end: number }) => Promise.resolve({ start, end, text: stored.slice(start, end).join("") }) }) as unknown as Rest;

  it("count code points, and are cut at words", async () => {
    const passage = await passageLoader(server(points))(source);
    expect(passage?.quote).toBe("The quote.");
    expect(passage?.before.startsWith("… a")).toBe(true);
    expect(passage?.before.endsWith("😀 ")).toBe(true);
    expect(passage?.after.endsWith("…")).toBe(true);
  });

  it("are not shown where the document has changed since", async () => {
    expect(await passageLoader(server([..."x".repeat(3000)]))(source)).toBeNull();
  });
});
