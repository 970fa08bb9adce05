/** Conversations by date, with search; one line each. */
import { age, IconButton, lazy, Mark } from "@opsloom/chat";
import type { SessionRow } from "@opsloom/sdk";
import { Library, LogOut, PanelLeftClose, Search, SquarePen } from "lucide-react";
import { Suspense, useEffect, useState, type ReactNode } from "react";
import { useStore } from "zustand";
import type { Workspace } from "./workspace";

/** Who comes for the first time has no conversations. */
const SessionItem = lazy(() => import("./SessionItem").then((module) => ({ default: module.SessionItem })));

interface SidebarProps {
  workspace: Workspace;
  open: boolean;
  close: () => void;
}

export function Sidebar({ workspace, open, close }: SidebarProps): ReactNode {
  const { sessions, listed, query, more, me, route } = useStore(workspace.state);
  const groups = byAge(sessions);
  const current = route.page === "chat" ? route.session : null;
  const leave = (): void => {
    if (matchMedia("(max-width: 48rem)").matches) close();
  };
  return (
    <nav
      aria-label="Conversations"
      data-open={open}
      inert={!open}
      onKeyDown={(event) => event.key === "Escape" && leave()}
      className="side flex shrink-0 flex-col border-e border-line bg-side"
    >
      <div className="flex h-14 shrink-0 items-center gap-2.5 pe-2 ps-4">
        <Mark size={24} className="text-accent" />
        <span className="flex-1 text-body font-semibold tracking-tight">Opsloom</span>
        <IconButton icon={PanelLeftClose} size={36} label="Hide conversations" aria-expanded onClick={close} className="rtl:-scale-x-100" />
      </div>
      <div className="flex flex-col gap-1 px-2 pb-2">
        <button
          type="button"
          onClick={() => {
            workspace.newChat();
            leave();
          }}
          className="flex min-h-9 items-center gap-2.5 rounded-control px-2.5 text-ui font-medium transition-colors duration-150 hover:bg-press pointer-coarse:min-h-11"
        >
          <SquarePen size={16} strokeWidth={1.75} aria-hidden /> New conversation
        </button>
        <SearchField search={workspace.list} />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-2 pb-4 [scrollbar-width:thin]">
        {groups.map(({ label, rows }) => (
          <section key={label} aria-label={label} className="mt-4 first:mt-1">
            <h2 className="px-2.5 pb-1 text-caption text-muted">{label}</h2>
            <ul>
              {rows.map((row) => (
                <Suspense key={row.id} fallback={<li className="min-h-9" />}>
                  <SessionItem row={row} current={row.id === current} workspace={workspace} leave={leave} />
                </Suspense>
              ))}
            </ul>
          </section>
        ))}
        {listed && sessions.length === 0 ? (
          <p className="px-2.5 pt-2 text-caption text-muted">{query ? "Nothing found." : "Your conversations will be listed here."}</p>
        ) : null}
        {more ? <button type="button" onClick={() => void workspace.listMore()} className="mt-2 min-h-9 rounded-control px-2.5 text-caption text-muted hover:text-ink">Show older</button> : null}
      </div>
      {me ? (
        <div className="flex shrink-0 flex-col gap-0.5 border-t border-line p-2">
          <button
            type="button"
            aria-current={route.page === "knowledge" ? "page" : undefined}
            onClick={() => {
              workspace.go("/knowledge");
              leave();
            }}
            className="flex min-h-9 items-center gap-2.5 rounded-control px-2.5 text-ui hover:bg-press aria-[current=page]:bg-press pointer-coarse:min-h-11"
          >
            <Library size={16} strokeWidth={1.75} aria-hidden /> Knowledge
          </button>
          <div className="flex items-center ps-2.5">
            <span className="min-w-0 flex-1 truncate text-caption text-muted">{me.name}</span>
            <IconButton icon={LogOut} label="Sign out" onClick={() => void workspace.signOut()} />
          </div>
        </div>
      ) : null}
    </nav>
  );
}

/** Asks 200 ms after the last key: about a typist's pause between words. */
function SearchField({ search }: { search: (query: string) => Promise<void> }): ReactNode {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    if (text === null) return;
    const timer = setTimeout(() => void search(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text, search]);
  return (
    <label className="flex min-h-9 items-center gap-2.5 rounded-control px-2.5 text-muted transition-colors duration-150 focus-within:bg-press focus-within:text-ink hover:bg-press pointer-coarse:min-h-11">
      <Search size={16} strokeWidth={1.75} aria-hidden />
      <input
        type="search"
        aria-label="Search conversations"
        placeholder="Search"
        value={text ?? ""}
        onChange={(event) => setText(event.target.value)}
        className="min-w-0 flex-1 bg-transparent text-ui outline-none pointer-coarse:text-[16px]"
      />
    </label>
  );
}

function byAge(sessions: readonly SessionRow[]): { label: string; rows: SessionRow[] }[] {
  const groups: { label: string; rows: SessionRow[] }[] = [];
  for (const row of sessions) {
    const label = age(row.updated_at);
    const last = groups.at(-1);
    if (last?.label === label) last.rows.push(row);
    else groups.push({ label, rows: [row] });
  }
  return groups;
}
