/** Moments at which a sleeping phone or tab is back, and a connection is worth a look before its timers say so. */
export function onWake(wake: () => void): () => void {
  if (typeof window === "undefined") return () => undefined;
  const seen = (): void => {
    if (document.visibilityState === "visible") wake();
  };
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", seen);
  return () => {
    window.removeEventListener("online", wake);
    window.removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", seen);
  };
}
