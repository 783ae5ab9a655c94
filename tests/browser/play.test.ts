/** Without a lesson, and on to others: the playground, links, files, and a lesson within somebody's page. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accessible,
  bringBack,
  picture,
  prompted,
  RESULTS,
  STILL,
  type Stage,
  saved,
  screen,
  shows,
  type,
  up,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

async function open(page: Page, path: string): Promise<void> {
  await page.goto(`${stage.url}${path}`);
  await page.locator('.connection[data-kind="ready"]').waitFor();
}

test("an example is tried, changed, and applied again, from the course's first page", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/`);
  await page.getByRole("link", { name: "Playground" }).click();
  await prompted(page);
  await picture(page, "playground");
  await page.getByRole("button", { name: "Try it: A deployment and its service" }).click();
  await shows(page, /deployment.apps\/web created[\s\S]*service\/web created/);
  await page.locator(".pod-box", { hasText: "web-" }).nth(2).waitFor();
  await picture(page, "playground-web");
  await type(page, "sed -i 's/replicas: 3/replicas: 1/' web.yaml\n");
  await page.getByRole("button", { name: "Try it: A deployment and its service" }).click();
  await shows(page, "deployment.apps/web configured");
  await accessible(page);
});

test("an example opens by keyboard and goes into the editor", async () => {
  const page = await stage.page();
  await open(page, "/en/playground");
  const file = page.locator('.example[data-example="probes.yaml"]');
  await file.locator("summary").focus();
  await page.keyboard.press("Enter");
  await file.getByRole("button", { name: "Put into probes.yaml" }).focus();
  await page.keyboard.press("Enter");
  await page.locator(".cm-content", { hasText: "livenessProbe" }).waitFor();
});

test("nodes come and go, and what was broken shows in the terminal", async () => {
  const page = await stage.page(STILL);
  await open(page, "/en/playground");
  await prompted(page);
  await page.getByRole("group", { name: "node-1" }).waitFor();
  await page.getByRole("button", { name: "Add a node" }).click();
  await page.locator(".node-box", { hasText: "node-2" }).waitFor();
  await page.getByRole("group", { name: "Image registries" }).getByRole("button", { name: "Off" }).click();
  await type(page, "kubectl run web --image=nginx:alpine\n");
  await shows(page, "pod/web created");
  // Nobody answers, so the pull gives up after its time: at ten times the speed that is soon.
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.getByRole("button", { name: "10×" }).click();
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Cluster" }).click();
  await page.locator(".pod-box", { hasText: /ErrImagePull|ImagePullBackOff/ }).waitFor();
  await page.getByRole("group", { name: "node-2" }).getByRole("button", { name: "Off" }).focus();
  await page.keyboard.press("Enter");
  await page.locator('.choice button[data-state="gone"][aria-pressed="true"]').nth(1).waitFor();
  await page.getByRole("group", { name: "web" }).scrollIntoViewIfNeeded();
  await picture(page, "playground-broken");
  await accessible(page);
  await page.getByRole("button", { name: "Remove node-2" }).click();
  await page.locator(".node-box", { hasText: "node-2" }).waitFor({ state: "detached" });
  await type(page, "kubectl get nodes\n");
  await shows(page, /node-1\s+Ready/);
  await page.reload();
  await page
    .getByRole("group", { name: "Image registries" })
    .getByRole("button", { name: "Off", pressed: true })
    .waitFor();
});

test("the playground begins again when one says so", async () => {
  const page = await stage.page();
  await open(page, "/en/playground");
  await prompted(page);
  await type(page, "kubectl create namespace mine\n");
  await shows(page, "namespace/mine created");
  await page.getByRole("button", { name: "Begin with an empty cluster" }).click();
  await page.getByRole("button", { name: "Begin again" }).click();
  await expect.poll(() => screen(page)).not.toContain("created");
  await prompted(page);
  await type(page, "kubectl get namespace mine\n");
  await shows(page, 'namespaces "mine" not found');
});

describe.each(["en", "pt-BR", "fr", "ja"])("%s", (language) => {
  test.each(["light", "dark"] as const)("playground and embed, %s", async (colorScheme) => {
    const page = await stage.page({ colorScheme, reducedMotion: "reduce" });
    await open(page, `/${language}/playground`);
    await page.locator(".xterm-rows").waitFor();
    await accessible(page);
    await picture(page, `playground-${language}-${colorScheme}`);
    await page.goto(`${stage.url}/embed/first-pod?lang=${language}`);
    await page.locator("#workspace .start").waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    await accessible(page);
    await picture(page, `embed-${language}-${colorScheme}`);
  });
});

test("a phone's playground", async () => {
  const page = await stage.page(PHONE);
  await open(page, "/en/playground");
  await accessible(page);
  await picture(page, "playground-phone");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.getByRole("button", { name: "Try it: One pod" }).tap();
  await shows(page, "pod/kuard created");
});

test("a link opens the same world for somebody else", async () => {
  const page = await stage.page(STILL);
  await open(page, "/en/lessons/first-pod");
  await prompted(page);
  await type(page, "echo from me > note.txt; kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue\n");
  await shows(page, "pod/kuard created");
  await type(page, "kubectl wait --for=condition=Ready pod/kuard\n");
  await shows(page, "condition met");
  await page.locator("summary", { hasText: "Share" }).click();
  await page.getByRole("button", { name: "Share by a link" }).click();
  await page.getByRole("button", { name: "Make a link" }).click();
  const url = await page.getByRole("textbox", { name: "Link" }).inputValue();
  await accessible(page);
  await picture(page, "share");

  const other = await stage.page(STILL);
  await other.goto(url);
  await prompted(other);
  await type(other, "cat note.txt; kubectl get pods\n");
  await shows(other, /from me[\s\S]*kuard\s+1\/1\s+Running/);
  await other.locator(".pod-box", { hasText: "kuard" }).waitFor();
  await accessible(other);
  await picture(other, "shared");

  const nobody = await stage.page();
  await nobody.goto(`${url.slice(0, -4)}aaaa`);
  await nobody.locator("h1", { hasText: "This link leads nowhere" }).waitFor();
});

test("a learner takes a kubeconfig along, and is told how to use it", async () => {
  const page = await stage.page(STILL);
  await open(page, "/en/lessons/first-pod");
  await page.locator("summary", { hasText: "Share" }).click();
  await page.getByRole("button", { name: "Use your own kubectl" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download kubeconfig" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("podschool.kubeconfig");
  const file = join(RESULTS, "podschool.kubeconfig");
  await download.saveAs(file);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(/server: https:\/\/127\.0\.0\.1:\d+\/k8s\/[a-z2-7]{26}\n/);
  expect(text).not.toMatch(/exec:|auth-provider/);
  const commands = await page.getByRole("textbox", { name: "Commands to copy" }).inputValue();
  expect(commands).toContain("kubectl get pods");
  await page.getByText(/It works until/).waitFor();
  await accessible(page);
  await picture(page, "own-kubectl");
});

/** Foretells what the lesson *Requests and limits* asks for, wrongly and rightly. */
async function foretell(page: FrameLocator | Page): Promise<void> {
  const form = page.locator('form[data-question="later"]');
  const field = form.locator("input");
  await field.fill("5");
  await form.getByRole("button").click();
  await form.locator('output[data-right="false"]').waitFor();
  await field.fill("4");
  await field.press("Enter");
  await form.locator('output[data-right="true"]').waitFor();
}

