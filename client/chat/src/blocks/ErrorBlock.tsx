/** What went wrong and what can be done; what only those who repair it need is folded away. */
import { CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { CopyButton } from "../ui/CopyButton";
import { ScrollX } from "../ui/ScrollX";
import { Fold } from "./parts/Fold";
import type { BlockProps } from "./registry";

interface ErrorData {
  title: string;
  text?: string | null;
  code?: string | null;
  detail?: string | null;
}

export default function ErrorBlock({ data }: BlockProps): ReactNode {
  const { title, text, code, detail } = data as ErrorData;
  return (
    <div role="group" aria-label={`Error: ${title}`} className="flex gap-3 rounded-card border px-4 py-3 tone-danger">
      <CircleX size={20} strokeWidth={1.75} aria-hidden className="mt-0.5 shrink-0 text-danger" />
      <div className="min-w-0 flex-1">
        <p className="font-medium leading-6"><span className="sr-only">Error: </span>{title}</p>
        {text ? <p className="mt-0.5 whitespace-pre-wrap text-ui [overflow-wrap:anywhere]">{text}</p> : null}
        {code ? <p className="mt-1 font-mono text-caption text-muted [overflow-wrap:anywhere]">{code}</p> : null}
        {detail ? (
          <Fold label="Details" className="mt-2">
            <div className="relative rounded-control border border-line bg-surface">
              <ScrollX label="Details of the error" className="max-h-64 overflow-y-auto">
                <pre className="w-max min-w-full px-3 py-2.5 pe-10 font-mono text-caption">{detail}</pre>
              </ScrollX>
              <div className="absolute end-1 top-1"><CopyButton text={detail} label="Copy details" /></div>
            </div>
          </Fold>
        ) : null}
      </div>
    </div>
  );
}
