/** The editor: what the server knows of manifests at the cursor, and files that two sides write. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, type Stage, shows, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

/** A lesson with `pod.yaml` of a pod called web, open in the editor. */
async function editing(prepare: (page: Page) => Promise<void> = async () => {}): Promise<Page> {
  const page = await stage.page();
  await prepare(page);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl run web --image=nginx --dry-run=client -o yaml > pod.yaml; clear\n");
  await page.getByRole("tab", { name: "Files" }).click();
  await page.locator(".cm-content", { hasText: "image: nginx" }).waitFor();
  return page;
}

/** A new line below the one that says `words`, with the same indentation. */
async function below(page: Page, words: string): Promise<void> {
  await page.locator(".cm-line", { hasText: words }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
}

const choices = (page: Page) => page.locator(".cm-tooltip-autocomplete li");

test("fields, values, kinds and names of the cluster are offered while typing", async () => {
  const page = await editing();
  await below(page, "image: nginx");
  await page.keyboard.type("liv");
  await choices(page).filter({ hasText: "livenessProbe" }).waitFor();
  await page.locator(".cm-completionInfo", { hasText: "Periodic probe of container liveness" }).waitFor();
  await accessible(page);
  await picture(page, "editor-choices");
  await page.keyboard.press("Enter");
  // What belongs below is offered at once.
  await choices(page).filter({ hasText: "httpGet" }).waitFor();
  await page.keyboard.press("Escape");
  await below(page, "restartPolicy: Always");
  await page.keyboard.type("dnsPolicies");
  await below(page, "dnsPolicies");
  await page.keyboard.type("preemptionPolicy: ");
  await choices(page).filter({ hasText: "PreemptLowerPriority" }).waitFor();
  expect((await choices(page).allInnerTexts()).map((text) => text.trim()).sort()).toEqual([
    "Never",
    "PreemptLowerPriority",
  ]);
  await page.keyboard.press("Escape");
  await type(page, "kubectl create configmap settings --from-literal=a=b\n");
  await shows(page, "configmap/settings created");
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Po");
  await choices(page)
    .filter({ hasText: /^Pod\s*v1/ })
    .waitFor();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(
    "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - name: settings\n    configMap:\n      name:",
  );
  await page.keyboard.type(" ");
  await choices(page).filter({ hasText: "settings" }).click();
  await page.locator(".cm-line", { hasText: /^ {6}name: settings$/ }).waitFor();
});

test("what is wrong is told beside its line, and out of the way of who types", async () => {
  const page = await editing();
  await page.setViewportSize({ width: 1024, height: 768 });
  await below(page, "image: nginx");
  await page.keyboard.type("imagee: oops");
  const mark = page.locator(".cm-lintRange-error");
  await mark.hover();
  const told = page.locator(".cm-tooltip-hover .cm-diagnostic");
  await told.waitFor();
  await picture(page, "editor-wrong-narrow");
  const [line, box] = [await mark.boundingBox(), await told.boundingBox()];
  if (!line || !box) throw new Error("the line and its diagnostic are seen");
  expect(box.y >= line.y + line.height || box.y + box.height <= line.y).toBe(true);
  expect(box.x + box.width).toBeLessThanOrEqual(1024);
  await page.keyboard.press("Enter");
  await expect.poll(() => told.count()).toBe(0);
  await page.keyboard.type("tty: true");
  await page.locator(".cm-line", { hasText: "tty: true" }).waitFor();
  expect(await told.count()).toBe(0);
});

test("a field is explained under the pointer and, by key, under the cursor; its command runs", async () => {
  const page = await editing();
  await page.locator(".cm-line").getByText("restartPolicy").hover();
  const told = page.locator(".cm-explanation");
  await told.filter({ hasText: "Restart policy for all containers within the pod" }).waitFor();
  await told.getByText("OnFailure", { exact: true }).waitFor();
  await accessible(page);
  await picture(page, "editor-explanation");
  await page.mouse.move(5, 5);
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+Home");
  for (let line = 1; line < 9; line += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("F1");
  await told.filter({ hasText: "Container image name" }).waitFor();
  await page.keyboard.press("Escape");
  await expect.poll(() => told.count()).toBe(0);
  await page.keyboard.press("F1");
  await told.getByRole("button", { name: "kubectl explain pod.spec.containers.image" }).click();
  await shows(page, /FIELD: image <string>/);
});

test("what was typed while the connection was away is written when it is back", async () => {
  const page = await editing();
  await stage.killServer();
  await page.locator('.connection[data-kind="waiting"]').waitFor();
  await below(page, "image: nginx");
  await page.keyboard.type("tty: true");
  await page.locator(".file-state", { hasText: "Saving" }).waitFor();
  await stage.startServer();
  await page.locator('.connection[data-kind="ready"]').waitFor();
  await page.locator(".file-state", { hasText: "Saved" }).waitFor();
  await prompted(page);
  await type(page, "clear; grep tty pod.yaml\n");
  await shows(page, "tty: true");
});

/** A page whose writes of files can be held up, so that the terminal writes before the editor's text is there. */
async function slowly(): Promise<{ page: Page; late(is: boolean): void }> {
  let late = false;
  const page = await editing((page) =>
    page.routeWebSocket(/\/socket$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        if (!(late && typeof message === "string" && message.includes('"file.write"'))) server.send(message);
      });
    }),
  );
  return {
    page,
    late(is) {
      late = is;
    },
  };
}

