/** What a first visit to a page loads, compressed as it is served, stays within its budget. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";

interface Chunk {
  file: string;
  name?: string;
  isEntry?: boolean;
  imports?: string[];
  css?: string[];
}

const LESSON_BYTES = 250 * 1024;
const COURSE_BYTES = 40 * 1024;
const dist = mkdtempSync(join(tmpdir(), "podschool-dist-"));

beforeAll(async () => {
  await build({
    root: join(import.meta.dirname, ".."),
    logLevel: "error",
    build: { outDir: dist, emptyOutDir: true },
  });
}, 60_000);
afterAll(() => rmSync(dist, { recursive: true }));

/** Bytes by brotli of an entry and all that it imports at once. */
function firstLoad(page: string): number {
  const chunks = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8")) as Record<string, Chunk>;
  const files = new Set<string>(["theme.js"]);
  const follow = (key: string) => {
    const chunk = chunks[key];
    if (!chunk || files.has(chunk.file)) return;
    for (const file of [chunk.file, ...(chunk.css ?? [])]) files.add(file);
    for (const each of chunk.imports ?? []) follow(each);
  };
  const entry = Object.keys(chunks).find((key) => chunks[key]?.isEntry && chunks[key]?.name === page);
  expect(entry, page).toBeDefined();
  follow(entry ?? "");
  return [...files].reduce((sum, file) => sum + statSync(join(dist, `${file}.br`)).size, 0);
}

test("a lesson loads at most 250 KB before the editor", () => {
  const bytes = firstLoad("lesson");
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(LESSON_BYTES);
});

test("the course loads at most 40 KB", () => {
  expect(firstLoad("course")).toBeLessThanOrEqual(COURSE_BYTES);
});
