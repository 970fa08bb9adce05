/** The floating chat on somebody else's page: a button and a frame in a closed shadow root, and nothing else of the host. */
import { readContext, readToHost, wrap, type Context, type ToPage } from "../messages";
import { DOWN, icon, make, SPEECH } from "./element";
import { makeSheet } from "./sheet";

export interface WidgetOptions {
  /** Where this script came from, with a slash at the end. */
  readonly base: URL;
  readonly assistant: string;
  /** The button's name for those who hear it. */
  readonly label: string;
  readonly start: boolean;
  readonly accent: string | undefined;
}

export interface WidgetEvents {
  ready: undefined;
  open: undefined;
  close: undefined;
  /** How many answers came while the panel was closed. */
  unread: number;
  /** A message was added, and whose; never its text. */
  message: "user" | "assistant";
}

type Listener<E extends keyof WidgetEvents> = (detail: WidgetEvents[E]) => void;

const SANDBOX = "allow-scripts allow-forms allow-popups allow-same-origin";
/** A frame that has said nothing for so long is not going to; on a slow phone the page takes 3 s. */
const LATE_AFTER_MS = 12_000;
/** What loaded and does not answer is no chat: an error page, or a frame that its policy forbids here. */
const ANSWERS_WITHIN_MS = 2_000;
const NARROW = "(max-width: 639.9px)";

export class Widget {
  readonly #options: WidgetOptions;
  readonly #host = document.createElement("opsloom-widget");
  readonly #root: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #launch: HTMLButtonElement;
  readonly #badge = make("span", { class: "badge", "aria-hidden": "true" });
  readonly #listeners = new Map<string, Set<(detail: never) => void>>();
  readonly #gone = new AbortController();
  readonly #keeper: MutationObserver;
  #frame: HTMLIFrameElement | null = null;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  #context: Context | null = null;
  #isOpen = false;
  #loaded = false;
  #ready = false;
  #unread = 0;

  constructor(options: WidgetOptions) {
    this.#options = options;
    const again = make("button", { type: "button" }, "Try again");
    this.#panel = make(
      "div",
      { class: "panel", role: "dialog", "aria-label": options.label },
      make("div", { class: "note", role: "status" }, "The chat cannot be reached right now.", again),
    );
    this.#launch = make("button", { type: "button", class: "launch" }, icon(SPEECH), icon(DOWN), this.#badge);
    this.#root = make("div", { class: options.start ? "root start" : "root" }, this.#panel, this.#launch);
    if (options.accent !== undefined && CSS.supports("color", options.accent)) {
      this.#root.style.setProperty("--accent", options.accent);
    }

