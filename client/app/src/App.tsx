/** The full page: conversations on the left, the open one beside them. */
import { applyLook, Button, Conversation, lazy, storeOf, type PassageLoader } from "@opsloom/chat";
import { readPassage } from "@opsloom/sdk";
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { Header } from "./Header";
import { Sidebar } from "./Sidebar";
import type { Workspace } from "./workspace";

const Knowledge = lazy(() => import("./Knowledge").then((module) => ({ default: module.Knowledge })));
const NARROW = matchMedia("(max-width: 48rem)");
const SIDE = "opsloom.side";

export function App({ workspace }: { workspace: Workspace }): ReactNode {
  const { chat } = workspace;
  const [store] = useState(() => storeOf(chat));
  const page = useStore(workspace.state, (state) => state.route.page);
  const fresh = useStore(workspace.state, ({ route }) => route.page === "chat" && route.session === null);
  const assistant = useStore(store, (state) => state.assistant);
  const title = useStore(store, (state) => state.conversation?.session.title ?? null);
  const lost = useStore(store, (state) => state.status.phase === "closed" && state.status.error?.code === "not_found");
  const [side, setSide] = useSide();
  const [passage] = useState((): PassageLoader => (source) => readPassage(workspace.rest, source));

  useEffect(() => {
    if (assistant) applyLook(assistant.look);
  }, [assistant]);
  useEffect(() => {
    document.title = page === "knowledge" ? "Knowledge" : (title ?? assistant?.name ?? "Opsloom");
  }, [title, assistant, page]);

  const overlaid = side && NARROW.matches;
  return (
    // The chat comes first in the document, so that one Tab reaches its composer; the rows are turned round by CSS.
    <div className="page flex flex-row-reverse overflow-hidden bg-paper text-ink">
      <main inert={overlaid} className="flex min-w-0 flex-1 flex-col-reverse">
        <div className="min-h-0 flex-1">
          {page === "knowledge" ? (
            <Suspense fallback={null}><Knowledge workspace={workspace} /></Suspense>
          ) : lost ? (
            <Lost workspace={workspace} />
          ) : (
            <Conversation chat={chat} passage={passage} files={workspace.rest} fresh={fresh} captureTyping />
          )}
        </div>
        <Header title={page === "knowledge" ? "Knowledge" : title} draft={page === "chat" && !!assistant?.draft} side={side} toggle={() => setSide(!side)} newChat={workspace.newChat} />
      </main>
      {overlaid ? <div className="fixed inset-0 z-20 bg-black/40 animate-appear" onClick={() => setSide(false)} /> : null}
      <Sidebar workspace={workspace} open={side} close={() => setSide(false)} />
    </div>
  );
}

function Lost({ workspace }: { workspace: Workspace }): ReactNode {
  return (
    <div className="grid h-full place-items-center px-6 text-center">
      <div className="flex flex-col items-center gap-3">
        <h2 className="text-title font-medium">This conversation is not here</h2>
        <p className="max-w-sm text-ui text-muted">It was deleted, or it belongs to someone else. Conversations of a visitor open only in the browser that began them.</p>
        <Button kind="primary" onClick={workspace.newChat}>New conversation</Button>
      </div>
    </div>
  );
}

/** Open beside the thread until folded away, and that is remembered; over it, only while it is used. */
function useSide(): [boolean, (open: boolean) => void] {
  const [open, setOpen] = useState(() => !NARROW.matches && read() !== "closed");
  useEffect(() => {
    const change = (): void => setOpen(!NARROW.matches && read() !== "closed");
    NARROW.addEventListener("change", change);
    return () => NARROW.removeEventListener("change", change);
  }, []);
  return [
    open,
    (next) => {
      setOpen(next);
      if (!NARROW.matches) write(next ? "open" : "closed");
    },
  ];
}

function read(): string | null {
  try {
    return localStorage.getItem(SIDE);
  } catch {
    return null;
  }
}

function write(value: string): void {
  try {
    localStorage.setItem(SIDE, value);
  } catch {
    // blocked storage: it stays as it is for this page
  }
}
