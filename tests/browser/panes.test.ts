/** The panes below the terminals: time and its buttons, and objects looked at closely. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, type Stage, shows, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

test("a container that fails has a lane, and time can be paused, skipped and made fast", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.locator("#time .empty").waitFor();
  await type(page, "kubectl run bad --image=busybox --restart=Always -- sh -c 'sleep 2; exit 3'\n");
  await shows(page, "pod/bad created");
  await type(page, "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue\n");
  await page.locator('.lane:has-text("kuard") [data-phase="ready"]').waitFor();
  await page.getByRole("button", { name: "10×" }).click();
  await page.locator('.lane:has-text("bad") .lane-track [data-phase="backoff"]').first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  const clock = () => page.locator(".time-now").innerText();
  const seconds = async () => {
    const [h = 0, m = 0, s = 0] = (await clock()).split(":").map(Number);
    return (h * 60 + m) * 60 + s;
  };
  const before = await seconds();
  await page.getByRole("button", { name: "Skip a minute" }).click();
  await expect.poll(async () => (await seconds()) - before).toBeGreaterThanOrEqual(60);
  await picture(page, "time");
  await accessible(page);
  // A step goes to the next thing that happens, however far away, and stops there.
  const stepped = await seconds();
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await expect.poll(seconds).toBeGreaterThanOrEqual(stepped);
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await page.getByRole("button", { name: "Go on" }).click();
  const skipped = await seconds();
  await expect.poll(seconds).toBeGreaterThan(skipped);
});

test("an object tells why it is so, what happened, and all of itself", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl run bad --image=busybox --restart=Always -- sh -c 'exit 3'\n");
  // The waits between restarts grow: at ten times the speed they are soon long enough to be seen.
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.getByRole("button", { name: "10×" }).click();
  await page.locator('.lane-track [data-phase="backoff"]').first().waitFor();
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Cluster" }).click();
  await page.locator(".pod-box .object-name", { hasText: "bad" }).click();
  await page.locator(".reasons li", { hasText: "exit code 3" }).waitFor();
  await page.locator(".events li", { hasText: "BackOff" }).waitFor();
  await page.locator(".details summary", { hasText: "YAML" }).click();
  await page.locator(".details pre", { hasText: "restartPolicy: Always" }).waitFor();
  await picture(page, "details");
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.locator(".pod-box").waitFor();
});

test("a pod without a node says what the scheduler says", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  const overrides =
    '{"spec":{"containers":[{"name":"big","image":"busybox","resources":{"requests":{"cpu":"9"}}}]}}';
  await type(page, `kubectl run big --image=busybox --overrides='${overrides}'\n`);
  await page.locator(".unplaced .object-name", { hasText: "big" }).click();
  await page.locator(".reasons li", { hasText: /scheduler says: .*Insufficient cpu/ }).waitFor();
  await page.locator(".reasons li", { hasText: "node-1 does not fit: Insufficient cpu" }).waitFor();
});

test("a file is the same in the editor and the terminal, and what is wrong in it is marked", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl run web --image=nginx --dry-run=client -o yaml > pod.yaml\n");
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Files" }).click();
  const text = page.locator(".cm-content");
  await text.filter({ hasText: "image: nginx" }).waitFor();
  await text.getByText("image: nginx").click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("imagee: oops");
  await page.locator(".cm-lintRange-error").waitFor();
  await page.locator(".cm-lint-marker-error").first().hover();
  await page.locator(".cm-tooltip", { hasText: 'unknown field "spec.containers[0].imagee"' }).waitFor();
  await picture(page, "editor");
  await accessible(page);
  await type(page, "clear; grep -c oops pod.yaml\n");
  await shows(page, /(^|\n)1\s/);
  await type(page, "clear; sed -i '/oops/d; s/web/shop/' pod.yaml\n");
  await text.filter({ hasText: "name: shop" }).waitFor();
  await expect.poll(() => page.locator(".cm-lintRange-error").count()).toBe(0);
  await page.locator(".files-bar .button", { hasText: "Apply" }).click();
  await shows(page, "pod/shop created");
});

test("a step can be jumped to, and started over", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  const again = async (step: string) => {
    await page.locator(`#step-${step} .step-again button`).click();
    await page.locator("dialog[open] .button.primary").click();
  };
  await again("logs");
  for (const step of ["look", "run", "where", "describe"])
    await page.locator(`#step-${step}[data-status="done"]`).waitFor();
  await prompted(page);
  await type(page, "kubectl get pods\n");
  await shows(page, /kuard\s+1\/1\s+Running/);
  expect(await page.locator("#step-logs").getAttribute("data-status")).toBe("open");
  await again("run");
  await page.locator('#step-where[data-status="open"]').waitFor();
  await page.locator('.connection[data-kind="ready"]').waitFor();
  await prompted(page);
  await type(page, "kubectl get pods\n");
  await shows(page, "No resources found");
});

test("the cluster is rewound to a time that was chosen; files and ticks stay", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl run early --image=nginx; kubectl get pods\n");
  await page.locator('#step-look[data-status="done"]').waitFor();
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  await page.locator('.lane:has-text("early") [data-phase="ready"]').waitFor();
  await page.getByRole("button", { name: "Skip a minute" }).click();
  await type(page, "kubectl delete pod early --now; kubectl run late --image=nginx; echo kept > note.txt\n");
  await page.locator('.lane:has-text("late") [data-phase="ready"]').waitFor();
  await page.getByRole("slider", { name: "Time to go back to" }).focus();
  for (let second = 0; second < 20; second += 1) await page.keyboard.press("ArrowLeft");
  await picture(page, "time-rewind");
  await page.getByRole("button", { name: /^Rewind to \d/ }).click();
  await shows(page, "Welcome back");
  await page.locator('.connection[data-kind="ready"]').waitFor();
  await prompted(page);
  await type(page, "clear; cat note.txt; kubectl get pods\n");
  await shows(page, /kept[\s\S]*early\s+1\/1\s+Running/);
  expect(await page.locator(".screen:not([hidden]) .xterm-rows").innerText()).not.toContain("late");
  expect(await page.locator("#step-look").getAttribute("data-status")).toBe("done");
});

test("what an assistive technology is told: ticks, reasons, and the cluster as a table", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  await prompted(page);
  await type(page, "kubectl get pods\n");
  await page.locator('#step-look[data-status="done"]').waitFor();
  await page.locator("#step-run .step-help button", { hasText: "Why not yet?" }).click();
  await page.locator("#step-run .why li").first().waitFor();
  expect(await page.locator("#step-run .why").ariaSnapshot()).toMatch(/^- list:\n {2}- listitem: \S/);
  await type(page, "kubectl run kuard --image=gcr.io/kuar-demo/kuard-amd64:blue\n");
  await page.locator('#step-run[data-status="done"]').waitFor();
  expect(await page.locator("#step-run .step-done").ariaSnapshot()).toMatch(
    /^- paragraph:\n {2}- strong: Done\.\n {2}- text: \S/,
  );
  expect(await page.locator("#live").innerText()).toMatch(/^Done: Start a pod\. \S/);
  expect(await page.locator(".progress").ariaSnapshot()).toContain('link "Step 2, done: Start a pod"');
  await page.getByRole("button", { name: "As a table" }).click();
  await page.getByRole("cell", { name: "Running" }).waitFor();
  const table = await page.locator(".pod-table").ariaSnapshot();
  expect(table).toContain('row "Pod Ready Status Restarts Node Address Services"');
  expect(table).toMatch(/row "kuard 1\/1 Running 0 node-1 10\.[\d.]+ –"/);
});
