import type { ButtonHTMLAttributes, ReactNode } from "react";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "primary" | "plain" | "quiet" | "danger";
}

const LOOK = {
  primary: "bg-accent text-on-accent hover:brightness-95 active:brightness-90",
  plain: "border border-edge bg-surface text-ink hover:bg-wash active:bg-press",
  danger: "bg-danger text-surface hover:brightness-95 active:brightness-90",
  quiet: "text-muted hover:bg-press hover:text-ink",
};

export function Button({ kind = "plain", className = "", ...rest }: ButtonProps): ReactNode {
  return (
    <button
      type="button"
      className={`touch inline-flex min-h-9 items-center justify-center gap-2 rounded-control px-3.5 py-1.5 text-ui font-medium transition
        duration-150 disabled:pointer-events-none disabled:opacity-50 ${LOOK[kind]} ${className}`}
      {...rest}
    />
  );
}
