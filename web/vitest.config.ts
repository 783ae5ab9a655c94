/** Unit tests run under Node without a DOM: what they test has none. The bundle's budget is tested on a fresh build. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
