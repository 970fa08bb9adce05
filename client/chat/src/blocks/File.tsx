/** A file to save. */
import { Download, FileArchive, FileAudio, FileImage, FileSpreadsheet, FileText, FileVideo } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useConversation } from "../context";
import { bytes as inBytes } from "../format/number";
import { Button } from "../ui/Button";
import { save } from "../ui/save";
import { Card } from "./Card";
import { read } from "./parts/useFile";
import type { BlockProps } from "./registry";

interface FileData {
  file: string;
  name: string;
  media_type?: string | null;
  bytes?: number | null;
  description?: string | null;
}

const ICONS = [
  [/^image\//, FileImage],
  [/^audio\//, FileAudio],
  [/^video\//, FileVideo],
  [/csv|spreadsheet|excel/, FileSpreadsheet],
  [/zip|compressed|x-tar|gzip/, FileArchive],
] as const;

export default function File({ data }: BlockProps): ReactNode {
  const { file, name, media_type, bytes, description } = data as FileData;
  const { files } = useConversation();
  const [state, setState] = useState<"still" | "busy" | "failed">("still");
  const Icon = ICONS.find(([like]) => like.test(media_type ?? ""))?.[1] ?? FileText;
  const facts = [kindOf(name, media_type), typeof bytes === "number" ? inBytes(bytes) : ""].filter(Boolean).join(" · ");
  const take = (): void => {
    setState("busy");
    read(files, file).then(
      (blob) => {
        save(blob, name);
        setState("still");
      },
      () => setState("failed"),
    );
  };
  return (
    <Card label={`File: ${name}`}>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
        <span aria-hidden className="grid size-10 shrink-0 place-items-center rounded-control bg-press text-muted"><Icon size={20} strokeWidth={1.75} /></span>
        <div className="min-w-40 flex-1">
          <p className="text-ui font-medium [overflow-wrap:anywhere]">{name}</p>
          {facts ? <p className="text-caption text-muted">{facts}</p> : null}
          {description ? <p className="mt-1 text-ui text-muted">{description}</p> : null}
        </div>
        <Button disabled={state === "busy"} onClick={take} aria-label={`Download ${name}`}>
          <Download size={16} strokeWidth={1.75} aria-hidden />
          {state === "busy" ? "Loading" : "Download"}
        </Button>
      </div>
      <p role="status" className={state === "failed" ? "mt-2 text-caption text-danger" : "sr-only"}>{state === "failed" ? "This file could not be read. It may have been deleted." : ""}</p>
    </Card>
  );
}

/** `PDF`, from the name's end or the media type. */
function kindOf(name: string, media: string | null | undefined): string {
  const end = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1] ?? /\/([\w-]{1,10})$/.exec(media ?? "")?.[1];
  return end ? end.toUpperCase() : "";
}
