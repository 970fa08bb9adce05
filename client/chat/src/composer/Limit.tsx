/** How much of the most that a message may be is written. */
import type { ReactNode } from "react";

export default function Limit({ length, most }: { length: number; most: number }): ReactNode {
  return (
    <span id="composer-limit" className={`self-center text-caption tabular-nums ${length > most ? "text-danger" : "text-muted"}`}>
      {length.toLocaleString()} / {most.toLocaleString()}
    </span>
  );
}
