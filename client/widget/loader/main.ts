/**
 * `<script src="https://SERVER/widget.js" data-assistant="demo" async></script>`: makes the one global, `window.Opsloom`.
 *
 * data-assistant (required), data-label ("Chat"), data-position ("end" | "start"), data-accent (a CSS colour),
 * data-open ("true": open at once).
 */
import { Widget } from "./widget";

type Api = Pick<Widget, "open" | "close" | "toggle" | "on" | "setContext" | "destroy">;
type Host = { Opsloom?: Api };

function start(script: HTMLScriptElement): void {
  const host = window as Host;
  // Page frameworks run a body's scripts again after each visit; the widget is already there.
  if (host.Opsloom !== undefined) return;
  const { assistant, label = "Chat", position, accent, open } = script.dataset;
  if (!assistant) {
    console.error('Opsloom: the script tag needs data-assistant="…", the name of an assistant on the server.');
    return;
  }
  const widget = new Widget({ base: new URL(".", script.src), assistant, label, accent, start: position === "start" });
  const { on, setContext, toggle } = widget;
  host.Opsloom = Object.freeze({
    open: widget.open,
    close: widget.close,
    toggle,
    on,
    setContext,
    destroy: () => {
      widget.destroy();
      delete host.Opsloom;
    },
  });
  if (open === "true") widget.open();
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement) {
  // An async script may run before there is a body; the button belongs after it.
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", () => start(script), { once: true });
  else start(script);
}
