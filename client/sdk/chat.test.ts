import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Chat, type ChatOptions } from "./chat";
import type { Message } from "./frames.gen";
import { MemoryOutbox } from "./outbox";
import { FakeServer, type FakeServerOptions } from "./testing/fake-server";
import type { Tickets } from "./tickets";

const TICKETS: Tickets = { take: () => Promise.resolve("tkt"), visitor: () => null };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const chats: Chat[] = [];
afterEach(() => chats.splice(0).forEach((chat) => chat.close()));

function join(server: FakeServer, options: Partial<ChatOptions> = {}): Chat {
  const chat = new Chat({
    server: "http://127.0.0.1:1",
    tickets: TICKETS,
    assistant: "demo",
    outbox: new MemoryOutbox(),
    socket: server.connect,
    random: () => 0.5,
    ...options,
  });
  chats.push(chat);
  chat.connect();
  return chat;
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const textOf = (message: Message): string => message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
const texts = (chat: Chat): string[] => (chat.getState().conversation?.messages ?? []).map(textOf);

function setup(options: FakeServerOptions = {}): { server: FakeServer; chat: Chat } {
  const server = new FakeServer(options);
  return { server, chat: join(server) };
}

/** mulberry32 */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe("a conversation", () => {
  it("asks and is answered", async () => {
    const { chat } = setup();
    await pass(50);
    expect(chat.getState().status).toEqual({ phase: "online", resumedAt: null });
    const { ref, done } = chat.send("Hi");
    expect(chat.getState().pending.map((pending) => pending.ref)).toEqual([ref]);
    await pass(500);
    expect(await done).toMatchObject({ ok: true, frame: { type: "message" } });
    expect(chat.getState().pending).toEqual([]);
    expect(texts(chat)).toEqual(["Hi", 'You said "Hi".']);
  });

  it("takes what is written before it is connected, in order", async () => {
    const { server, chat } = setup();
    chat.send("one");
    chat.send("two");
    await pass(1000);
    expect(texts(chat)).toEqual(["one", 'You said "one".', "two", 'You said "two".']);
    expect(server.runs).toBe(2);
  });

  it("tells its views at most every 50 ms while text streams", async () => {
    const { chat } = setup({ answer: () => Array.from({ length: 100 }, (_, n) => `${n} `) });
    await pass(50);
    chat.send("count");
    await pass(20);
    const listener = vi.fn();
    chat.subscribe(listener);
    await pass(500);
    expect(listener.mock.calls.length).toBeLessThanOrEqual(11);
    expect(listener.mock.calls.length).toBeGreaterThan(5);
  });

  it("remembers a session from its first message on", async () => {
    const onSession = vi.fn();
    const chat = join(new FakeServer(), { onSession });
    await pass(50);
    expect(onSession).not.toHaveBeenCalled();
    chat.send("Hi");
    expect(onSession).toHaveBeenCalledExactlyOnceWith(chat.getState().conversation?.session.id);
  });

  it("refuses what is too long by itself, and gives it back", async () => {
    const { server, chat } = setup();
    await pass(50);
    const { ref, done } = chat.send("x".repeat(101));
    expect(await done).toMatchObject({ ok: false, error: { code: "too_long" } });
    expect(chat.getState().pending[0]).toMatchObject({ ref, error: { code: "too_long" } });
    expect(chat.discard(ref)?.frame).toMatchObject({ text: "x".repeat(101) });
    expect(chat.getState().pending).toEqual([]);
    expect(server.runs).toBe(0);
  });

  it("is patient where the server asks for patience, and keeps the order", async () => {
    const { server, chat } = setup();
    await pass(50);
    const busy = { code: "rate_limited", text: "Slower.", retry_ms: 3000 } as const;
    server.refusals = [busy, busy];
    chat.send("one");
    chat.send("two");
    await pass(100);
    expect(chat.getState().pending.map((pending) => pending.delayed?.error.code)).toEqual(["rate_limited", "rate_limited"]);
    await pass(4000);
    expect(texts(chat)).toEqual(["one", 'You said "one".', "two", 'You said "two".']);
  });

  it("keeps a refused message until it is resent", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.refusals = [{ code: "budget", text: "The budget is used up." }];
    const { ref } = chat.send("one");
    await pass(100);
    expect(chat.getState().pending[0]?.error?.code).toBe("budget");
    chat.resend(ref);
    await pass(500);
    expect(texts(chat)).toEqual(["one", 'You said "one".']);
  });
});

