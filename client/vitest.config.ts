import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{sdk,chat,app,widget}/**/*.test.{ts,tsx}"],
    testTimeout: 10_000,
    // happy-dom loads no frames, and says so at each of the gallery's; 500 lines of it hid what failed.
    onConsoleLog: (text) => !text.includes("Iframe page loading is disabled"),
  },
});
