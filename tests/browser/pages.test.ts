/** Every page in every language and both colours: no complaint of axe, and a picture to be looked at. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessible, picture, type Stage, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

const LANGUAGES = ["en", "pt-BR", "fr", "ja"];
const COLOURS = ["light", "dark"] as const;

describe.each(LANGUAGES)("%s", (language) => {
  test.each(COLOURS)("course and lesson, %s", async (colorScheme) => {
    const page = await stage.page({ colorScheme, reducedMotion: "reduce" });
    await page.goto(`${stage.url}/${language}/`);
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    await accessible(page);
    await picture(page, `course-${language}-${colorScheme}`);
    await page.goto(`${stage.url}/${language}/lessons/first-pod`);
    await page.locator('.connection[data-kind="ready"]').waitFor();
    await page.locator(".xterm-rows").waitFor();
    await accessible(page);
    await picture(page, `lesson-${language}-${colorScheme}`);
  });
});

test("a phone's course", async () => {
  const page = await stage.page({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
  });
  await page.goto(`${stage.url}/en/`);
  await accessible(page);
  await picture(page, "course-phone");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
});

test("without scripts the text still reads", async () => {
  const page = await stage.page({ javaScriptEnabled: false });
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  expect(await page.locator(".step").count()).toBe(8);
  expect(await page.locator("#step-run").isVisible()).toBe(true);
});

test("the theme that was chosen stays", async () => {
  const page = await stage.page({ colorScheme: "light" });
  await page.goto(`${stage.url}/en/`);
  await page.getByLabel("Colours").click();
  await page.getByRole("button", { name: "Dark" }).click();
  await page.reload();
  const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(paper).toBe("rgb(27, 25, 23)");
});

test("the first prompt is there before one looks for it", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await page.locator(".xterm-rows", { hasText: "$" }).waitFor();
  const shown_ms = await page.evaluate(() => performance.now());
  expect(shown_ms).toBeLessThan(2000);
});
