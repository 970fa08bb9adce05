import type { LucideIcon } from "lucide-react";
import { useId, useRef, type KeyboardEvent, type ReactNode } from "react";
import { IconButton } from "./IconButton";

export interface MenuItem {
  label: string;
  icon: LucideIcon;
  run: () => void;
  danger?: boolean;
}

interface MenuProps {
  icon: LucideIcon;
  label: string;
  items: readonly MenuItem[];
  size?: 28 | 32 | 36;
}

/** A menu in the browser's own top layer: it closes on Esc and outside clicks, and no scroller can cut it. */
export function Menu({ icon, label, items, size = 28 }: MenuProps): ReactNode {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  const place = (): void => {
    const [box, menu] = [opener.current?.getBoundingClientRect(), list.current];
    if (!box || !menu) return;
    const { offsetWidth: w, offsetHeight: h } = menu;
    const below = box.bottom + 4 + h <= innerHeight;
    menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - w - 8))}px`;
    menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - h - 4)}px`;
  };

  const keys = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };

  return (
    <>
      <IconButton ref={opener} icon={icon} label={label} size={size} popoverTarget={id} aria-haspopup="menu" />
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        onKeyDown={keys}
        onToggle={(event) => {
          if (event.newState !== "open") return;
          place();
          list.current?.querySelector("button")?.focus();
        }}
        className="menu min-w-44 rounded-card border border-line bg-raised p-1 text-ink shadow-float open:animate-drop"
      >
        {items.map(({ label: text, icon: Icon, run, danger }) => (
          <button
            key={text}
            type="button"
            role="menuitem"
            onClick={() => {
              list.current?.hidePopover();
              run();
            }}
            className={`flex min-h-9 w-full items-center gap-2.5 rounded-control px-2.5 text-start text-ui outline-offset-[-2px] hover:bg-press
              pointer-coarse:min-h-11 ${danger ? "text-danger" : ""}`}
          >
            <Icon size={16} strokeWidth={1.75} aria-hidden />
            {text}
          </button>
        ))}
      </div>
    </>
  );
}