describe("breaks", () => {
  it("shows nothing of a short one, and says when a long one is over", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.sockets.forEach((socket) => socket.cut());
    await pass(100);
    expect(chat.getState().status).toEqual({ phase: "online", resumedAt: null });
    server.sockets.forEach((socket) => socket.cut());
    server.receive = () => undefined;
    await pass(1500);
    expect(chat.getState().status.phase).toBe("reconnecting");
    server.receive = FakeServer.prototype.receive.bind(server);
    await pass(30_000);
    expect(chat.getState().status).toMatchObject({ phase: "online", resumedAt: expect.any(Number) });
  });

  it("a send into a dead link is kept and sent once", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.receive = () => undefined;
    chat.send("Hello?");
    await pass(100);
    server.sockets.forEach((socket) => socket.cut());
    server.receive = FakeServer.prototype.receive.bind(server);
    await pass(1000);
    expect(texts(chat)).toEqual(["Hello?", 'You said "Hello?".']);
    expect(server.runs).toBe(1);
  });

  it("a silent link is found out and replaced", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.receive = () => undefined;
    await pass(31_000);
    server.receive = FakeServer.prototype.receive.bind(server);
    expect(server.hellos.length).toBe(1);
    await pass(20_000);
    expect(server.hellos.length).toBe(2);
    expect(chat.getState().status.phase).toBe("online");
  });

  it.each(["in mid-answer", "with a request on its way"])("a link that falls silent %s is replaced within 10 s", async (when) => {
    const { server, chat } = setup({ answer: (text) => Array.from({ length: text === "long" ? 200 : 1 }, () => "x") });
    await pass(50);
    chat.send("short");
    await pass(100);
    if (when === "in mid-answer") {
      chat.send("long");
      await pass(200);
    }
    const silent = [...server.sockets];
    silent.forEach((socket) => socket.goSilent());
    if (when !== "in mid-answer") chat.send("long");
    await pass(10_000);
    expect(server.hellos.length).toBe(2);
    await pass(3_000);
    expect(texts(chat)).toEqual(["short", "x", "long", "x".repeat(200)]);
    expect(server.runs).toBe(2);
  });

  it("a lost turn.end is asked for, with no further frame to tell of it", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.filter = (frame) => frame.type !== "turn.end";
    chat.send("one");
    await pass(500);
    server.filter = () => true;
    expect(chat.getState().conversation?.turn).not.toBeNull();
    await pass(30_000);
    expect(texts(chat)).toEqual(["one", 'You said "one".']);
    expect(chat.getState().conversation?.turn).toBeNull();
    expect(server.hellos.length).toBe(1);
  });

  it("asks again where a frame is missing", async () => {
    const { server, chat } = setup({ answer: () => ["a", "b", "c", "d", "e", "f"] });
    await pass(50);
    let lost = 0;
    server.filter = (frame) => frame.type !== "text.delta" || frame.text !== "c" || lost++ > 0;
    chat.send("letters");
    await pass(3000);
    expect(lost).toBe(1);
    expect(texts(chat)).toEqual(["letters", "abcdef"]);
    expect(server.hellos.length).toBe(1);
  });

  it("a lost turn.end is noticed with the next frame", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.filter = (frame) => frame.type !== "turn.end";
    chat.send("one");
    await pass(500);
    server.filter = () => true;
    chat.send("two");
    await pass(4000);
    expect(texts(chat)).toEqual(["one", 'You said "one".', "two", 'You said "two".']);
    expect(chat.getState().conversation?.turn).toBeNull();
  });

  it("a reloaded page sends what the old one could not", async () => {
    const server = new FakeServer();
    const outbox = new MemoryOutbox();
    const first = join(server, { outbox });
    await pass(50);
    const session = first.getState().conversation?.session.id;
    server.receive = () => undefined;
    first.send("from the tunnel");
    await pass(10);
    first.close();
    server.receive = FakeServer.prototype.receive.bind(server);
    // The server never wrote that session, so a new one takes its place.
    const second = join(server, { outbox, session });
    await pass(1000);
    expect(texts(second)).toEqual(["from the tunnel", 'You said "from the tunnel".']);
    expect(second.getState().pending).toEqual([]);
    expect(await outbox.load(session ?? "")).toEqual([]);
    expect(server.runs).toBe(1);
  });

  it("a page that never reached the server keeps what was written, over a reload too", async () => {
    const server = new FakeServer();
    const outbox = new MemoryOutbox();
    server.receive = () => undefined;
    const first = join(server, { outbox });
    await pass(50);
    first.send("anyone?");
    await pass(50);
    first.close();
    server.receive = FakeServer.prototype.receive.bind(server);
    const second = join(server, { outbox });
    await pass(1000);
    expect(texts(second)).toEqual(["anyone?", 'You said "anyone?".']);
    expect(server.runs).toBe(1);
  });

  it.each([
    [4404, "not_found"],
    [4403, "forbidden"],
    [4400, "bad_frame"],
  ])("stays away after %d, with words", async (code, error) => {
    const { server, chat } = setup();
    await pass(50);
    chat.send("Hi");
    await pass(500);
    server.sockets.forEach((socket) => socket.cut(code));
    await pass(20_000);
    expect(chat.getState().status).toMatchObject({ phase: "closed", error: { code: error } });
    expect(server.hellos.length).toBe(1);
  });

  it.each([1001, 1006, 1009, 1011, 1012, 4408, 4409, 4429])("comes back by itself after %d", async (code) => {
    const { server, chat } = setup();
    await pass(50);
    server.sockets.forEach((socket) => socket.cut(code));
    await pass(9_000);
    expect(server.hellos.length).toBe(2);
    expect(chat.getState().status.phase).toBe("online");
  });

  it("tries once after 4401", async () => {
    const { server, chat } = setup();
    await pass(50);
    server.sockets.forEach((socket) => socket.cut(4401));
    server.receive = (socket) => socket.cut(4401);
    await pass(20_000);
    expect(chat.getState().status).toMatchObject({ phase: "closed", error: { code: "expired" } });
  });

  it("does not leave a draining server in mid-answer", async () => {
    const { server, chat } = setup({ answer: () => Array.from({ length: 300 }, () => "x") });
    await pass(50);
    chat.send("long");
    await pass(100);
    server.sockets.forEach((socket) => socket.push({ type: "going_away", retry_ms: 500 }));
    await pass(1500);
    expect(server.hellos.length).toBe(1);
    await pass(2000);
    expect(server.hellos.length).toBe(2);
    expect(texts(chat)[1]).toBe("x".repeat(300));
  });
});

