import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { sandboxPage } from "./sandbox-page";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const leanIcons: Plugin = {
  name: "lean-icons",
  enforce: "pre",
  resolveId: (source, importer) =>
    source === "../createLucideIcon.mjs" && importer?.includes("lucide-react") ? here("chat/src/ui/icon.ts") : null,
};

/** What an entry imports is asked for with it and not after it: one trip less. Vite's own way adds code to every page. */
const preloads: Plugin = {
  name: "preloads",
  transformIndexHtml: (_, { chunk }) =>
    (chunk?.imports ?? []).map((file) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `/${file}` }, injectTo: "head" })),
};

// `/` is the full page (app/), `/embed/{assistant}` the widget's (widget/page/). The strict CSP of the server forbids inline
// scripts and styles and data: fonts, so nothing is ever inlined, but
// for `/sandbox`, which has a policy of its own.
export default defineConfig({
  root: here("."),
  base: "/",
  plugins: [leanIcons, preloads, react(), tailwindcss(), sandboxPage()],
  build: {
    outDir: here("../server/opsloom_server/static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: false,
    rolldownOptions: {
      input: { index: here("index.html"), embed: here("embed.html") },
      output: {
        codeSplitting: {
          groups: [
            // Before the first message a page fetches its own entry and what both pages share; with the first key, what
            // shows messages. Every further chunk is for one purpose that not every conversation has.
            { name: "core", tags: ["$initial"], test: /(node_modules|\/sdk\/|\/chat\/src\/|rolldown).*(?<!\.css)$/, priority: 2 },
            { name: "thread", test: /\/chat\/src\/(transcript|sources|composer|ui|markdown\/(?!highlight))|node_modules\/marked/, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    port: 5173,
    proxy: {
      "/api": "http://127.0.0.1:8000",
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
    },
  },
});
