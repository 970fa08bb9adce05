/** A block inside another one: by its kind, without a state of its own. */
import type { Block } from "@opsloom/sdk";
import { lazy, Suspense, use, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { Guard, reserved } from "../BlockView";
import { Growing } from "../Card";
import { blockComponent } from "../house";
import { registry, type BlockProps } from "../registry";

const Markdown = lazy(() => import("../../markdown/Markdown").then((module) => ({ default: module.Markdown })));

export interface PartData {
  kind: string;
  data: unknown;
}

const act: BlockProps["act"] = () => Promise.reject(new Error("Nobody can act on a block inside another one."));

export function Part({ part, live }: { part: PartData; live: boolean }): ReactNode {
  useSyncExternalStore(registry.subscribe, registry.version);
  const block = useMemo((): Block => ({ id: part.kind, kind: part.kind, version: 1, data: part.data, fallback: "", state: null }), [part]);
  const growing = use(Growing);
  const Shown = blockComponent(part.kind);
  const unknown = <p className="text-ui text-muted">This part ({part.kind}) cannot be shown here.</p>;
  const room = <div className="skeleton rounded-card" style={{ blockSize: reserved(part.kind) }} />;
  if (!Shown) return live ? room : unknown; // while it is written, half of a kind's name is no kind
  return (
    <Guard data={part.data} fallback={unknown}>
      <Suspense fallback={room}>
        <Shown block={block} data={part.data} state={null} open={false} busy={false} issues={[]} live={live} growing={growing} act={act} />
      </Suspense>
    </Guard>
  );
}

/** Some words and blocks under one another. */
export function Content({ text, items, live }: { text?: string | null | undefined; items?: readonly PartData[] | undefined; live: boolean }): ReactNode {
  return (
    <div className="flex flex-col gap-4">
      {text ? <Words text={text} /> : null}
      {items?.map((part, i) => <Part key={i} part={part} live={live} />)}
    </div>
  );
}

/** A model's longer text, which is Markdown wherever it writes. */
export function Words({ text, className = "" }: { text: string; className?: string }): ReactNode {
  return (
    <Suspense fallback={<div className={`small ${className}`}><div className="md whitespace-pre-wrap">{text}</div></div>}>
      <div className={`small ${className}`}><Markdown text={text} open={false} /></div>
    </Suspense>
  );
}
