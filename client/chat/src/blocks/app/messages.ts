/** JSON-RPC 2.0 as an app writes it: the shape is checked here, since an app may write anything. */
export type Id = string | number;

export type FromApp =
  | { kind: "request"; id: Id; method: string; params: Record<string, unknown> }
  | { kind: "notification"; method: string; params: Record<string, unknown> }
  | { kind: "answer"; id: Id };

/** Longest message, characters of JSON; `/sandbox` holds back what is longer, but is no part of this page. */
const MOST_CHARS = 65_536;

/** A message as text; null where it is none. */
export function readFromApp(data: unknown): FromApp | null {
  if (typeof data !== "string" || data.length > MOST_CHARS) return null;
  let message: unknown;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  if (!isRecord(message) || message["jsonrpc"] !== "2.0") return null;
  const { id, method, params } = message;
  const known = isId(id);
  if (typeof method !== "string") return known ? { kind: "answer", id } : null;
  if (id !== undefined && !known) return null;
  const given = params === undefined ? {} : isRecord(params) ? params : null;
  if (given === null || method.length > 100) return null;
  return known ? { kind: "request", id, method, params: given } : { kind: "notification", method, params: given };
}

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const isId = (value: unknown): value is Id => (typeof value === "string" && value.length <= 100) || (typeof value === "number" && Number.isFinite(value));

/** Codes of JSON-RPC, and the one for what a host declines. */
export const NO_SUCH_METHOD = -32601;
export const WRONG_PARAMS = -32602;
export const DECLINED = -32000;

export class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
