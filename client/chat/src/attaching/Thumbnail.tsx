/** A picture of one's own message, small; a click shows it whole, in a tab of its own. */
import type { FileRef } from "@opsloom/sdk";
import type { ReactNode } from "react";
import { useFile } from "../blocks/parts/useFile";

export default function Thumbnail({ file }: { file: FileRef }): ReactNode {
  const { status, url } = useFile(file.id);
  if (status === "failed") return <p className="mb-1 text-ui text-muted">{file.name} cannot be shown any more.</p>;
  return (
    <span className="thumb overflow-hidden rounded-control bg-paper">
      {url ? (
        <a href={url} target="_blank" rel="noreferrer" aria-label={`Open ${file.name}`}>
          <img src={url} alt={file.name} className="size-full object-cover animate-appear" />
        </a>
      ) : null}
    </span>
  );
}
