/** The arrangement of the panes: dragged, moved by keys, closed and opened, remembered; and the terminal's own tools. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, type Stage, screen, shows, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

async function lesson(): Promise<Page> {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  return page;
}

const dock = (page: Page, pane: string) =>
  page.locator(`[data-work="${pane}"]`).getAttribute("data-dock", { timeout: 2000 });

test("a pane is dragged to another place, and is there again after a reload", async () => {
  const page = await lesson();
  await page.getByRole("tab", { name: "Files" }).hover();
  await page.mouse.down();
  await page.mouse.move(1300, 500, { steps: 4 });
  const place = page.locator('.drop-place[data-dock="side"]');
  await place.hover();
  await picture(page, "layout-drag");
  await page.mouse.up();
  await expect.poll(() => dock(page, "files")).toBe("side");
  await page.locator('[data-work="picture"]').waitFor();
  const before = await page.locator("#files").boundingBox();
  await page.getByRole("separator", { name: "Width of the panes at the side" }).focus();
  await page.keyboard.press("ArrowLeft");
  await expect
    .poll(async () => (await page.locator("#files").boundingBox())?.width)
    .toBeGreaterThan(before?.width ?? 0);
  await accessible(page);
  await picture(page, "layout-side");
  await page.reload();
  await expect.poll(() => dock(page, "files")).toBe("side");
});

test("every pane is moved, closed and opened by keyboard", async () => {
  const page = await lesson();
  await type(page, "echo kept in sight\n");
  await shows(page, /\nkept in sight/);
  await page.keyboard.press("Alt+Digit5");
  await page.locator('[data-work="time"]').waitFor();
  await page.keyboard.press("Alt+Shift+ArrowUp");
  await expect.poll(() => dock(page, "time")).toBe("top");
  // The terminal is behind it, as it was.
  await page.locator("#terminals").waitFor({ state: "hidden" });
  await page.keyboard.press("Alt+Digit2");
  await page.locator("#terminals").waitFor();
  expect(await screen(page)).toContain("kept in sight");
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain("xterm");
  await page.keyboard.type("echo typed $((6 * 7))\n");
  await shows(page, "typed 42");
  const seen: (string | null)[] = [];
  for (let round = 0; round < 3; round += 1) {
    await page.keyboard.press("F6");
    await page.waitForTimeout(50);
    seen.push(
      await page.evaluate(
        () =>
          document.activeElement?.closest<HTMLElement>("[data-work]")?.dataset.work ??
          document.activeElement?.id ??
          null,
      ),
    );
  }
  expect(seen).toEqual(["picture", "text", "terminal"]);
  await page.getByRole("button", { name: "Close Cluster" }).press("Enter");
  await page.locator('[data-work="picture"]').waitFor({ state: "detached" });
  await page.locator(".panes-menu > summary").press("Enter");
  await accessible(page);
  await picture(page, "layout-panes");
  await page.getByRole("button", { name: "Cluster", pressed: false }).press("Enter");
  await page.locator('[data-work="picture"]').waitFor();
  await page.getByRole("button", { name: "Put all panes back" }).press("Enter");
  await expect.poll(() => dock(page, "picture")).toBe("bottom");
  await page.keyboard.press("Escape");
  await page.getByLabel("Move: Cluster").or(page.getByLabel("Move Cluster")).press("Enter");
  await page.locator(".pane-menu[open]").getByRole("button", { name: "At the side" }).press("Enter");
  await expect.poll(() => dock(page, "picture")).toBe("side");
});

test("all panes closed are a button away", async () => {
  const page = await lesson();
  for (const name of ["Close Cluster", "Close Files", "Close Time", "Close Terminal"])
    await page.getByRole("button", { name, exact: true }).click();
  await page.getByText("All panes are closed.").waitFor();
  await accessible(page);
  await page.locator(".work").getByRole("button", { name: "Put all panes back" }).click();
  await prompted(page);
});

test("the terminal is copied from, pasted into, searched and made larger", async () => {
  const page = await lesson();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await type(page, "echo find-me-here\n");
  await shows(page, /\nfind-me-here/);
  const line = await page.locator(".xterm-rows > div", { hasText: /^find-me-here/ }).boundingBox();
  if (!line) throw new Error("the line is not in sight");
  await page.mouse.dblclick(line.x + 20, line.y + line.height / 2);
  await page.keyboard.press("Control+Shift+KeyC");
  await expect
    .poll(() => page.evaluate(() => navigator.clipboard.readText()))
    .toMatch(/^(?:find-me-here|find)$/);
  await page.evaluate(() => navigator.clipboard.writeText("echo pasted-$((1 + 1))"));
  await page.keyboard.press("Control+Shift+KeyV");
  await page.keyboard.press("Enter");
  await shows(page, /\npasted-2/);
  await page.keyboard.press("Control+Shift+KeyF");
  await page.getByRole("searchbox").fill("find-me");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect.poll(() => page.evaluate(() => document.activeElement?.className)).toContain("xterm");
  const size = () =>
    page.evaluate(() => {
      const row = document.querySelector(".screen:not([hidden]) .xterm-rows > div");
      return row?.getBoundingClientRect().height ?? 0;
    });
  const before = await size();
  await page.getByRole("button", { name: "Larger text" }).press("Enter");
  await expect.poll(size).toBeGreaterThan(before);
});

test("an address in the terminal is a link: the workstation's own leads to the preview", async () => {
  const page = await lesson();
  await type(page, "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue\n");
  await shows(page, "pod/kuard created");
  await type(page, "kubectl wait --for=condition=Ready pod/kuard\n");
  await shows(page, "condition met");
  await type(page, "kubectl port-forward kuard 8080:8080 > /dev/null &\n");
  await page.locator("iframe.preview-frame").waitFor();
  await type(page, "clear; echo see http://localhost:8080/healthy\n");
  await shows(page, /(^|\n)see http/);
  const row = await page
    .locator(".screen:not([hidden]) .xterm-rows > div", { hasText: /^see http/ })
    .first()
    .boundingBox();
  if (!row) throw new Error("the address is not in sight");
  await page.mouse.move(row.x + 90, row.y + row.height / 2);
  await page.locator(".xterm-cursor-pointer").waitFor();
  await page.mouse.click(row.x + 90, row.y + row.height / 2);
  await page.frameLocator("iframe.preview-frame").getByText("ok", { exact: true }).waitFor();
});

test("a screen reader is told what the terminal shows once it is asked for", async () => {
  const page = await lesson();
  expect(await page.locator(".xterm-accessibility").count()).toBe(0);
  await page.getByRole("button", { name: "Screen reader mode" }).press("Enter");
  await type(page, "echo told-aloud\n");
  await page.locator(".xterm-accessibility-tree > div", { hasText: /^told-aloud/ }).waitFor();
  await page.reload();
  await page.locator(".xterm-accessibility").first().waitFor({ state: "attached" });
});

test.each(["en", "pt-BR", "fr", "ja"])("the bar fits at every width, %s", async (language) => {
  const page = await stage.page();
  for (const path of [`${language}/lessons/data-that-stays`, `embed/data-that-stays?lang=${language}`]) {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(`${stage.url}/${path}`);
    if (path.startsWith("embed")) await page.locator(".start .button").first().click();
    await page.locator('.connection[data-kind="ready"]').waitFor();
    for (const width of [360, 390, 600, 768, 800, 900, 1024, 1100, 1280, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      const bar = await page.locator(".bar").evaluate((bar) => {
        const count = bar.querySelector<HTMLElement>(".progress-count");
        return { over: bar.scrollWidth - innerWidth, count: count?.offsetHeight ?? 0 };
      });
      expect({ path, width, over: Math.max(bar.over, 0), lines: Math.round(bar.count / 26) }).toEqual({
        path,
        width,
        over: 0,
        lines: bar.count > 0 ? 1 : 0,
      });
    }
  }
});
