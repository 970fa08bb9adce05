/** The only addresses that may become links. Everything else is shown as the text it was. */
const SAFE = new Set(["http:", "https:", "mailto:"]);

/** A normalised address, or null where it is relative, malformed or of another scheme. */
export function safeHref(href: string): string | null {
  // The URL parser drops tabs and line breaks inside a scheme just as browsers do, so `java\tscript:` is seen for what it is.
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return null;
  }
  if (!SAFE.has(url.protocol)) return null;
  if (url.username || url.password) return null; // https://bank.example@evil.example reads as the wrong host
  return url.href;
}
