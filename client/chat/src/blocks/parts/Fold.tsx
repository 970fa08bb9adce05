import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** Something that opens under its own name: the browser's, so that a search on the page finds what is inside. */
export function Fold({ label, className = "", children }: { label: string; className?: string; children: ReactNode }): ReactNode {
  return (
    <details className={`group/fold ${className}`}>
      <summary className="touch inline-flex list-none items-center gap-1 rounded-control py-1 text-ui text-muted hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight size={16} strokeWidth={1.75} aria-hidden className="-ms-1 transition-transform duration-150 group-open/fold:rotate-90 rtl:-scale-x-100" />
        {label}
      </summary>
      <div className="pt-1.5">{children}</div>
    </details>
  );
}
