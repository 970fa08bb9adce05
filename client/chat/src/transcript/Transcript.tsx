/** The messages. A `log` that stays silent (the announcer speaks); arrow keys walk it, Escape goes back to the composer. */
import { ArrowDown } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from "react";
import { useChat, useConversation } from "../context";
import { Queue } from "../composer/Queue";
import { HoverCard } from "../sources/HoverCard";
import { Answer, preloadMarkdown } from "./Answer";
import type { Row, View } from "./rows";
import { spoken } from "./spoken";
import { byTurn, type TurnRows } from "./turns";
import { Unsent } from "./Unsent";
import { useFollow } from "./useFollow";
import { UserMessage } from "./UserMessage";

export { HoverCard, preloadMarkdown, Queue, spoken };

export function Transcript({ view, loading }: { view: View; loading: boolean }): ReactNode {
  const { chat, focusComposer } = useConversation();
  const scroller = useRef<HTMLDivElement>(null);
  const column = useRef<HTMLDivElement>(null);
  const { away, toEnd } = useFollow(scroller, column);
  const more = useChat((state) => state.conversation?.more ?? false);
  const older = useChat((state) => state.loadingOlder);
  const session = useChat((state) => state.conversation?.session.id);
  const turns = useMemo(() => byTurn(view.rows), [view.rows]);
  const anchored = useAnchor(session, turns, toEnd);
  useRoomForTurn(scroller, column);
  const missed = useMissed(view.rows.length, away);
  useKeepPlace(scroller, turns[0]?.key);

  useEffect(() => {
    const box = scroller.current;
    if (!box || !more) return;
    const near = (): void => {
      if (box.scrollTop < 400) void chat.loadOlder();
    };
    box.addEventListener("scroll", near, { passive: true });
    return () => box.removeEventListener("scroll", near);
  }, [chat, more]);

  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.preventDefault();
      focusComposer();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !(event.target as HTMLElement).matches("[data-row]")) return;
    const all = [...(column.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const next = all[all.indexOf(event.target as HTMLElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div className="fade-edges relative flex min-h-0 flex-1 flex-col">
        <div ref={scroller} className="scroll-y min-h-0 flex-1">
          <div
            ref={column}
            role="log"
            aria-live="off"
            aria-label="Conversation"
            aria-busy={loading || undefined}
            onKeyDown={keys}
            className="column flex flex-col gap-(--gap) pb-6 pt-4"
          >
            {older ? <p className="self-center text-caption text-muted">Loading earlier messages</p> : null}
            {turns.map((turn, i) => (
              <TurnView key={turn.key} turn={turn} last={i === turns.length - 1} tall={i === turns.length - 1 && anchored === turn.key} />
            ))}
          </div>
        </div>
      </div>
      {away ? (
        // A strip of its own, so that the button covers nothing; it takes room below, where nobody is reading.
        <div className="flex h-10 shrink-0 items-start justify-center">
          <button
            type="button"
            onClick={() => toEnd(true)}
            aria-label={missed ? `Go to the end, ${missed} new` : "Go to the end"}
            className="touch inline-flex h-8 min-w-8 items-center justify-center gap-1.5 rounded-full border border-edge bg-raised px-2 text-caption
              transition-colors duration-150 hover:bg-wash animate-appear"
          >
            <ArrowDown size={16} strokeWidth={1.75} aria-hidden />
            {missed ? <span className="pe-1 tabular-nums">{missed} new</span> : null}
          </button>
        </div>
      ) : null}
    </div>
  );
}

const TurnView = memo(
  function TurnView({ turn, last, tall }: { turn: TurnRows; last: boolean; tall: boolean }): ReactNode {
    return (
      <div className={`turn group/turn flex flex-col gap-3 ${tall ? "min-h-(--room)" : ""}`} data-old={!last} data-answered={turn.rows.length > 1}>
        {turn.rows.map((row, i) => (
          <article
            key={row.key}
            data-row
            tabIndex={last && i === turn.rows.length - 1 ? 0 : -1}
            aria-label={row.type === "unsent" || row.message.role === "user" ? "You" : "Answer"}
            className="rounded-card outline-offset-4"
          >
            <RowView row={row} last={last && i === turn.rows.length - 1} />
          </article>
        ))}
      </div>
    );
  },
  (a, b) => a.last === b.last && a.tall === b.tall && a.turn.rows.length === b.turn.rows.length && a.turn.rows.every((row, i) => same(row, b.turn.rows[i])),
);

function RowView({ row, last }: { row: Row; last: boolean }): ReactNode {
  if (row.type === "unsent") return <Unsent pending={row.pending} text={row.text} />;
  if (row.message.role === "user") return <UserMessage message={row.message} />;
  return (
    <>
      <h2 className="sr-only">Answer</h2>
      <Answer message={row.message} last={last} />
    </>
  );
}

function same(a: Row, b: Row | undefined): boolean {
  if (a.type === "message") return b?.type === "message" && a.message === b.message;
  return b?.type === "unsent" && a.pending === b.pending;
}

/**
 * The turn that was begun on this screen, which gets room for its answer below it. A confirmed message has another key
 * than it had on its way, so what counts is that the number of turns grew.
 */
function useAnchor(session: string | undefined, turns: readonly TurnRows[], toEnd: (smooth?: boolean) => void): string | null {
  const held = useRef({ session, count: turns.length, on: false });
  const grew = held.current.session === session && turns.length > held.current.count && held.current.count + 1 === turns.length;
  if (held.current.session !== session) held.current = { session, count: turns.length, on: false };
  const on = held.current.on || grew;
  useLayoutEffect(() => {
    held.current = { session, count: turns.length, on };
    if (grew) toEnd(true);
  });
  return on ? (turns.at(-1)?.key ?? null) : null;
}

/** `--room`: what the screen shows of one turn, less the column's padding (16 + 24 px). */
function useRoomForTurn(scroller: React.RefObject<HTMLElement | null>, column: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const watch = new ResizeObserver(() => column.current?.style.setProperty("--room", `${box.clientHeight - 40}px`));
    watch.observe(box);
    return () => watch.disconnect();
  }, [scroller, column]);
}

/** Messages that came while the reader was elsewhere in the transcript. */
function useMissed(count: number, away: boolean): number {
  const seen = useRef(count);
  if (!away) seen.current = count;
  return Math.max(0, count - seen.current);
}

/** Earlier messages come in above; what is being read stays where it is (Safari has no scroll anchoring). */
function useKeepPlace(scroller: React.RefObject<HTMLElement | null>, first: string | undefined): void {
  const before = useRef({ first, height: 0, top: 0 });
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const { first: old, height, top } = before.current;
    if (old && first && old !== first && height > 0 && box.scrollTop === top) box.scrollTop = top + box.scrollHeight - height;
    before.current = { first, height: box.scrollHeight, top: box.scrollTop };
  }, [scroller, first]);
}
