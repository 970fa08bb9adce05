import type { Block } from "@opsloom/sdk";
import { Component, Suspense, useState, useSyncExternalStore, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { blockComponent, registry, type BlockProps } from "./registry";
import { Unknown } from "./Unknown";

interface BlockViewProps {
  block: Block;
  live: boolean;
}

/** A block by its kind; one that is unknown, or whose component fails, says in words what it would have shown. */
export function BlockView({ block, live }: BlockViewProps): ReactNode {
  const { chat } = useConversation();
  useSyncExternalStore(registry.subscribe, registry.version);
  const busy = useChat((state) => state.pending.some(({ frame, error }) => frame.type === "act" && frame.block === block.id && error === null));
  const [issues, setIssues] = useState<BlockProps["issues"]>([]);
  const state = block.state ?? null;

  const Shown = blockComponent(block.kind);
  if (!Shown) return <Unknown block={block} />;
  const act: BlockProps["act"] = async (action, values) => {
    setIssues([]);
    const outcome = await chat.act(block.id, action, values).done;
    if (!outcome.ok) setIssues(outcome.error.issues?.length ? outcome.error.issues : [{ path: "", text: outcome.error.text }]);
    return outcome;
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
