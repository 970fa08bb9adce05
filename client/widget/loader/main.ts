/**
 * `<script src="https://SERVER/widget.js" data-assistant="demo" async></script>`: makes the one global, `window.Opsloom`.
 *
 * data-assistant (required), data-label ("Chat"), data-position ("end" | "start"), data-accent (a CSS colour),
 * data-open ("true": open at once).
 */
import { makeWidget, type Widget } from "./widget";

const host = window as { Opsloom?: Widget };
const script = document.currentScript as HTMLScriptElement | null;

function start(): void {
  // Page frameworks run a body's scripts again after each visit; the widget is already there.
  if (script === null || host.Opsloom) return;
  const { assistant, label = "Chat", position, accent, open } = script.dataset;
  if (!assistant) {
    console.error("Opsloom: data-assistant is missing.");
    return;
  }
  const forget = (): unknown => delete host.Opsloom;
  const widget = makeWidget({ base: new URL(".", script.src), assistant, label, accent, start: position === "start", forget });
  host.Opsloom = Object.freeze(widget);
  if (open === "true") widget.open();
}

// An async script may run before there is a body; the button belongs after it.
if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();
