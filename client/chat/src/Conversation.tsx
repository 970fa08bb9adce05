/** One conversation, whole: transcript, composer, sources. It knows no page and no address. */
import type { ChatApi } from "@opsloom/sdk";
import { Suspense, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import { Composer, type ComposerHandle } from "./composer/Composer";
import { Context, createScreen, storeOf, useConversation, type ConversationContext, type FileStore } from "./context";
import { lazy } from "./lazy";
import type { PassageLoader } from "./sources/passage";
import { Announcer } from "./transcript/Announcer";
import { Connection } from "./transcript/Connection";
import { viewOf } from "./transcript/rows";
import { Skeleton } from "./transcript/Skeleton";

const loadTranscript = (): Promise<typeof import("./transcript/Transcript")> => import("./transcript/Transcript");
const Transcript = lazy(() => loadTranscript().then((module) => ({ default: module.Transcript })));

/** Fetch what shows messages before there are any: with the first key, so that an empty page stays light and the first answer does not wait. */
const preload = (): void => void loadTranscript().then((module) => module.preloadMarkdown(), () => undefined);

const Queue = lazy(() => loadTranscript().then((module) => ({ default: module.Queue })));
const HoverCard = lazy(() => loadTranscript().then((module) => ({ default: module.HoverCard })));

const SourcePanel = lazy(() => import("./sources/SourcePanel").then((module) => ({ default: module.SourcePanel })));

export interface ConversationProps {
  chat: ChatApi;
  /** Fetches the text round a quote; without it the quote stands alone. */
  passage?: PassageLoader | null;
  /** Where the files of blocks are read and kept; without it a block names a file and cannot show it. */
  files?: FileStore | null;
  /** The composer has the focus from the start: where the person has just opened the chat by a click. */
  autoFocus?: boolean;
  /** The conversation that is being opened is a new one: no skeleton of messages while it opens. */
  fresh?: boolean;
  /** Typing anywhere on the page goes to the composer. Not where the page has another purpose besides. */
  captureTyping?: boolean;
}

export function Conversation({ chat, passage = null, files = null, autoFocus = false, fresh = false, captureTyping = false }: ConversationProps): ReactNode {
  const composer = useRef<ComposerHandle>(null);
  const context = useMemo<ConversationContext>(
    () => ({
      chat,
      store: storeOf(chat),
      screen: createScreen(),
      passage,
      files,
      compose: (text) => composer.current?.add(text),
      focusComposer: () => composer.current?.focus(),
    }),
    [chat, passage, files],
  );
  const conversation = useStore(context.store, (state) => state.conversation);
  const pending = useStore(context.store, (state) => state.pending);
  const assistant = useStore(context.store, (state) => state.assistant);
  const panel = useStore(context.screen, (screen) => screen.panel !== null);
  const view = useMemo(() => viewOf({ conversation, pending }), [conversation, pending]);
  const [root, narrow] = useNarrow();

  const extensions = assistant?.look["extensions"];
  useEffect(() => {
    if (!Array.isArray(extensions)) return;
    void import("./blocks/extensions")
      .then(({ loadExtensions }) => loadExtensions(extensions))
      .then((problems) => problems.forEach((text) => console.warn(text)));
  }, [extensions]);
  const session = conversation?.session.id;
  useEffect(() => context.screen.setState({ panel: null, editing: null, hover: null }), [context, session]);

  useTyping(captureTyping, context.focusComposer);

  const blank = view.rows.length === 0 && view.queue.length === 0;
  const empty = blank && (conversation !== null || fresh);
  const over = panel && narrow;
  const skeleton = <div className="column min-h-0 flex-1 pt-4"><Skeleton /></div>;
  return (
    <Context value={context}>
      <div ref={root} className="relative flex h-full min-h-0 w-full min-w-0 text-ink">
        <div inert={over} className="relative flex h-full min-h-0 min-w-0 flex-1 flex-col-reverse">
          {/* First in the order of tabs, last on the page: one Tab reaches the composer. */}
          <div className={`gutter flex flex-col transition-[flex-grow] duration-200 ease-out ${empty ? "grow-[1.2]" : "grow-0"}`}>
            <div className="column pb-[max(1rem,env(safe-area-inset-bottom))]">
              {view.queue.length > 0 ? <Suspense fallback={null}><Queue queue={view.queue} running={view.running !== null} /></Suspense> : null}
              <Composer ref={composer} autoFocus={autoFocus} onFirstKey={preload} running={view.running !== null} rows={view.rows} placeholder={assistant ? `Message ${assistant.name}` : "Message"} />
              {empty ? <Starters starters={assistant?.starters ?? []} /> : null}
            </div>
          </div>
          {empty ? (
            <div className="column flex flex-1 flex-col justify-end pb-6">
              <h2 className="greeting">{assistant ? assistant.greeting || "How can I help?" : "\u00a0"}</h2>
            </div>
          ) : blank ? (
            skeleton
          ) : (
            <Suspense fallback={skeleton}><Transcript view={view} loading={conversation === null} /></Suspense>
          )}
          <Connection />
        </div>
        {panel ? (
          <div className={over ? "absolute inset-0 z-20 animate-rise" : "w-[22rem] shrink-0 border-s border-line animate-appear xl:w-96"}>
            <Suspense fallback={null}><SourcePanel /></Suspense>
          </div>
        ) : null}
        {blank ? null : <Suspense fallback={null}><HoverCard /></Suspense>}
        <Announcer />
      </div>
    </Context>
  );
}

function Starters({ starters }: { starters: readonly string[] }): ReactNode {
  const { chat, focusComposer } = useConversation();
  return (
    <div className="starters">
      {starters.slice(0, 4).map((text) => (
        <button
          key={text}
          type="button"
          onPointerEnter={preload}
          onClick={() => {
            chat.send(text);
            focusComposer();
          }}
          className="starter"
        >
          {text}
        </button>
      ))}
    </div>
  );
}

/** A letter typed while nothing has the focus belongs into the composer, and is already on its way there. */
function useTyping(on: boolean, focus: () => void): void {
  useEffect(() => {
    if (!on) return;
    const typed = (event: KeyboardEvent): void => {
      const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (plain && !event.defaultPrevented && (document.activeElement === document.body || document.activeElement === null)) focus();
    };
    document.addEventListener("keydown", typed);
    return () => document.removeEventListener("keydown", typed);
  }, [on, focus]);
}

/** Under 880 px the panel has no room beside a readable column (44 rem less its padding) and goes over it. */
const WIDE = 880;

function useNarrow(): [(node: HTMLElement | null) => (() => void) | undefined, boolean] {
  const [narrow, setNarrow] = useState(true);
  const [ref] = useState(() => (node: HTMLElement | null) => {
    if (!node) return undefined;
    const watch = new ResizeObserver(() => setNarrow(node.clientWidth < WIDE));
    watch.observe(node);
    return () => watch.disconnect();
  });
  return [ref, narrow];
}
