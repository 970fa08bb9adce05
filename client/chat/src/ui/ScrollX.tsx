import { useEffect, useRef, type ReactNode } from "react";

interface ScrollXProps {
  label: string;
  className?: string;
  children: ReactNode;
}

/** Scrolls sideways where it must (and down, where its class bounds its height), with a fade on the side that has more; then, and only then, the keyboard can reach it. */
export function ScrollX({ label, className = "", children }: ScrollXProps): ReactNode {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = ref.current;
    if (!box) return;
    const measure = (): void => {
      const room = box.scrollWidth - box.clientWidth;
      const at = Math.abs(box.scrollLeft);
      const more = room > 1 ? [at > 1 && "start", at < room - 1 && "end"].filter(Boolean).join(" ") : "";
      box.dataset["more"] = more;
      if (room > 1 || box.scrollHeight - box.clientHeight > 1) {
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", label);
      } else {
        box.removeAttribute("tabindex");
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
    };
    const watch = new ResizeObserver(measure);
    watch.observe(box);
    if (box.firstElementChild) watch.observe(box.firstElementChild);
    box.addEventListener("scroll", measure, { passive: true });
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", measure);
    };
  }, [label]);
  return <div ref={ref} className={`scroll-x ${className}`}>{children}</div>;
}
