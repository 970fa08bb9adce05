/**
 * What the loader and the page in its frame say to each other by `postMessage`. Neither side trusts the other: origin and
 * source are checked by whoever listens, the shape here.
 */
export type Context = Record<string, unknown>;

/** Host page to frame. `hello` comes first and names, by its origin, whom the frame answers. */
export type ToPage =
  | { type: "hello"; open: boolean; context: Context | null }
  | { type: "open" }
  | { type: "close" }
  | { type: "context"; context: Context | null };

/** Frame to host page. Nothing of the conversation itself crosses: a host may not read what its visitors write. */
export type ToHost =
  | { type: "ready" }
  | { type: "close" }
  | { type: "unread"; count: number }
  | { type: "message"; role: "user" | "assistant" };

const MARK = "opsloom.1";
/** A context rides in a frame of at most 256 KiB; a page's facts need far less. */
const CONTEXT_CHARS = 16_384;

export const wrap = (message: ToPage | ToHost): unknown => ({ opsloom: MARK, ...message });

export function readToPage(data: unknown): ToPage | null {
  const message = unwrap(data);
  if (message === null) return null;
  const { type, open, context } = message;
  if (type === "open" || type === "close") return { type };
  const read = readContext(context ?? null);
  if (read === undefined) return null;
  if (type === "context") return { type, context: read };
  return type === "hello" && typeof open === "boolean" ? { type, open, context: read } : null;
}

export function readToHost(data: unknown): ToHost | null {
  const message = unwrap(data);
  if (message === null) return null;
  const { type, count, role } = message;
  const isOne =
    type === "ready" ||
    type === "close" ||
    (type === "unread" && (count as number) >= 0) ||
    (type === "message" && (role === "user" || role === "assistant"));
  return isOne ? (message as ToHost) : null;
}

/** A plain JSON object of bounded size, copied; null stays null; undefined where it is neither. */
export function readContext(value: unknown): Context | null | undefined {
  if (value === null) return null;
  try {
    const text = JSON.stringify(value);
    return text.length <= CONTEXT_CHARS && text[0] === "{" ? JSON.parse(text) : undefined;
  } catch {
    return undefined; // what JSON has no words for
  }
}

function unwrap(data: unknown): Record<string, unknown> | null {
  const { opsloom, ...message } = Object(data) as Record<string, unknown>;
  return opsloom === MARK ? message : null;
}
