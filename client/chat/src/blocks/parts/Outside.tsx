import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";
import { safeHref } from "../../markdown/links";

/** A link that leaves the page, by a person's click alone; an address that may be none is text. */
export function Outside({ url, children, className = "" }: { url: string; children: ReactNode; className?: string }): ReactNode {
  const href = safeHref(url);
  if (!href) return <span className={className}>{children} <span className="text-muted">({url})</span></span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" className={`underline-offset-3 hover:underline ${className}`}>
      {children}
      <ExternalLink size={14} strokeWidth={1.75} aria-hidden className="ms-1.5 inline-block shrink-0 align-[-1px] opacity-70" />
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

/** Where a link leads, for people. */
export function hostOf(url: string): string {
  const href = safeHref(url);
  if (!href) return "";
  const { protocol, pathname, host } = new URL(href);
  return protocol === "mailto:" ? decodeURIComponent(pathname) : host.replace(/^www\./, "");
}

/** An address without what says nothing, at most 40 signs of it. */
export function shortAddress(url: string): string {
  const text = url.replace(/^(https?:\/\/(www\.)?|mailto:)/i, "").replace(/\/$/, "");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
