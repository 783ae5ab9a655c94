/** Lessons in all languages: each opens whole on a screen and on a phone, and three are played by their own solutions. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { picture, prompted, STILL, type Stage, shows, type, up } from "./stage.ts";

const LANGUAGES = ["pt-BR", "fr", "ja"];
const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
const LESSONS = 22;

/** The names of messages: none of them is a text. */
const KEYS = [
  ...readFileSync(join(import.meta.dirname, "../../web/i18n/en.ftl"), "utf8").matchAll(/^([a-z0-9-]+) =/gm),
]
  .map(([, key]) => key ?? "")
  .filter((key) => key.includes("-"));

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

interface Look {
  /** What the page shows that it should not: names in place of texts, fields of a template, steps and buttons without words. */
  flaws: string[];
  /** Its sentences and names, without what is code. */
  texts: string[];
}

async function look(page: Page): Promise<Look> {
  return page.evaluate((keys) => {
    const flaws: string[] = [];
    const names = new Set(keys);
    // Names of pods are no words: what runs when the page is looked at differs.
    const program = "script, style, noscript, pre, code, kbd, .xterm, .menu-list, .drawing";
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? "";
      if (text === "" || node.parentElement?.closest(program)) continue;
      if (names.has(text)) flaws.push(`the name of a text: ${text}`);
      if (/\{ ?\$|\$\{|\{\{|undefined|\[object|:::/.test(text)) flaws.push(`not filled in: ${text}`);
    }
    for (const step of document.querySelectorAll(".step")) {
      if (!step.querySelector("h2")?.textContent?.trim()) flaws.push(`no title: ${step.id}`);
      if ((step.textContent?.trim().length ?? 0) < 40) flaws.push(`no text: ${step.id}`);
    }
    for (const named of document.querySelectorAll("button, a[href], summary")) {
      const name = named.getAttribute("aria-label") ?? named.textContent;
      if (!name?.trim()) flaws.push(`no name: ${named.outerHTML.slice(0, 80)}`);
    }
    const texts = ["aria-label", "title", "placeholder"].flatMap((attribute) =>
      [...document.querySelectorAll(`[${attribute}]`)].map((each) => each.getAttribute(attribute) ?? ""),
    );
    for (const said of document.querySelectorAll(
      "h1, h2, h3, p, li, legend, label, button, summary, small",
    )) {
      if (said.closest(program)) continue;
      const words = said.cloneNode(true) as Element;
      for (const code of words.querySelectorAll(program)) code.remove();
      texts.push(words.textContent?.replace(/\s+/g, " ").trim() ?? "");
    }
    return { flaws, texts };
  }, KEYS);
}

/** What is wider than its place. */
async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide = document.scrollingElement?.scrollWidth ?? 0;
    const found = wide > innerWidth ? [`the page is ${wide} wide, of ${innerWidth}`] : [];
    // Not the steps themselves: the padding of code at a line's end may hang over into the text's margin.
    const places = document.querySelectorAll<HTMLElement>(
      "#text, .code, .question, .note, .bar, .pane-bar, .switcher",
    );
    for (const place of places) {
      const over = place.scrollWidth - place.clientWidth;
      if (place.offsetParent === null || over <= 1 || getComputedStyle(place).overflowX === "auto") continue;
      found.push(`${place.id || place.className} in ${place.closest(".step")?.id} is ${over} too wide`);
    }
    return found;
  });
}

/** Whether a text has so many words that another language cannot have the same. */
function isSentence(text: string): boolean {
  return (text.match(/\p{L}{2,}/gu) ?? []).length >= 3;
}

test("every lesson opens in every language, with all its words, wide and narrow", async () => {
  const first = await stage.page(STILL);
  await first.goto(`${stage.url}/en/`);
  const links = first.locator(".stop a");
  const hrefs = await links.evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).pathname));
  const lessons = [...new Set(hrefs.map((path) => path.replace(/^\/en\//, "")))];
  expect(lessons.length).toBe(LESSONS);
  const found: string[] = [];
  const english = new Map<string, Set<string>>();
  const read = async (language: string, page: Page) => {
    for (const lesson of lessons) {
      await page.setViewportSize(DESKTOP);
      await page.goto(`${stage.url}/${language}/${lesson}`, { waitUntil: "domcontentloaded" });
      await page.locator("#text[data-dressed] .step-foot").first().waitFor();
      const { flaws, texts } = await look(page);
      const wide = await overflow(page);
      await page.setViewportSize(PHONE);
      const narrow = await overflow(page);
      const sentences = texts.filter(isSentence);
      const before = english.get(lesson);
      const same = sentences.filter((text) => before?.has(text)).map((text) => `English: ${text}`);
      if (language === "en") english.set(lesson, new Set(sentences));
      const all = [...flaws, ...same, ...wide, ...narrow.map((flaw) => `phone: ${flaw}`)];
      found.push(...all.map((flaw) => `${language} ${lesson}: ${flaw}`));
    }
    await picture(page, `languages-${language}`);
  };
  // The first makes the sessions of a learner, the other languages find them.
  await read("en", first);
  const others = LANGUAGES.map(async (language) => read(language, await first.context().newPage()));
  await Promise.all(others);
  expect([...new Set(found)]).toEqual([]);
}, 240_000);

test("the language is changed, and the session goes on", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl get pods; kubectl create configmap mine; secret=kept\n");
  await shows(page, "configmap/mine created");
  await page.locator('#step-look[data-status="done"]').waitFor();
  await page.getByRole("navigation", { name: "Language" }).locator("summary").click();
  await page.getByRole("link", { name: "日本語" }).click();
  await page.waitForURL(/\/ja\/lessons\/first-pod$/);
  // The same shell, with what stood on its screen.
  await shows(page, "configmap/mine created");
  await type(page, "clear; echo still $secret\n");
  await shows(page, "still kept");
  await page.locator('#step-look[data-status="done"]').waitFor();
  await page.locator("#step-run .step-help button").first().click();
  expect(await page.locator("#step-run .why li").first().innerText()).toMatch(/\p{Script=Hiragana}/u);
});

/** What a learner answers in the lessons that are played. */
const ANSWERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "what-is-a-pod": { ready: "2/2", who: "c", host: "duo", files: "b", memory: "32", which: "a" },
  liveness: {
    who: "b",
    pause: "80",
    notice: "c",
    seconds: "30",
    soon: "1",
    code: "2",
    twice: "a",
    batch: "b",
  },
  requests: {
    cores: "2",
    fit: "4",
    later: "4",
    counted: "a",
    big: "c",
    rest: "b",
    burstable: "Burstable",
    first: "a",
    sum: "500",
    most: "b",
    half: "c",
  },
};

