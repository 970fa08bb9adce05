import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// `/` is the full page (app/), `/embed/{assistant}` the widget's (widget/page/). The strict CSP of the server forbids inline
// scripts and styles and data: fonts, so nothing is ever inlined.
export default defineConfig({
  root: here("."),
  base: "/",
  plugins: [react(), tailwindcss()],
  build: {
    outDir: here("../server/opsloom_server/static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    rollupOptions: { input: { index: here("index.html"), embed: here("embed.html") } },
  },
  server: {
    port: 5173,
    proxy: {
      "/api": "http://127.0.0.1:8000",
      "/ws": { target: "ws://127.0.0.1:8000", ws: true },
    },
  },
});
