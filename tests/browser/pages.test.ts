/** Every page in every language and look (light, dark, contrast, forced colours): no complaint of axe, and a picture to be looked at. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, type Stage, shows, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

const LANGUAGES = ["en", "pt-BR", "fr", "ja"];
const LOOKS = {
  light: { colorScheme: "light", contrast: "no-preference", forcedColors: "none" },
  dark: { colorScheme: "dark", contrast: "no-preference", forcedColors: "none" },
  contrast: { colorScheme: "light", contrast: "more", forcedColors: "none" },
  "contrast-dark": { colorScheme: "dark", contrast: "more", forcedColors: "none" },
  forced: { colorScheme: "dark", contrast: "more", forcedColors: "active" },
} as const;
type Look = keyof typeof LOOKS;
const ALL = Object.keys(LOOKS) as Look[];

/** Judges what is seen in these looks, and leaves a picture of each. */
async function looks(page: Page, name: string, wanted: readonly Look[] = ALL): Promise<void> {
  for (const look of wanted) {
    const media = LOOKS[look];
    await page.emulateMedia({ ...media, reducedMotion: "reduce" });
    // Colours that the system forces are not those that axe computes, and not ours to choose.
    await accessible(page, media.forcedColors === "active" ? ["color-contrast"] : []);
    await picture(page, `${name}-${look}`);
  }
}

test.each(LANGUAGES)(
  "every page in every look, %s",
  async (language) => {
    const page = await stage.page({ reducedMotion: "reduce" });
    // Words differ by language, colours do not: one language shows them all.
    const wanted: readonly Look[] = language === "en" ? ALL : ["light", "dark", "contrast"];
    await page.goto(`${stage.url}/${language}/`);
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    await looks(page, `course-${language}`, wanted);
    await page.goto(`${stage.url}/${language}/lessons/first-pod`);
    await page.locator('.connection[data-kind="ready"]').waitFor();
    await page.locator(".xterm-rows").waitFor();
    await looks(page, `lesson-${language}`, wanted);
    // Light and dark of these two are judged where they are played.
    const more = wanted.filter((look) => look !== "light" && look !== "dark");
    await page.goto(`${stage.url}/${language}/playground`);
    await page.locator(".xterm-rows").waitFor();
    await looks(page, `playground-${language}`, more);
    await page.goto(`${stage.url}/embed/first-pod?lang=${language}`);
    await page.locator("#workspace .start").waitFor();
    await looks(page, `embed-${language}`, more);
  },
  240_000,
);

test("a page that is not there, in every look", async () => {
  const page = await stage.page({ reducedMotion: "reduce" });
  await page.goto(`${stage.url}/en/lessons/no-such-lesson`);
  await looks(page, "sorry");
});

test("the panes with something in them, in every look", async () => {
  const page = await stage.page({ reducedMotion: "reduce" });
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(
    page,
    "kubectl create deployment web --image=nginx --replicas=2; kubectl expose deployment web --port=80\n",
  );
  await shows(page, "service/web exposed");
  await type(
    page,
    "kubectl run bad --image=busybox -- sh -c 'exit 3'; kubectl run x --image=nginx --dry-run=client -o yaml > x.yaml\n",
  );
  await page.locator(".thing", { hasText: "reaches 2 of 2" }).waitFor();
  await page.locator('.pod-box[data-health="ill"]').waitFor();
  await page.locator("#step-look .step-help button").first().click();
  await page.locator("#step-look .step-help button", { hasText: "Hint" }).click();
  await looks(page, "panes-cluster");
  await page.locator(".thing .object-name", { hasText: "web" }).click();
  await page.locator(".reasons li").first().waitFor();
  await looks(page, "panes-why");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "As a table" }).click();
  await accessible(page);
  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator(".cm-content").waitFor();
  await looks(page, "panes-files");
  await page.getByRole("tab", { name: "Time" }).click();
  await page.locator(".lane").first().waitFor();
  await looks(page, "panes-time");
}, 240_000);

test("nothing moves by itself for those who want it still", async () => {
  const page = await stage.page({ reducedMotion: "reduce" });
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl run web --image=nginx\n");
  await page.locator('.pod-box[data-health="well"]').waitFor();
  const moving = await page.evaluate(() =>
    document
      .getAnimations()
      .filter((each) => each.playState === "running")
      .map((each) => (each as CSSAnimation).animationName ?? "transition"),
  );
  expect(moving).toEqual([]);
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
