import { useEffect, useState, type ReactNode } from "react";
import { duration } from "../format/duration";

/** Whole seconds since it appeared on this screen; nothing in the first, so that quick answers do not flash a clock. */
export function Elapsed(): ReactNode {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const start = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - start) / 1000)), 1000);
    return () => clearInterval(timer);
  }, []);
  return seconds > 0 ? <span className="tabular-nums text-muted"> · {duration(seconds * 1000)}</span> : null;
}
