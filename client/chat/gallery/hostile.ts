/** Data whose every text is one that wants more than to be read. */
import { PAYLOADS } from "../src/markdown/payloads";

/** Texts that are no words but choose something; with another they would not be valid, and would say nothing. An app's
 * `html` is code by its nature: what it may not do is the business of its frame, and of the tests of that. */
const NAMES = new Set(["kind", "type", "status", "tone", "direction", "good", "align", "key", "name", "id", "file", "poster", "captions", "change_unit", "html", "connect", "resources", "currency"]);

/** The texts replaced by the payloads from `round` on, one after another, so that in `PAYLOADS.length` rounds each text was each of them. */
export function hostile(data: unknown, round: number): unknown {
  let next = round;
  const walk = (value: unknown, name: string): unknown => {
    if (typeof value === "string") return NAMES.has(name) ? value : PAYLOADS[next++ % PAYLOADS.length];
    if (Array.isArray(value)) return value.slice(0, 40).map((one) => walk(one, name));
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, walk(one, key)]));
    return value;
  };
  return walk(data, "");
}
