/** Knowledge bases and their documents: what is there, how far it is, and more by dropping files. */
import { Button, bytes, moment } from "@opsloom/chat";
import { RestError } from "@opsloom/sdk";
import { CircleAlert, FileText, Link, Upload } from "lucide-react";
import { useCallback, useEffect, useRef, useState, type DragEvent, type FormEvent, type ReactNode } from "react";
import type { Workspace } from "./workspace";

interface Base {
  id: string;
  name: string;
}

interface Document {
  id: string;
  title: string;
  status: "queued" | "working" | "ready" | "failed";
  progress?: number | null;
  bytes?: number | null;
  error?: { text?: string } | null;
  updated_at?: string;
}

/** While something is being worked on, look again this often. */
const AGAIN_MS = 1500;

export function Knowledge({ workspace }: { workspace: Workspace }): ReactNode {
  const { rest } = workspace;
  const [bases, setBases] = useState<readonly Base[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    rest.get<{ items: Base[] }>("knowledge-bases").then(({ items }) => setBases(items), (error: unknown) => setProblem(wordsOf(error)));
  }, [rest]);
  return (
    <div className="h-full overflow-y-auto">
      <div className="column flex flex-col gap-10 py-8">
        {problem ? <p role="alert" className="text-ui text-danger">{problem}</p> : null}
        {bases?.map((base) => <BaseView key={base.id} base={base} workspace={workspace} />)}
        {bases?.length === 0 ? <p className="text-ui text-muted">There is no knowledge base yet. Make one with <code className="font-mono text-caption">opsloom ingest</code>.</p> : null}
      </div>
    </div>
  );
}

function BaseView({ base, workspace: { rest } }: { base: Base; workspace: Workspace }): ReactNode {
  const [documents, setDocuments] = useState<readonly Document[] | null>(null);
  const [problems, setProblems] = useState<readonly string[]>([]);
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const path = `knowledge-bases/${encodeURIComponent(base.id)}/documents`;

  const load = useCallback(async () => {
    try {
      setDocuments((await rest.get<{ items: Document[] }>(path, { limit: 200 })).items);
    } catch (error) {
      setProblems([wordsOf(error)]);
    }
  }, [rest, path]);
  useEffect(() => void load(), [load]);
  const busy = documents?.some(({ status }) => status === "queued" || status === "working") ?? false;
  useEffect(() => {
    if (!busy) return;
    const timer = setInterval(() => void load(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [busy, load]);

  const upload = async (files: readonly File[]): Promise<void> => {
    const failed: string[] = [];
    for (const file of files) {
      const body = new FormData();
      body.set("file", file);
      try {
        await rest.post(path, body);
      } catch (error) {
        failed.push(`${file.name}: ${wordsOf(error)}`);
      }
    }
    setProblems(failed);
    await load();
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void upload([...event.dataTransfer.files]);
  };

  return (
    <section
      aria-label={base.name}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setOver(false)}
      onDrop={drop}
      className={`rounded-panel border bg-surface ${over ? "border-dashed border-accent" : "border-line"}`}
    >
      <header className="flex items-center justify-between gap-4 border-b border-line py-3 pe-3 ps-5">
        <div>
          <h2 className="text-body font-medium">{base.name}</h2>
          <p className="text-caption text-muted">{documents ? `${documents.length} ${documents.length === 1 ? "document" : "documents"}` : " "}</p>
        </div>
        <Button onClick={() => picker.current?.click()}><Upload size={16} strokeWidth={1.75} aria-hidden /> Add files</Button>
        <input ref={picker} type="file" multiple hidden onChange={(event) => void upload([...(event.target.files ?? [])])} />
      </header>
      {problems.map((text) => <p key={text} role="alert" className="flex items-center gap-2 px-5 pt-3 text-caption text-danger"><CircleAlert size={16} strokeWidth={1.75} aria-hidden />{text}</p>)}
      <ByAddress add={(url) => rest.post(path, { url })} added={load} />
      <ul className="px-5 py-2">
        {documents?.map((document) => <DocumentRow key={document.id} document={document} />)}
        {documents?.length === 0 ? <li className="py-6 text-center text-ui text-muted">Drop Markdown, text, HTML or PDF files here.</li> : null}
      </ul>
    </section>
  );
}

/** A page that the server fetches; what goes wrong with that is said at its document. */
function ByAddress({ add, added }: { add: (url: string) => Promise<unknown>; added: () => Promise<void> }): ReactNode {
  const [url, setUrl] = useState("");
  const [problem, setProblem] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setProblem("");
    add(url.trim()).then(
      () => {
        setUrl("");
        void added();
      },
      (error: unknown) => setProblem(wordsOf(error)),
    );
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-1.5 border-b border-line py-2 pe-3 ps-5">
      <div className="flex items-center gap-3">
        <Link size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
        <input
          type="url"
          required
          aria-label="Address of a page to add"
          aria-invalid={problem ? true : undefined}
          placeholder="https://… a page to fetch"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          className="min-w-0 flex-1 bg-transparent py-1.5 text-ui outline-none pointer-coarse:text-[16px]"
        />
        <Button type="submit" disabled={url.trim() === ""}>Add page</Button>
      </div>
      {problem ? <p role="alert" className="text-caption text-danger">{problem}</p> : null}
    </form>
  );
}

const STATUS = { queued: "Waiting", working: "Reading", ready: "Ready", failed: "Failed" } as const;

function DocumentRow({ document }: { document: Document }): ReactNode {
  const { title, status, progress, bytes: size, error, updated_at } = document;
  const percent = status === "working" && progress ? ` · ${Math.round(progress * 100)} %` : "";
  return (
    <li className="flex min-h-12 items-center gap-3 border-b border-line py-2 text-ui last:border-0">
      <FileText size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
      <span className="min-w-0 flex-1">
        <span className="block truncate">{title}</span>
        {error?.text ? <span className="block text-caption text-danger">{error.text}</span> : null}
      </span>
      <span className="hidden shrink-0 text-caption text-muted sm:inline" title={updated_at ? moment(updated_at) : undefined}>{size ? bytes(size) : ""}</span>
      <span className={`w-24 shrink-0 text-end text-caption tabular-nums ${status === "failed" ? "text-danger" : status === "ready" ? "text-ok" : "text-muted"}`}>
        {STATUS[status]}{percent}
      </span>
    </li>
  );
}

const wordsOf = (error: unknown): string => (error instanceof RestError ? error.info.text : "Something failed on this page. Reload it and try again.");
