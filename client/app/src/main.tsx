import "./app.css";
import { applyMode, storedMode } from "@opsloom/chat";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Login } from "./Login";
import { routeOf } from "./route";
import { followViewport } from "./viewport";
import { createWorkspace } from "./workspace";

applyMode(storedMode());
followViewport();

const route = routeOf(location);
const root = createRoot(document.getElementById("root") as HTMLElement);
root.render(<StrictMode>{route.page === "login" ? <Login token={route.token} /> : <App workspace={createWorkspace()} />}</StrictMode>);
