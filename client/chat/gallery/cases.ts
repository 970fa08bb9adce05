/** What the gallery shows: each kind's own examples, its states, and what an example does not reach. */
import type { BlockState } from "@opsloom/sdk";
import { MORE } from "./more";

export interface Case {
  kind: string;
  name: string;
  data: unknown;
  fallback: string;
  state: BlockState | null;
  live?: boolean;
}

/** `blocks/fixtures/<kind>.json`, which the Python tests check. */
export interface Fixture {
  kind: string;
  valid: { name: string; data: unknown; fallback: string }[];
  /** What people did with the block called `on`; `kept` is how it is remembered, where it was not refused. */
  acts: { on: string; action: string; kept?: unknown }[];
}

const OPEN: BlockState = { status: "open" };
const AT = "2026-11-22T14:05:00Z";

export const fixtures = (): Fixture[] =>
  Object.values(import.meta.glob<Fixture>("../../../blocks/fixtures/*.json", { eager: true, import: "default" }));

export function casesOf(): Case[] {
  const made = [...fixtures().flatMap(states), ...MORE];
  return made.toSorted((a, b) => a.kind.localeCompare(b.kind)); // stable: a kind's cases stay in their order
}

/** A kind that people act on is open, answered in every way, too late, and left behind; the others just are. */
export function states({ kind, valid, acts }: Fixture): Case[] {
  if (acts.length === 0) return valid.map((one): Case => ({ kind, ...one, state: null }));
  const late = (["expired", "withdrawn"] as const).flatMap((status) => valid.slice(0, 1).map((one): Case => ({ kind, ...one, name: `${one.name}, ${status}`, state: { status, at: AT } })));
  const answered = acts.flatMap(({ on, action, kept }) => {
    const one = valid.find(({ name }) => name === on);
    return one && kept !== undefined ? [{ kind, ...one, name: `${on}, answered: ${action} ${JSON.stringify(kept)}`, state: { status: "answered" as const, action, values: kept, at: AT } }] : [];
  });
  return [...valid.map((one): Case => ({ kind, ...one, state: OPEN })), ...answered, ...late];
}
