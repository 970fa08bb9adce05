import type { Message } from "@opsloom/sdk";
import { memo, Suspense, useMemo, useRef, type ReactNode } from "react";
import { BlockView } from "../blocks/BlockView";
import { Sources, useConversation } from "../context";
import { lazy } from "../lazy";
import { SourcesRow } from "../sources/SourcesRow";
import { Button } from "../ui/Button";
import { ActionBar } from "./ActionBar";
import { read, type Group } from "./grouping";
import { Notice } from "./Notice";
import { Thinking } from "./Thinking";
import { Work } from "./Work";

const loadMarkdown = (): Promise<typeof import("../markdown/Markdown")> => import("../markdown/Markdown");
const Markdown = lazy(() => loadMarkdown().then((module) => ({ default: module.Markdown })));

/** Fetch the Markdown chunk before it is needed: the page is idle while its reader writes the first question. */
export const preloadMarkdown = (): void => void loadMarkdown().catch(() => undefined);

export const Answer = memo(function Answer({ message, last }: { message: Message; last: boolean }): ReactNode {
  const { groups, sources: now, thinking } = useMemo(() => read(message), [message]);
  const sources = useSteady(now);
  const running = message.status === "running";
  return (
    <Sources value={sources}>
      <div className="flex flex-col gap-4">
        {groups.map((group) => <GroupView key={group.at} group={group} message={message} />)}
        {thinking ? <Thinking /> : null}
        <Ending message={message} />
        {running ? null : <SourcesRow sources={sources} />}
        {running ? null : <ActionBar message={message} last={last} />}
      </div>
    </Sources>
  );
});

/** The list before, where nothing in it changed: a new one would have every citation and block looked at with each word. */
function useSteady<T>(list: readonly T[]): readonly T[] {
  const held = useRef(list);
  if (held.current.length !== list.length || held.current.some((one, i) => one !== list[i])) held.current = list;
  return held.current;
}

function GroupView({ group, message }: { group: Group; message: Message }): ReactNode {
  switch (group.type) {
    case "work":
      return <Work steps={group.steps} live={group.live} />;
    case "text":
      return (
        <Suspense fallback={<div className="md whitespace-pre-wrap">{group.part.text}</div>}>
          <Markdown text={group.part.text} open={group.open} />
        </Suspense>
      );
    case "block":
      return <BlockView block={group.part.block} live={message.status === "running"} />;
    case "file":
      return <p className="text-ui text-muted">{group.part.file.name}</p>;
  }
}

/** How it ended, where it ended. */
function Ending({ message }: { message: Message }): ReactNode {
  const { chat } = useConversation();
  const retry = <Button onClick={() => chat.retry(message.id)}>Retry</Button>;
  switch (message.status) {
    case "stopped":
      return <Notice text="Stopped" />;
    case "interrupted":
      return <Notice text="Interrupted. What was written is kept.">{retry}</Notice>;
    case "failed":
      return <Notice tone="danger" text={message.error?.text ?? "The answer failed. What was written is kept."}>{retry}</Notice>;
    default:
      return null;
  }
}
