/** The app's HTML: from the block itself, or from a file of this server. */
import { useEffect, useState } from "react";
import { useConversation } from "../../context";
import { read } from "../parts/useFile";

/** Largest file that is shown, bytes: it goes through two frames as one text. */
const MOST_BYTES = 1_048_576;

export interface Page {
  status: "none" | "loading" | "ready" | "failed";
  html: string | null;
}

export function usePage({ html, file }: { html?: string | null; file?: string | null }): Page {
  const { files } = useConversation();
  const [held, setHeld] = useState<{ file: string; html: string | null } | null>(null);
  useEffect(() => {
    if (html || !file) return;
    const stop = new AbortController();
    const keep = (text: string | null): void => {
      if (!stop.signal.aborted) setHeld({ file, html: text });
    };
    read(files, file, stop.signal)
      .then((blob) => (blob.size <= MOST_BYTES ? blob.text() : null))
      .then(keep, () => keep(null));
    return () => stop.abort();
  }, [files, file, html]);
  if (html) return { status: "ready", html };
  if (!file) return { status: "none", html: null };
  if (held?.file !== file) return { status: "loading", html: null };
  return { status: held.html ? "ready" : "failed", html: held.html };
}
