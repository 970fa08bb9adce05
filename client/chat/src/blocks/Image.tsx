/** A picture of this server: large on a click. */
import { X } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { IconButton } from "../ui/IconButton";
import { Picture } from "./parts/Picture";
import type { BlockProps } from "./registry";

interface ImageData {
  file: string;
  alt: string;
  caption?: string | null;
  width?: number | null;
  height?: number | null;
}

export default function Image({ data }: BlockProps): ReactNode {
  const { file, alt, caption, width, height } = data as ImageData;
  const large = useRef<HTMLDialogElement>(null);
  const [enlarged, setEnlarged] = useState(false); // the file is read a second time only for who wants it large
  const shape = width && height ? { width, height } : {};
  return (
    <figure>
      <button
        type="button"
        aria-label={`Enlarge: ${alt}`}
        onClick={() => {
          setEnlarged(true);
          large.current?.showModal();
        }}
        className="block max-w-full cursor-zoom-in! overflow-hidden rounded-card border border-line"
      >
        <Picture file={file} alt={alt} {...shape} className="max-h-112 w-auto min-w-40" />
      </button>
      {caption ? <figcaption className="mt-2 text-caption text-muted">{caption}</figcaption> : null}
      <dialog ref={large} aria-label={alt} onClick={() => large.current?.close()} onClose={() => setEnlarged(false)} className="large">
        {enlarged ? <Picture file={file} alt={alt} {...shape} /> : null}
        <div className="absolute end-3 top-3 rounded-control bg-raised"><IconButton icon={X} label="Close" size={36} onClick={() => large.current?.close()} /></div>
      </dialog>
    </figure>
  );
}
