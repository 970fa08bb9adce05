import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { sandboxPage } from "../../sandbox-page";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Every part and state without a server: `npm run gallery`. Never part of the shipped build; the browser's tests build and open it. */
export default defineConfig({
  root: here("."),
  base: "./",
  plugins: [react(), tailwindcss(), sandboxPage()],
  build: {
    outDir: here("../../../build/gallery"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: "es2022",
    rolldownOptions: { input: { index: here("index.html"), blocks: here("blocks.html") } },
  },
  server: { fs: { allow: [here("../../..")] } }, // the blocks' fixtures stand beside their Python
});
