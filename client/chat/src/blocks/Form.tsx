/** Fields to fill in. Labels above, what is wrong beside it, one button; when sent it becomes its own summary. */
import type { BlockState } from "@opsloom/sdk";
import { useId, useState, type ChangeEvent, type FormEvent, type ReactNode } from "react";
import { day } from "../format/date";
import { figure } from "../format/number";
import { Button } from "../ui/Button";
import { Card, CardTitle, Issue } from "./Card";
import { problems, STARS, valuesOf, type Draft, type Field, type FormData } from "./fields";
import { FileField, Rating, Slider } from "./form/Inputs";
import { Settled } from "./parts/Settled";
import type { BlockProps } from "./registry";

export default function Form({ data, state, open, growing, busy, issues, act }: BlockProps): ReactNode {
  const { title = "", fields = [], submit = "Send" } = data as FormData;
  const [draft, setDraft] = useState<Draft>({});
  const [tried, setTried] = useState(false);
  const [edited, setEdited] = useState<ReadonlySet<string>>(new Set());

  if (state?.status === "answered") return <Summary title={title} fields={fields} values={state.values} state={state} />;

  const own = tried ? problems(fields, draft) : {};
  const wrong = (name: string): string =>
    own[name] ?? (edited.has(name) ? "" : (issues.find(({ path }) => path === `/values/${name}` || path === name)?.text ?? ""));
  const general = issues.filter(({ path }) => !fields.some(({ name }) => path === `/values/${name}` || path === name));

  const send = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    if (!open || busy) return;
    setTried(true);
    const first = fields.find(({ name }) => name in problems(fields, draft));
    if (first) {
      event.currentTarget.querySelector<HTMLElement>(`[name="${first.name}"]`)?.focus();
      return;
    }
    setEdited(new Set());
    void act("submit", { values: valuesOf(fields, draft) });
  };

  return (
    <Card label={title}>
      <form onSubmit={send} noValidate>
        <CardTitle>{title}</CardTitle>
        <div className="mt-4 flex flex-col gap-4">
          {fields.map((field) => (
            <FieldView
              key={field.name}
              field={field}
              value={draft[field.name]}
              wrong={wrong(field.name)}
              disabled={!open}
              change={(value) => {
                setDraft({ ...draft, [field.name]: value });
                setEdited(new Set([...edited, field.name]));
              }}
            />
          ))}
        </div>
        {general.map((issue) => <Issue key={issue.path + issue.text} text={issue.text} />)}
        <div className="mt-5 flex items-center justify-end gap-3">
          {open || growing ? null : <p className="text-caption text-muted">{state?.status === "expired" ? "This form has expired." : "The conversation went on without it."}</p>}
          <Button kind="primary" type="submit" disabled={!open || busy}>{busy ? "Sending" : submit}</Button>
        </div>
      </form>
    </Card>
  );
}

interface FieldViewProps {
  field: Field;
  value: string | boolean | undefined;
  wrong: string;
  disabled: boolean;
  change: (value: string | boolean) => void;
}

function FieldView({ field, value, wrong, disabled, change }: FieldViewProps): ReactNode {
  const id = useId();
  const { name, label, type, required, help, placeholder, options, min, max } = field;
  const described = [help && `${id}-help`, wrong && `${id}-wrong`].filter(Boolean).join(" ") || undefined;
  const common = {
    id,
    name,
    disabled,
    required,
    "aria-invalid": wrong ? true : undefined,
    "aria-describedby": described,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>) => change(event.target.value),
  };
  const text = typeof value === "string" ? value : "";
  const below = (
    <>
      {help ? <p id={`${id}-help`} className="mt-1.5 text-caption text-muted">{help}</p> : null}
      {wrong ? <Issue id={`${id}-wrong`} text={wrong} /> : null}
    </>
  );
  if (type === "checkbox") {
    return (
      <div>
        <label htmlFor={id} className="flex min-h-11 items-center gap-3 text-ui">
          <input {...common} type="checkbox" checked={value === true} onChange={(event) => change(event.target.checked)} className="size-5 shrink-0 accent-(--accent)" />
          <span>{label}{required ? <Required /> : null}</span>
        </label>
        {below}
      </div>
    );
  }
  return (
    <div>
      {type === "rating" ? (
        <p id={`${id}-label`} className="mb-1.5 text-ui font-medium">{label}{required ? <Required /> : null}</p>
      ) : (
        <label htmlFor={id} className="mb-1.5 block text-ui font-medium">{label}{required ? <Required /> : null}</label>
      )}
      {type === "textarea" ? (
        <textarea {...common} value={text} rows={3} placeholder={placeholder ?? undefined} className="field resize-y" />
      ) : type === "select" ? (
        <select {...common} value={text} className="field">
          <option value="" disabled={required}>{placeholder ?? "Choose"}</option>
          {options?.map((option) => <option key={option.id} value={option.id}>{option.label}</option>)}
        </select>
      ) : type === "slider" ? (
        <Slider field={field} value={text} common={common} />
      ) : type === "rating" ? (
        <Rating field={field} value={text} common={common} change={change} />
      ) : type === "file" ? (
        <FileField field={field} value={text} common={common} change={change} />
      ) : (
        <input
          {...common}
          type={type === "number" ? "text" : type}
          inputMode={type === "number" ? "decimal" : undefined}
          autoComplete={type === "email" ? "email" : undefined}
          value={text}
          placeholder={placeholder ?? undefined}
          min={type === "date" ? (min ?? undefined) : undefined}
          max={type === "date" ? (max ?? undefined) : undefined}
          className="field"
        />
      )}
      {below}
    </div>
  );
}

function Required(): ReactNode {
  return <span className="ms-1 font-normal text-muted">(required)</span>;
}

function Summary({ title, fields, values, state }: { title: string; fields: readonly Field[]; values: unknown; state: BlockState }): ReactNode {
  const held = (values as { values?: Record<string, unknown> } | null)?.values ?? {};
  const given = fields.filter(({ name }) => held[name] !== undefined && held[name] !== null);
  return (
    <Card label={title}>
      <CardTitle>{title}</CardTitle>
      <dl className="mt-3 grid grid-cols-[minmax(0,auto)_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-ui">
        {given.map((field) => (
          <div key={field.name} className="contents">
            <dt className="text-muted">{field.label}</dt>
            <dd className="whitespace-pre-wrap [overflow-wrap:anywhere]">{inWords(field, held[field.name])}</dd>
          </div>
        ))}
      </dl>
      {given.length === 0 ? <p className="mt-2 text-ui text-muted">Sent without details.</p> : null}
      <Settled state={state} what="This form" className="mt-3" />
    </Card>
  );
}

function inWords(field: Field, value: unknown): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (field.type === "rating") return `${value} of ${field.max ?? STARS}`;
  if (field.type === "file") return "A file";
  if (typeof value === "number") return figure(value, 6);
  if (field.type === "date") return day(String(value));
  return field.options?.find(({ id }) => id === value)?.label ?? String(value);
}