describe("a page that sleeps", () => {
  const browser = { window: new EventTarget(), document: Object.assign(new EventTarget(), { visibilityState: "visible" }) };
  beforeEach(() => {
    browser.window = new EventTarget();
    vi.stubGlobal("window", browser.window);
    vi.stubGlobal("document", browser.document);
    vi.stubGlobal("navigator", {});
  });
  afterEach(() => void vi.unstubAllGlobals());

  it.each([
    ["is looked at again", () => browser.document.dispatchEvent(new Event("visibilitychange"))],
    ["thaws", () => browser.document.dispatchEvent(new Event("resume"))],
    ["is online again", () => browser.window.dispatchEvent(new Event("online"))],
  ])("and %s has a sound link within 5 s", async (_, wakes) => {
    const { server, chat } = setup();
    await pass(50);
    server.sockets.forEach((socket) => socket.goSilent());
    vi.setSystemTime(Date.now() + 3_600_000); // its timers stood still
    wakes();
    await pass(5_000);
    expect(server.hellos.length).toBe(2);
    expect(chat.getState().status.phase).toBe("online");
  });

  it("whose timers alone run again notices by the clock", async () => {
    const { server } = setup();
    await pass(50);
    server.sockets.forEach((socket) => socket.goSilent());
    vi.setSystemTime(Date.now() + 3_600_000);
    await pass(5_000);
    expect(server.hellos.length).toBe(2);
  });

  it("keeps a link that stands", async () => {
    const { server } = setup();
    await pass(50);
    browser.document.dispatchEvent(new Event("visibilitychange"));
    await pass(10_000);
    expect(server.hellos.length).toBe(1);
  });

  it("does not wait out a long pause when it wakes", async () => {
    const { server, chat } = setup();
    await pass(50);
    const { receive } = server;
    server.receive = (socket) => socket.cut();
    server.sockets.forEach((socket) => socket.cut());
    await pass(60_000);
    server.receive = receive;
    browser.window.dispatchEvent(new Event("online"));
    await pass(20);
    expect(chat.getState().status.phase).toBe("online");
  });

  it("lets go of its socket when it is put away, and is back at once when it is taken out", async () => {
    const { server, chat } = setup({ answer: () => Array.from({ length: 100 }, () => "x") });
    await pass(50);
    chat.send("long");
    await pass(100);
    browser.window.dispatchEvent(new Event("pagehide"));
    expect(server.sockets.size).toBe(0);
    await pass(5_000);
    expect(server.hellos.length).toBe(1);
    browser.window.dispatchEvent(new Event("pageshow"));
    await pass(50);
    expect(server.hellos.length).toBe(2);
    expect(texts(chat)).toEqual(["long", "x".repeat(100)]);
  });
});

