/** What is about to be done, whole, to be allowed or denied. */
import type { ChatState, Part } from "@opsloom/sdk";
import { Ban, Check, CircleAlert, CircleCheck, CircleDot, CircleX, ShieldQuestionMark, Square, TriangleAlert } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { useChat } from "../context";
import { Button } from "../ui/Button";
import { ScrollX } from "../ui/ScrollX";
import { Card, CardTitle, Issue } from "./Card";
import { Settled } from "./parts/Settled";
import type { BlockProps } from "./registry";

interface ConfirmData {
  title: string;
  tool: string;
  arguments?: Record<string, unknown>;
  consequence?: string | null;
  danger?: boolean;
  always?: boolean;
}

export default function Confirm({ block, data, state, open, busy, issues, act }: BlockProps): ReactNode {
  const { title, tool, arguments: given = {}, consequence, danger = false, always = false } = data as ConfirmData;
  const [why, setWhy] = useState<string | null>(null);
  const [sent, setSent] = useState("");
  const id = useId();
  const Sign = danger ? TriangleAlert : ShieldQuestionMark;
  const send = (action: "allow" | "deny", values: unknown, key: string): void => {
    setSent(key);
    void act(action, values).finally(() => setSent(""));
  };
  const deny = (): void => send("deny", why?.trim() ? { reason: why.trim() } : {}, "deny");
  return (
    <Card label={title}>
      <div className="flex gap-3">
        <Sign size={20} strokeWidth={1.75} aria-hidden className={`mt-0.5 shrink-0 ${danger ? "text-danger" : "text-accent"}`} />
        <div className="min-w-0 flex-1">
          <CardTitle>{title}</CardTitle>
          <p className="text-caption text-muted">Runs <span className="font-mono">{tool}</span></p>
        </div>
      </div>
      {Object.keys(given).length > 0 ? (
        <div className="mt-3 overflow-hidden rounded-control border border-line bg-wash">
          <ScrollX label="Arguments" className="max-h-96 overflow-y-auto">
            <dl className="arguments">
              {Object.entries(given).map(([name, value]) => (
                <div key={name} className="contents">
                  <dt>{name}</dt>
                  <dd>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</dd>
                </div>
              ))}
            </dl>
          </ScrollX>
        </div>
      ) : null}
      {consequence ? <p className={`mt-3 whitespace-pre-wrap text-ui ${danger ? "text-danger" : ""}`}>{consequence}</p> : null}
      {state?.status === "answered" ? (
        <>
          <Decision action={state.action ?? ""} values={state.values} />
          <Came block={block.id} allowed={state.action === "allow"} />
        </>
      ) : open ? (
        <>
          {why === null ? null : (
            <div className="mt-4">
              <label htmlFor={id} className="mb-1.5 block text-ui font-medium">Why not? <span className="font-normal text-muted">(optional)</span></label>
              <textarea id={id} autoFocus rows={2} maxLength={1000} value={why} onChange={(event) => setWhy(event.target.value)} className="field resize-y" />
            </div>
          )}
          {issues.map((issue) => <Issue key={issue.path + issue.text} text={issue.text} />)}
          <div className="mt-4 flex flex-wrap items-center justify-end gap-2 whitespace-nowrap max-sm:[&>button]:flex-auto">
            {why === null ? <Button kind="quiet" disabled={busy} onClick={() => setWhy("")} className="me-auto whitespace-nowrap max-sm:order-last max-sm:basis-full!">Deny and say why</Button> : null}
            <Button disabled={busy} onClick={deny}>{sent === "deny" ? "Denying" : "Deny"}</Button>
            {why === null && always ? <Button disabled={busy} onClick={() => send("allow", { scope: "always" }, "always")}>{sent === "always" ? "Allowing" : "Always allow"}</Button> : null}
            {why === null ? (
              <Button kind={danger ? "danger" : "primary"} disabled={busy} onClick={() => send("allow", { scope: "once" }, "once")}>{sent === "once" ? "Allowing" : "Allow once"}</Button>
            ) : (
              <Button kind="quiet" disabled={busy} onClick={() => setWhy(null)}>Back</Button>
            )}
          </div>
        </>
      ) : null}
      <Settled state={state} what="This request" className="mt-3" />
    </Card>
  );
}

function Decision({ action, values }: { action: string; values: unknown }): ReactNode {
  const { scope, reason } = (values ?? {}) as { scope?: string; reason?: string | null };
  const allowed = action === "allow";
  const Icon = allowed ? CircleCheck : CircleX;
  return (
    <p className="mt-3 flex items-start gap-2 text-ui font-medium">
      <Icon size={20} strokeWidth={1.75} aria-hidden className={`shrink-0 ${allowed ? "text-ok" : "text-muted"}`} />
      <span className="min-w-0 [overflow-wrap:anywhere]">{allowed ? (scope === "always" ? "Allowed, from now on always" : "Allowed once") : "Denied"}{reason ? <span className="font-normal">: {reason}</span> : null}</span>
    </p>
  );
}

type Call = Extract<Part, { type: "tool" }>;

/** The call that the answer to this block let run, or did not. */
function callOf(conversation: ChatState["conversation"], block: string): Call | undefined {
  const messages = [...(conversation?.messages ?? []), ...(conversation?.turn ? [conversation.turn.message] : [])];
  for (const { parts } of messages.reverse()) {
    const found = parts.find((part): part is Call => part.type === "tool" && part.approval === block);
    if (found) return found;
  }
  return undefined;
}

/** What came of it; nothing where the model asked by itself and no tool was to run. */
function Came({ block, allowed }: { block: string; allowed: boolean }): ReactNode {
  const call = useChat(({ conversation }) => callOf(conversation, block));
  if (!call || !allowed) return null;
  const running = call.status === "running";
  const { icon: Icon, word, tone } = CAME[call.status];
  const more = running ? call.progress?.note : call.summary;
  return (
    <p role="status" className="mt-1.5 flex items-start gap-2 text-ui">
      <Icon size={20} strokeWidth={1.75} aria-hidden className={`shrink-0 ${tone}`} />
      <span className={`${running ? "shimmer" : ""} min-w-0 [overflow-wrap:anywhere]`}>{word}{more ? `: ${more}` : ""}</span>
    </p>
  );
}

const CAME = {
  running: { icon: CircleDot, word: "Approved, running", tone: "text-accent" },
  ok: { icon: Check, word: "Done", tone: "text-ok" },
  error: { icon: CircleAlert, word: "Failed", tone: "text-danger" },
  denied: { icon: Ban, word: "Not run", tone: "text-muted" },
  stopped: { icon: Square, word: "Stopped", tone: "text-muted" },
} as const;
