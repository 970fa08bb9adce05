/** An app's page as the frame gets it: a policy of its own, the chat's colours, a few lines that run first, the app. */
import { beforehand } from "./beforehand";

export interface Csp {
  connectDomains: readonly string[];
  resourceDomains: readonly string[];
}

export interface Resource {
  html: string;
  title: string;
  /** What the app asks for. The policy of `/sandbox` holds as well, so that nothing here can allow more than that. */
  csp: Csp;
  theme: "light" | "dark";
  variables: Readonly<Record<string, string>>;
}

export function pageOf({ html, csp, theme, variables }: Resource): string {
  const colours = Object.entries(variables).map(([name, value]) => `${name}:${value};`);
  const style = `:root{color-scheme:${theme};${colours.join("")}}${BASE}`;
  return [
    "<!doctype html><meta charset=utf-8>",
    `<meta http-equiv="Content-Security-Policy" content="${policyOf(csp)}">`,
    `<style>${style.replaceAll("<", "\\3c ")}</style>`,
    `<script>(${String(beforehand)})()</script>`,
    html,
  ].join("");
}

const BASE =
  "body{margin:0;background:var(--color-background-primary);color:var(--color-text-primary);" +
  "font:var(--font-text-md-size)/var(--font-text-md-line-height) var(--font-sans)}" +
  "@media(prefers-reduced-motion:reduce){*,::before,::after{animation-duration:.01ms!important;animation-iteration-count:1!important;transition-duration:.01ms!important;scroll-behavior:auto!important}}";

const ORIGIN = /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/i;

/** What is no plain origin is left out: a word with blanks or semicolons would be a directive of its own. */
export function policyOf({ connectDomains, resourceDomains }: Csp): string {
  const connect = connectDomains.filter((one) => ORIGIN.test(one));
  const resources = resourceDomains.filter((one) => ORIGIN.test(one));
  const from = (...sources: string[]): string => [...sources, ...resources].join(" ");
  return [
    "default-src 'none'",
    `script-src ${from("'unsafe-inline'")}`,
    `style-src ${from("'unsafe-inline'")}`,
    `img-src ${from("data:", "blob:")}`,
    `media-src ${from("data:", "blob:")}`,
    `font-src ${from("data:")}`,
    `connect-src ${connect.join(" ") || "'none'"}`,
    "frame-src 'none'",
    "worker-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join(";");
}
