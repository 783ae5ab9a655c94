/** What a page costs: bytes, shifts, time to the first prompt, work while the picture moves. Figures are printed. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prompted, type Stage, shows, type, up } from "./stage.ts";

const FIRST_LOAD_BYTES = 250 * 1024;
const LOADS = 10;
/** How long the rest of a page may be on its way. */
const REST_COMES_MS = 2000;
/** Generous: the promise is 1 s on a machine of its own; here other tests run beside. */
const TYPE_WITHIN_MS = 5000;
/** What one of sixty frames a second has for script and layout, if it had nothing else to do. */
const FRAME_MS = 1000 / 60;

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

test("the first load of a lesson is at most 250 KB, the editor not among it", async () => {
  const page = await stage.page();
  const sizes = new Map<string, Promise<number>>();
  page.on("requestfinished", (request) => {
    sizes.set(
      new URL(request.url()).pathname,
      request.sizes().then((size) => size.responseBodySize),
    );
  });
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  let bytes = 0;
  for (const [path, size] of sizes) if (!path.includes("/api/")) bytes += await size;
  console.log(`first load: ${Math.round(bytes / 1024)} KiB in ${sizes.size} answers`);
  expect([...sizes.keys()].filter((path) => path.includes("editor"))).toEqual([]);
  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThanOrEqual(FIRST_LOAD_BYTES);
});

/** What moved without the learner's doing since the page was opened: how much, and what. */
async function shifted(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const moved: string[] = [];
        type Shift = PerformanceEntry & {
          value: number;
          hadRecentInput: boolean;
          sources: { node: Node | null }[];
        };
        const name = (node: Node | null) =>
          node instanceof Element
            ? `${node.tagName} ${node.className || node.id}`
            : (node?.textContent ?? "");
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as Shift[])
            if (!entry.hadRecentInput)
              moved.push(`${entry.value}: ${entry.sources.map(({ node }) => name(node)).join(", ")}`);
        }).observe({ type: "layout-shift", buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(moved)));
      }),
  );
}

test.each([
  ["desktop", { width: 1440, height: 900 }],
  ["phone", { width: 390, height: 844 }],
])("nothing moves while a page loads, %s", async (_, viewport) => {
  const page = await stage.page({ viewport });
  await page.goto(`${stage.url}/en/`);
  expect(await shifted(page)).toEqual([]);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await page.locator('.connection[data-kind="ready"]').waitFor();
  await page.locator(".step-help").first().waitFor();
  expect(await shifted(page)).toEqual([]);
});

test("nothing moves though the page comes in pieces", async () => {
  // A learner far away: the document comes up to the middle of the bar, its rest a while later.
  const far = createServer(async ({ url }, answer) => {
    const from = await fetch(`${stage.url}${url}`);
    const body = Buffer.from(await from.arrayBuffer());
    answer.writeHead(from.status, { "content-type": from.headers.get("content-type") ?? "" });
    const middle = Math.max(body.indexOf('<span class="wide">'), 0);
    answer.write(body.subarray(0, middle));
    setTimeout(() => answer.end(body.subarray(middle)), middle > 0 ? REST_COMES_MS : 0);
  });
  await new Promise<void>((resolve) => far.listen(0, "127.0.0.1", resolve));
  try {
    const page = await stage.page();
    const { port } = far.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/en/`);
    expect(await shifted(page)).toEqual([]);
  } finally {
    far.closeAllConnections();
    far.close();
  }
});

test("the first prompt waits, over ten loads", async () => {
  const times: number[] = [];
  for (let load = 0; load < LOADS; load += 1) {
    const page = await stage.page();
    await page.goto(`${stage.url}/en/lessons/first-pod`);
    await page.locator(".xterm-rows", { hasText: "$" }).waitFor();
    times.push(await page.evaluate(() => performance.now()));
    await page.context().close();
  }
  times.sort((a, b) => a - b);
  const p95 = times[Math.ceil(LOADS * 0.95) - 1] ?? 0;
  console.log(`time to type: p50 ${Math.round(times[LOADS / 2] ?? 0)} ms, p95 ${Math.round(p95)} ms`);
  expect(p95).toBeLessThan(TYPE_WITHIN_MS);
});

test("while fifty pods roll the picture is drawn at most once a frame", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl create deployment web --image=nginx --replicas=50\n");
  await expect.poll(() => page.locator('.pod-box[data-health="well"]').count(), { timeout: 60_000 }).toBe(50);
  const client = await page.context().newCDPSession(page);
  await client.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await client.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { script: of("ScriptDuration"), layout: of("LayoutDuration") + of("RecalcStyleDuration") };
  };
  await page.evaluate(() => {
    const counts = { frames: 0, drawings: 0 };
    Object.assign(window, { counts });
    const frame = () => {
      counts.frames += 1;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    const drawing = document.querySelector(".drawing");
    if (!drawing) throw new Error("no picture");
    new MutationObserver(() => {
      counts.drawings += 1;
    }).observe(drawing, { subtree: true, childList: true, attributes: true, characterData: true });
  });
  const before = await spent();
  const start = Date.now();
  await type(
    page,
    "kubectl set image deployment/web nginx=nginx:1.27; kubectl rollout status deployment/web\n",
  );
  await shows(page, "successfully rolled out");
  const took_s = (Date.now() - start) / 1000;
  const after = await spent();
  const counts = await page.evaluate(
    () => (window as unknown as { counts: { frames: number; drawings: number } }).counts,
  );
  const each_ms = (seconds: number) => (seconds * 1000) / counts.frames;
  const [script_ms, layout_ms] = [
    each_ms(after.script - before.script),
    each_ms(after.layout - before.layout),
  ];
  console.log(
    `fifty pods roll: ${Math.round(counts.frames / took_s)} frames a second for ${took_s.toFixed(1)} s, ${counts.drawings} drawings in ` +
      `${counts.frames} frames; script ${script_ms.toFixed(1)} ms, layout ${layout_ms.toFixed(1)} ms a frame`,
  );
  expect(counts.drawings).toBeGreaterThan(5);
  expect(counts.drawings).toBeLessThanOrEqual(counts.frames + 2);
  expect(script_ms + layout_ms).toBeLessThan(FRAME_MS);
}, 150_000);
