/** What an app is told of the place where it is shown: colours, language, room. */

export interface HostContext {
  theme: "light" | "dark";
  styles: { variables: Record<string, string> };
  displayMode: "inline";
  availableDisplayModes: ["inline"];
  containerDimensions: { width: number } & ({ height: number } | { maxHeight: number });
  locale: string;
  timeZone: string;
  platform: "web";
  deviceCapabilities: { touch: boolean; hover: boolean };
  userAgent: string;
}

/** MCP Apps' names for colours, and ours (`theme/tokens.css`). */
const COLOURS: Readonly<Record<string, string>> = {
  "background-primary": "surface", "background-secondary": "wash", "background-tertiary": "press", "background-inverse": "ink",
  "background-info": "accent-wash", "background-danger": "danger-wash", "background-disabled": "press",
  "text-primary": "ink", "text-secondary": "muted", "text-tertiary": "muted", "text-inverse": "paper", "text-info": "accent",
  "text-danger": "danger", "text-success": "ok", "text-warning": "warn", "text-disabled": "muted",
  "border-primary": "edge", "border-secondary": "line", "border-tertiary": "line", "border-inverse": "ink", "border-info": "accent",
  "border-danger": "danger", "border-success": "ok", "border-warning": "warn", "border-disabled": "line",
  "ring-primary": "accent", "ring-secondary": "edge", "ring-info": "accent", "ring-danger": "danger", "ring-success": "ok", "ring-warning": "warn",
};

/** Sizes as parts of the page's own text, with their lines. */
const SIZES: Readonly<Record<string, [number, number]>> = {
  "text-xs": [0.75, 1], "text-sm": [0.875, 1.25], "text-md": [1, 1.625], "text-lg": [1.125, 1.75],
  "heading-xs": [0.875, 1.25], "heading-sm": [1, 1.5], "heading-md": [1.125, 1.5], "heading-lg": [1.25, 1.75],
  "heading-xl": [1.5, 2], "heading-2xl": [1.75, 2.25], "heading-3xl": [2, 2.5],
};

const RADII: Readonly<Record<string, string>> = { sm: "control", md: "control", lg: "card", xl: "panel" };

/** The values go as they are written, `light-dark()` and all: an app's own `color-scheme` chooses. */
export function variablesOf(root: HTMLElement): Record<string, string> {
  const style = getComputedStyle(root);
  const ours = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const base = Number.parseFloat(style.fontSize) || 16;
  const found: Record<string, string> = {
    "--color-background-ghost": "transparent",
    "--color-border-ghost": "transparent",
    "--font-sans": "ui-sans-serif, system-ui, sans-serif",
    "--font-mono": "ui-monospace, Menlo, Consolas, monospace",
    "--font-weight-normal": "400",
    "--font-weight-medium": "500",
    "--font-weight-semibold": "600",
    "--font-weight-bold": "600",
    "--border-width-regular": "1px",
    "--border-radius-xs": "4px",
    "--border-radius-full": "9999px",
    "--shadow-hairline": `0 0 0 1px ${ours("line")}`,
    "--shadow-md": ours("float"),
    "--shadow-lg": ours("float"),
  };
  for (const [name, token] of Object.entries(COLOURS)) found[`--color-${name}`] = ours(token);
  for (const [name, token] of Object.entries(RADII)) found[`--border-radius-${name}`] = ours(`radius-${token}-set`);
  for (const [name, [size, line]] of Object.entries(SIZES)) {
    found[`--font-${name}-size`] = `${size * base}px`;
    found[`--font-${name}-line-height`] = `${line * base}px`;
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value));
}

const DARK = "(prefers-color-scheme: dark)";

export function themeOf(root: HTMLElement): "light" | "dark" {
  const chosen = root.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : matchMedia(DARK).matches ? "dark" : "light";
}

/** Call `changed` whenever the page's colours or sizes may be others. Returns how to end that. */
export function watchTheme(root: HTMLElement, changed: () => void): () => void {
  const system = matchMedia(DARK);
  const watch = new MutationObserver(changed);
  watch.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-radius", "style"] });
  system.addEventListener("change", changed);
  return () => {
    watch.disconnect();
    system.removeEventListener("change", changed);
  };
}

export function contextOf(root: HTMLElement, width: number, height: { height: number } | { maxHeight: number }): HostContext {
  return {
    theme: themeOf(root),
    styles: { variables: variablesOf(root) },
    displayMode: "inline",
    availableDisplayModes: ["inline"],
    containerDimensions: { width, ...height },
    locale: navigator.language,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    platform: "web",
    deviceCapabilities: { touch: matchMedia("(pointer: coarse)").matches, hover: matchMedia("(hover: hover)").matches },
    userAgent: "opsloom",
  };
}
