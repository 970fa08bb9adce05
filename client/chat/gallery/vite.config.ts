import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** Every part and state on one page, without a server: `npm run gallery`. Never part of the shipped build. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), tailwindcss()],
  build: { outDir: fileURLToPath(new URL("../../../build/gallery", import.meta.url)), emptyOutDir: true, assetsInlineLimit: 0 },
});
