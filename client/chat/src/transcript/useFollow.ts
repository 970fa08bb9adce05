/** Stay at the end while the reader is there; leave them alone while they are not. */
import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

/** Nearer to the end than this counts as being there: a line and a half of text. */
const NEAR = 40;

export interface Follow {
  away: boolean;
  toEnd: (smooth?: boolean) => void;
}

export function useFollow(scroller: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>): Follow {
  const following = useRef(true);
  const lastTop = useRef(0);
  const [away, setAway] = useState(false);

  useEffect(() => {
    const box = scroller.current;
    const inner = content.current;
    if (!box || !inner) return;
    const distance = (): number => box.scrollHeight - box.clientHeight - box.scrollTop;
    const settle = (): void => {
      if (following.current) box.scrollTop = box.scrollHeight;
      setAway(distance() > NEAR * 3);
    };
    const scrolled = (): void => {
      const up = box.scrollTop < lastTop.current - 1;
      lastTop.current = box.scrollTop;
      // Growth never moves scrollTop up; only the reader does, and then the view is theirs until they come back.
      if (distance() <= NEAR) following.current = true;
      else if (up) following.current = false;
      setAway(distance() > NEAR * 3);
    };
    const watch = new ResizeObserver(settle);
    watch.observe(inner);
    watch.observe(box);
    box.addEventListener("scroll", scrolled, { passive: true });
    settle();
    return () => {
      watch.disconnect();
      box.removeEventListener("scroll", scrolled);
    };
  }, [scroller, content]);

  const toEnd = useCallback(
    (smooth = false) => {
      const box = scroller.current;
      if (!box) return;
      following.current = true;
      box.scrollTo({ top: box.scrollHeight, behavior: smooth ? "smooth" : "auto" });
    },
    [scroller],
  );
  return { away, toEnd };
}
