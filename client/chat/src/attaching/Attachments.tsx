/** The files that go with the next message: chosen, scaled where they are pictures, uploaded, and taken back again. */
import type { FileRef, RestError } from "@opsloom/sdk";
import { FileText, X } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useConversation, type FileStore } from "../context";
import { bytes } from "../format/number";
import { IconButton } from "../ui/IconButton";
import { fitting } from "./picture";
import { telling } from "./upload";

/** A message carries so many. */
const MOST = 10;

interface Item {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** Of the picture, while it is here. */
  readonly url: string | null;
  /** 0 to 1. */
  readonly done: number;
  readonly file: FileRef | null;
  readonly error: string | null;
  readonly stop: AbortController;
}

let count = 0;

/** `onChange` is told what has arrived, and null while some are still on their way. */
export default function Attachments({ given, onChange }: { given: readonly File[]; onChange: (attached: readonly FileRef[] | null) => void }): ReactNode {
  const { files, focusComposer } = useConversation();
  const [items, setItems] = useState<readonly Item[]>([]);
  const [said, setSaid] = useState("");
  const seen = useRef<readonly File[] | null>(null);
  const latest = useRef<readonly Item[]>([]);
  const change = (id: number, part: Partial<Item>): void => setItems((held) => held.map((item) => (item.id === id ? { ...item, ...part } : item)));

  useEffect(() => {
    if (!files || seen.current === given) return;
    seen.current = given;
    const room = MOST - latest.current.length;
    const made = given.slice(0, Math.max(0, room)).map((file) => begin(file, files, change, setSaid));
    if (given.length > room) setSaid(`A message may carry ${MOST} files; ${given.length - Math.max(0, room)} were left out.`);
    setItems((held) => [...held, ...made]);
  }, [given, files]);

  useEffect(() => {
    latest.current = items;
    onChange(items.some(({ file, error }) => !file && !error) ? null : items.flatMap(({ file }) => file ?? []));
  }, [items, onChange]);

  useEffect(() => () => latest.current.forEach(forget), []);

  const remove = (item: Item): void => {
    forget(item);
    setItems((held) => held.filter(({ id }) => id !== item.id));
    setSaid(`${item.name} removed`);
    focusComposer();
  };
  return (
    <div className="order-first w-full">
      {items.length > 0 ? (
        <ul aria-label="Attached files" className="flex flex-wrap gap-2 px-1 pb-1 pt-0.5">
          {items.map((item) => <Attachment key={item.id} item={item} remove={() => remove(item)} />)}
        </ul>
      ) : null}
      <p role="status" className={said.startsWith("A message") ? "px-2 pb-1 text-caption text-danger" : "sr-only"}>{said}</p>
    </div>
  );
}

function Attachment({ item, remove }: { item: Item; remove: () => void }): ReactNode {
  const { name, size, url, done, file, error } = item;
  return (
    <li className={`relative flex min-h-14 max-w-full items-center gap-2 overflow-hidden rounded-card border pe-1 animate-appear ${error ? "border-danger" : "border-line"} ${url ? "" : "ps-3"}`}>
      {url ? (
        <img src={url} alt="" className={`size-14 shrink-0 object-cover transition-opacity duration-150 ${file ? "" : "opacity-50"}`} />
      ) : (
        <FileText size={20} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
      )}
      <span className={`min-w-0 ${error ? "max-w-80 py-1.5" : "max-w-44"}`}>
        <span className="block truncate text-ui">{name}</span>
        {error ? (
          <span role="alert" className="block text-caption text-danger">{error}</span>
        ) : (
          <span className="block text-caption tabular-nums text-muted">{file ? bytes(size) : `Uploading · ${Math.round(done * 100)} %`}</span>
        )}
      </span>
      <IconButton icon={X} label={`Remove ${name}`} size={28} onClick={remove} />
      {file || error ? null : (
        <span
          role="progressbar"
          aria-label={`Uploading ${name}`}
          aria-valuenow={Math.round(done * 100)}
          className="absolute inset-x-0 bottom-0 h-0.5 origin-left bg-accent transition-transform duration-150 rtl:origin-right"
          style={{ transform: `scaleX(${done})` }}
        />
      )}
    </li>
  );
}

/** Begin to send a file; what becomes of it is told to `change`. */
function begin(given: File, files: FileStore, change: (id: number, part: Partial<Item>) => void, say: (text: string) => void): Item {
  const stop = new AbortController();
  const id = (count += 1);
  const picture = /^image\/(png|jpeg|webp|gif)$/.test(given.type);
  const name = given.name || (picture ? `Picture.${given.type.slice(6)}` : "File");
  void (async () => {
    try {
      const small = await fitting(given);
      change(id, { size: small.size });
      const named = small.name ? small : new File([small], name, { type: small.type });
      const file = await files.upload(named, telling((done) => change(id, { done }), stop.signal));
      change(id, { file, done: 1 });
      say(`${name} attached`);
    } catch (error) {
      if (stop.signal.aborted) return;
      change(id, { error: (error as RestError).info?.text ?? "The file could not be sent. Remove it and try again." });
    }
  })();
  return { id, name, size: given.size, url: picture ? URL.createObjectURL(given) : null, done: 0, file: null, error: null, stop };
}

function forget({ url, stop }: Item): void {
  stop.abort();
  if (url) URL.revokeObjectURL(url);
}
