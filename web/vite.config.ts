/**
 * How the bundle is built: one entry a page, flat hashed names, relative imports (the pages may live under any
 * path), and every text file a second and third time by brotli and gzip, so that the server never compresses.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

function precompress(): Plugin {
  let folder = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const names = (await readdir(folder)).filter((name) => /\.(js|css|svg|json|webmanifest)$/.test(name));
      await Promise.all(names.map((name) => compress(join(folder, name))));
    },
  };
}

async function compress(path: string): Promise<void> {
  const bytes = await readFile(path);
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  if (br.length < bytes.length) await writeFile(`${path}.br`, br);
  if (gz.length < bytes.length) await writeFile(`${path}.gz`, gz);
}

export default defineConfig({
  base: "./",
  plugins: [precompress()],
  oxc: { jsx: { importSource: "preact" } },
  build: {
    target: "es2022",
    manifest: true,
    assetsDir: "",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { course: "src/course.tsx", lesson: "src/lesson.tsx" } },
  },
});
