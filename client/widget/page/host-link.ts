/** The frame's end of the line to the host page. The first valid `hello` pins the origin that is answered from then on. */
import { readToPage, wrap, type ToHost, type ToPage } from "../messages";

export class HostLink {
  readonly #listener: (message: ToPage) => void;
  #origin: string | null = null;

  constructor(listener: (message: ToPage) => void) {
    this.#listener = listener;
    addEventListener("message", this.#receive);
  }

  /** Whether there is a host page at all; `/embed/…` may also be opened by itself. */
  get framed(): boolean {
    return window.parent !== window;
  }

  /** Before the host has said `hello` there is nobody to tell. */
  post(message: ToHost): void {
    if (this.#origin !== null) window.parent.postMessage(wrap(message), this.#origin);
  }

  close(): void {
    removeEventListener("message", this.#receive);
  }

  readonly #receive = ({ data, origin, source }: MessageEvent): void => {
    // "null" is every sandboxed or local document's origin, so it names nobody.
    if (!this.framed || source !== window.parent || origin === "null") return;
    if (this.#origin !== null && origin !== this.#origin) return;
    const message = readToPage(data);
    if (message === null || (this.#origin === null && message.type !== "hello")) return;
    this.#origin = origin;
    this.#listener(message);
  };
}
