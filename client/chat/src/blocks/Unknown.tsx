import type { Block } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { Card } from "./Card";

/** A kind that this page does not know: its own words for itself. */
export function Unknown({ block }: { block: Block }): ReactNode {
  const values = block.state?.values;
  return (
    <Card label={block.kind}>
      <p className="whitespace-pre-wrap text-body [overflow-wrap:anywhere]">{block.fallback}</p>
      {block.state?.status === "answered" ? (
        <p className="mt-2 text-ui text-muted">Answered{typeof values === "string" ? `: ${values}` : "."}</p>
      ) : null}
    </Card>
  );
}
