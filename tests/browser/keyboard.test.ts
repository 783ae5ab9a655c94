/** A lesson from the first step to the last without a pointer: Tab, Enter, Space, arrows and typing alone. */
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prompted, type Stage, shows, up } from "./stage.ts";

const MOST_TABS = 80;

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

/** Tabs forward until `wanted` has the focus. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor();
  for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

/** Puts the focus at the beginning of a step, as the link to it in the bar does. */
async function toStep(page: Page, step: string): Promise<Locator> {
  await page.keyboard.press("Alt+Digit1");
  return page.locator(`#step-${step}`);
}

test("first-pod is learned by keyboard alone", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  const ticks = (step: string) => page.locator(`#step-${step}[data-status="done"]`).waitFor();
  const run = async (step: string, nth = 0) => {
    const section = await toStep(page, step);
    await tabTo(page, section.locator(".code.run .button.primary").nth(nth));
    await page.keyboard.press("Enter");
  };
  const write = async (step: string, words: string) => {
    const section = await toStep(page, step);
    await tabTo(page, section.locator('form.question input[type="text"]'));
    await page.keyboard.type(words);
    await page.keyboard.press("Enter");
  };
  const choose = async (step: string, option: number) => {
    const section = await toStep(page, step);
    // Tab leads to the first radio; arrows choose.
    await tabTo(page, section.locator('input[type="radio"]').first());
    await page.keyboard.press("Space");
    for (let down = 0; down < option; down += 1) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
  };

  await run("look");
  await ticks("look");
  await run("run");
  await ticks("run");
  await run("where");
  await shows(page, /kuard\s+1\/1\s+Running/);
  await write("where", "node-1");
  await ticks("where");
  await choose("describe", 1);
  await run("describe");
  await ticks("describe");
  await run("logs");
  await ticks("logs");
  await page.keyboard.press("Alt+Digit2");
  await page.keyboard.press("Control+c");
  await page.keyboard.type("clear; kubectl exec kuard -- whoami\n");
  await shows(page, /\n?nobody/);
  // Shift and Tab leave the terminal.
  await page.keyboard.press("Shift+Tab");
  expect(await page.evaluate(() => document.activeElement?.closest(".xterm"))).toBeNull();
  await run("inside");
  await write("inside", "nobody");
  await ticks("inside");
  await run("page");
  await ticks("page");
  await choose("delete", 2);
  await run("delete");
  await ticks("delete");
  await page.locator(".finish-card h2").waitFor();
  await tabTo(page, page.locator(".finish-card .button.primary"));
}, 150_000);
