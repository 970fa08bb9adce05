import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon;
  label: string;
  /** Seen size of the control: 28 in rows of actions, 36 in bars. */
  size?: 28 | 32 | 36;
  on?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

const SIDE = { 28: "size-7", 32: "size-8", 36: "size-9" };

export function IconButton({ icon: Icon, label, size = 32, on = false, className = "", ...rest }: IconButtonProps): ReactNode {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={`touch inline-flex shrink-0 items-center justify-center rounded-control transition-colors duration-150 hover:bg-press hover:text-ink
        disabled:pointer-events-none disabled:opacity-50 ${SIDE[size]} ${on ? "text-accent" : "text-muted"} ${className}`}
      {...rest}
    >
      <Icon size={size >= 36 ? 20 : 16} strokeWidth={1.75} aria-hidden />
    </button>
  );
}
