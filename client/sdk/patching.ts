/** `block.patch`: changes of a block's `data` by JSON Pointer, without touching the old value. */
import { Misfit } from "./misfit";
import type { PatchOp } from "./frames.gen";

/** `data` with every op applied in turn; throws `Misfit` where a path leads nowhere. */
export function patch(data: unknown, ops: readonly PatchOp[]): unknown {
  return ops.reduce<unknown>((value, op) => {
    if (op.op !== "remove" && op.value === undefined) throw new Misfit(`"${op.op}" at "${op.path}" has no value.`);
    return at(value, tokens(op.path), op);
  }, data);
}

function tokens(path: string): string[] {
  if (path === "") return [];
  if (!path.startsWith("/")) throw new Misfit(`"${path}" is not a JSON Pointer.`);
  return path
    .slice(1)
    .split("/")
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function at(value: unknown, path: string[], op: PatchOp): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return replaced(value, op);
  if (Array.isArray(value)) return inList(value, head, rest, op);
  if (typeof value === "object" && value !== null) return inObject(value as Record<string, unknown>, head, rest, op);
  throw new Misfit(`There is nothing at "${op.path}".`);
}

function inObject(value: Record<string, unknown>, head: string, rest: string[], op: PatchOp): unknown {
  if (rest.length > 0 || op.op === "append") {
    if (!Object.hasOwn(value, head)) throw new Misfit(`There is nothing at "${op.path}".`);
    return withKey(value, head, at(value[head], rest, op));
  }
  if (op.op === "remove") return Object.fromEntries(Object.entries(value).filter(([key]) => key !== head));
  return withKey(value, head, op.value);
}

/** As a spread would, but `__proto__` stays a key like any other. */
function withKey(value: Record<string, unknown>, key: string, item: unknown): Record<string, unknown> {
  const copy = { ...value };
  Object.defineProperty(copy, key, { value: item, enumerable: true, configurable: true, writable: true });
  return copy;
}

function inList(value: unknown[], head: string, rest: string[], op: PatchOp): unknown {
  if (head === "-" && rest.length === 0 && op.op === "set") return [...value, op.value];
  const index = /^[0-9]+$/.test(head) ? Number(head) : -1;
  if (index < 0 || index >= value.length) throw new Misfit(`There is nothing at "${op.path}".`);
  if (rest.length === 0 && op.op === "remove") return value.toSpliced(index, 1);
  return value.with(index, at(value[index], rest, op));
}

function replaced(value: unknown, op: PatchOp): unknown {
  if (op.op === "set") return op.value;
  if (op.op === "remove") return null;
  if (typeof value === "string" && typeof op.value === "string") return value + op.value;
  if (Array.isArray(value)) return Array.isArray(op.value) ? [...value, ...op.value] : [...value, op.value];
  throw new Misfit(`What stands at "${op.path}" cannot be appended to.`);
}
