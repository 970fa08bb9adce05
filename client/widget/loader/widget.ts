/** The floating chat on somebody else's page: a button and a frame in a closed shadow root, and nothing else of the host. */
import { readContext, readToHost, wrap, type Context, type ToPage } from "../messages";
import { DOWN, icon, make, SPEECH } from "./element";
import { LOOKS } from "./sheet";

export interface WidgetOptions {
  /** Where this script came from, with a slash at the end. */
  readonly base: URL;
  readonly assistant: string;
  /** The button's name for those who hear it. */
  readonly label: string;
  readonly start: boolean;
  readonly accent: string | undefined;
  /** Called when the widget was taken away. */
  readonly forget: () => void;
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

/** What the host page may do; each function stands by itself. */
export interface Widget {
  open: () => void;
  close: () => void;
  toggle: () => void;
  /** Returns the way to end it. */
  on: <E extends keyof WidgetEvents>(event: E, listener: Listener<E>) => () => void;
  /** What the assistant may know about this page: a plain object, at most 16 KiB as JSON. Throws TypeError for others. */
  setContext: (context: Context | null) => void;
  destroy: () => void;
}

const SANDBOX = "allow-scripts allow-forms allow-popups allow-same-origin";
/** A frame that has said nothing for so long is not going to; on a slow phone the page takes 3 s. */
const LATE_AFTER_MS = 12_000;
/** What loaded and does not answer is no chat: an error page, or a frame that its policy forbids here. */
const ANSWERS_WITHIN_MS = 2_000;

/** A closure and not a class: a minifier shortens its names, and this file is fetched by every page of a host (a sixth less). */
export function makeWidget({ base, assistant, label, start, accent, forget }: WidgetOptions): Widget {
  const told = new EventTarget();
  const gone = new AbortController();
  const key = `opsloom.open.${assistant}`;
  let frame: HTMLIFrameElement | null = null;
  let lateTimer: ReturnType<typeof setTimeout> | undefined;
  let held: Context | null = null;
  let isOpen = false;
  let isLoaded = false;
  let isReady = false;
  let unread = 0;

  const again = make("button", {}, "Retry");
  const panel = make(
    "div",
    { class: "panel", role: "dialog", "aria-label": label },
    make("div", { class: "note", role: "status" }, "The chat cannot be reached.", again),
  );
  // What is in the button is not read out: its label says it all.
  const badge = make("span", { class: "badge" });
  const launch = make("button", { class: "launch" }, icon(SPEECH), icon(DOWN), badge);
  const root = make("div", { class: start ? "root start" : "root" }, panel, launch);
  const host = make("opsloom-widget" as "div");
  if (accent !== undefined && CSS.supports("color", accent)) root.style.setProperty("--accent", accent);
  const shadow = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(LOOKS);
  shadow.adoptedStyleSheets = [sheet];
  shadow.append(root);

  const hear = (target: EventTarget | null, type: string, heard: (event: never) => void): void =>
    target?.addEventListener(type, heard as (event: Event) => void, gone);
  const hasFocus = (): boolean => document.activeElement === host;

  // A listener that throws is the host's own mistake: shown where the host looks, and the widget goes on.
  const tell = <E extends keyof WidgetEvents>(event: E, detail: WidgetEvents[E]): boolean => told.dispatchEvent(new CustomEvent(event, { detail }));

  /** Until the frame has loaded it holds another origin's empty page; `hello` then says how things stand. */
  const post = (message: ToPage): void => {
    if (isLoaded) frame?.contentWindow?.postMessage(wrap(message), base.origin);
  };

  const lateAfter = (ms: number): void => {
    clearTimeout(lateTimer);
    lateTimer = setTimeout(() => root.classList.add("late"), ms);
  };

  const load = (): void => {
    frame?.remove();
    isReady = isLoaded = false;
    root.classList.remove("ready", "late");
    frame = make("iframe", { title: label, sandbox: SANDBOX, allow: "clipboard-write" });
    frame.src = new URL(`embed/${encodeURIComponent(assistant)}`, base).href;
    frame.onload = () => {
      isLoaded = true;
      post({ type: "hello", open: isOpen, context: held });
      if (!isReady) lateAfter(ANSWERS_WITHIN_MS);
    };
    panel.append(frame);
    lateAfter(LATE_AFTER_MS);
  };

  const describe = (): void => {
    badge.textContent = isOpen || !unread ? "" : `${unread}`;
    launch.ariaLabel = isOpen ? `Close: ${label}` : unread ? `${label}, ${unread} unread` : label;
    launch.ariaExpanded = `${isOpen}`;
  };

  /** Whether it was open when the page was left: a tab's own memory, not the visitor's. Blocked storage: it was not. */
  const kept = (next?: boolean): string | undefined => {
    try {
      if (next) sessionStorage[key] = 1;
      else if (next === false) delete sessionStorage[key];
      return sessionStorage[key];
    } catch {
      return undefined;
    }
  };

  /** On a phone the keyboard takes half of the screen; what is visible is the panel's, where it fills the screen. */
  const fit = (): void => {
    if (visualViewport) panel.style.cssText = `--top:${visualViewport.offsetTop}px;--height:${visualViewport.height}px`;
  };

  const turn = (type: "open" | "close"): void => {
    isOpen = type === "open";
    root.classList.toggle("open", isOpen);
    kept(isOpen);
    describe();
    post({ type });
    tell(type, undefined);
  };

  const open = (): void => {
    if (isOpen) return;
    if (frame === null) load();
    turn("open");
    fit();
    if (isReady) frame?.focus();
  };

  const close = (): void => {
    if (!isOpen) return;
    const hadFocus = hasFocus();
    turn("close");
    if (hadFocus) launch.focus();
  };

  const toggle = (): void => (isOpen ? close() : open());

  const receive = ({ data, origin, source }: MessageEvent): void => {
    if (origin !== base.origin || source === null || source !== frame?.contentWindow) return;
    const message = readToHost(data);
    if (message?.type === "close") close();
    else if (message?.type === "message") tell("message", message.role);
    else if (message?.type === "unread") {
      unread = message.count;
      describe();
      tell("unread", unread);
    } else if (message?.type === "ready" && !isReady) {
      isReady = true;
      root.classList.add("ready"); // and `late`, should it still come, says nothing
      // Only now is there something in the frame to take the focus; unless the person went elsewhere meanwhile.
      if (isOpen && hasFocus()) frame.focus();
      tell("ready", undefined);
    }
  };

  hear(again, "click", load);
  hear(launch, "click", toggle);
  hear(root, "keydown", ({ key }: KeyboardEvent) => key === "Escape" && close());
  hear(window, "message", receive);
  for (const type of ["resize", "scroll"]) hear(visualViewport, type, fit);

  // Beside <body>, not in it: page frameworks swap the body, and a frame that is moved loads anew.
  const page = document.documentElement;
  const attach = (): void => {
    if (!host.isConnected) page.append(host);
  };
  const keeper = new MutationObserver(attach);
  attach();
  keeper.observe(page, { childList: true });
  describe();
  if (kept()) open();

  return {
    open,
    close,
    toggle,
    on: (event, listener) => {
      const heard = ({ detail }: CustomEvent): void => listener(detail as never);
      hear(told, event, heard);
      return () => told.removeEventListener(event, heard as EventListener);
    },
    setContext: (context) => {
      const read = readContext(context);
      if (read === undefined) throw new TypeError("Opsloom: no plain object, or over 16 KiB");
      held = read;
      post({ type: "context", context: read });
    },
    destroy: () => {
      gone.abort();
      keeper.disconnect();
      kept(false);
      host.remove();
      forget();
    },
  };
}
