/** A question with answers to click. After the click the chosen ones stay, readable; the others rest. */
import { Check } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { Button } from "../ui/Button";
import { Card, CardTitle, Issue } from "./Card";
import { Settled } from "./parts/Settled";
import type { BlockProps } from "./registry";

export interface ChoicesData {
  prompt: string;
  options: { id: string; label: string; description?: string | null }[];
  multiple?: boolean;
  min?: number | null;
  max?: number | null;
  free_text?: boolean;
}

/** The ids in an action's values, `{choices: [id], text?}`; a bare list or id serves as well. */
export function chosenIds(values: unknown): string[] {
  if (typeof values === "string") return [values];
  if (Array.isArray(values)) return values.filter((one): one is string => typeof one === "string");
  if (values && typeof values === "object") return chosenIds((values as { choices?: unknown }).choices);
  return [];
}

/** What a person wrote beside or instead of the options. */
const written = (values: unknown): string => (values as { text?: string | null } | null)?.text ?? "";

export default function Choices({ data, state, open, busy, issues, act }: BlockProps): ReactNode {
  const { prompt = "", options = [], multiple = false, min, max, free_text = false } = data as ChoicesData;
  const [picked, setPicked] = useState<readonly string[]>([]);
  const [text, setText] = useState("");
  const id = useId();
  const chosen = state?.status === "answered" ? chosenIds(state.values) : picked;
  const closed = !open;
  const least = min ?? 1;
  const most = max ?? (multiple ? options.length + Number(free_text) : 1);
  const own = text.trim();
  const count = picked.length + Number(own !== "");

  const send = async (choices: readonly string[], words: string): Promise<boolean> => (await act("choose", { choices, ...(words ? { text: words } : {}) })).ok;
  const choose = (option: string): void => {
    if (!multiple) {
      setPicked([option]);
      void send([option], "").then((ok) => !ok && setPicked([]));
    } else {
      setPicked(picked.includes(option) ? picked.filter((one) => one !== option) : [...picked, option]);
    }
  };
  const hint = multiple ? hintFor(least, most, options.length) : "";
  return (
    <Card label={prompt}>
      <div id={id}><CardTitle>{prompt}</CardTitle></div>
      {hint && !closed ? <p className="mt-0.5 text-caption text-muted">{hint}</p> : null}
      <div role={multiple ? "group" : "radiogroup"} aria-labelledby={id} className="mt-3 flex flex-col gap-2">
        {options.map((option) => {
          const on = chosen.includes(option.id);
          const inert = closed || busy || (multiple && !on && count >= most);
          return (
            <button
              key={option.id}
              type="button"
              role={multiple ? "checkbox" : "radio"}
              aria-checked={on}
              aria-disabled={inert || undefined}
              onClick={() => !inert && choose(option.id)}
              className={`flex min-h-11 items-center gap-3 rounded-card border px-3.5 py-2 text-start transition-colors duration-150
                ${on ? "border-accent bg-accent-wash" : "border-line"}
                ${inert ? "cursor-default!" : "hover:border-edge hover:bg-wash"} ${inert && !on ? "text-muted" : ""}`}
            >
              <span className="min-w-0 flex-1">
                <span className="block text-ui font-medium">{option.label}</span>
                {option.description ? <span className="block text-caption text-muted">{option.description}</span> : null}
              </span>
              <Tick on={on} square={multiple} quiet={inert && !on} />
            </button>
          );
        })}
      </div>
      {issues.map((issue) => <Issue key={issue.path + issue.text} text={issue.text} />)}
      {free_text && !closed ? (
        <form
          className="mt-3 flex gap-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (!multiple && own && !busy) void send([], own);
          }}
        >
          <input value={text} maxLength={2000} onChange={(event) => setText(event.target.value)} aria-label="An answer of your own" placeholder={options.length ? "Or write your own answer" : "Your answer"} className="field" />
          {multiple ? null : <Button kind="primary" type="submit" disabled={busy || !own}>Answer</Button>}
        </form>
      ) : null}
      {state?.status === "answered" && written(state.values) ? <p className="mt-3 whitespace-pre-wrap rounded-card border border-accent bg-accent-wash px-3.5 py-2.5 text-ui [overflow-wrap:anywhere]"><span className="sr-only">Written: </span>{written(state.values)}</p> : null}
      {multiple && !closed ? (
        <div className="mt-4 flex justify-end">
          <Button kind="primary" disabled={busy || count < least || count > most} onClick={() => void send(picked, own)}>
            Confirm{count ? ` ${count}` : ""}
          </Button>
        </div>
      ) : null}
      <Settled state={state} what="This question" className="mt-3" />
    </Card>
  );
}

function hintFor(least: number, most: number, count: number): string {
  if (least === most) return `Choose ${least}.`;
  if (most < count) return least > 1 ? `Choose ${least} to ${most}.` : `Choose up to ${most}.`;
  return least > 1 ? `Choose at least ${least}.` : "Choose one or more.";
}

function Tick({ on, square, quiet }: { on: boolean; square: boolean; quiet: boolean }): ReactNode {
  return (
    <span
      aria-hidden
      className={`inline-flex size-5 shrink-0 items-center justify-center border ${square ? "rounded-[6px]" : "rounded-full"}
        ${on ? "border-accent bg-accent text-on-accent" : quiet ? "border-edge" : "border-(color:--field-edge)"}`}
    >
      {on ? <Check size={16} strokeWidth={2.25} /> : null}
    </span>
  );
}
