/**
 * How the browser tests run: `npm run browser` in `web` (`cargo xtask test browser` does it), with the packages of
 * `web`. PODSCHOOL_BIN names the server's binary, CHROMIUM the browser.
 */
import { join } from "node:path";

const packages = join(import.meta.dirname, "../../web/node_modules");

export default {
  root: import.meta.dirname,
  resolve: {
    alias: {
      "playwright-core": join(packages, "playwright-core/index.mjs"),
      "@axe-core/playwright": join(packages, "@axe-core/playwright/dist/index.mjs"),
      "sql.js": join(packages, "sql.js/dist/sql-wasm.js"),
    },
  },
  test: { include: ["*.test.ts"], testTimeout: 90_000, hookTimeout: 60_000, fileParallelism: false },
};
