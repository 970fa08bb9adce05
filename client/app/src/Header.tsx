import { chooseMode, IconButton, Menu, storedMode, type Mode } from "@opsloom/chat";
import { Monitor, Moon, PanelLeft, SquarePen, Sun } from "lucide-react";
import { useState, type ReactNode } from "react";

const MODES = { auto: { icon: Monitor, label: "As the system" }, light: { icon: Sun, label: "Light" }, dark: { icon: Moon, label: "Dark" } } as const;

interface HeaderProps {
  title: string | null;
  /** The conversation is with the assistant's draft. */
  draft: boolean;
  side: boolean;
  toggle: () => void;
  newChat: () => void;
}

export function Header({ title, draft, side, toggle, newChat }: HeaderProps): ReactNode {
  const [mode, setMode] = useState<Mode>(storedMode);
  const choose = (next: Mode): void => {
    chooseMode(next);
    setMode(next);
  };
  return (
    <header className="flex h-14 shrink-0 items-center gap-1 px-3">
      {side ? null : (
        <>
          <IconButton icon={PanelLeft} size={36} label="Show conversations" aria-expanded={false} onClick={toggle} />
          <IconButton icon={SquarePen} size={36} label="New conversation" onClick={newChat} />
        </>
      )}
      <h1 className={`min-w-0 flex-1 truncate px-2 text-ui font-medium ${title || draft ? "" : "sr-only"}`}>{draft && "Draft · "}{title ?? "New conversation"}</h1>
      <div className="ms-auto">
        <Menu
          icon={MODES[mode].icon}
          label="Theme"
          size={36}
          items={(Object.keys(MODES) as Mode[]).map((key) => ({ ...MODES[key], run: () => choose(key) }))}
        />
      </div>
    </header>
  );
}