    const shadow = this.#host.attachShadow({ mode: "closed" });
    shadow.adoptedStyleSheets = [makeSheet()];
    shadow.append(this.#root);

    const { signal } = this.#gone;
    again.addEventListener("click", () => this.#load(), { signal });
    this.#launch.addEventListener("click", this.toggle, { signal });
    this.#root.addEventListener("keydown", (event) => event.key === "Escape" && this.close(), { signal });
    addEventListener("message", (event) => this.#receive(event), { signal });
    for (const type of ["resize", "scroll"]) visualViewport?.addEventListener(type, () => this.#fit(), { signal });

    // Beside <body>, not in it: page frameworks swap the body, and a frame that is moved loads anew.
    this.#keeper = new MutationObserver(() => this.#attach());
    this.#attach();
    this.#keeper.observe(document.documentElement, { childList: true });
    this.#describe();
    if (this.#remembered()) this.open();
  }

  readonly open = (): void => {
    if (this.#isOpen) return;
    this.#isOpen = true;
    if (this.#frame === null) this.#load();
    // Physical, because a transform's origin is; the host may be written from right to left.
    const { left, right } = this.#launch.getBoundingClientRect();
    this.#root.classList.toggle("left", left + right < innerWidth);
    this.#fit();
    this.#changed("open");
    if (this.#ready) this.#frame?.focus();
  };

  readonly close = (): void => {
    if (!this.#isOpen) return;
    const hadFocus = document.activeElement === this.#host;
    this.#isOpen = false;
    this.#changed("close");
    if (hadFocus) this.#launch.focus();
  };

  readonly toggle = (): void => (this.#isOpen ? this.close() : this.open());

  /** Returns the way to end it. */
  readonly on = <E extends keyof WidgetEvents>(event: E, listener: Listener<E>): (() => void) => {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  };

  /** What the assistant may know about this page: a plain object, at most 16 KiB as JSON. Throws TypeError for others. */
  readonly setContext = (context: Context | null): void => {
    const read = readContext(context);
    if (read === undefined) throw new TypeError("Opsloom.setContext takes a plain object of at most 16 KiB, or null");
    this.#context = read;
    this.#post({ type: "context", context: read });
  };

  readonly destroy = (): void => {
    this.#gone.abort();
    this.#keeper.disconnect();
    clearTimeout(this.#lateTimer);
    this.#isOpen = false;
    this.#remember();
    this.#listeners.clear();
    this.#host.remove();
  };

  #attach(): void {
    if (!this.#host.isConnected) document.documentElement.append(this.#host);
  }

  #load(): void {
    const { base, assistant, label } = this.#options;
    this.#frame?.remove();
    this.#ready = this.#loaded = false;
    this.#root.classList.remove("ready", "late");
    const frame = make("iframe", { title: label, sandbox: SANDBOX, allow: "clipboard-write" });
    frame.src = new URL(`embed/${encodeURIComponent(assistant)}`, base).href;
    frame.addEventListener("load", () => {
      this.#loaded = true;
      this.#post({ type: "hello", open: this.#isOpen, context: this.#context });
      if (!this.#ready) this.#lateAfter(ANSWERS_WITHIN_MS);
    });
    this.#frame = frame;
    this.#panel.append(frame);
    this.#lateAfter(LATE_AFTER_MS);
  }

  #lateAfter(ms: number): void {
    clearTimeout(this.#lateTimer);
    this.#lateTimer = setTimeout(() => this.#root.classList.add("late"), ms);
  }

  /** Until the frame has loaded it holds another origin's empty page; `hello` then says how things stand. */
  #post(message: ToPage): void {
    if (this.#loaded) this.#frame?.contentWindow?.postMessage(wrap(message), this.#options.base.origin);
  }

  #receive({ data, origin, source }: MessageEvent): void {
    if (origin !== this.#options.base.origin || source === null || source !== this.#frame?.contentWindow) return;
    const message = readToHost(data);
    if (message?.type === "close") this.close();
    else if (message?.type === "message") this.#tell("message", message.role);
    else if (message?.type === "unread") {
      this.#unread = message.count;
      this.#describe();
      this.#tell("unread", message.count);
    } else if (message?.type === "ready" && !this.#ready) {
      this.#ready = true;
      this.#root.classList.add("ready");
      clearTimeout(this.#lateTimer);
      // Only now is there something in the frame to take the focus; unless the person went elsewhere meanwhile.
      if (this.#isOpen && document.activeElement === this.#host) this.#frame?.focus();
      this.#tell("ready", undefined);
    }
  }

  #changed(type: "open" | "close"): void {
    this.#root.classList.toggle("open", this.#isOpen);
    this.#remember();
    this.#describe();
    this.#post({ type });
    this.#tell(type, undefined);
  }

  #describe(): void {
    const { label } = this.#options;
    this.#badge.textContent = this.#isOpen || this.#unread === 0 ? "" : this.#unread > 9 ? "9+" : String(this.#unread);
    const unread = this.#badge.textContent === "" ? "" : `, ${this.#unread} unread`;
    this.#launch.setAttribute("aria-label", this.#isOpen ? `Close: ${label}` : label + unread);
    this.#launch.setAttribute("aria-expanded", String(this.#isOpen));
  }

  /** On a phone the keyboard takes half of the screen; what is visible is the panel's. */
  #fit(): void {
    const viewport = visualViewport;
    if (!this.#isOpen || viewport === null || !matchMedia(NARROW).matches) return;
    this.#panel.style.setProperty("--top", `${viewport.offsetTop}px`);
    this.#panel.style.setProperty("--height", `${viewport.height}px`);
  }

  #tell<E extends keyof WidgetEvents>(event: E, detail: WidgetEvents[E]): void {
    this.#listeners.get(event)?.forEach((listener) => {
      try {
        (listener as Listener<E>)(detail);
      } catch (error) {
        reportError(error); // the host's own mistake, shown where the host looks; the widget goes on
      }
    });
  }

  /** Whether it was open when the page was left; a tab's own memory, not the visitor's. */
  #remembered(): boolean {
    try {
      return sessionStorage.getItem(this.#key) === "1";
    } catch {
      return false;
    }
  }

  #remember(): void {
    try {
      if (this.#isOpen) sessionStorage.setItem(this.#key, "1");
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Storage is blocked: the panel starts closed on the next page.
    }
  }

  get #key(): string {
    return `opsloom.open.${this.#options.assistant}`;
  }
}
