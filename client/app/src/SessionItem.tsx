import { Button, Menu } from "@opsloom/chat";
import type { SessionRow } from "@opsloom/sdk";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import type { Workspace } from "./workspace";

interface SessionItemProps {
  row: SessionRow;
  current: boolean;
  workspace: Workspace;
  leave: () => void;
}

export function SessionItem({ row, current, workspace, leave }: SessionItemProps): ReactNode {
  const [mode, setMode] = useState<"shown" | "renaming" | "deleting">("shown");
  const title = row.title || "New conversation";
  if (mode === "renaming") {
    return (
      <li>
        <Rename
          title={title}
          done={(next) => {
            setMode("shown");
            if (next && next !== title) void workspace.rename(row.id, next);
          }}
        />
      </li>
    );
  }
  if (mode === "deleting") {
    return (
      <li className="my-1 rounded-control border border-line bg-surface p-2.5">
        <p className="text-caption">Delete “{title}”? It cannot be brought back.</p>
        <div className="mt-2 flex gap-2">
          <Button autoFocus onClick={() => void workspace.remove(row.id)} className="text-danger">Delete</Button>
          <Button kind="quiet" onClick={() => setMode("shown")}>Keep</Button>
        </div>
      </li>
    );
  }
  return (
    <li className={`group relative flex items-center rounded-control transition-colors duration-150 hover:bg-press focus-within:bg-press ${current ? "bg-press" : ""}`}>
      <a
        href={workspace.address(row.id)}
        aria-current={current ? "page" : undefined}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          if (!current) workspace.openSession(row.id);
          leave();
        }}
        className={`flex min-h-9 min-w-0 flex-1 items-center rounded-control ps-2.5 text-ui outline-offset-[-2px] pointer-coarse:min-h-11 ${current ? "font-medium" : ""}`}
      >
        <span className="truncate">{title}</span>
      </a>
      <div className="me-1 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100 has-[:popover-open]:opacity-100">
        <Menu
          icon={Ellipsis}
          label={`Options for ${title}`}
          items={[
            { label: "Rename", icon: Pencil, run: () => setMode("renaming") },
            { label: "Delete", icon: Trash2, run: () => setMode("deleting"), danger: true },
          ]}
        />
      </div>
    </li>
  );
}

function Rename({ title, done }: { title: string; done: (next: string | null) => void }): ReactNode {
  const [text, setText] = useState(title);
  const keys = (event: KeyboardEvent): void => {
    if (event.key === "Enter") done(text.trim());
    else if (event.key === "Escape") {
      event.stopPropagation();
      done(null);
    }
  };
  return (
    <input
      autoFocus
      aria-label="Title"
      value={text}
      maxLength={200}
      onFocus={(event) => event.target.select()}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={keys}
      onBlur={() => done(text.trim())}
      className="my-0.5 min-h-8 w-full rounded-control border border-accent bg-surface px-2 text-ui outline-none pointer-coarse:min-h-11 pointer-coarse:text-[16px]"
    />
  );
}