test("a prediction is there again after a reload, and comes back with a saved session", async () => {
  const page = await stage.page();
  await open(page, "/en/lessons/requests");
  await prompted(page);
  await type(page, "kubectl apply -f five.yaml\n");
  await shows(page, "half-5 created");
  await foretell(page);
  const told = async (where: Page) => {
    const form = where.locator('form[data-question="later"]');
    await form.locator('output[data-right="true"]').waitFor();
    expect(await form.locator("input").inputValue()).toBe("4");
  };
  await page.reload();
  await told(page);
  await prompted(page);
  const file = await saved(page, "predicted");
  const other = await stage.page();
  await other.goto(`${stage.url}/en/`);
  await bringBack(other, file);
  await other.waitForURL(/\/lessons\/requests/);
  await told(other);
});

test("a session is saved, and comes back where its learner is new", async () => {
  const page = await stage.page();
  await open(page, "/en/lessons/first-pod");
  await prompted(page);
  await page.locator("#step-look .code.run .button.primary").first().click();
  await page.locator('#step-look[data-status="done"]').waitFor();
  await type(page, "echo kept > note.txt; kubectl create configmap mine\n");
  await shows(page, "configmap/mine created");
  await page.locator("summary", { hasText: "Share" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^podschool-first-pod-\d{4}-\d\d-\d\d\.gz$/);
  const file = join(RESULTS, "saved.gz");
  await download.saveAs(file);

  const other = await stage.page();
  await other.goto(`${stage.url}/en/`);
  const bytes = readFileSync(file);
  await bringBack(other, {
    name: "half.gz",
    mimeType: "application/gzip",
    buffer: bytes.subarray(0, bytes.length / 2),
  });
  await other.getByRole("alert").filter({ hasText: "not a file of Podschool" }).waitFor();
  await bringBack(other, {
    name: "big.gz",
    mimeType: "application/gzip",
    buffer: Buffer.alloc(5 * 1024 * 1024),
  });
  await other.getByRole("alert").filter({ hasText: "larger than a session can be" }).waitFor();
  await accessible(other);
  await picture(other, "bring");
  await bringBack(other, file);
  await prompted(other);
  expect(await other.locator("#step-look").getAttribute("data-status")).toBe("done");
  await type(other, "cat note.txt; kubectl get configmap mine\n");
  await shows(other, /kept[\s\S]*\nmine\s+0/);

  await other.goto(`${stage.url}/en/`);
  await bringBack(other, file);
  await other.getByRole("heading", { name: "Replace your session?" }).waitFor();
  await picture(other, "bring-replace");
  await other.getByRole("button", { name: "Replace it" }).click();
  await prompted(other);
});

/** Somebody's page, on another site than ours: `localhost` where we are `127.0.0.1`. `/cookie` tries to set one. */
async function blog(html: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, answer) => {
    const { port } = server.address() as AddressInfo;
    answer.setHeader("content-type", "text/html");
    const third = `<iframe name="cookie" src="http://127.0.0.1:${port}/cookie"></iframe>`;
    const inside = request.url === "/cookie" ? "" : third + html;
    if (request.url === "/cookie") answer.setHeader("set-cookie", "third=1; SameSite=None; Secure");
    answer.end(`<!doctype html><title>A blog</title><h1>About pods</h1>${inside}`);
  });
  await new Promise<void>((listening) => {
    server.listen(0, "127.0.0.1", () => listening());
  });
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
}

