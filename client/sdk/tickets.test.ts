import { describe, expect, it, vi } from "vitest";
import { NotNow, Refused } from "./closing";
import { RestError } from "./rest";
import { MemoryKeep } from "./storage";
import { HttpTickets } from "./tickets";

type Reply = [status: number, body: unknown, headers?: Record<string, string>];

function server(...replies: Reply[]) {
  const bodies: unknown[] = [];
  const fetch = vi.fn((_url: unknown, init?: RequestInit) => {
    bodies.push(JSON.parse(String(init?.body)));
    const [status, body, headers] = replies.shift() ?? [500, {}];
    return Promise.resolve(new Response(JSON.stringify(body), { status, headers: headers ?? {} }));
  });
  return { fetch: fetch as unknown as typeof globalThis.fetch, calls: fetch, bodies };
}

function tickets(fetch: typeof globalThis.fetch, keep = new MemoryKeep()): HttpTickets {
  return new HttpTickets({ server: "https://chat.example", assistant: "demo", keep, fetch });
}

describe("tickets", () => {
  it("keeps the visitor's secret and shows it with the next one", async () => {
    const { fetch, bodies, calls } = server([200, { ticket: "t1", expires_in: 30, visitor: "secret" }], [200, { ticket: "t2", expires_in: 30 }]);
    const own = tickets(fetch);
    expect(await own.take()).toBe("t1");
    expect(own.visitor()).toBe("secret");
    expect(await own.take()).toBe("t2");
    expect(bodies).toEqual([{ assistant: "demo" }, { assistant: "demo", visitor: "secret" }]);
    expect(calls.mock.calls[0]?.[0]).toBe("https://chat.example/api/v1/tickets");
    expect(calls.mock.calls[0]?.[1]).toMatchObject({ credentials: "omit", method: "POST" });
  });

  it.each([
    ["one after the other where there are locks", "ok"],
    ["without them where they are denied", "denied"],
  ])("asks %s", async (_, kind) => {
    let last: Promise<unknown> = Promise.resolve();
    const request = (_name: string, work: () => Promise<void>): Promise<unknown> => {
      if (kind === "denied") return Promise.reject(new DOMException("The request was denied.", "SecurityError"));
      return (last = last.then(work));
    };
    vi.stubGlobal("navigator", { locks: { request } });
    const { fetch, bodies } = server([200, { ticket: "t1", expires_in: 30, visitor: "v" }], [200, { ticket: "t2", expires_in: 30 }]);
    const own = tickets(fetch);
    expect(await Promise.all([own.take(), own.take()])).toEqual(["t1", "t2"]);
    expect(bodies[1]).toEqual(kind === "ok" ? { assistant: "demo", visitor: "v" } : { assistant: "demo" });
    vi.unstubAllGlobals();
  });

  it("asks for a draft as who is signed in, and leaves a visitor who is not who they are", async () => {
    const keep = new MemoryKeep();
    keep.set("visitor.demo", "own");
    const { fetch, bodies } = server([200, { ticket: "t", expires_in: 30 }], [401, { code: "forbidden", text: "Sign in to try a draft." }]);
    const options = { server: "https://chat.example", assistant: "demo", draft: true, keep, fetch };
    expect(await new HttpTickets({ ...options, csrf: () => "token" }).take()).toBe("t");
    await expect(new HttpTickets(options).take()).rejects.toThrow("Sign in to try a draft.");
    expect(bodies).toEqual([{ assistant: "demo", draft: true }, { assistant: "demo", visitor: "own", draft: true }]);
    expect(keep.get("visitor.demo")).toBe("own");
  });

  it("becomes a new person where the secret is no longer known", async () => {
    const keep = new MemoryKeep();
    keep.set("visitor.demo", "old");
    const { fetch } = server([401, { code: "expired", text: "Unknown." }], [200, { ticket: "t", expires_in: 30, visitor: "new" }]);
    const own = tickets(fetch, keep);
    expect(await own.take()).toBe("t");
    expect(own.visitor()).toBe("new");
  });

  it.each<[string, Reply, unknown]>([
    ["gives up where the answer will not change", [404, { code: "not_found", text: "No such assistant." }], Refused],
    ["waits as long as the server says", [429, {}, { "retry-after": "3" }], NotNow],
    ["tries again after what passes", [502, "bad gateway"], RestError],
  ])("%s", async (_, reply, error) => {
    await expect(tickets(server(reply).fetch).take()).rejects.toThrow(error as ErrorConstructor);
  });

  it("reads FastAPI's own errors", async () => {
    const { fetch } = server([422, { detail: [{ loc: ["body", "assistant"], msg: "Too long", type: "x" }] }]);
    await expect(tickets(fetch).take()).rejects.toMatchObject({
      error: { code: "invalid", text: "Too long", issues: [{ path: "/assistant", text: "Too long" }] },
    });
  });

  it("has words where the server is not reached", async () => {
    const fetch = (() => Promise.reject(new TypeError("fetch failed"))) as unknown as typeof globalThis.fetch;
    await expect(tickets(fetch).take()).rejects.toMatchObject({ status: 0, info: { code: "unavailable" } });
  });

  it("asks as the person whom the cookie knows, and leaves the visitor they were alone", async () => {
    const { fetch, bodies, calls } = server([200, { ticket: "t1", expires_in: 30 }]);
    const keep = new MemoryKeep();
    keep.set("visitor.demo", "secret");
    const own = new HttpTickets({ server: "", assistant: "demo", keep, fetch, credentials: "same-origin", csrf: () => "token" });
    expect(await own.take()).toBe("t1");
    expect(own.visitor()).toBeNull();
    expect(bodies).toEqual([{}]);
    expect(new Headers(calls.mock.calls[0]?.[1]?.headers).get("x-csrf-token")).toBe("token");
    expect(keep.get("visitor.demo")).toBe("secret");
  });
});
