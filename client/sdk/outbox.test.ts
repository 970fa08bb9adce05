import "fake-indexeddb/auto";
import { describe, expect, it, vi } from "vitest";
import { openOutbox, type Entry } from "./outbox";

function entry(ref: string, session = "ses_1", at = 1): Entry {
  const frame = { type: "send", ref, text: ref } as const;
  return { ref, session, frame, files: [], at, order: 0, sent: false, error: null };
}

describe.each([
  ["IndexedDB", indexedDB],
  ["memory, where IndexedDB is blocked", undefined],
  ["memory, where asking for IndexedDB throws", { open: () => { throw new DOMException("denied", "SecurityError"); } }],
])("an outbox on %s", (name, database) => {
  it("gives back what was put in, oldest first, a session at a time", async () => {
    Object.defineProperty(globalThis, "indexedDB", { value: database, configurable: true, writable: true });
    const outbox = openOutbox(name);
    await outbox.put(entry("b", "ses_1", 2));
    await outbox.put(entry("a", "ses_1", 1));
    await outbox.put(entry("c", "ses_2"));
    await outbox.put({ ...entry("b", "ses_1", 2), sent: true });
    expect((await outbox.load("ses_1")).map(({ ref, sent }) => [ref, sent])).toEqual([["a", false], ["b", true]]);
    await outbox.delete("a");
    expect((await outbox.load("ses_1")).map(({ ref }) => ref)).toEqual(["b"]);
  });
});

it("outlives the page", async () => {
  const { IDBFactory } = await import("fake-indexeddb");
  Object.defineProperty(globalThis, "indexedDB", { value: new IDBFactory(), configurable: true, writable: true });
  await openOutbox("kept").put(entry("a"));
  expect((await openOutbox("kept").load("ses_1")).map(({ ref }) => ref)).toEqual(["a"]);
});

describe("what waits for a session without a name", () => {
  /** Locks as a browser has them: held until the holder's promise is settled. */
  function locks() {
    const held = new Map<string, Promise<unknown>>();
    const request = async (name: string, second: unknown, third?: () => unknown): Promise<unknown> => {
      const [options, work] = third === undefined ? [{}, second as () => unknown] : [second as { signal?: AbortSignal }, third];
      const before = held.get(name);
      const aborted = new Promise<never>((_, reject) =>
        options.signal?.addEventListener("abort", () => reject(new DOMException("late", "TimeoutError"))),
      );
      if (before !== undefined) await Promise.race([before, aborted]);
      const now = Promise.resolve(work());
      held.set(name, now);
      return now;
    };
    return { request };
  }

  it("is sent by its own page as long as that lives, and by the next one after it", async () => {
    const { IDBFactory } = await import("fake-indexeddb");
    Object.defineProperty(globalThis, "indexedDB", { value: new IDBFactory(), configurable: true, writable: true });
    const page = new EventTarget();
    vi.stubGlobal("navigator", { locks: locks() });
    vi.stubGlobal("window", page);
    const first = openOutbox("shared");
    await first.put(entry("a", "new:demo"));
    await first.put(entry("b", "ses_1"));
    vi.stubGlobal("window", new EventTarget());
    const second = openOutbox("shared");
    expect(await second.load("new:demo")).toEqual([]);
    expect((await second.load("ses_1")).map(({ ref }) => ref)).toEqual(["b"]); // the same ref twice does no harm there
    page.dispatchEvent(new Event("pagehide"));
    expect((await second.load("new:demo")).map(({ ref }) => ref)).toEqual(["a"]);
    vi.unstubAllGlobals();
  });
});
