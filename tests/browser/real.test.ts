/** The pages on a cluster that is not ours to change: what cannot be is not there, and the rest is as it always is. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  accessible,
  picture,
  prompted,
  STILL,
  type Stage,
  shows,
  speaksOverSocket,
  type,
  up,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up({ real: true });
});
afterAll(() => stage.down());

test("a lesson runs, and time has lanes but no buttons", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await page.locator("#step-look .code.run .button.primary").first().click();
  await page.locator('#step-look[data-status="done"]').waitFor();
  await page.locator("#step-run .code.run .button.primary").first().click();
  await page.locator('#step-run[data-status="done"]').waitFor();
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.locator('.lane:has-text("kuard") [data-phase="ready"]').waitFor();
  expect(await page.getByRole("toolbar", { name: "Clock of the cluster" }).count()).toBe(0);
  await page.getByText("A real cluster's time cannot be changed.").waitFor();
  await page.locator("summary", { hasText: "Share" }).click();
  await page.getByRole("button", { name: "Put this lesson on your page" }).waitFor();
  expect(await page.getByRole("button", { name: "Share by a link" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Save as a file" }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await accessible(page);
  await picture(page, "real-lesson");
});

test("why, files, diagnostics and the preview are as they are on ours", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  const overrides =
    '{"spec":{"containers":[{"name":"big","image":"busybox","resources":{"requests":{"cpu":"9"}}}]}}';
  await type(page, `kubectl run big --image=busybox --overrides='${overrides}'\n`);
  await shows(page, "pod/big created");
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Cluster" }).click();
  await page.locator(".unplaced .object-name", { hasText: "big" }).click();
  // What a real cluster writes down is what there is: no verdicts of single nodes.
  await page.locator(".reasons li", { hasText: "0/1 nodes are available: 1 Insufficient cpu" }).waitFor();
  expect(await page.locator(".reasons li[data-under]").count()).toBe(0);
  await page.keyboard.press("Escape");
  await type(page, "kubectl run web --image=nginx --dry-run=client -o yaml > web.yaml\n");
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Files" }).click();
  await page.locator(".cm-line", { hasText: "image: nginx" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("imagee: oops");
  await page.locator(".cm-lintRange-error").waitFor();
  await type(page, "sed -i /oops/d web.yaml\n");
  await expect.poll(() => page.locator(".cm-lintRange-error").count()).toBe(0);
  await page.locator(".files-bar .button", { hasText: "Apply" }).click();
  await shows(page, "pod/web created");
  await type(page, "clear; kubectl wait --for=condition=Ready pod/web\n");
  await shows(page, "condition met");
  await type(page, "kubectl port-forward web 8080:80 > /dev/null &\n");
  await page.frameLocator("iframe.preview-frame").locator("body", { hasText: "Welcome to nginx!" }).waitFor();
  await picture(page, "real-panes");
});

test("a page in the preview speaks over a WebSocket", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await speaksOverSocket(page);
});

test("a lesson that a shared cluster cannot host says so, and runs on the simulated one", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/host-files`);
  await page.getByText("This lesson runs on the simulated cluster").waitFor();
  await prompted(page);
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.getByRole("toolbar", { name: "Clock of the cluster" }).waitFor();
});

test("the playground has examples, and neither machines to break nor images of ours", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/playground`);
  await prompted(page);
  await page.getByRole("button", { name: "Try it: One pod" }).click();
  await shows(page, "pod/kuard created");
  await page.locator(".pod-box", { hasText: "kuard" }).waitFor();
  for (const name of ["Nodes", "What goes wrong", "Images"])
    expect(await page.getByRole("heading", { name, exact: true }).count(), name).toBe(0);
  await page.locator("summary", { hasText: "Share" }).click();
  expect(await page.locator(".menu[open] .menu-list button").allInnerTexts()).toEqual([
    "Use your own kubectl",
  ]);
  await page.keyboard.press("Escape");
  await accessible(page);
  await picture(page, "real-playground");
  await page.goto(`${stage.url}/en/playground?cluster=sim`);
  await page.getByRole("heading", { name: "Nodes", exact: true }).waitFor();
  await prompted(page);
  await type(page, "kubectl get pods\n");
  await shows(page, "No resources found");
});
