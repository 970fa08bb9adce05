/** Sound and film of this server: the bytes are read when a person wants them, then the browser's own controls play them. */
import { Play } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useFile } from "./useFile";

interface PlayerProps {
  file: string;
  title: string;
  kind: "audio" | "video";
  seconds?: number | null | undefined;
  poster?: string | null | undefined;
  captions?: string | null | undefined;
  ratio?: string | undefined;
}

export function Player({ file, title, kind, seconds, poster, captions, ratio }: PlayerProps): ReactNode {
  const [wanted, setWanted] = useState(false);
  const [broken, setBroken] = useState(false);
  const { status, url } = useFile(file, wanted);
  const still = useFile(poster);
  const words = useFile(captions, wanted);
  const length = seconds ? clock(seconds) : "";
  const wide = kind === "video";
  if (broken || status === "failed") {
    return <p role="status" className="text-ui text-danger">{broken ? "This browser cannot play it." : "This file could not be read. It may have been deleted."}</p>;
  }
  if (status === "ready" && (!captions || words.status !== "loading")) {
    const track = words.url ? <track kind="captions" src={words.url} default /> : null;
    const shared = { src: url, controls: true, autoPlay: true, "aria-label": title, onError: () => setBroken(true) };
    return wide
      ? <video {...shared} poster={still.url ?? undefined} className="block w-full rounded-card bg-black" style={{ aspectRatio: ratio }}>{track}</video>
      : <audio {...shared} className="block w-full">{track}</audio>;
  }
  const busy = wanted;
  const label = `${busy ? "Loading" : "Play"} ${title}${length ? `, ${length}` : ""}`;
  if (!wide) {
    return (
      <button type="button" aria-label={label} disabled={busy} onClick={() => setWanted(true)} className="flex min-h-13 w-full items-center gap-3 rounded-full border border-line bg-wash px-2 pe-5 text-ui hover:border-edge">
        <span className="grid size-9 shrink-0 place-items-center rounded-full bg-accent text-on-accent"><Play size={16} strokeWidth={2} aria-hidden className="translate-x-px" /></span>
        <span className="h-1 flex-1 rounded-full bg-press" />
        <span className="tabular-nums text-muted">{busy ? "Loading" : length}</span>
      </button>
    );
  }
  return (
    <button type="button" aria-label={label} disabled={busy} onClick={() => setWanted(true)} className="relative grid w-full place-items-center overflow-hidden rounded-card border border-line bg-press" style={{ aspectRatio: ratio ?? "16 / 9" }}>
      {still.url ? <img src={still.url} alt="" className="absolute inset-0 size-full object-cover" /> : null}
      <span className="relative grid size-14 place-items-center rounded-full bg-accent text-on-accent"><Play size={20} strokeWidth={2} aria-hidden className="translate-x-px" /></span>
      {length || busy ? <span className="absolute bottom-2 end-2 rounded-control bg-raised px-2 py-0.5 text-caption tabular-nums text-ink">{busy ? "Loading" : length}</span> : null}
    </button>
  );
}

/** 3:05, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, left] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${left}` : `${minutes}:${left}`;
}
