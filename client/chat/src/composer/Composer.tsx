/** One shell to write in. Enter sends, Shift+Enter breaks, Up rewrites the last, Esc stops. It never locks. */
import type { FileRef } from "@opsloom/sdk";
import { ArrowUp, Square } from "lucide-react";
import { Suspense, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type DragEvent, type KeyboardEvent, type ReactNode, type Ref } from "react";
import { useChat, useConversation } from "../context";
import { lazy } from "../lazy";
import { lastOwn, type Row } from "../transcript/rows";
import { readDraft, writeDraft } from "./drafts";

/** px; look: grows to here, then scrolls. */
const MOST_HEIGHT = 192;

/** Fetched with the first file; and what shows messages has the other one. */
const Attachments = lazy(() => import("../attaching/Attachments"));
const Limit = lazy(() => import("./Limit"));

export interface ComposerHandle {
  focus: () => void;
  /** Put `text` at the end of the draft and go there. */
  add: (text: string) => void;
}

interface ComposerProps {
  ref: Ref<ComposerHandle>;
  running: boolean;
  rows: readonly Row[];
  placeholder: string;
  autoFocus: boolean;
  onFirstKey: () => void;
}

export function Composer({ ref, running, rows, placeholder, autoFocus, onFirstKey }: ComposerProps): ReactNode {
  const { chat, screen, files } = useConversation();
  const session = useChat((state) => state.conversation?.session.id ?? "");
  const fresh = useChat((state) => state.conversation?.rev === 0);
  const most = useChat((state) => state.limits["message_chars"] ?? 0);
  const stopping = useChat((state) => state.pending.some(({ frame, error }) => frame.type === "stop" && !error));
  const [text, setText] = useDraft(session, fresh);
  // Files that were just chosen, dropped or pasted; and what has become of all of them, null while some are on their way.
  const [given, setGiven] = useState<readonly File[] | null>(null);
  const [attached, setAttached] = useState<readonly FileRef[] | null>([]);
  const [over, setOver] = useState(false);
  const attach = (list: FileList): void => {
    if (files && list.length > 0) setGiven([...list]);
  };
  // What is dragged over has no files for the page until it is dropped.
  const drag = (event: DragEvent): void => {
    event.preventDefault();
    setOver(event.type === "dragover");
    attach(event.dataTransfer.files);
  };
  const area = useRef<HTMLTextAreaElement>(null);
  useGrow(area, text);

  useImperativeHandle(ref, () => ({
    focus: () => area.current?.focus(),
    add: (more) => {
      setText((held) => (held.trim() ? `${held.trimEnd()}\n\n${more}` : more));
      area.current?.focus();
    },
  }));

  const ready = attached !== null && (text.trim() !== "" || attached.length > 0);
  const tooLong = most > 0 && text.length > most;
  const send = (): void => {
    if (!ready || tooLong) return;
    chat.send(text.trim(), attached);
    setText("");
    setGiven(null);
    setAttached([]);
    area.current?.focus();
  };
  const stop = (): void => {
    chat.stop();
    area.current?.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && running) {
      event.preventDefault();
      stop();
    } else if (event.key === "ArrowUp" && text === "") {
      const own = lastOwn(rows);
      if (!own) return;
      event.preventDefault();
      screen.setState({ editing: own.id });
    }
  };

  return (
    <div
      className="shell"
      onPaste={({ clipboardData: held }) => held.getData("text") || attach(held.files)}
      data-over={over || undefined}
      onDragOver={drag}
      onDragLeave={drag}
      onDrop={drag}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) {
          event.preventDefault();
          area.current?.focus();
        }
      }}
    >
      <textarea
        ref={area}
        value={text}
        rows={1}
        autoFocus={autoFocus}
        aria-label="Message"
        aria-invalid={tooLong || undefined}
        aria-describedby={tooLong ? "composer-limit" : undefined}
        placeholder={placeholder}
        enterKeyHint="send"
        autoComplete="off"
        onChange={(event) => {
          if (text === "") onFirstKey();
          setText(event.target.value);
        }}
        onKeyDown={keys}
        className="words"
      />
      {files ? (
        <label title="Attach files" className="attach touch">
          <input type="file" multiple aria-label="Attach files" className="sr-only" onChange={({ target }) => attach(target.files as FileList)} onClick={({ currentTarget }) => (currentTarget.value = "")} />
        </label>
      ) : null}
      <Suspense fallback={null}>
        {given ? <Attachments given={given} onChange={setAttached} /> : null}
        {most > 0 && text.length > most * 0.9 ? <Limit length={text.length} most={most} /> : null}
      </Suspense>
      {running && ready ? <Round label="Queue message" onClick={send} disabled={tooLong} quiet><ArrowUp size={20} strokeWidth={1.75} aria-hidden /></Round> : null}
      {running ? (
        <Round label={stopping ? "Stopping" : "Stop answering"} onClick={stop}><Square size={12} fill="currentColor" strokeWidth={0} aria-hidden /></Round>
      ) : (
        <Round label="Send message" onClick={send} disabled={!ready || tooLong}><ArrowUp size={20} strokeWidth={1.75} aria-hidden /></Round>
      )}
    </div>
  );
}

interface RoundProps {
  label: string;
  onClick: () => void;
  disabled?: boolean;
  quiet?: boolean;
  children: ReactNode;
}

function Round({ label, onClick, disabled = false, quiet = false, children }: RoundProps): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
      className={`touch my-0.5 inline-flex size-8 shrink-0 items-center justify-center rounded-full transition duration-150
        ${quiet ? "text-muted hover:bg-press hover:text-ink" : "bg-accent text-on-accent hover:brightness-95 disabled:bg-press disabled:text-muted"}`}
    >
      {children}
    </button>
  );
}

type SetText = (next: string | ((held: string) => string)) => void;

/**
 * The text of this session's draft. A session without messages has a new id at every visit, so its draft goes by
 * another name, and moves along when the first message makes the session real.
 */
function useDraft(session: string, fresh: boolean): [string, SetText] {
  const place = fresh ? "new" : session;
  const [held, setHeld] = useState(() => ({ session, place, text: readDraft(place) }));
  if (held.place !== place) {
    // What was typed before the server said which session this is goes on in it; another session brings its own.
    const goesOn = held.text !== "" && (held.session === "" || held.session === session);
    setHeld({ session, place, text: goesOn ? held.text : readDraft(place) });
  }
  useEffect(() => {
    if (!held.place) return;
    const timer = setTimeout(() => writeDraft(held.place, held.text), held.text ? 500 : 0);
    return () => clearTimeout(timer);
  }, [held]);
  const setText: SetText = (next) => {
    // At once: a message that is sent may give the session its name before any timer runs, and leave the old draft behind.
    if (next === "") writeDraft(place, "");
    setHeld((old) => ({ ...old, text: typeof next === "function" ? next(old.text) : next }));
  };
  return [held.text, setText];
}

function useGrow(area: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    const height = Math.min(box.scrollHeight, MOST_HEIGHT);
    box.style.height = `${height}px`;
    box.style.overflowY = box.scrollHeight > MOST_HEIGHT ? "auto" : "hidden";
  }, [area, text]);
}
