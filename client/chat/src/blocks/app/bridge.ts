/**
 * The host's end of the line to an app, as MCP Apps (2026-01-26) has it: JSON-RPC over `postMessage`, through `/sandbox`.
 * It knows no React and no window: text comes in by `receive`, objects go out by `send`.
 *
 * An app that came from an MCP server would call its tools and read its resources: such a host adds `tools/call` and
 * `resources/read` to `#methods`, and `serverTools` and `serverResources` to what it says it can.
 */
import type { Resource } from "../../../sandbox/page";
import { Pace } from "../../../sandbox/pace";
import { safeHref } from "../../markdown/links";
import { DECLINED, isRecord, NO_SUCH_METHOD, readFromApp, Refused, WRONG_PARAMS, type Id } from "./messages";
import type { HostContext } from "./hostContext";

const PROTOCOL = "2026-01-26";
const NOTIFY = "ui/notifications/";
/** Requests of an app: so many at once, and so many a second. */
const BURST = 20;
const A_SECOND = 5;
/** Longest draft that an app may write, characters. */
const DRAFT_CHARS = 4_000;
/** ms that an app has to put its things away before another takes its place. */
const TEARDOWN_MS = 500;

export interface Wires {
  send: (message: Record<string, unknown>) => void;
  context: () => HostContext;
  /** px that the page wants to be tall. */
  resize: (height: number) => void;
  /** Whether the person agreed. */
  openLink: (url: string) => Promise<boolean>;
  /** Whether the text stands in the composer now. */
  draft: (text: string) => boolean;
}

export interface Told {
  data: Record<string, unknown>;
  words: string;
}

type Method = (params: Record<string, unknown>) => unknown;

export class Bridge {
  readonly #wires: Wires;
  readonly #pace: Pace;
  #told: Told = { data: {}, words: "" };
  #resource: Resource | null = null;
  #phase: "waiting" | "loaded" | "initialized" = "waiting";
  #saysHeight = false;
  #leaving: { id: Id; left: () => void } | null = null;
  #count = 0;

  constructor(wires: Wires, now?: () => number) {
    this.#wires = wires;
    this.#pace = new Pace(BURST, A_SECOND, now);
  }

  get ready(): boolean {
    return this.#phase !== "waiting";
  }

  /** The app's page; another one takes its place when it has put its things away. */
  async load(resource: Resource): Promise<void> {
    const before = this.#resource;
    this.#resource = resource;
    if (this.#phase === "waiting") return;
    if (before !== null && this.#phase === "initialized") await this.#leave();
    if (this.#resource === resource) this.#show(resource);
  }

  tell(told: Told): void {
    this.#told = told;
    if (this.#phase === "initialized") this.#result();
  }

  contextChanged(changed: Partial<HostContext>): void {
    if (this.#phase !== "waiting") this.#notify("host-context-changed", { ...changed });
  }

  receive(data: unknown): void {
    const message = readFromApp(data);
    if (message === null) return;
    if (message.kind === "answer") {
      if (message.id === this.#leaving?.id) this.#leaving.left();
    } else if (message.kind === "notification") {
      this.#notified(message.method, message.params);
    } else {
      void this.#answer(message.id, message.method, message.params);
    }
  }

  #notified(method: string, params: Record<string, unknown>): void {
    if (method === `${NOTIFY}sandbox-proxy-ready` && this.#phase === "waiting") {
      this.#phase = "loaded";
      if (this.#resource) this.#show(this.#resource);
    } else if (method === `${NOTIFY}initialized` && this.#phase === "loaded") {
      this.#phase = "initialized";
      this.#notify("tool-input", { arguments: this.#told.data });
      this.#result();
    } else if (method === `${NOTIFY}size-changed`) {
      this.#sized(params);
    }
  }

  /** What the app says of its height goes before what was measured. */
  #sized({ height, measured }: Record<string, unknown>): void {
    if (typeof height !== "number" || !Number.isFinite(height) || height <= 0) return;
    if (measured === true && this.#saysHeight) return;
    if (measured !== true) this.#saysHeight = true;
    this.#wires.resize(height);
  }

  async #answer(id: Id, method: string, params: Record<string, unknown>): Promise<void> {
    const page = this.#resource;
    let reply: Record<string, unknown>;
    try {
      if (!this.#pace.take()) throw new Refused(DECLINED, "Too many requests; try again shortly.");
      const known = Object.hasOwn(this.#methods, method) ? this.#methods[method] : undefined;
      if (!known) throw new Refused(NO_SUCH_METHOD, `This host has no method ${method}.`);
      reply = { result: (await known(params)) ?? {} };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reply = { error: { code: error.code, message: error.message } };
    }
    if (page === this.#resource) this.#wires.send({ jsonrpc: "2.0", id, ...reply }); // another page never asked
  }

  readonly #methods: Readonly<Record<string, Method>> = {
    ping: () => ({}),
    "ui/initialize": () => ({
      protocolVersion: PROTOCOL,
      hostInfo: { name: "opsloom", version: "0.1.0" },
      hostCapabilities: { openLinks: {}, sandbox: { csp: this.#resource?.csp ?? {} } },
      hostContext: this.#wires.context(),
    }),
    "ui/request-display-mode": () => ({ mode: "inline" }),
    "ui/open-link": async ({ url }) => {
      const href = typeof url === "string" ? safeHref(url) : null;
      if (!href) throw new Refused(WRONG_PARAMS, "This is no address that may be opened.");
      if (!(await this.#wires.openLink(href))) throw new Refused(DECLINED, "The person did not open it.");
    },
    "ui/message": ({ content }) => {
      const text = draftOf(content);
      if (text === null) throw new Refused(WRONG_PARAMS, `A text of at most ${DRAFT_CHARS} characters is expected.`);
      if (!this.#wires.draft(text)) throw new Refused(DECLINED, "Nothing is written for a person who is not here.");
    },
  };

  #show(resource: Resource): void {
    this.#phase = "loaded";
    this.#saysHeight = false;
    this.#notify("sandbox-resource-ready", { ...resource });
  }

  #result(): void {
    const { data, words } = this.#told;
    this.#notify("tool-result", { content: [{ type: "text", text: words }], structuredContent: data });
  }

  #leave(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, TEARDOWN_MS);
      const left = (): void => (clearTimeout(timer), done());
      const id = `host-${++this.#count}`;
      this.#leaving = { id, left };
      this.#wires.send({ jsonrpc: "2.0", id, method: "ui/resource-teardown", params: { reason: "Another page takes its place." } });
    });
  }

  #notify(method: string, params: Record<string, unknown>): void {
    this.#wires.send({ jsonrpc: "2.0", method: NOTIFY + method, params });
  }
}

/** The texts of a message's content, one block or a list of them; null where there is none, or too much. */
function draftOf(content: unknown): string | null {
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  const texts = blocks.map((block) => (isRecord(block) && block["type"] === "text" && typeof block["text"] === "string" ? block["text"] : ""));
  const text = texts.join("\n").trim();
  return text && text.length <= DRAFT_CHARS ? text : null;
}
