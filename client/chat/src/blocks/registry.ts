/** Which kinds of block can be shown: those of the house (`house.ts`), and whatever an extension adds. */
import type { Block, BlockState, Outcome } from "@opsloom/sdk";
import type { ComponentType } from "react";

export interface BlockProps {
  block: Block;
  data: unknown;
  /** Replaced whole by the server; null where nobody can act on the block. */
  state: BlockState | null;
  /** Acting makes sense: the block is whole and open, and the session has not gone on without it. */
  open: boolean;
  /** An action is on its way. */
  busy: boolean;
  /** What the server refused of the last action; `path` names a field. */
  issues: readonly { path: string; text: string }[];
  /** The answer that holds the block is still being written. */
  live: boolean;
  /** The model is still writing this very block: `data` has what is required, and texts and lists as far as they have come. */
  growing: boolean;
  act: (action: string, values?: unknown) => Promise<Outcome>;
}

export type BlockComponent = ComponentType<BlockProps>;

// Only the names stand here: a page says them before its first message, the code that shows them comes with the transcript.
const HOUSE = "choices form table chart progress tasks metrics card carousel image file audio video code sql accordion tabs link map notice error layout confirm app".split(" ");

const added = new Map<string, BlockComponent>();

const listeners = new Set<() => void>();
let version = 0;

/** Show blocks of `kind` with `Component`, from now on and in what is already on the page. A later call wins. */
export function registerBlock(kind: string, Component: BlockComponent): void {
  added.set(kind, Component);
  version++;
  for (const listener of listeners) listener();
}

export const blockKinds = (): string[] => [...new Set([...HOUSE, ...added.keys()])];
export const addedComponent = (kind: string): BlockComponent | undefined => added.get(kind);

/** For `useSyncExternalStore`: an extension may arrive after the transcript. */
export const registry = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  version: (): number => version,
};
