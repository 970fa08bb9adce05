import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{sdk,chat,app,widget}/**/*.test.{ts,tsx}"],
    testTimeout: 10_000,
  },
});
