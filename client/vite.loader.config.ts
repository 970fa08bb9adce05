import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// The loader keeps its name for ever, since it stands in other people's pages; one classic script without dependencies.
/** A stylesheet in a string is nothing that a minifier looks into. */
const joinLines = { name: "join-lines", transform: (code: string, id: string) => (id.endsWith("/sheet.ts") ? code.replace(/(?<=[{};,)])\n/g, "") : null) };

export default defineConfig({
  plugins: [joinLines],
  build: {
    outDir: here("../server/opsloom_server/static"),
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    lib: { entry: here("widget/loader/main.ts"), formats: ["iife"], name: "opsloomLoader", fileName: () => "widget.js" },
  },
});
