/** `/api/v1` with types: a small fetch client. Every failure is a `RestError` with words that are safe to show. */
import type { ErrorInfo } from "./chat-state";
import type { FileRef, Issue, Message } from "./frames.gen";

export class RestError extends Error {
  override name = "RestError";
  constructor(
    /** 0: the server was not reached. */
    readonly status: number,
    readonly info: ErrorInfo,
    readonly retryMs: number | null = null,
  ) {
    super(info.text);
  }
}

export interface RestOptions {
  /** The server's origin; "" for the page's own. */
  readonly server: string;
  /** A visitor's secret or an API key. */
  readonly bearer?: () => string | null;
  /** `same-origin` (the default) sends a signed-in person's cookie to the page's own server. */
  readonly credentials?: RequestCredentials;
  /** Goes along with whatever writes, where a cookie signs in. */
  readonly csrf?: () => string | null;
  readonly fetch?: typeof fetch | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface SessionRow {
  readonly id: string;
  readonly title: string | null;
  /** Its slug. */
  readonly assistant: string;
  readonly user: string;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass it as `cursor` to get what follows; null at the end. */
  readonly cursor: string | null;
}

export class Rest {
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return this.request<T>("GET", path, { query, signal });
  }
  post<T>(path: string, body?: unknown): Promise<T> {
    return this.request<T>("POST", path, { body });
  }
  patch<T>(path: string, body: unknown): Promise<T> {
    return this.request<T>("PATCH", path, { body });
  }
  delete(path: string): Promise<void> {
    return this.request<void>("DELETE", path, {});
  }

  /** Own conversations, newest first; `q` searches titles and texts. */
  sessions(query: { q?: string; limit?: number; cursor?: string | null; assistant?: string } = {}): Promise<Page<SessionRow>> {
    return this.get("sessions", query);
  }
  renameSession(session: string, title: string): Promise<SessionRow> {
    return this.patch(`sessions/${encodeURIComponent(session)}`, { title });
  }
  deleteSession(session: string): Promise<void> {
    return this.delete(`sessions/${encodeURIComponent(session)}`);
  }
  /** The messages before `before` on the path, oldest first. */
  messages(session: string, query: { before?: string; limit?: number } = {}): Promise<{ items: Message[]; more: boolean }> {
    return this.get(`sessions/${encodeURIComponent(session)}/messages`, query);
  }

  /** A file's bytes. The server gives them to whom they belong, as a download. */
  async download(file: string, signal?: AbortSignal): Promise<Blob> {
    const response = await this.#fetch("GET", `files/${encodeURIComponent(file)}`, undefined, undefined, signal);
    if (!response.ok) throw await failure(response);
    return response.blob();
  }
  /** Keep a file; a message or a form then names it by `id`. `via` may tell how far it has come. */
  upload(file: File, via?: typeof fetch): Promise<FileRef> {
    const body = new FormData();
    body.set("file", file);
    return this.request("POST", "files", { body, via });
  }

  /** `path` is below `/api/v1/`. A `FormData` body goes as it is, everything else as JSON. */
  async request<T>(
    method: string,
    path: string,
    { query, body, signal, via }: { query?: Query | undefined; body?: unknown; signal?: AbortSignal | undefined; via?: typeof fetch | undefined },
  ): Promise<T> {
    const response = await this.#fetch(method, path, query, body, signal, via);
    if (!response.ok) throw await failure(response);
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  async #fetch(method: string, path: string, query: Query | undefined, body: unknown, signal?: AbortSignal, via?: typeof fetch): Promise<Response> {
    const { server, bearer, csrf, credentials = "same-origin" } = this.#options;
    const headers = new Headers({ accept: "application/json" });
    const isForm = typeof FormData !== "undefined" && body instanceof FormData;
    if (body !== undefined && !isForm) headers.set("content-type", "application/json");
    const token = bearer?.() ?? null;
    if (token !== null) headers.set("authorization", `Bearer ${token}`);
    const csrfToken = method === "GET" ? null : (csrf?.() ?? null);
    if (csrfToken) headers.set("x-csrf-token", csrfToken);
    const send = via ?? this.#options.fetch ?? globalThis.fetch.bind(globalThis);
    try {
      return await send(`${server}/api/v1/${path}${search(query)}`, {
        method,
        headers,
        credentials,
        signal: signal ?? null,
        body: body === undefined ? null : isForm ? body : JSON.stringify(body),
      });
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      throw new RestError(0, { code: "unavailable", text: "The server cannot be reached." });
    }
  }
}

function search(query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([key, value]) => [key, String(value)]))}`;
}

const CODES: Readonly<Record<number, ErrorInfo["code"]>> = {
  401: "expired",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_long",
  422: "invalid",
  429: "rate_limited",
  503: "unavailable",
};

/** The server's own `{code, text, issues?}`, FastAPI's `detail`, or just the status of a proxy in between. */
async function failure(response: Response): Promise<RestError> {
  const body: unknown = await response.json().catch(() => null);
  const found = body as { code?: string; text?: string; issues?: Issue[]; retry_ms?: number; detail?: unknown } | null;
  const detail = found?.detail;
  const inner = typeof detail === "object" && detail !== null && !Array.isArray(detail) ? (detail as typeof found) : found;
  const issues = inner?.issues ?? (Array.isArray(detail) ? detail.map(issueOf) : undefined);
  const text =
    inner?.text ?? (typeof detail === "string" ? detail : issues?.[0]?.text) ?? `The server answered with status ${response.status}.`;
  const code = (inner?.code as ErrorInfo["code"] | undefined) ?? CODES[response.status] ?? "internal";
  const after = Number(response.headers.get("retry-after"));
  const retryMs = inner?.retry_ms ?? (after > 0 ? after * 1000 : null);
  return new RestError(response.status, issues === undefined ? { code, text } : { code, text, issues }, retryMs);
}

function issueOf(item: unknown): Issue {
  const { loc = [], msg = "invalid" } = item as { loc?: (string | number)[]; msg?: string };
  return { path: `/${loc.slice(1).join("/")}`, text: msg };
}
