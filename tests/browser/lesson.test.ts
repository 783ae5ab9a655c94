/** The lesson `first-pod` as a learner takes it: from the course page's button to the last tick, in Chromium. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, type Stage, screen, shows, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

async function run(page: Page, step: string, nth = 0): Promise<void> {
  await page.locator(`#step-${step} .code.run .button.primary`).nth(nth).click();
}

async function ticks(page: Page, step: string): Promise<void> {
  await page.locator(`#step-${step}[data-status="done"]`).waitFor();
}

async function answer(page: Page, step: string, word: string): Promise<void> {
  const form = page.locator(`#step-${step} form.question`);
  const option = form.locator(`input[type="radio"][value="${word}"]`);
  if ((await option.count()) > 0) await option.check();
  else await form.locator('input[type="text"]').fill(word);
  await form.locator('button[type="submit"]').click();
}

test("from the first click to the last tick", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/`);
  await page.locator('.stop a[href$="/lessons/first-pod"]').first().click();
  await prompted(page);

  await run(page, "look");
  await shows(page, "No resources found in default namespace.");
  await ticks(page, "look");

  await page.locator("#step-run .step-help button").first().click();
  await page.locator("#step-run .why li").first().waitFor();
  await run(page, "run");
  await shows(page, "pod/kuard created");
  await ticks(page, "run");

  await run(page, "where");
  await shows(page, /kuard\s+1\/1\s+Running/);
  await answer(page, "where", "node-9");
  await page.locator("#step-where .why li").first().waitFor();
  await answer(page, "where", "node-1");
  await ticks(page, "where");

  await answer(page, "describe", "b");
  await run(page, "describe");
  await shows(page, /Scheduled/);
  await ticks(page, "describe");
  await picture(page, "lesson");
  expect(await page.evaluate(() => document.scrollingElement?.scrollTop)).toBe(0);

  await run(page, "logs");
  await ticks(page, "logs");
  await page.locator("#step-logs .code-actions .button", { hasText: "Stop" }).click();
  await prompted(page);

  await type(page, "kubectl exec -it kuard -- ash\n");
  await shows(page, /[/~] [$#]/);
  await type(page, "wget -qO- localhost:8080/healthy; echo; exit\n");
  await shows(page, /\nok\s*\n/);
  await run(page, "inside");
  await answer(page, "inside", "nobody");
  await ticks(page, "inside");

  await run(page, "page");
  await ticks(page, "page");
  const frame = page.frameLocator("iframe.preview-frame");
  await frame.locator("body", { hasText: "kuard" }).waitFor();
  await picture(page, "lesson-preview");

  await answer(page, "delete", "c");
  await run(page, "delete");
  await shows(page, 'pod "kuard" deleted');
  await ticks(page, "delete");
  await page.locator(".finish-card").scrollIntoViewIfNeeded();
  await page.locator(".finish-card h2").waitFor();
  await picture(page, "lesson-end");

  await page.reload();
  await shows(page, 'pod "kuard" deleted');
  expect(await page.locator('.step:not([data-status="done"])').count()).toBe(0);
  await accessible(page);
});

test("what a lesson lets a learner lose comes back by its own button", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/fr/lessons/data-that-stays`);
  await prompted(page);
  const step = page.locator("#step-regret");
  await step.locator(".step-again button").click();
  await page.locator("dialog[open] .button.primary").click();
  await page.locator('#step-class[data-status="done"]').waitFor({ timeout: 60_000 });
  await prompted(page);
  await run(page, "regret", 0);
  await shows(page, /persistentvolumeclaim "album" deleted/);
  await run(page, "regret", 1);
  await shows(page, /disk-1 .* Released/);
  await step.locator(".taken-back button").click();
  await shows(page, "De retour");
  await run(page, "regret", 2);
  await shows(page, /persistentvolumeclaim\/album +Bound/);
  await picture(page, "lesson-rewound");
  await run(page, "regret", 3);
  await shows(page, /persistentvolume\/pvc-\S+ patched/);
  await run(page, "regret", 4);
  await answer(page, "regret", "released");
  await ticks(page, "regret");
});

test("a phone runs a command with a tap and reads on", async () => {
  const page = await stage.page({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  });
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await page.locator("#step-look .code.run .button.primary").waitFor();
  await picture(page, "lesson-phone");
  await accessible(page);
  await page.locator("#step-look .code.run .button.primary").tap();
  await shows(page, "No resources found");
  await page.locator(".switcher-ticked").waitFor();
  await picture(page, "lesson-phone-terminal");
  await accessible(page);
  await page.locator(".switcher-ticked").tap();
  await page.locator("#step-run h2").waitFor();
});

test("a lost server is said calmly, and what was done is done when it is back", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await run(page, "look");
  await ticks(page, "look");
  await stage.killServer();
  await page.locator('.connection[data-kind="waiting"]').waitFor();
  await stage.startServer();
  const back = page.locator('.connection:is([data-kind="ready"], [data-kind="ended"])');
  await back.waitFor();
  if ((await back.getAttribute("data-kind")) === "ended") await back.getByRole("button").click();
  await prompted(page);
  await type(page, "echo still $((40 + 2))\n");
  await shows(page, "still 42");
  expect(await page.locator("#step-look").getAttribute("data-status")).toBe("done");
});

test("after kill -9 the cluster, the files, the screen and the answers are there again", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await run(page, "look");
  await ticks(page, "look");
  await run(page, "run");
  await shows(page, "pod/kuard created");
  await ticks(page, "run");
  await run(page, "where");
  await shows(page, /kuard\s+1\/1\s+Running/);
  await type(page, "echo kept on disk > note.txt; kubectl exec kuard -- touch /tmp/inside\n");
  // A change is answered once it is on the disk, with all that came before it.
  await type(page, "kubectl label pod kuard kept=yes\n");
  await shows(page, "pod/kuard labeled");
  await stage.killServer();
  await page.locator('.connection[data-kind="waiting"]').waitFor();
  await stage.startServer();
  await page.locator('.connection[data-kind="ready"]').waitFor();
  await shows(page, "pod/kuard created");
  await shows(page, "Welcome back");
  await prompted(page);
  await type(page, "cat note.txt; kubectl get pods; kubectl exec kuard -- ls /tmp\n");
  await shows(page, /\nkept on disk[\s\S]*kuard\s+1\/1\s+Running\s+0[\s\S]*\ninside/);
  await picture(page, "lesson-again");
  // The request was made in the life before; the answer alone is missing.
  await answer(page, "where", "node-1");
  await ticks(page, "where");
  await page.reload();
  await shows(page, "kept on disk");
  expect(await page.locator('.step[data-status="done"]').count()).toBe(3);
});

test("on another day all is as it was left, and after a season the ticks are", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await run(page, "look");
  await ticks(page, "look");
  await run(page, "run");
  await ticks(page, "run");
  await type(page, "echo of the first day > note.txt; kubectl label pod kuard day=first\n");
  await shows(page, "pod/kuard labeled");
  const { pathname } = new URL(page.url());
  const comeBack = async (days: number) => {
    await page.goto("about:blank");
    await stage.daysLater(days);
    await page.goto(`${stage.url}${pathname}`);
    await prompted(page);
    await ticks(page, "run");
  };
  for (const days of [1, 20]) {
    await comeBack(days);
    await shows(page, "Welcome back");
    await type(page, `clear; echo $((${days} + 0)) gone; cat note.txt; kubectl get pod kuard -L day\n`);
    await shows(page, new RegExp(`${days} gone\\s+of the first day\\s+NAME[^]*1/1\\s+Running[^]*first`));
    expect(await page.locator(".notice").count()).toBe(0);
  }
  await comeBack(91);
  await page.locator(".notice", { hasText: "more than 90 days ago" }).waitFor();
  await picture(page, "lesson-season-later");
  await type(page, "ls; kubectl get pods\n");
  await shows(page, "No resources found");
  expect(await screen(page)).not.toContain("note.txt");
  expect(await page.locator('.step[data-status="done"]').count()).toBe(2);
});

test("two terminals are two shells of one computer, and panes move by keyboard", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "echo one > first.txt\n");
  await page.getByRole("button", { name: "New terminal" }).click();
  await page.getByRole("tab", { name: "Terminal 2", selected: true }).waitFor();
  await prompted(page);
  await type(page, "cat first.txt\n");
  await shows(page, "one");
  const width = async () => (await page.locator("#text").boundingBox())?.width ?? 0;
  const before = await width();
  await page.getByRole("separator").first().focus();
  await page.keyboard.press("ArrowRight");
  expect(await width()).toBeGreaterThan(before);
  await page.reload();
  await page.getByRole("tab", { name: "Terminal 2" }).waitFor();
  expect(await width()).toBeGreaterThan(before);
});

test("a paste of a megabyte loses nothing and the session lives", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "echo ready; wc -c\n");
  await shows(page, /\nready/);
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", `${"x".repeat(63)}\n`.repeat(16 * 1024));
    const field = document.querySelector(".xterm-helper-textarea");
    field?.dispatchEvent(
      new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }),
    );
  });
  await page.keyboard.press("Control+d");
  await shows(page, "1048576");
});
