/** A form's fields: what they hold, and what is wrong with it before it is sent. Pure; the server has the last word. */
export interface Field {
  name: string;
  label: string;
  type: "text" | "textarea" | "number" | "email" | "date" | "select" | "checkbox" | "slider" | "rating" | "file";
  required: boolean;
  options?: { id: string; label: string; description?: string | null }[] | null;
  help?: string | null;
  placeholder?: string | null;
  min?: number | string | null;
  max?: number | string | null;
  step?: number | null;
  accept?: string[] | null;
}

export interface FormData {
  title: string;
  fields: Field[];
  submit: string;
}

/** What is typed, by field name: text as typed, a tick as a boolean. */
export type Draft = Readonly<Record<string, string | boolean>>;
export type Value = string | number | boolean;

/** What is wrong, by field name; the server's own words where there are rules that both know. */
export function problems(fields: readonly Field[], draft: Draft): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of fields) {
    const text = problem(field, draft[field.name]);
    if (text) found[field.name] = text;
  }
  return found;
}

function problem(field: Field, value: string | boolean | undefined): string {
  if (field.type === "checkbox") return field.required && value !== true ? `Please tick “${field.label}”.` : "";
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "") return field.required ? `Please fill in “${field.label}”.` : "";
  if (field.type === "email") return /^[^@\s]{1,64}@[^@\s]+\.[^@\s.]+$/.test(text) ? "" : "This is not an e-mail address.";
  if (field.type === "number" || field.type === "slider") return outside(field, Number(text.replace(",", ".")), "");
  if (field.type === "date") return dateProblem(field, text);
  if (field.type === "text" || field.type === "textarea") return outside(field, [...text].length, " characters");
  return "";
}

function outside({ min, max, step }: Field, value: number, unit: string): string {
  if (Number.isNaN(value)) return "A number is expected here.";
  if (typeof min === "number" && value < min) return `At least ${min}${unit}, please.`;
  if (typeof max === "number" && value > max) return `At most ${max}${unit}, please.`;
  if (!step || unit) return "";
  const start = typeof min === "number" ? min : 0;
  const away = (value - start) / step;
  return Math.abs(away - Math.round(away)) > 1e-6 ? `In steps of ${step}${start ? ` from ${start}` : ""}, please.` : "";
}

function dateProblem({ min, max }: Field, text: string): string {
  if (typeof min === "string" && text < min) return `Not before ${min}, please.`;
  return typeof max === "string" && text > max ? `Not after ${max}, please.` : "";
}

const FIGURES = new Set<Field["type"]>(["number", "slider", "rating"]);

/** Best of a rating that says none. */
export const STARS = 5;

/** The draft as the values that travel: figures as numbers, nothing for what was left empty. */
export function valuesOf(fields: readonly Field[], draft: Draft): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { name, type } of fields) {
    const held = draft[name];
    if (typeof held === "boolean") values[name] = held;
    else if (held?.trim()) values[name] = FIGURES.has(type) ? Number(held.trim().replace(",", ".")) : held.trim();
  }
  return values;
}
