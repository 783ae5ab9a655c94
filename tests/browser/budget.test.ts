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
/** What one of sixty frames a second has. */
const FRAME_MS = 1000 / 60;
/** How long a page that has nothing to do is watched, to know how many frames this machine makes. */
const IDLE_MS = 2000;
/** What is animated, as its keyframes name it: both are the compositor's, without layout or painting. */
const MOVED = new Set(["opacity", "translate", "offset", "computedOffset", "easing", "composite"]);

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

interface TraceEvent {
  name: string;
  /** `X`: something that lasted. */
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  /** Microseconds of the wall and of the processor. */
  dur?: number;
  tdur?: number;
  args?: { beginData?: { stackTrace?: { functionName: string }[] } };
}

/** What the browser's main thread does until `stop`. */
async function traced(page: Page): Promise<{ stop(): Promise<TraceEvent[]> }> {
  const client = await page.context().browser()?.newBrowserCDPSession();
  if (!client) throw new Error("no browser");
  const events: TraceEvent[] = [];
  client.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  const includedCategories = ["devtools.timeline", "cc", "disabled-by-default-devtools.timeline.stack"];
  await client.send("Tracing.start", { traceConfig: { includedCategories }, transferMode: "ReportEvents" });
  return {
    async stop() {
      const complete = new Promise((resolve) => client.once("Tracing.tracingComplete", resolve));
      await client.send("Tracing.end");
      await complete;
      await client.detach();
      const threads = new Map<string, number>();
      const of = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
      for (const each of events)
        if (each.name === FRAME) threads.set(of(each), (threads.get(of(each)) ?? 0) + 1);
      const [main] = [...threads].sort((a, b) => b[1] - a[1])[0] ?? [];
      return events.filter((each) => of(each) === main && each.ph === "X");
    },
  };
}

/** The main thread's part of a frame: scripts of the frame, style, layout, painting, commit. */
const FRAME = "ProxyMain::BeginMainFrame";

/** How often measuring the pods made the browser lay out the page, for each frame that did. */
function measured(events: TraceEvent[]): number[] {
  const layouts = events.filter(
    ({ name, args }) =>
      name === "Layout" && args?.beginData?.stackTrace?.some(({ functionName }) => functionName === "drawn"),
  );
  return events
    .filter(({ name }) => name === "FireAnimationFrame")
    .map(({ ts, dur = 0 }) => layouts.filter((each) => each.ts >= ts && each.ts < ts + dur).length)
    .filter((count) => count > 0);
}

/** Looks, in each frame, at what moves in the picture and how often it was drawn. */
function watchPicture(): void {
  const seen = { frames: 0, drawings: 0, moves: 0, moved: [] as string[] };
  Object.assign(window, { seen });
  const drawing = document.querySelector(".drawing");
  if (!drawing) throw new Error("no picture");
  const known = new WeakSet<Animation>();
  const frame = () => {
    seen.frames += 1;
    for (const each of drawing.getAnimations({ subtree: true })) {
      if (known.has(each)) continue;
      known.add(each);
      seen.moves += 1;
      const frames = each.effect instanceof KeyframeEffect ? each.effect.getKeyframes() : [];
      for (const name of frames.flatMap((keyframe) => Object.keys(keyframe)))
        if (!seen.moved.includes(name)) seen.moved.push(name);
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const drawn = new MutationObserver(() => {
    seen.drawings += 1;
  });
  drawn.observe(drawing, { subtree: true, childList: true, attributes: true, characterData: true });
}

/** A page whose cluster runs fifty pods. */
async function fiftyPods(): Promise<Page> {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl create deployment web --image=nginx --replicas=50\n");
  await expect.poll(() => page.locator('.pod-box[data-health="well"]').count(), { timeout: 60_000 }).toBe(50);
  return page;
}

/** Frames a second until `over`, counted by the page itself: nothing is traced, nothing else is asked. */
async function framesDuring(page: Page, over: () => Promise<unknown>): Promise<number> {
  await page.evaluate(() => {
    const counted = { from: performance.now(), frames: 0, goes: true };
    Object.assign(window, { counted });
    const frame = () => {
      counted.frames += 1;
      if (counted.goes) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await over();
  return page.evaluate(() => {
    const { counted } = window as unknown as { counted: { from: number; frames: number; goes: boolean } };
    counted.goes = false;
    return (counted.frames * 1000) / (performance.now() - counted.from);
  });
}

test("while fifty pods roll the page makes as many frames as it does at rest", async () => {
  const page = await fiftyPods();
  const idle = await framesDuring(page, () => page.waitForTimeout(IDLE_MS));
  const roll = "kubectl set image deployment/web nginx=nginx:1.27; kubectl rollout status deployment/web\n";
  const rolling = await framesDuring(page, async () => {
    await type(page, roll);
    await shows(page, "successfully rolled out");
  });
  console.log(`frames a second: ${idle.toFixed(1)} at rest, ${rolling.toFixed(1)} while fifty pods roll`);
  // On a machine of its own both are sixty. Here other tests run beside, so only a page that nearly stands still is at fault.
  expect(rolling).toBeGreaterThan(idle / 3);
  // A page that is watched no more makes no frames beside those of the next test.
  await page.context().close();
}, 150_000);

test("while fifty pods roll little is drawn, and what moves needs no painting", async () => {
  const page = await fiftyPods();
  const trace = await traced(page);
  await page.evaluate(watchPicture);
  const start = Date.now();
  await type(
    page,
    "kubectl set image deployment/web nginx=nginx:1.27; kubectl rollout status deployment/web\n",
  );
  await shows(page, "successfully rolled out");
  const took_s = (Date.now() - start) / 1000;
  const seen = await page.evaluate(
    () =>
      (window as unknown as { seen: { frames: number; drawings: number; moves: number; moved: string[] } })
        .seen,
  );
  const events = await trace.stop();
  const work_ms = events.filter(({ name }) => name === FRAME).map(({ tdur = 0 }) => tdur / 1000);
  work_ms.sort((a, b) => a - b);
  const mean_ms = work_ms.reduce((sum, each) => sum + each, 0) / work_ms.length;
  const late = work_ms.filter((each) => each > FRAME_MS).length;
  console.log(
    `fifty pods roll, traced: ${Math.round(seen.frames / took_s)} frames a second for ${took_s.toFixed(1)} s, ${seen.drawings} drawings in ` +
      `${seen.frames} frames, ${seen.moves} moves; of the processor a frame takes ${mean_ms.toFixed(1)} ms ` +
      `(p95 ${(work_ms[Math.floor(work_ms.length * 0.95)] ?? 0).toFixed(1)} ms), ${late} of ${work_ms.length} more than it has`,
  );
  expect(seen.drawings).toBeGreaterThan(5);
  expect(seen.moves).toBeGreaterThan(5);
  // Whoever draws every 50 ms leaves two of three frames to the compositor, which moves by these alone.
  expect(seen.drawings).toBeLessThanOrEqual(took_s * 20 + 2);
  expect(seen.moved.filter((name) => !MOVED.has(name))).toEqual([]);
  expect(Math.max(...measured(events))).toBe(1);
}, 150_000);
