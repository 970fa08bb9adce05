/**
 * When to ask whether the link still stands, and when to stop believing in it. Pure: the clock is an argument (ms).
 *
 * A half-open link is never reported by the network: what is sent vanishes and nothing comes. So silence is measured,
 * and where something ought to come, an answer that runs or a reply that is owed, it is not borne for long.
 */

/** What is expected: nothing, a reply, or frames of a running answer. */
export type Expecting = "nothing" | "reply" | "answer";

/**
 * - `fine`: nothing to do
 * - `ping`: send one now; anything that is heard counts as its pong
 * - `dead`: give the link up
 * - `ask`: the link stands but an answer that should run stands still: ask the server where it is
 */
export type Verdict = "fine" | "ping" | "dead" | "ask";

/** How often `look` wants to be called. */
export const LOOK_EVERY_MS = 1_000;
/** Home routers drop a silent connection after about a minute; 25 s leaves one lost ping of room. */
const IDLE = { after: 25_000, within: 10_000 };
/** A server that works on something says so every few tenths of a second; 7 s in all, and a person still waits. */
const BUSY = { after: 4_000, within: 3_000 };
/** After waking up the link is either there at once or gone. */
const WAKE_WITHIN_MS = 3_000;
/** Each link that was given up doubles the patience with the next: a snapshot on a slow line is silence, too. */
const MOST_PATIENCE_MS = 30_000;
/** `look` was not called for so long: this device slept, or the tab was frozen or throttled. */
const SLEPT_AFTER_MS = 5_000;
/** A tool may run silently for minutes; asking costs one small frame each way. */
const ASK_AFTER_MS = 20_000;

export class Watchdog {
  #heardAt = 0;
  #newsAt = 0;
  #lookedAt = 0;
  #pingAt: number | null = null;
  #within = 0;
  #strikes = 0;
  /** The last look found a ping unanswered over a sleep; a second one is no excuse. */
  #excused = false;

  /** A new link has been attached. */
  begin(now: number): void {
    this.#heardAt = this.#newsAt = this.#lookedAt = now;
    this.#pingAt = null;
    this.#excused = false;
  }

  /** Something came; `news` is everything but a pong. */
  heard(now: number, news: boolean): void {
    this.#heardAt = now;
    if (news) this.#newsAt = now;
    if (this.#pingAt !== null) this.#strikes = 0;
    this.#pingAt = null;
    this.#excused = false;
  }

  look(now: number, expecting: Expecting): Verdict {
    const slept = now - this.#lookedAt >= SLEPT_AFTER_MS;
    this.#lookedAt = now;
    if (slept) return this.#wakeUp(now);
    if (this.#pingAt !== null) return now - this.#pingAt >= this.#within ? this.#dead() : "fine";
    const { after, within } = expecting === "nothing" ? IDLE : BUSY;
    if (now - this.#heardAt >= after) return this.#ping(now, within);
    if (expecting === "answer" && now - this.#newsAt >= ASK_AFTER_MS) {
      this.#newsAt = now;
      return "ask";
    }
    return "fine";
  }

  /** The device or the tab woke up: look at once, and believe nothing from before. */
  woke(now: number): Verdict {
    this.#lookedAt = now;
    return this.#ping(now, WAKE_WITHIN_MS);
  }

  /** A frozen tab's pong may stand in line behind this very timer, so a ping from before the sleep is asked again, once. */
  #wakeUp(now: number): Verdict {
    if (this.#pingAt !== null && this.#excused) return this.#dead();
    this.#excused = this.#pingAt !== null;
    return this.#ping(now, WAKE_WITHIN_MS);
  }

  #ping(now: number, within: number): Verdict {
    this.#pingAt = now;
    this.#within = Math.min(MOST_PATIENCE_MS, within * 2 ** this.#strikes);
    return "ping";
  }

  #dead(): Verdict {
    this.#strikes += 1;
    this.#pingAt = null;
    return "dead";
  }
}
