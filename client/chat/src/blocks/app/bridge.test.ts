import { describe, expect, it } from "vitest";
import { Bridge, type Wires } from "./bridge";
import type { HostContext } from "./hostContext";
import { readFromApp } from "./messages";

type Message = Record<string, unknown>;
const PAGE = { html: "<p>", title: "T", csp: { connectDomains: [], resourceDomains: [] }, theme: "dark" as const, variables: {} };
const CONTEXT = { theme: "dark", locale: "en" } as unknown as HostContext;

/** A bridge with an app's end: `say` is the app, `heard` what it was told. */
function made(more: Partial<Wires> = {}, now?: () => number): { bridge: Bridge; heard: Message[]; say: (message: Message) => void; heights: number[] } {
  const heard: Message[] = [];
  const heights: number[] = [];
  const bridge = new Bridge(
    { send: (message) => heard.push(message), context: () => CONTEXT, resize: (height) => heights.push(height), openLink: () => Promise.resolve(true), draft: () => true, ...more },
    now,
  );
  return { bridge, heard, heights, say: (message) => bridge.receive(JSON.stringify({ jsonrpc: "2.0", ...message })) };
}

const settled = (): Promise<void> => new Promise((done) => setTimeout(done));
const methods = (heard: Message[]): unknown[] => heard.map(({ method }) => method);

describe("an app begins", () => {
  it("with its page when the frame is there, and with its data when it says that it is ready", async () => {
    const { bridge, heard, say } = made();
    void bridge.load(PAGE);
    bridge.tell({ data: { a: 1 }, words: "One." });
    expect(heard).toEqual([]);
    say({ method: "ui/notifications/sandbox-proxy-ready" });
    expect(heard).toEqual([{ jsonrpc: "2.0", method: "ui/notifications/sandbox-resource-ready", params: PAGE }]);
    say({ id: 7, method: "ui/initialize", params: {} });
    await settled();
    expect(heard[1]).toMatchObject({ id: 7, result: { protocolVersion: "2026-01-26", hostContext: CONTEXT, hostCapabilities: { openLinks: {} } } });
    expect(heard[1]).not.toHaveProperty("result.hostCapabilities.serverTools");
    say({ method: "ui/notifications/initialized" });
    expect(methods(heard.slice(2))).toEqual(["ui/notifications/tool-input", "ui/notifications/tool-result"]);
    expect(heard[2]).toHaveProperty("params.arguments", { a: 1 });
    expect(heard[3]).toHaveProperty("params", { content: [{ type: "text", text: "One." }], structuredContent: { a: 1 } });
    bridge.tell({ data: { a: 2 }, words: "Two." });
    expect(heard[4]).toHaveProperty("params.structuredContent", { a: 2 });
  });

  it("anew with another page, after it could put its things away", async () => {
    const { bridge, heard, say } = made();
    void bridge.load(PAGE);
    say({ method: "ui/notifications/sandbox-proxy-ready" });
    say({ method: "ui/notifications/initialized" });
    heard.length = 0;
    const loaded = bridge.load({ ...PAGE, html: "<b>" });
    expect(methods(heard)).toEqual(["ui/resource-teardown"]);
    say({ id: heard[0]?.["id"], result: {} });
    await loaded;
    expect(heard[1]).toHaveProperty("params.html", "<b>");
    bridge.tell({ data: {}, words: "" });
    expect(heard.length).toBe(2); // the new page has not said that it is ready
  });
});

describe("what an app asks", () => {
  it.each(["tools/call", "resources/read", "ui/update-model-context", "constructor", "__proto__", "toString"])("is refused as unknown: %s", async (method) => {
    const { heard, say } = made();
    say({ id: "1", method, params: {} });
    await settled();
    expect(heard).toEqual([{ jsonrpc: "2.0", id: "1", error: { code: -32601, message: `This host has no method ${method}.` } }]);
  });

  it.each(["javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "file:///etc/passwd", "/relative", "https://bank.example@evil.example/", 5, null])("opens no %j", async (url) => {
    const opened: string[] = [];
    const { heard, say } = made({ openLink: (href) => (opened.push(href), Promise.resolve(true)) });
    say({ id: 1, method: "ui/open-link", params: { url } });
    await settled();
    expect(heard[0]).toMatchObject({ id: 1, error: { code: -32602 } });
    expect(opened).toEqual([]);
  });

  it("opens a link where the person agrees, and hears of it where not", async () => {
    let agree = true;
    const { heard, say } = made({ openLink: () => Promise.resolve(agree) });
    say({ id: 1, method: "ui/open-link", params: { url: "https://example.com/a" } });
    await settled();
    agree = false;
    say({ id: 2, method: "ui/open-link", params: { url: "mailto:a@example.com" } });
    await settled();
    expect(heard).toMatchObject([{ id: 1, result: {} }, { id: 2, error: { code: -32000 } }]);
  });

  it("writes a draft of bounded length, for a person who is there", async () => {
    const drafts: string[] = [];
    let here = true;
    const { heard, say } = made({ draft: (text) => here && drafts.push(text) > 0 });
    say({ id: 1, method: "ui/message", params: { role: "user", content: { type: "text", text: " Hello " } } });
    say({ id: 2, method: "ui/message", params: { role: "user", content: [{ type: "text", text: "x".repeat(4_001) }] } });
    say({ id: 3, method: "ui/message", params: { role: "user", content: [{ type: "image", data: "" }] } });
    here = false;
    say({ id: 4, method: "ui/message", params: { role: "user", content: [{ type: "text", text: "Hello again" }] } });
    await settled();
    const answers = heard.toSorted((a, b) => Number(a["id"]) - Number(b["id"]));
    expect(answers).toMatchObject([{ id: 1, result: {} }, { id: 2, error: { code: -32602 } }, { id: 3, error: { code: -32602 } }, { id: 4, error: { code: -32000 } }]);
    expect(drafts).toEqual(["Hello"]);
  });

  it("is answered so many times a second and no more", async () => {
    let time = 0;
    const { heard, say } = made({}, () => time);
    for (let i = 0; i < 40; i++) say({ id: i, method: "ping" });
    await settled();
    expect(heard.filter((message) => "result" in message).length).toBe(20);
    time = 1_000;
    say({ id: 99, method: "ping" });
    await settled();
    expect(heard.at(-1)).toEqual({ jsonrpc: "2.0", id: 99, result: {} });
  });
});

describe("an app's height", () => {
  it("is what it says, and what was measured only until then", () => {
    const { heights, say } = made();
    const size = (params: Message): void => say({ method: "ui/notifications/size-changed", params });
    size({ height: 100, measured: true });
    size({ height: 250, width: 10 });
    size({ height: 120, measured: true });
    for (const height of [-1, 0, "9", null, [1]]) size({ height });
    expect(heights).toEqual([100, 250]);
  });
});

describe("what is no message", () => {
  it.each([
    [undefined], [null], [{ jsonrpc: "2.0", method: "ping", id: 1 }], ["{"], ["[]"], ["null"], ['{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ['{"jsonrpc":"2.0"}'], ['{"jsonrpc":"2.0","id":{},"method":"ping"}'], ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}'],
    ['{"jsonrpc":"2.0","id":1,"method":5}'.replace("1,", "null,")], [`{"jsonrpc":"2.0","method":"${"m".repeat(101)}"}`],
    [JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { text: "x".repeat(70_000) } })],
  ])("is not read: %j", (data) => expect(readFromApp(data)).toBeNull());
});
