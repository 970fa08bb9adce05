import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The loader keeps its name for ever, since it stands in other people's pages; one classic script without dependencies.
export default defineConfig({
  build: {
    outDir: here("../server/opsloom_server/static"),
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    lib: { entry: here("widget/loader/main.ts"), formats: ["iife"], name: "opsloomLoader", fileName: () => "widget.js" },
  },
});
