import type { ReactNode } from "react";

/** The mark: three strands, woven over and under, in a rounded square. One path each, one colour. */
export function Mark({ size = 24, className = "" }: { size?: number; className?: string }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" stroke="currentColor" aria-hidden className={className}>
      <rect x="1.5" y="1.5" width="29" height="29" rx="8" strokeWidth="3" />
      <path d="M11.5 3v11M11.5 22v7" strokeWidth="4" />
      <path d="M20.5 3v26" strokeWidth="4" />
      <path d="M3 18h13.5M24.5 18H29" strokeWidth="4" />
    </svg>
  );
}
