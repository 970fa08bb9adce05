/** A file of this server as something the page can show: read with the reader's own rights, never from anywhere else. */
import { useEffect, useState } from "react";
import { useConversation, type FileStore } from "../../context";

export type Loaded = { status: "idle" | "loading" | "failed"; url: null } | { status: "ready"; url: string };

const IDLE: Loaded = { status: "idle", url: null };

/** The address lives as long as the component. Nothing is read while `wanted` is false. */
export function useFile(file: string | null | undefined, wanted = true): Loaded {
  const { files } = useConversation();
  const [held, setHeld] = useState<{ file: string; loaded: Loaded } | null>(null);
  useEffect(() => {
    if (!file || !wanted) return;
    const stop = new AbortController();
    let url = "";
    setHeld({ file, loaded: { status: "loading", url: null } });
    read(files, file, stop.signal).then(
      (blob) => {
        if (stop.signal.aborted) return;
        url = URL.createObjectURL(blob);
        setHeld({ file, loaded: { status: "ready", url } });
      },
      () => {
        if (!stop.signal.aborted) setHeld({ file, loaded: { status: "failed", url: null } });
      },
    );
    return () => {
      stop.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [files, file, wanted]);
  return held && held.file === file ? held.loaded : IDLE;
}

const ID = /^fil_[\w-]+$/;

export function read(files: FileStore | null, file: string, signal?: AbortSignal): Promise<Blob> {
  return files && ID.test(file) ? files.download(file, signal) : Promise.reject(new Error("This file cannot be read here."));
}
