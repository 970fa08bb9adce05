import { describe, expect, it } from "vitest";
import type { ServerFrame } from "./frames.gen";
import { Misfit } from "./misfit";
import { apply, emptyState, type State } from "./reducer";

type Step = { frame: ServerFrame; state: State } | { frame: ServerFrame; gap: true };
interface Fixture {
  name: string;
  about: string;
  start: State | null;
  steps: Step[];
}

const FIXTURES = Object.values(
  import.meta.glob<Fixture>("../../protocol/fixtures/*.json", { eager: true, import: "default" }),
);

/** Frames and states are shared between views: whoever writes into one would be seen here. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

describe("the conversations that every client passes", () => {
  it("has them", () => expect(FIXTURES.length).toBeGreaterThan(10));

  it.each(FIXTURES)("$name: $about", ({ start, steps }) => {
    let state = frozen(start ?? emptyState({ id: "", rev: 0 }));
    for (const step of steps) {
      if ("gap" in step) {
        expect(() => apply(state, frozen(step.frame))).toThrow(Misfit);
      } else {
        state = frozen(apply(state, frozen(step.frame)));
        expect(state).toEqual(step.state);
        const isSnapshot = step.frame.type === "snapshot";
        if (!isSnapshot) expect(apply(state, step.frame), "a repeated frame changes nothing").toBe(state);
      }
    }
  });
});

describe("structural sharing", () => {
  it("leaves what a delta does not touch as it is", () => {
    const first = FIXTURES.find((fixture) => fixture.name === "two-turns");
    let state = emptyState({ id: "", rev: 0 });
    for (const { frame } of first?.steps ?? []) {
      const before = state;
      state = apply(before, frame);
      if (frame.type === "text.delta") {
        expect(state.messages).toBe(before.messages);
        expect(state.session).toBe(before.session);
      }
    }
  });

  it("skips frames of types it does not know", () => {
    const state = emptyState({ id: "ses_1", rev: 0 });
    expect(apply(state, { type: "from.the.future", rev: 1 } as unknown as ServerFrame)).toBe(state);
  });
});
