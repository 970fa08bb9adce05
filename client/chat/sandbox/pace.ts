/** So many at once, and so many a second after that. */
export class Pace {
  readonly #burst: number;
  readonly #aSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  constructor(burst: number, aSecond: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#aSecond = aSecond;
    this.#now = now;
    this.#left = burst;
    this.#at = now();
  }

  /** Whether one more may pass now. */
  take(): boolean {
    const at = this.#now();
    this.#left = Math.min(this.#burst, this.#left + ((at - this.#at) / 1000) * this.#aSecond);
    this.#at = at;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