/** Plays a step as a learner does who asks for the solution: its commands are run, its questions answered. */
async function play(page: Page, step: string, answers: Readonly<Record<string, string>>): Promise<void> {
  const section = page.locator(`#step-${step}`);
  const solution = section.locator(".ask-solution");
  if ((await solution.count()) > 0) {
    await solution.click();
    const blocks = section.locator(".solution .code.run");
    await blocks.first().waitFor();
    for (const block of await blocks.all()) {
      await block.locator(".button.primary").click();
      await prompted(page);
    }
  }
  for (const form of await section.locator("form.question").all()) {
    const question = (await form.getAttribute("data-question")) ?? "";
    const answer = answers[question];
    if (answer === undefined) throw new Error(`nobody knows the answer to ${question}`);
    const option = form.locator(`input[value="${answer}"]`);
    if ((await form.getAttribute("data-kind")) === "choice") await option.check();
    else await form.locator('input[type="text"]').fill(answer);
    await form.locator('button[type="submit"]').click();
    await form.locator("output[data-right]:not(:empty)").waitFor();
  }
  await page.locator(`#step-${step}[data-status="done"]`).waitFor({ timeout: 60_000 });
}

test.each(Object.keys(ANSWERS))(
  "%s is played in four languages by its own solutions",
  async (lesson) => {
    const playIn = async (language: string) => {
      const page = await stage.page(STILL);
      await page.goto(`${stage.url}/${language}/lessons/${lesson}`);
      await prompted(page);
      // Pods take their time to end; at ten times the speed nobody waits long.
      await page.keyboard.press("Alt+Digit5");
      await page.getByRole("button", { name: "10×" }).click();
      const steps = page.locator(".step");
      const ids = await steps.evaluateAll((all) =>
        all.map((step) => (step as HTMLElement).dataset.step ?? ""),
      );
      for (const step of ids) await play(page, step, ANSWERS[lesson] ?? {});
      await page.locator(".finish-card h2").waitFor();
      await picture(page, `played-${lesson}-${language}`);
      await page.context().close();
    };
    await Promise.all(["en", ...LANGUAGES].map(playIn));
  },
  240_000,
);
