/** Which component shows which kind of block: those of the house, each a chunk of its own, and whatever an extension adds. */
import type { Block, BlockState, Outcome } from "@opsloom/sdk";
import { lazy, type ComponentType } from "react";

export interface BlockProps {
  block: Block;
  data: unknown;
  /** Replaced whole by the server; null where nobody can act on the block. */
  state: BlockState | null;
  /** Acting makes sense: the block is open, and the session has not gone on without it. */
  open: boolean;
  /** An action is on its way. */
  busy: boolean;
  /** What the server refused of the last action; `path` names a field. */
  issues: readonly { path: string; text: string }[];
  /** The answer that holds the block is still being written. */
  live: boolean;
  act: (action: string, values?: unknown) => Promise<Outcome>;
}

export type BlockComponent = ComponentType<BlockProps>;

const kinds = new Map<string, BlockComponent>([
  ["choices", lazy(() => import("./Choices"))],
  ["form", lazy(() => import("./Form"))],
  ["table", lazy(() => import("./Table"))],
  ["chart", lazy(() => import("./Chart"))],
  ["progress", lazy(() => import("./Progress"))],
  ["tasks", lazy(() => import("./Tasks"))],
  ["metrics", lazy(() => import("./Metrics"))],
  ["card", lazy(() => import("./Thing"))],
  ["carousel", lazy(() => import("./Carousel"))],
  ["image", lazy(() => import("./Image"))],
  ["file", lazy(() => import("./File"))],
  ["audio", lazy(() => import("./Audio"))],
  ["video", lazy(() => import("./Video"))],
  ["code", lazy(() => import("./Code"))],
  ["sql", lazy(() => import("./Sql"))],
  ["accordion", lazy(() => import("./Accordion"))],
  ["tabs", lazy(() => import("./Tabs"))],
  ["link", lazy(() => import("./Link"))],
  ["map", lazy(() => import("./Map"))],
  ["notice", lazy(() => import("./Notice"))],
  ["error", lazy(() => import("./ErrorBlock"))],
  ["layout", lazy(() => import("./Layout"))],
  ["confirm", lazy(() => import("./Confirm"))],
]);

const listeners = new Set<() => void>();
let version = 0;

/** Show blocks of `kind` with `Component`, from now on and in what is already on the page. A later call wins. */
export function registerBlock(kind: string, Component: BlockComponent): void {
  kinds.set(kind, Component);
  version++;
  for (const listener of listeners) listener();
}

export const blockKinds = (): string[] => [...kinds.keys()];
export const blockComponent = (kind: string): BlockComponent | undefined => kinds.get(kind);

/** For `useSyncExternalStore`: an extension may arrive after the transcript. */
export const registry = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  version: (): number => version,
};
