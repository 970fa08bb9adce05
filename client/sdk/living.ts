/**
 * Which pages of this origin still live. What a page wrote before it knew its session waits under the assistant's name,
 * where every new page looks; only one may send it, and that is its writer as long as there is one.
 *
 * A page holds a lock while it is alive; the browser lets go of it however the page ends. Where there are no locks (plain
 * http other than loopback) every other page counts as gone.
 */
import { newRef } from "./ids";

/** A page that reloads holds its lock for a few milliseconds more while the next one begins. */
const GONE_WITHIN_MS = 500;

const nameOf = (page: string): string => `opsloom.page.${page}`;
const locksHere = (): LockManager | undefined => (globalThis as { navigator?: Partial<Navigator> }).navigator?.locks;

export class LivingPage {
  readonly id = newRef();
  #release: (() => void) | null = null;

  constructor() {
    this.#hold();
    if (typeof window === "undefined") return;
    // A page that holds a lock may not be kept in the back-forward cache.
    window.addEventListener("pagehide", () => this.#release?.());
    window.addEventListener("pageshow", () => this.#hold());
  }

  /** Whether that page is no more. */
  async isGone(page: string | undefined): Promise<boolean> {
    const locks = locksHere();
    if (page === undefined || page === this.id || locks === undefined) return true;
    try {
      await locks.request(nameOf(page), { signal: AbortSignal.timeout(GONE_WITHIN_MS) }, () => undefined);
      return true;
    } catch (error) {
      return !(error instanceof DOMException && ["AbortError", "TimeoutError"].includes(error.name)); // else locks are blocked
    }
  }

  #hold(): void {
    if (this.#release !== null) return;
    const held = new Promise<void>((resolve) => {
      this.#release = () => {
        this.#release = null;
        resolve();
      };
    });
    void locksHere()?.request(nameOf(this.id), () => held).catch(() => undefined);
  }
}
