import type { ReactNode } from "react";

/** Where messages will stand, from 150 ms on: a fast server shows none of it. */
export function Skeleton(): ReactNode {
  return (
    <div aria-hidden className="flex flex-col gap-6 pt-6">
      <div className="skeleton h-10 w-2/5 self-end rounded-card" />
      <div className="flex flex-col gap-3">
        <div className="skeleton h-4 w-full" />
        <div className="skeleton h-4 w-11/12" />
        <div className="skeleton h-4 w-3/5" />
      </div>
    </div>
  );
}
