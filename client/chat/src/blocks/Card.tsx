import type { ReactNode } from "react";

/** The frame of a block: one line round it, no shadow. A group, no landmark: a conversation may hold many of one name. */
export function Card({ label, flush = false, children }: { label: string; flush?: boolean; children: ReactNode }): ReactNode {
  return (
    <div role="group" aria-label={label} className={`overflow-hidden rounded-panel border border-line bg-surface ${flush ? "" : "p-5 max-sm:p-4"}`}>
      {children}
    </div>
  );
}

export function CardTitle({ children }: { children: ReactNode }): ReactNode {
  return <h3 className="text-body font-medium leading-6 text-balance">{children}</h3>;
}

export function Issue({ id, text }: { id?: string; text: string }): ReactNode {
  return <p id={id} className="mt-1.5 text-caption text-danger">{text}</p>;
}
