/** Light, dark or as the system has it; and what an assistant's `look` changes. Values go through the CSSOM, so a strict CSP holds. */
import type { Rgb } from "./contrast";

export type Mode = "light" | "dark" | "auto";
const KEY = "opsloom.theme";

/** What a tenant may set. Anything else in `look`, and any value that does not parse, is ignored. */
export interface Look {
  accent?: string;
  accent_dark?: string;
  neutral_hue?: number;
  radius?: "sharp" | "round" | "pill";
  density?: "compact" | "normal" | "spacious";
  size?: number;
  theme?: Mode;
  extensions?: string[];
}

export function storedMode(): Mode {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "auto";
  } catch {
    return "auto"; // storage is blocked in some frames: the choice lasts as long as the page
  }
}

export function applyMode(mode: Mode, root: HTMLElement = document.documentElement): void {
  if (mode === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = mode;
}

export function chooseMode(mode: Mode): void {
  applyMode(mode);
  try {
    if (mode === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, mode);
  } catch {
    // as above
  }
}

const PAPER: Rgb = [252, 252, 250];
const NIGHT: Rgb = [16, 17, 20];

/** Apply `look`; an accent that cannot be read on paper (contrast under 4.5) is refused and the house's own stays. */
export function applyLook(look: Record<string, unknown>, root: HTMLElement = document.documentElement): void {
  const { accent, accent_dark, neutral_hue, radius, density, size, theme } = look as Look;
  void setAccent(root, "--accent-seed", accent, PAPER);
  void setAccent(root, "--accent-seed-dark", accent_dark, NIGHT);
  if (typeof neutral_hue === "number" && Number.isFinite(neutral_hue)) root.style.setProperty("--neutral-hue", String(neutral_hue));
  if (radius === "sharp" || radius === "pill") root.dataset["radius"] = radius;
  if (density === "compact" || density === "spacious") root.dataset["density"] = density;
  if (typeof size === "number" && size >= 14 && size <= 18) root.style.setProperty("--base-size", `${(size / 16) * 100}%`);
  if (theme && storedMode() === "auto") applyMode(theme, root);
}

async function setAccent(root: HTMLElement, name: string, value: unknown, paper: Rgb): Promise<void> {
  if (typeof value !== "string") return;
  const { contrast, readColour } = await import("./contrast"); // most assistants keep the house's own
  const colour = readColour(value);
  if (colour && contrast(colour, paper) >= 4.5) root.style.setProperty(name, value);
}