test("what both sides wrote at once on different lines goes together", async () => {
  const { page, late } = await slowly();
  late(true);
  await below(page, "image: nginx");
  await page.keyboard.type("tty: true");
  await type(page, "sed -i 's/run: web/run: theirs/' pod.yaml\n");
  await page.locator(".cm-line", { hasText: "run: theirs" }).waitFor();
  await page.locator(".cm-line", { hasText: "tty: true" }).waitFor();
  expect(await page.locator(".file-apart").count()).toBe(0);
  late(false);
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" ");
  await page.locator(".file-state", { hasText: "Saved" }).waitFor();
  await type(page, "clear; grep -c 'tty: true\\|run: theirs' pod.yaml\n");
  await shows(page, /(?:^|\n)2\s/);
});

test("what both sides wrote at once on one line is shown, one of it is chosen, the other kept beside", async () => {
  const { page, late } = await slowly();
  late(true);
  await page.locator(".cm-line", { hasText: "image: nginx" }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.type(":alpine");
  await type(page, "sed -i 's/image: nginx/image: redis/' pod.yaml\n");
  const apart = page.locator(".file-apart", { hasText: "pod.yaml" });
  await apart.waitFor();
  await page.locator(".cm-line", { hasText: "image: nginx:alpine" }).waitFor();
  await accessible(page);
  await picture(page, "editor-apart");
  late(false);
  await apart.getByRole("button", { name: "Keep mine" }).click();
  await page.locator(".file-state", { hasText: "Saved" }).waitFor();
  await page.getByText("The other text lies in pod.yaml.terminal.").waitFor();
  await type(page, "clear; grep -h image: pod.yaml pod.yaml.terminal\n");
  await shows(page, /image: nginx:alpine\s+- image: redis/);
});

test("a file that was not saved waits for its turn when another is opened", async () => {
  const page = await editing();
  await type(page, "echo second > b.txt; echo first > a.txt; clear\n");
  await page.locator(".file-name", { hasText: "a.txt" }).click();
  await page.locator(".cm-content", { hasText: "first" }).waitFor();
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("typed and left at once");
  await page.locator(".file-name", { hasText: "b.txt" }).click();
  await page.locator(".cm-content", { hasText: "second" }).waitFor();
  await type(page, "cat a.txt\n");
  await shows(page, "typed and left at once");
});