/** What a frame of another site has kept as a cookie. */
async function thirdCookie(page: Page): Promise<string | undefined> {
  const frame = page.frameLocator('iframe[name="cookie"]');
  await frame.locator("h1").waitFor();
  return page.frame("cookie")?.evaluate(() => document.cookie);
}

test("a lesson works in somebody's page with third-party cookies blocked, and no other page can be framed", async () => {
  const lesson = await stage.page();
  await open(lesson, "/en/lessons/first-pod");
  await lesson.locator("summary", { hasText: "Share" }).click();
  await lesson.getByRole("button", { name: "Put this lesson on your page" }).click();
  const html = await lesson.getByRole("textbox", { name: "HTML to copy" }).inputValue();
  await accessible(lesson);
  await picture(lesson, "embed-snippet");
  const framed = ["en/", "en/lessons/first-pod", "en/playground"];
  const frames = framed.map((path) => `<iframe name="${path}" src="${stage.url}/${path}"></iframe>`);
  const { url, server } = await blog(html + frames.join(""));
  const page = await stage.strictPage();
  // A page of its own has its cookie, the same page in a frame has none: what is set there is blocked.
  await page.goto(`${url.replace("localhost", "127.0.0.1")}cookie`);
  expect(await page.evaluate(() => document.cookie)).toBe("third=1");
  await page.goto(url);
  expect(await thirdCookie(page)).toBe("");
  const frame = page.frameLocator('iframe[title^="Podschool"]');
  await frame.locator("#workspace").getByRole("button", { name: "Start" }).click();
  await frame.locator(".screen:not([hidden]) .xterm-rows", { hasText: "$" }).waitFor();
  await picture(page, "embedded");
  await frame.locator("#step-look .code.run .button.primary").first().click();
  await frame.locator('#step-look[data-status="done"]').waitFor();
  const kept = await page.context().cookies(stage.url);
  expect(kept.map(({ name }) => name)).toEqual(["third"]);
  // What a browser shows in place of a page that may not be framed.
  for (const name of framed) expect(page.frame(name)?.url()).toMatch(/^chrome-error:/);
  const [onward] = await Promise.all([
    page.context().waitForEvent("page"),
    frame.getByRole("link", { name: "Continue on Podschool" }).click(),
  ]);
  await onward.waitForURL(`${stage.url}/en/lessons/first-pod`);
  server.close();
});

test("a prediction works in somebody's page, where nothing is kept", async () => {
  const inside = `<iframe src="${stage.url}/embed/requests?lang=en" title="Podschool" width="100%" height="640"></iframe>`;
  const { url, server } = await blog(inside);
  const page = await stage.strictPage();
  await page.goto(url);
  const frame = page.frameLocator('iframe[title="Podschool"]');
  await frame.locator("#workspace").getByRole("button", { name: "Start" }).click();
  const rows = frame.locator(".screen:not([hidden]) .xterm-rows");
  await rows.filter({ hasText: "$" }).waitFor();
  await frame.locator(".screen:not([hidden]) .xterm-helper-textarea").focus();
  await page.keyboard.type("kubectl apply -f five.yaml\n");
  await rows.filter({ hasText: "half-5 created" }).waitFor();
  await foretell(frame);
  server.close();
});
