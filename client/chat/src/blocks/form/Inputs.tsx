/** Fields that the browser has no good control for: a slider that says its value, stars, a file that is sent at once. */
import { FileUp, Paperclip, Star, X } from "lucide-react";
import { useRef, useState, type ChangeEvent, type KeyboardEvent, type ReactNode } from "react";
import { useConversation } from "../../context";
import { figure } from "../../format/number";
import { IconButton } from "../../ui/IconButton";
import { STARS, type Field } from "../fields";

interface InputProps {
  field: Field;
  value: string;
  common: {
    id: string;
    name: string;
    disabled: boolean;
    required: boolean;
    "aria-invalid": boolean | undefined;
    "aria-describedby": string | undefined;
    onChange: (event: ChangeEvent<HTMLInputElement>) => void;
  };
}

interface ChangingProps extends InputProps {
  change: (value: string) => void;
}

/** Nothing is chosen until it is moved: it then says a dash, and a required one asks to be moved. */
export function Slider({ field: { min, max, step }, value, common }: InputProps): ReactNode {
  const [low, high] = [Number(min ?? 0), Number(max ?? 100)];
  const shown = value === "" ? "–" : figure(Number(value), 6);
  return (
    <div className="flex min-h-11 items-center gap-3">
      <span aria-hidden className="text-caption tabular-nums text-muted">{figure(low, 6)}</span>
      <input
        {...common}
        type="range"
        min={low}
        max={high}
        step={step ?? "any"}
        value={value === "" ? low : value}
        aria-valuetext={value === "" ? "Not chosen" : shown}
        onPointerUp={(event) => {
          // A click on the end where it stands already chooses that end.
          if (value === "") common.onChange(event as unknown as ChangeEvent<HTMLInputElement>);
        }}
        className="slider min-w-0 flex-1"
      />
      <span aria-hidden className="text-caption tabular-nums text-muted">{figure(high, 6)}</span>
      <output htmlFor={common.id} aria-hidden className="min-w-12 rounded-control bg-press px-2 py-1 text-center text-ui font-medium tabular-nums">{shown}</output>
    </div>
  );
}

export function Rating({ field: { label, max }, value, common, change }: ChangingProps): ReactNode {
  const best = typeof max === "number" ? max : STARS;
  const chosen = Number(value) || 0;
  const [over, setOver] = useState(0);
  const row = useRef<HTMLDivElement>(null);
  const keys = (event: KeyboardEvent): void => {
    const to = { ArrowRight: chosen + 1, ArrowUp: chosen + 1, ArrowLeft: chosen - 1, ArrowDown: chosen - 1, Home: 1, End: best }[event.key];
    if (to === undefined || common.disabled) return;
    event.preventDefault();
    const next = Math.max(1, Math.min(best, to));
    change(String(next));
    (row.current?.children[next - 1] as HTMLElement | undefined)?.focus();
  };
  return (
    <div
      ref={row}
      role="radiogroup"
      aria-labelledby={`${common.id}-label`}
      aria-required={common.required || undefined}
      aria-invalid={common["aria-invalid"]}
      aria-describedby={common["aria-describedby"]}
      onKeyDown={keys}
      onPointerLeave={() => setOver(0)}
      className="-ms-2 flex flex-wrap"
    >
      {Array.from({ length: best }, (_, i) => i + 1).map((star) => {
        const full = star <= (over || chosen);
        return (
          <button
            key={star}
            type="button"
            role="radio"
            name={star === Math.max(1, chosen) ? common.name : undefined}
            aria-checked={star === chosen}
            aria-label={`${label}: ${star} of ${best}`}
            disabled={common.disabled}
            tabIndex={star === Math.max(1, chosen) ? 0 : -1}
            onPointerEnter={(event) => event.pointerType === "mouse" && setOver(star)}
            onClick={() => change(String(star))}
            className="grid size-10 place-items-center rounded-control disabled:opacity-60 pointer-coarse:size-11"
          >
            <Star size={24} strokeWidth={1.5} aria-hidden className={full ? "fill-accent text-accent" : "text-muted"} />
          </button>
        );
      })}
    </div>
  );
}

/** The file goes to the server when it is chosen; the form then holds its id. */
export function FileField({ field: { accept, label }, value, common, change }: ChangingProps): ReactNode {
  const { files } = useConversation();
  const [name, setName] = useState("");
  const [state, setState] = useState<"still" | "busy" | "failed">("still");
  const input = useRef<HTMLInputElement>(null);
  const take = (file: File | undefined): void => {
    if (!file || !files) return;
    setName(file.name);
    setState("busy");
    files.upload(file).then(
      ({ id }) => {
        change(id);
        setState("still");
      },
      () => setState("failed"),
    );
  };
  const clear = (): void => {
    if (input.current) input.current.value = "";
    setName("");
    setState("still");
    change("");
    input.current?.focus();
  };
  const { onChange: _, ...given } = common;
  return (
    <>
      <div
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          if (!common.disabled) take(event.dataTransfer.files[0]);
        }}
        className={`relative flex min-h-11 items-center gap-2.5 rounded-control border border-dashed px-3 py-2 text-ui has-focus-visible:outline-2 has-focus-visible:outline-accent ${common["aria-invalid"] ? "border-danger" : "border-edge"}`}
      >
        {value ? <Paperclip size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" /> : <FileUp size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />}
        <span className={`min-w-0 flex-1 truncate ${value ? "" : "text-muted"}`}>{state === "busy" ? `Sending ${name}` : value ? name || "A file" : files ? "Choose a file, or drop it here" : "Files cannot be sent here"}</span>
        <input {...given} ref={input} type="file" required={common.required && !value} disabled={common.disabled || !files} accept={accept?.join(",")} onChange={(event) => take(event.target.files?.[0])} className="absolute inset-0 size-full cursor-pointer opacity-0 disabled:cursor-default" />
        {value && !common.disabled ? <span className="relative"><IconButton icon={X} label={`Remove the file of ${label}`} size={28} onClick={clear} /></span> : null}
      </div>
      {accept ? <p className="mt-1.5 text-caption text-muted">{accept.map((one) => one.replace(/^.*\/(?=[^*])/, "").replace("/*", "s")).join(", ")}</p> : null}
      <p role="status" className={state === "failed" ? "mt-1.5 text-caption text-danger" : "sr-only"}>{state === "failed" ? `${name} could not be sent. Choose it again.` : state === "busy" ? `Sending ${name}` : value ? `${name || "The file"} is here.` : ""}</p>
    </>
  );
}
