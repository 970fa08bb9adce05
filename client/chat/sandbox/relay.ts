/**
 * The script of `/sandbox`, the page between the chat and an app. The server serves it without an origin of its own and
 * with the policy that the app's page inherits (`server/opsloom_server/pages.py`). It shows the page it is given in a frame,
 * and hands on what both say: to the app as it is, to the chat as text of bounded size and pace, since whatever an app
 * sends is first unpacked here, in the app's process, and not in the chat's.
 */
import { pageOf, type Resource } from "./page";
import { Pace } from "./pace";

const SANDBOX = "ui/notifications/sandbox-";
/** Longest message of an app, characters of JSON. */
const MOST_CHARS = 65_536;
/** Messages of an app: so many at once, and so many a second. */
const BURST = 60;
const A_SECOND = 30;

const host = window.parent;
// A page without an origin still knows where it came from.
const home = location.origin;
const pace = new Pace(BURST, A_SECOND);
let app: HTMLIFrameElement | null = null;

addEventListener("message", ({ source, origin, data }: MessageEvent<unknown>) => {
  if (source === host && origin === home) fromHost(data as Record<string, unknown>);
  else if (app !== null && source === app.contentWindow) fromApp(data);
});

function fromHost(message: Record<string, unknown>): void {
  const params = Object(message["params"]) as Partial<Resource>;
  if (params.theme) document.documentElement.style.colorScheme = params.theme; // else the frame is no longer seen through
  if (message["method"] === `${SANDBOX}resource-ready`) show(params as Resource);
  else app?.contentWindow?.postMessage(message, "*"); // an app has no origin to name; the window is the one made here
}

function show(resource: Resource): void {
  app?.remove();
  app = document.createElement("iframe");
  app.setAttribute("sandbox", "allow-scripts");
  app.title = resource.title;
  app.srcdoc = pageOf(resource);
  document.body.append(app);
}

function fromApp(message: unknown): void {
  const { jsonrpc, method, id } = Object(message) as Record<string, unknown>;
  if (jsonrpc !== "2.0" || (typeof method === "string" && method.startsWith(SANDBOX))) return;
  const text = pace.take() ? written(message) : null;
  if (text !== null) host.postMessage(text, home);
  else if (typeof method === "string" && (typeof id === "string" || typeof id === "number")) {
    app?.contentWindow?.postMessage({ jsonrpc, id, error: { code: -32000, message: "Too many or too large messages." } }, "*");
  }
}

function written(message: unknown): string | null {
  try {
    const text = JSON.stringify(message);
    return text.length <= MOST_CHARS ? text : null;
  } catch {
    return null; // what JSON has no words for
  }
}

host.postMessage(JSON.stringify({ jsonrpc: "2.0", method: `${SANDBOX}proxy-ready`, params: {} }), home);
