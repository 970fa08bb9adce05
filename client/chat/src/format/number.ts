const locale = typeof navigator === "undefined" ? "en" : navigator.language;

const formats = new Map<string, Intl.NumberFormat>();

function formatter(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let held = formats.get(key);
  if (!held) {
    held = new Intl.NumberFormat(locale, options);
    formats.set(key, held);
  }
  return held;
}

/** A figure with the reader's own separators and at most `digits` decimals. */
export function figure(value: number, digits = 2): string {
  return formatter(`d${digits}`, { maximumFractionDigits: digits }).format(value);
}

/** `1.2 M`, `340 k`: for axes, where room is short. */
export function shortFigure(value: number): string {
  return formatter("compact", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Money: with a currency code in the reader's way, else a figure with two decimals. */
export function money(value: number, currency?: string): string {
  if (currency && /^[A-Z]{3}$/.test(currency)) return formatter(`m${currency}`, { style: "currency", currency }).format(value);
  return formatter("m", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
}

/** `12 kB`, `3.4 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${figure(count / 1000, 0)} kB`;
  return `${figure(count / 1_000_000, 1)} MB`;
}
