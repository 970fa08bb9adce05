import { emptyState, type Message, type State } from "@opsloom/sdk";
import { expect, it } from "vitest";
import { NewsReader } from "./news";

function state(...ids: string[]): State {
  const messages = ids.map((id): Message => {
    const role = id.startsWith("u") ? "user" : "assistant";
    return { id, role, parent: null, siblings: [], status: "done", created_at: "", parts: [] };
  });
  return { ...emptyState({ id: "ses_1", rev: 1 }), messages };
}

it("counts answers that come while nobody looks, and forgets them when somebody does", () => {
  const reader = new NewsReader();
  expect(reader.read(state("u1", "a1"), true)).toEqual({ added: [], unread: 0 });
  expect(reader.read(state("u1", "a1", "u2"), true)).toEqual({ added: ["user"], unread: 0 });
  expect(reader.read(state("u1", "a1", "u2", "a2"), false)).toEqual({ added: ["assistant"], unread: 1 });
  expect(reader.read(state("u1", "a1", "u2", "a2"), false)).toEqual({ added: [], unread: 1 });
  expect(reader.read(state("u1", "a1", "u2", "a2", "a3"), false).unread).toBe(2);
  expect(reader.read(state("u1", "a1", "u2", "a2", "a3"), true).unread).toBe(0);
});

it("takes what was there, older messages and other sessions for no news", () => {
  const reader = new NewsReader();
  expect(reader.read(null, false)).toEqual({ added: [], unread: 0 });
  expect(reader.read(state("u1", "a1"), false)).toEqual({ added: [], unread: 0 });
  expect(reader.read(state("u0", "a0", "u1", "a1"), false)).toEqual({ added: [], unread: 0 });
  expect(reader.read({ ...state("u9", "a9"), session: { id: "ses_2", rev: 1 } }, false)).toEqual({ added: [], unread: 0 });
});
