import { useId, type ReactNode } from "react";

/** The mark: three strands, woven over and under, cut out of a rounded square. One path each, one colour; every edge lies on whole pixels at 16 px. */
export function Mark({ size = 24, className = "" }: { size?: number; className?: string }): ReactNode {
  const id = useId();
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="currentColor" aria-hidden className={className}>
      <mask id={id} maskUnits="userSpaceOnUse" x="0" y="0" width="32" height="32">
        <rect width="32" height="32" fill="#fff" />
        <g stroke="#000" strokeWidth="4" fill="none">
          <path d="M0 10h12M20 10h12" />
          <path d="M0 22h32" />
          <path d="M16 0v18M16 26v6" />
        </g>
      </mask>
      <rect width="32" height="32" rx="9" mask={`url(#${id})`} />
    </svg>
  );
}
