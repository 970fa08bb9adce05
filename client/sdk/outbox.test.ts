import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
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
