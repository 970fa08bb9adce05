import "./app.css";
import { applyMode, lazy, storedMode } from "@opsloom/chat";
import { StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { routeOf } from "./route";
import { followViewport } from "./viewport";
import { createWorkspace } from "./workspace";

const Login = lazy(() => import("./Login").then((module) => ({ default: module.Login })));

applyMode(storedMode());
followViewport();

const route = routeOf(location);
const root = createRoot(document.getElementById("root") as HTMLElement);
root.render(<StrictMode>{route.page === "login" ? <Suspense fallback={null}><Login token={route.token} /></Suspense> : <App workspace={createWorkspace()} />}</StrictMode>);
