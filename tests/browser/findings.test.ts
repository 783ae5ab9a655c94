/** What the cluster's own components found out, which no object tells: how each node was judged, and what probes were answered. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accessible, picture, prompted, STILL, type Stage, type, up } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

async function playground(language = "en"): Promise<Page> {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/${language}/playground`);
  await prompted(page);
  return page;
}

/** A pod that asks for so many CPUs. */
function asking(name: string, cpu: string): string {
  const overrides = JSON.stringify({
    spec: {
      containers: [{ name, image: "busybox", args: ["sleep", "600"], resources: { requests: { cpu } } }],
    },
  });
  return `kubectl run ${name} --image=busybox --overrides='${overrides}'\n`;
}

const reasons = (page: Page) => page.locator(".reasons li");

test("every node says whether a pod fits there, and which was chosen", async () => {
  const page = await playground();
  await page.getByRole("button", { name: "Add a node" }).click();
  await page.locator('.node-box[data-ready="true"]', { hasText: "node-2" }).waitFor();
  await type(page, asking("small", "1500m"));
  await page.locator('.pod-box[data-health="well"]').waitFor();
  await type(page, asking("second", "1"));
  await page.locator('.pod-box[data-health="well"]').nth(1).waitFor();
  await type(page, asking("big", "5"));
  await page.locator(".unplaced .object-name", { hasText: "big" }).click();
  for (const node of ["node-1", "node-2"])
    await reasons(page)
      .filter({ hasText: `${node} does not fit: Insufficient cpu` })
      .waitFor();
  await accessible(page);
  await picture(page, "why-unplaced");
  await page.keyboard.press("Escape");
  await page.locator(".pod-box .object-name", { hasText: "second" }).click();
  await reasons(page)
    .filter({ hasText: /^node-\d does not fit: Insufficient cpu$/ })
    .waitFor();
  await reasons(page)
    .filter({ hasText: /^node-\d is the only one that fits, so it was chosen\.$/ })
    .waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".pod-box .object-name", { hasText: "small" }).click();
  await reasons(page)
    .filter({ hasText: /^node-\d fits, with \d+ points: the most, so it was chosen\.$/ })
    .waitFor();
  await reasons(page)
    .filter({ hasText: /^node-\d fits, with \d+ points\.$/ })
    .waitFor();
  await picture(page, "why-placed");
});

const PROBED = `apiVersion: v1
kind: Pod
metadata: {name: kuard, labels: {app: kuard}}
spec:
  containers:
  - name: kuard
    image: gcr.io/kuar-demo/kuard-amd64:blue
    livenessProbe: {httpGet: {path: /healthy, port: 8080}, periodSeconds: 2}
    readinessProbe: {exec: {command: [cat, /tmp/up]}, periodSeconds: 2}
`;

test("a probe shows its answers, those that passed and those that failed, also in its lane", async () => {
  const page = await playground();
  await type(page, `cat > k.yaml <<'END'\n${PROBED}END\n`);
  await type(page, "kubectl apply -f k.yaml; kubectl expose pod kuard --port=80 --target-port=8080\n");
  await page.locator(".pod-box .object-name", { hasText: "kuard" }).click();
  const told = (text: RegExp | string) => reasons(page).filter({ hasText: text }).waitFor();
  await told(/^Liveness probe of kuard, at [\d:]+: passed\. HTTP 200 \(5 of the last 5 passed\)$/);
  await told(
    /^Readiness probe of kuard, .* failed\. cat: can't open '\/tmp\/up'.* \(0 of the last \d passed\)$/,
  );
  await told(
    "Service kuard selects it, but sends no traffic: it is not ready. containers with unready status",
  );
  await picture(page, "why-probes");
  await type(page, "kubectl exec kuard -- sh -c 'echo here > /tmp/up'\n");
  await told(/^Readiness probe of kuard, .* passed\. here /);
  await told("Service kuard sends traffic to it.");
  await page.keyboard.press("Escape");
  await page.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
  const marks = (kind: string) => page.locator(`.lane-track .lane-mark[data-kind="${kind}"]`);
  await expect.poll(() => marks("passed").count()).toBeGreaterThan(4);
  expect(await marks("probe").count()).toBeGreaterThan(0);
  await accessible(page);
  await picture(page, "time-probes");
});

test("the reasons are told in the learner's language", async () => {
  const page = await playground("ja");
  await type(page, asking("big", "5"));
  await page.locator(".unplaced .object-name", { hasText: "big" }).click();
  await reasons(page).filter({ hasText: "node-1 は条件に合いません：Insufficient cpu" }).waitFor();
  await picture(page, "why-ja");
});
