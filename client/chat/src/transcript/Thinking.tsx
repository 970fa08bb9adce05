import type { ReactNode } from "react";
import { Elapsed } from "./Elapsed";

export function Thinking(): ReactNode {
  return (
    <p className="flex min-h-6 items-center text-ui animate-appear">
      <span className="shimmer">Thinking</span>
      <Elapsed />
    </p>
  );
}
