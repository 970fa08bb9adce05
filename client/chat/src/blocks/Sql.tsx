/** A query with what it gave. In the last answer a changed one is run where it came from, at once and for everybody; elsewhere it
 *  goes into the message as a wish to run it. */
import { Pencil, X } from "lucide-react";
import { useId, useMemo, useState, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { duration } from "../format/duration";
import { figure } from "../format/number";
import { useHighlighter } from "../markdown/CodeBlock";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { ScrollX } from "../ui/ScrollX";
import { Card, CardTitle, Issue } from "./Card";
import { Part } from "./parts/Part";
import type { BlockProps } from "./registry";

interface SqlData {
  query: string;
  title?: string | null;
  dialect?: string | null;
  source?: string | null;
  data_source?: string | null;
  result?: unknown;
  error?: string | null;
  ms?: number | null;
}

export default function Sql({ block, data, state, open, busy, issues, live, act }: BlockProps): ReactNode {
  const { query = "", title, dialect, source, data_source, result, error, ms } = data as SqlData;
  const { compose } = useConversation();
  const last = useChat(({ conversation }) => conversation?.leaf ?? null);
  const inLast = useChat(({ conversation }) =>
    Boolean(conversation?.messages.find(({ id }) => id === last)?.parts.some((part) => part.type === "block" && part.block.id === block.id)),
  );
  const runs = Boolean(data_source) && state !== null && open && inLast;
  const waits = busy || live;
  const [draft, setDraft] = useState<string | null>(null);
  const id = useId();
  const colour = useHighlighter(true);
  const shown = useMemo(() => (colour ? colour.highlight(query, "sql") : query), [colour, query]);
  const part = useMemo(() => (result ? { kind: "table", data: result } : null), [result]);
  const facts = [source, dialect, typeof ms === "number" ? (ms < 950 ? `${figure(ms, ms < 10 ? 1 : 0)} ms` : duration(ms)) : ""].filter(Boolean).join(" · ");
  const ask = (): void => {
    compose(`Run this query${source ? ` in ${source}` : ""}:\n\n\`\`\`sql\n${(draft ?? query).trim()}\n\`\`\`\n`);
    setDraft(null);
  };
  const run = async (): Promise<void> => {
    const words = (draft ?? query).trim();
    if (words && !waits && (await act("run", { query: words })).ok) setDraft(null);
  };
  return (
    <Card label={title ?? "Query"}>
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <CardTitle>{title ?? "Query"}</CardTitle>
          {facts ? <p className="text-caption text-muted">{facts}</p> : null}
        </div>
        <div className="-me-1.5 flex shrink-0">
          <CopyButton text={draft ?? query} label="Copy query" />
          <IconButton icon={draft === null ? Pencil : X} label={draft === null ? "Edit query" : "Leave the query as it was"} size={28} onClick={() => setDraft(draft === null ? query : null)} />
        </div>
      </div>
      {draft === null ? (
        <div className="mt-3 overflow-hidden rounded-control border border-line bg-wash">
          <ScrollX label="Query" className="max-h-80 overflow-y-auto"><pre className="w-max min-w-full px-3.5 py-2.5 font-mono text-code"><code>{shown}</code></pre></ScrollX>
        </div>
      ) : (
        <div className="mt-3">
          <label htmlFor={id} className="sr-only">Query</label>
          <textarea id={id} autoFocus value={draft} onChange={(event) => setDraft(event.target.value)} rows={Math.min(16, Math.max(3, draft.split("\n").length + 1))} onKeyDown={(event) => runs && event.key === "Enter" && (event.ctrlKey || event.metaKey) && void run()} spellCheck={false} autoCapitalize="off" className="field resize-y font-mono text-code!" />
          <div className="mt-2 flex flex-wrap items-center justify-end gap-3">
            <span className="text-caption text-muted">{runs ? "It only reads, and runs at once, without the assistant." : "It goes into your message; nothing runs yet."}</span>
            {runs ? <Button kind="primary" disabled={!draft.trim() || waits} onClick={() => void run()}>Run</Button> : <Button kind="primary" disabled={!draft.trim()} onClick={ask}>Ask to run</Button>}
          </div>
          {issues.map((issue) => <Issue key={issue.path + issue.text} text={issue.text} />)}
        </div>
      )}
      {error ? <p role="note" className="mt-3 whitespace-pre-wrap rounded-control border px-3.5 py-2.5 font-mono text-caption tone-danger [overflow-wrap:anywhere]"><span className="sr-only">Error: </span>{error}</p> : null}
      {part ? <div className="mt-4"><Part part={part} live={live} /></div> : null}
    </Card>
  );
}
