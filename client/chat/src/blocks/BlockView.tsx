import type { Block } from "@opsloom/sdk";
import { Component, Suspense, useState, useSyncExternalStore, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { Growing } from "./Card";
import { blockComponent } from "./house";
import { Part } from "./parts/Part";
import { registry, type BlockProps } from "./registry";
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
  const growing = block.growing === true;

  const Shown = blockComponent(block.kind);
  const instead = block.view ? <Instead block={block} view={block.view} live={live} /> : <Unknown block={block} />;
  if (!Shown) return instead;
  const act: BlockProps["act"] = async (action, values) => {
    setIssues([]);
    const outcome = await chat.act(block.id, action, values).done;
    if (!outcome.ok) setIssues(outcome.error.issues?.length ? outcome.error.issues : [{ path: "", text: outcome.error.text }]);
    return outcome;
  };
  const open = !growing && (state === null || state.status === "open");
  return (
    <div aria-busy={growing || undefined}>
      <Guard key={block.id} data={block.data} fallback={instead}>
        <Growing value={growing}>
          <Suspense fallback={<div className="skeleton rounded-panel" style={{ blockSize: reserved(block.kind) }} />}>
            <Shown block={block} data={block.data} state={state} open={open} busy={busy} issues={issues} live={live} growing={growing} act={act} />
          </Suspense>
        </Growing>
      </Guard>
      {growing ? <p className="shimmer mt-1.5 w-fit text-caption">Still being written</p> : null}
    </div>
  );
}

/** A block of a kind that this page has no component for, drawn by one that it has. */
function Instead({ block, view, live }: { block: Block; view: NonNullable<Block["view"]>; live: boolean }): ReactNode {
  return blockComponent(view.kind) ? <Part part={view} live={live} /> : <Unknown block={block} />;
}

/** px kept free while a kind's code arrives, near to what it will take. */
export const reserved = (kind: string): number =>
  ({ app: 380, chart: 340, map: 400, image: 320, video: 360, table: 220, sql: 260, tabs: 260, layout: 320, form: 260, confirm: 240, carousel: 220 })[kind] ?? 130;

interface GuardProps {
  data: unknown;
  fallback: ReactNode;
  children: ReactNode;
}

/** A component that fails shows the words instead, until its data is another: half of it may have been on its way. */
export class Guard extends Component<GuardProps, { failed: boolean; data: unknown }> {
  override state = { failed: false, data: this.props.data };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  static getDerivedStateFromProps({ data }: GuardProps, state: { data: unknown }): { failed: boolean; data: unknown } | null {
    return data === state.data ? null : { failed: false, data };
  }

  override render(): ReactNode {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
