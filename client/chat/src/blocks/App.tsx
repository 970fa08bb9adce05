/** A small page of its own, in a frame without an origin: what it says and asks goes through `app/bridge.ts`. */
import { RotateCcw } from "lucide-react";
import { useState, type ReactNode } from "react";
import { Button } from "../ui/Button";
import { IconButton } from "../ui/IconButton";
import { AppFrame } from "./app/AppFrame";
import { usePage } from "./app/usePage";
import { Card, CardTitle } from "./Card";
import { hostOf } from "./parts/Outside";
import type { BlockProps } from "./registry";

export interface AppData {
  title?: string;
  description?: string;
  html?: string | null;
  file?: string | null;
  height?: number | null;
  data?: Record<string, unknown> | null;
  csp?: { connect?: string[]; resources?: string[] } | null;
}

/** A link that the app would like to open. */
export interface Asked {
  url: string;
  answer: (opened: boolean) => void;
}

export default function App({ block, data, live }: BlockProps): ReactNode {
  const app = data as AppData;
  const { title = "App", description = "" } = app;
  const page = usePage(app);
  const [round, setRound] = useState(0);
  const [unreachable, setUnreachable] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const failed = unreachable || page.status === "failed" || (page.status === "none" && !live);
  return (
    <Card label={title} flush>
      <div className="flex items-start justify-between gap-3 px-(--pad) pb-3 pt-(--top)">
        <div className="min-w-0 [overflow-wrap:anywhere]">
          <CardTitle>{title}</CardTitle>
          {failed ? (
            <>
              <p className="mt-1 whitespace-pre-wrap text-body">{description}</p>
              <p className="mt-2 text-caption text-muted">The app itself cannot be shown here.</p>
            </>
          ) : (
            <p className="sr-only">{description}</p>
          )}
        </div>
        {failed ? null : (
          <div className="-me-1.5">
            <IconButton icon={RotateCcw} label={`Start ${title} again`} size={28} onClick={() => { setAsked(null); setRound(round + 1); }} />
          </div>
        )}
      </div>
      {failed ? null : <AppFrame key={`${block.id}/${round}`} app={app} html={page.html} onUnreachable={() => setUnreachable(true)} asked={asked} ask={setAsked} />}
      {asked ? <OpenLink asked={asked} done={() => setAsked(null)} /> : null}
    </Card>
  );
}

/** The address in plain sight, and a person's own click. */
function OpenLink({ asked: { url, answer }, done }: { asked: Asked; done: () => void }): ReactNode {
  const settle = (opened: boolean): void => {
    answer(opened);
    done();
  };
  return (
    <div role="alert" className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-t border-line bg-wash px-(--pad) py-3">
      <div className="min-w-0 flex-1 basis-56">
        <p className="text-ui">This app wants to open <strong className="font-semibold [overflow-wrap:anywhere]">{hostOf(url)}</strong></p>
        <p className="truncate text-caption text-muted" title={url}>{url}</p>
      </div>
      <div className="ms-auto flex gap-2">
        <Button kind="quiet" onClick={() => settle(false)}>Not now</Button>
        <a
          href={url}
          target="_blank"
          rel="noopener noreferrer nofollow"
          onClick={() => settle(true)}
          className="touch inline-flex min-h-9 items-center rounded-control border border-edge bg-surface px-3.5 py-1.5 text-ui font-medium transition-colors duration-150 hover:bg-press"
        >
          Open
        </a>
      </div>
    </div>
  );
}
