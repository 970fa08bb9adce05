/** `/embed/{assistant}`: the chat in a frame on somebody else's page, or by itself. */
import "@opsloom/chat/style.css";
import "./style.css";
import { applyMode, storedMode } from "@opsloom/chat";
import { openKeep } from "@opsloom/sdk";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ownsEscape } from "./escape";
import { HostLink } from "./host-link";
import { NewsReader } from "./news";
import { openChat, type Opened } from "./open-chat";
import { Page } from "./Page";

/** A host that says nothing (an old loader, a frame made by hand) is not waited for. */
const HELLO_WITHIN_MS = 1_000;

const assistant = decodeURIComponent(location.pathname.split("/embed/")[1]?.split("/")[0] ?? "");
const root = createRoot(document.getElementById("root") as HTMLElement);
const news = new NewsReader();
let opened: Opened | null = null;
let isOpen = true;

const link = new HostLink((message) => {
  if (message.type === "hello") isOpen = message.open;
  if (message.type === "hello" || message.type === "context") {
    if (opened === null) start(message.context);
    else opened.chat.setContext(message.context);
  }
  if (message.type === "hello") {
    link.post({ type: "ready" });
  } else if (message.type !== "context") {
    isOpen = message.type === "open";
  }
  if (isOpen && message.type !== "context") focusComposer();
  tellNews();
});

function start(context: Record<string, unknown> | null): void {
  opened = openChat(assistant, openKeep(), context);
  opened.chat.subscribe(tellNews);
  opened.chat.connect();
  applyMode(storedMode());
  root.render(
    <StrictMode>
      <Page opened={opened} framed={link.framed} onClose={() => link.post({ type: "close" })} />
    </StrictMode>,
  );
}

let unreadTold = 0;
function tellNews(): void {
  if (opened === null) return;
  const { added, unread } = news.read(opened.chat.getState().conversation, isOpen);
  for (const role of added) link.post({ type: "message", role });
  if (unread !== unreadTold) link.post({ type: "unread", count: unread });
  unreadTold = unread;
}

/** On touch screens the keyboard would jump up unasked. */
const isTouch = (): boolean => matchMedia("(pointer: coarse)").matches;

/** As soon as it is there: the first `hello` comes before the first paint. */
function focusComposer(frames = 60): void {
  if (isTouch()) return;
  requestAnimationFrame(() => {
    const composer = document.querySelector("textarea");
    if (composer !== null) composer.focus({ preventScroll: true });
    else if (frames > 0 && isOpen) focusComposer(frames - 1);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || opened === null) return;
  if (!ownsEscape(event.target, opened.chat.getState())) link.post({ type: "close" });
});

if (link.framed) setTimeout(() => opened === null && start(null), HELLO_WITHIN_MS);
else start(null);
