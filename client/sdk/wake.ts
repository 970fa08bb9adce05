/** Moments at which a page falls asleep or is back, known before any of its timers says so. */

export interface Waking {
  /** A phone's tab is looked at again, the network changed, a page came back from the back-forward cache. */
  readonly wake: () => void;
  /** The page is put away. With an open socket it could not be kept in the back-forward cache. */
  readonly sleep: () => void;
}

/** Returns the way to end it. */
export function onWake({ wake, sleep }: Waking): () => void {
  if (typeof window === "undefined") return () => undefined;
  const over = new AbortController();
  const { signal } = over;
  window.addEventListener("online", wake, { signal });
  window.addEventListener("pageshow", wake, { signal });
  window.addEventListener("pagehide", sleep, { signal });
  document.addEventListener("resume", wake, { signal }); // a frozen tab thaws (Chromium)
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake(), { signal });
  // From Wi-Fi to the mobile network nothing goes offline, but the old address is gone.
  (navigator as { connection?: EventTarget }).connection?.addEventListener?.("change", wake, { signal });
  return () => over.abort();
}
