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

/** `blocks/fixtures/<kind>.json`, which Python writes and checks. */
export interface Fixture {
  kind: string;
  waits: boolean;
  cases: { name: string; data: unknown; fallback: string; action?: string | null; values?: unknown }[];
}

const OPEN: BlockState = { status: "open" };
const AT = "2026-11-22T14:05:00Z";

export const fixtures = (): Fixture[] =>
  Object.values(import.meta.glob<Fixture>("../../../blocks/fixtures/*.json", { eager: true, import: "default" }));

export function casesOf(): Case[] {
  const made = [...fixtures().flatMap(states), ...MORE];
  return made.toSorted((a, b) => a.kind.localeCompare(b.kind)); // stable: a kind's cases stay in their order
}

/** A kind that waits is open, answered, too late, and left behind; the others just are. */
export function states({ kind, waits, cases }: Fixture): Case[] {
  return cases.flatMap(({ name, data, fallback, action, values }): Case[] => {
    const shown = { kind, data, fallback };
    if (!waits) return [{ ...shown, name, state: null }];
    const answered: Case[] = action ? [{ ...shown, name: `${name}, answered: ${action}`, state: { status: "answered", action, values, at: AT } }] : [];
    return [
      { ...shown, name, state: OPEN },
      ...answered,
      { ...shown, name: `${name}, expired`, state: { status: "expired", at: AT } },
      { ...shown, name: `${name}, withdrawn`, state: { status: "withdrawn", at: AT } },
    ];
  });
}