describe("another session", () => {
  it("is opened over the same socket, and nothing of the old one leaks in", async () => {
    const { server, chat } = setup({ answer: () => Array.from({ length: 50 }, () => "x") });
    await pass(50);
    chat.send("first");
    await pass(100);
    const first = chat.getState().conversation?.session.id ?? "";
    chat.open({ assistant: "demo" });
    expect(chat.getState().conversation).toBeNull();
    await pass(100);
    expect(chat.getState().conversation).toMatchObject({ messages: [], rev: 0 });
    chat.open({ session: first });
    await pass(2000);
    expect(texts(chat)).toEqual(["first", "x".repeat(50)]);
    expect(server.hellos.length).toBe(1);
  });

  it("that is gone is not quietly replaced, unless one asks for that", async () => {
    const server = new FakeServer();
    const strict = join(server, { session: "ses_gone" });
    const easy = join(server, { session: "ses_gone", beginWhereGone: true });
    await pass(100);
    expect(strict.getState().status).toMatchObject({ phase: "closed", error: { code: "not_found" } });
    expect(easy.getState()).toMatchObject({ status: { phase: "online" }, conversation: { rev: 0 } });
  });

  it("that does not exist ends in words", async () => {
    const { chat } = setup();
    await pass(50);
    chat.open({ session: "ses_none" });
    await pass(100);
    expect(chat.getState().status).toMatchObject({ phase: "closed", error: { code: "not_found" } });
    chat.open({ assistant: "demo" });
    await pass(100);
    expect(chat.getState().status.phase).toBe("online");
  });
});

describe("cut anywhere", () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))("schedule %d ends like one never cut", async (seed) => {
    const random = seeded(seed);
    const answer = (text: string): string[] => Array.from({ length: 5 + (text.length % 20) }, (_, n) => `${text}-${n} `);
    const server = new FakeServer({ random, answer });
    const chat = join(server, { random });
    const watcher = join(server, { random, assistant: undefined, session: undefined });
    const asked: string[] = [];
    for (let step = 0; step < 40; step += 1) {
      await pass(random() * 60);
      if (random() < 0.15 && asked.length < 5) {
        asked.push(`m${asked.length}`);
        chat.send(asked.at(-1) ?? "");
      }
      if (random() < 0.3) [...server.sockets].filter(() => random() < 0.7).forEach((socket) => socket.cut());
      const id = chat.getState().conversation?.session.id;
      if (watcher.getState().conversation?.session.id !== id && id !== undefined && asked.length > 0) watcher.open({ session: id });
    }
    await pass(60_000);
    const state = chat.getState();
    expect(state.pending).toEqual([]);
    const expected = asked.flatMap((text) => [text, answer(text).join("")]);
    expect(texts(chat)).toEqual(expected);
    expect(server.runs).toBe(asked.length);
    expect(state.conversation).toEqual(server.sessions.get(state.conversation?.session.id ?? "")?.state);
  });
});
