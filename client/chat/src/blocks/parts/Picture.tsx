import { ImageOff } from "lucide-react";
import type { ReactNode } from "react";
import { useFile } from "./useFile";

interface PictureProps {
  file: string;
  alt: string;
  /** px, so that its room is kept while it loads. */
  width?: number | null | undefined;
  height?: number | null | undefined;
  className?: string;
  /** Fill the box and cut what is over, instead of showing all. */
  cover?: boolean;
}

/** A picture from this server's files, with its room kept; in words where it cannot be had. */
export function Picture({ file, alt, width, height, className = "", cover = false }: PictureProps): ReactNode {
  const { status, url } = useFile(file);
  const ratio = width && height ? `${width} / ${height}` : undefined;
  if (status === "ready") {
    return <img src={url} alt={alt} width={width ?? undefined} height={height ?? undefined} className={`block animate-appear ${cover ? "object-cover" : "max-w-full bg-wash object-contain"} ${className}`} style={{ aspectRatio: ratio }} />;
  }
  return (
    <div
      role={alt ? "img" : undefined}
      aria-label={alt || undefined}
      aria-busy={status !== "failed"}
      className={`grid min-h-24 place-items-center bg-press px-4 text-center text-caption text-muted ${className}`}
      style={{ aspectRatio: ratio }}
    >
      {status === "failed" ? <span className="flex flex-col items-center gap-2"><ImageOff size={20} strokeWidth={1.75} aria-hidden />{alt || "No picture"}</span> : null}
    </div>
  );
}
