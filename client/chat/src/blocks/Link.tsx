/** A page elsewhere. Nothing of it is fetched: what is said of it is what the block holds. */
import { ArrowUpRight, Globe, Mail } from "lucide-react";
import type { ReactNode } from "react";
import { safeHref } from "../markdown/links";
import { hostOf } from "./parts/Outside";
import { Picture } from "./parts/Picture";
import type { BlockProps } from "./registry";

interface LinkData {
  url: string;
  title: string;
  description?: string | null;
  image?: string | null;
}

export default function Link({ data }: BlockProps): ReactNode {
  const { url, title, description, image } = data as LinkData;
  const href = safeHref(url);
  const Icon = href?.startsWith("mailto:") ? Mail : Globe;
  const inside = (
    <>
      {image ? <Picture file={image} alt="" cover className="w-28 self-stretch max-sm:w-20" /> : null}
      <span className="min-w-0 flex-1 px-5 py-3 max-sm:px-4">
        <span className="block font-medium leading-6 [overflow-wrap:anywhere]">{title}</span>
        {description ? <span className="mt-0.5 line-clamp-3 text-ui text-muted">{description}</span> : null}
        <span className="mt-1.5 flex items-center gap-1.5 text-caption text-muted">
          <Icon size={14} strokeWidth={1.75} aria-hidden className="shrink-0" />
          <span className="truncate">{href ? hostOf(url) : url}</span>
        </span>
      </span>
    </>
  );
  const frame = "flex overflow-hidden rounded-card border border-line bg-surface text-start";
  if (!href) return <div className={frame}>{inside}</div>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" className={`${frame} group/link transition-colors duration-150 hover:border-edge hover:bg-wash`}>
      {inside}
      <ArrowUpRight size={16} strokeWidth={1.75} aria-hidden className="me-4 mt-4 shrink-0 text-muted group-hover/link:text-ink" />
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}
