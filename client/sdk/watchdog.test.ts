import { describe, expect, it } from "vitest";
import { Watchdog, type Expecting, type Verdict } from "./watchdog";

/** Looks once a second until a verdict other than `fine`; the second of it. */
function next(dog: Watchdog, from: number, expecting: Expecting, seconds = 120): [number, Verdict] {
  for (let second = from + 1; second <= from + seconds; second += 1) {
    const verdict = dog.look(second * 1000, expecting);
    if (verdict !== "fine") return [second, verdict];
  }
  return [Infinity, "fine"];
}

function attached(): Watchdog {
  const dog = new Watchdog();
  dog.begin(0);
  return dog;
}

describe("a silent link", () => {
  it.each([
    ["nothing", 25, 35],
    ["reply", 4, 7],
    ["answer", 4, 7],
  ] as const)("where %s is expected is asked after %d s and given up after %d s", (expecting, asked, dead) => {
    const dog = attached();
    expect(next(dog, 0, expecting)).toEqual([asked, "ping"]);
    expect(next(dog, asked, expecting)).toEqual([dead, "dead"]);
  });

  it("stands again with anything that is heard", () => {
    const dog = attached();
    expect(next(dog, 0, "answer")).toEqual([4, "ping"]);
    dog.heard(6_500, false);
    expect(next(dog, 6, "answer")).toEqual([11, "ping"]);
  });

  it("is borne longer after each that was given up, until one answers", () => {
    const dog = attached();
    const waits = [7, 10, 16, 28, 34, 34].map((most) => {
      dog.begin(0);
      next(dog, 0, "answer");
      return [next(dog, 4, "answer")[0], most];
    });
    for (const [waited, most] of waits) expect(waited).toBe(most);
    dog.begin(0);
    next(dog, 0, "answer");
    dog.heard(5_000, false);
    next(dog, 5, "answer");
    expect(next(dog, 9, "answer")).toEqual([12, "dead"]);
  });
});

describe("a device that slept", () => {
  it("asks at once, and for 3 s", () => {
    const dog = attached();
    expect(dog.look(1_000, "nothing")).toBe("fine");
    expect(dog.look(3_600_000, "nothing")).toBe("ping");
    expect(next(dog, 3_600, "nothing")).toEqual([3_603, "dead"]);
  });

  it("is told by the page before its timers run", () => {
    const dog = attached();
    expect(dog.woke(60_000)).toBe("ping");
    dog.heard(60_100, false);
    expect(next(dog, 60, "nothing")).toEqual([86, "ping"]);
  });

  it("does not hold a ping from before the sleep against the link, but one from each of two sleeps", () => {
    const dog = attached();
    expect(next(dog, 0, "answer")).toEqual([4, "ping"]);
    expect(dog.look(600_000, "answer")).toBe("ping");
    dog.heard(600_100, true);
    expect(dog.look(700_000, "answer")).toBe("ping");
    expect(dog.look(760_000, "answer")).toBe("ping");
    expect(dog.look(820_000, "answer")).toBe("dead");
  });
});

it("an answer that stands still over a good link is asked after every 20 s", () => {
  const dog = attached();
  const asked: number[] = [];
  for (let second = 1; second <= 50; second += 1) {
    const verdict = dog.look(second * 1000, "answer");
    if (verdict === "ping") dog.heard(second * 1000 + 10, false);
    if (verdict === "ask") asked.push(second);
  }
  expect(asked.length).toBe(2);
  expect(asked[0]).toBeGreaterThanOrEqual(20);
  expect(asked[0]).toBeLessThanOrEqual(22);
});
