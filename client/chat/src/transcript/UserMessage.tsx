import type { FileRef, Message } from "@opsloom/sdk";
import { FileText, Pencil } from "lucide-react";
import { memo, Suspense, useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useChat, useConversation, useScreen } from "../context";
import { moment } from "../format/date";
import { bytes } from "../format/number";
import { lazy } from "../lazy";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { IconButton } from "../ui/IconButton";
import { BranchPicker } from "./BranchPicker";
import { userText } from "./rows";

const PICTURE = /^image\/(png|jpeg|webp|gif)$/;
const Thumbnail = lazy(() => import("../attaching/Thumbnail"));

export const UserMessage = memo(function UserMessage({ message }: { message: Message }): ReactNode {
  const { screen } = useConversation();
  const editing = useScreen((state) => state.editing === message.id);
  const rewritten = useChat((state) => {
    const edit = state.pending.findLast(({ frame, error }) => !error && frame.type === "edit" && frame.message === message.id)?.frame;
    return edit?.type === "edit" ? edit.text : null;
  });
  const text = rewritten ?? userText(message);
  if (editing) return <Edit message={message} text={text} />;
  const files = message.parts.flatMap((part) => (part.type === "file" ? [part.file] : []));
  return (
    <div className="group/own flex flex-col items-end">
      <Bubble text={text} files={files} />
      <div className="-mb-2 mt-0.5 flex h-7 items-center opacity-0 transition-opacity duration-150 group-focus-within/own:opacity-100 group-hover/own:opacity-100">
        <time dateTime={message.created_at} className="pe-1.5 text-caption text-muted">{moment(message.created_at)}</time>
        <CopyButton text={text} label="Copy message" />
        <IconButton icon={Pencil} label="Edit message" size={28} onClick={() => screen.setState({ editing: message.id })} />
      </div>
      <div className="empty:hidden"><BranchPicker message={message} /></div>
    </div>
  );
});

export function Bubble({ text, files = [], faint = false }: { text: string; files?: readonly FileRef[]; faint?: boolean }): ReactNode {
  return (
    <div className={`max-w-[85%] rounded-card bg-press px-4 py-2 ${faint ? "text-muted" : ""}`}>
      {files.map((file) => PICTURE.test(file.media_type) ? (
        <Suspense key={file.id} fallback={<p className="thumb" />}><Thumbnail file={file} /></Suspense>
      ) : (
        <p key={file.id} className="mb-1 flex items-center gap-2 text-ui">
          <FileText size={16} strokeWidth={1.75} aria-hidden className="shrink-0 text-muted" />
          <span className="truncate">{file.name}</span>
          <span className="shrink-0 text-caption text-muted">{bytes(file.bytes)}</span>
        </p>
      ))}
      <p className="own-words empty:hidden whitespace-pre-wrap text-body [overflow-wrap:anywhere]">{text}</p>
    </div>
  );
}

function Edit({ message, text: before }: { message: Message; text: string }): ReactNode {
  const { chat, screen, focusComposer } = useConversation();
  const [text, setText] = useState(before);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => bringIntoView(box.current), []);
  const leave = (): void => {
    screen.setState({ editing: null });
    focusComposer();
  };
  const save = (): void => {
    if (!text.trim()) return;
    if (text !== before) chat.edit(message.id, text);
    leave();
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      leave();
    } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return (
    <div ref={box} className="rounded-panel border border-edge bg-surface p-2 focus-within:border-accent">
      <textarea
        autoFocus
        aria-label="Edit message"
        value={text}
        rows={Math.min(8, text.split("\n").length + 1)}
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
        onKeyDown={keys}
        className="block w-full resize-none bg-transparent px-2 py-1 text-[max(16px,1rem)] leading-[1.625rem] outline-none"
      />
      <div className="flex items-center justify-end gap-2">
        <span className="me-auto hidden ps-2 text-caption text-muted sm:block">The answers so far stay as another version.</span>
        <Button kind="quiet" onClick={leave}>Cancel</Button>
        <Button kind="primary" onClick={save} disabled={!text.trim()}>Send</Button>
      </div>
    </div>
  );
}

/** After the transcript has settled at its end (two frames), scroll back to the box if its head is out of sight. */
function bringIntoView(box: HTMLElement | null): () => void {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(() => {
      const scroller = box?.closest(".scroll-y");
      if (!box || !scroller) return;
      const above = box.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 16;
      if (above < 0) scroller.scrollTop += above;
    });
  });
  return () => cancelAnimationFrame(frame);
}
