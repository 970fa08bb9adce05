import { createContext, use, type ReactNode } from "react";

/** Whether a block stands in the frame of another: it then draws none of its own. */
export const Framed = createContext(false);

/** Whether the block that all of this stands in is still being written. */
export const Growing = createContext(false);

/** The frame of a block: one line round it, no shadow. A group, no landmark: a conversation may hold many of one name. */
export function Card({ label, flush = false, children }: { label: string; flush?: boolean; children: ReactNode }): ReactNode {
  const inside = use(Framed);
  const frame = inside
    ? "[--pad:0px] [--top:0px] [--foot:0px]"
    : `overflow-hidden rounded-panel border border-line bg-surface [--pad:1.25rem] [--top:1rem] [--foot:0.75rem] max-sm:[--pad:1rem] ${flush ? "" : "p-(--pad)"}`;
  return (
    <Framed value={true}>
      <div role="group" aria-label={label} className={frame}>{children}</div>
    </Framed>
  );
}

export function CardTitle({ children }: { children: ReactNode }): ReactNode {
  return <h3 className="text-body font-medium leading-6 text-balance">{children}</h3>;
}

export function Issue({ id, text }: { id?: string; text: string }): ReactNode {
  return <p id={id} className="mt-1.5 text-caption text-danger">{text}</p>;
}
