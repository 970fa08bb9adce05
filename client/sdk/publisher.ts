/** When to tell the views: at once, or, while text streams, at most every 50 ms and then in an animation frame. */
const PAINT_EVERY_MS = 50;

export class Publisher {
  readonly #publish: () => void;
  #lastAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame: number | undefined;

  constructor(publish: () => void) {
    this.#publish = publish;
  }

  now(): void {
    this.cancel();
    this.#lastAt = Date.now();
    this.#publish();
  }

  soon(): void {
    if (this.#timer !== undefined || this.#frame !== undefined) return;
    this.#timer = setTimeout(() => this.#inFrame(), Math.max(0, PAINT_EVERY_MS - (Date.now() - this.#lastAt)));
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
  }

  #inFrame(): void {
    this.#timer = undefined;
    // A hidden page gets no animation frames; its state must not stand still, a badge may hang on it.
    if (typeof requestAnimationFrame === "undefined" || globalThis.document?.visibilityState === "hidden") this.now();
    else this.#frame = requestAnimationFrame(() => this.now());
  }
}
