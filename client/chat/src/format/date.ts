const locale = typeof navigator === "undefined" ? "en" : navigator.language;

// Made once: a formatter costs 50 µs, and one is asked for with every message that is drawn.
const DAY = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const MOMENT = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** A day as the reader writes it; what is not a date comes back as it was. */
export function day(value: string): string {
  const plain = /^\d{4}-\d{2}-\d{2}$/.test(value);
  const date = new Date(plain ? `${value}T00:00:00` : value);
  if (Number.isNaN(date.getTime())) return value;
  return (plain ? DAY : MOMENT).format(date);
}

export function moment(value: string): string {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? "" : MOMENT.format(date);
}

export type Age = "Today" | "Yesterday" | "Last 7 days" | "Last 30 days" | "Older";

/** Which heading of a list by date a moment belongs under, in the reader's own time zone. */
export function age(value: string, now: Date = new Date()): Age {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const at = new Date(value).getTime();
  const days = Math.ceil((midnight - at) / 86_400_000);
  if (!(days > 0)) return "Today";
  if (days === 1) return "Yesterday";
  if (days <= 7) return "Last 7 days";
  return days <= 30 ? "Last 30 days" : "Older";
}
