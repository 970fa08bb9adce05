import type { Block } from "@opsloom/sdk";
import { Component, Suspense, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { blockComponent, registry, type BlockProps } from "./registry";
import { Unknown } from "./Unknown";

interface BlockViewProps {
  block: Block;
  message: string;
  live: boolean;
}

/** A block by its kind; one that is unknown, or whose component fails, says in words what it would have shown. */
export function BlockView({ block, live }: BlockViewProps): ReactNode {
  const { chat } = useConversation();
  useSyncExternalStore(registry.subscribe, registry.version);
  const pending = useChat((state) => state.pending);
  const own = pending.findLast(({ frame }) => frame.type === "act" && frame.block === block.id);
  const state = block.state ?? null;
  const busy = own !== undefined && own.error === null;
  const issues = useMemo(() => {
    if (!own?.error) return [];
    return own.error.issues?.length ? own.error.issues : [{ path: "", text: own.error.text }];
  }, [own?.error]);

  const Shown = blockComponent(block.kind);
  if (!Shown) return <Unknown block={block} />;
  const act: BlockProps["act"] = (action, values) => {
    if (own?.error) chat.discard(own.ref);
    return chat.act(block.id, action, values).done;
  };
  return (
    <Guard key={block.id} fallback={<Unknown block={block} />}>
      <Suspense fallback={<div className="skeleton rounded-panel" style={{ blockSize: reserved(block.kind) }} />}>
        <Shown block={block} data={block.data} state={state} open={state === null || state.status === "open"} busy={busy} issues={issues} live={live} act={act} />
      </Suspense>
    </Guard>
  );
}

/** px kept free while a kind's code arrives, near to what it will take. */
const reserved = (kind: string): number => ({ chart: 340, table: 220, form: 260, choices: 140, progress: 120 })[kind] ?? 120;

interface GuardProps {
  fallback: ReactNode;
  children: ReactNode;
}

class Guard extends Component<GuardProps, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
