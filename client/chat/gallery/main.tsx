import { createRoot } from "react-dom/client";
import "../src/theme/style.css";
import "./gallery.css";
import { applyMode, Conversation, type Mode } from "../src/index";
import { FakeChat } from "./FakeChat";
import { SCENES } from "./scenes";

const query = new URLSearchParams(location.search);
const scene = query.get("scene") ?? "answer";
applyMode((query.get("theme") ?? "auto") as Mode);
if (query.get("dir") === "rtl") document.documentElement.dir = "rtl";

const make = SCENES[scene];
const chat = new FakeChat(make ? make() : {});

createRoot(document.getElementById("root") as HTMLElement).render(
  <div className="stage">
    {query.has("bare") ? null : (
      <nav aria-label="Scenes">{Object.keys(SCENES).map((name) => <a key={name} href={`?scene=${name}`} aria-current={name === scene || undefined}>{name}</a>)}</nav>
    )}
    <main><Conversation chat={chat} passage={chat.passage} captureTyping /></main>
  </div>,
);
