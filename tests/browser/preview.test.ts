/** Forwarded ports as pages: a tab each, and walls around what they serve. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { FrameLocator, Page } from "playwright-core";
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
  stage = await up();
});
afterAll(() => stage.down());

async function pod(page: Page, name: string, image: string): Promise<void> {
  await type(
    page,
    `kubectl run ${name} --image=${image} && kubectl wait --for=condition=Ready pod/${name}\n`,
  );
  await shows(page, `pod/${name} condition met`);
}

function frame(page: Page): FrameLocator {
  return page.frameLocator("iframe.preview-frame");
}

test("forwarded ports have a tab each, an address bar, and a page of their own", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/playground`);
  await prompted(page);
  await pod(page, "kuard", "gcr.io/kuar-demo/kuard-amd64:blue");
  await pod(page, "web", "nginx:alpine");
  await type(page, "kubectl port-forward kuard 8080:8080 > /dev/null &\n");
  await frame(page).locator("body", { hasText: "kuard" }).waitFor();
  await type(page, "kubectl port-forward web 8081:80 > /dev/null &\n");
  await frame(page).locator("body", { hasText: "Welcome to nginx!" }).waitFor();
  const ports = page.getByRole("navigation", { name: "Forwarded ports" }).getByRole("button");
  expect(await ports.allInnerTexts()).toHaveLength(2);
  await accessible(page);
  await picture(page, "preview-ports");
  await ports.first().focus();
  await page.keyboard.press("Enter");
  await frame(page).locator("body", { hasText: "kuard" }).waitFor();
  const address = page.getByRole("textbox", { name: "Address" });
  expect(await address.inputValue()).toBe("localhost:8080/");
  await address.fill("localhost:8080/healthy");
  await address.press("Enter");
  await frame(page).getByText("ok", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Load again" }).click();
  await frame(page).getByText("ok", { exact: true }).waitFor();
  const [tab] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Open in a new tab" }).click(),
  ]);
  await tab.getByText("ok", { exact: true }).waitFor();
  expect(await tab.evaluate(() => window.opener)).toBeNull();
  await type(page, "kill %2\n");
  await expect.poll(() => ports.count()).toBe(0);
});

/** A page that tries what it must not be able to do, and writes down how it went. */
const INTRUDER = `<pre id="tried"></pre><script>
const note = (what, how) => { tried.textContent += what + "=" + how + "; "; };
note("cookie", document.cookie || "none");
try { note("parent", parent.document.title); } catch { note("parent", "refused"); }
const home = new URLSearchParams(location.search).get("home");
if (home) {
  fetch(home + "/en/", { credentials: "include" }).then(() => note("fetch", "passed"), () => note("fetch", "refused"));
  const socket = new WebSocket(home.replace("http", "ws") + "/api/sessions/x/socket");
  socket.onopen = () => note("socket", "passed");
  socket.onerror = () => note("socket", "refused");
}
navigator.serviceWorker.register("/").then(() => note("worker", "passed"), () => note("worker", "refused"));
</script>`;

test("what a pod serves reaches neither the page around it, nor our API, nor our cookies", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/playground`);
  await prompted(page);
  await pod(page, "web", "nginx:alpine");
  await type(page, `cat > page.html <<'END'\n${INTRUDER}\nEND\n`);
  await type(page, "kubectl exec -i web -- sh -c 'cat > /usr/share/nginx/html/index.html' < page.html\n");
  await type(page, "kubectl port-forward web 8080:80 > /dev/null &\n");
  const address = page.getByRole("textbox", { name: "Address" });
  await address.waitFor();
  await address.fill(`/?home=${encodeURIComponent(stage.url)}`);
  await address.press("Enter");
  const tried = frame(page).locator("#tried");
  for (const what of ["parent", "fetch", "socket", "worker"])
    await tried.filter({ hasText: `${what}=refused;` }).waitFor();
  expect(await tried.innerText()).toContain("cookie=none;");
  expect(await tried.innerText()).not.toContain("passed");
});

/** Serves this page from a pod of the session behind `path`, and forwards its port. */
async function serve(page: Page, path: string, html: string): Promise<void> {
  await page.goto(`${stage.url}${path}`);
  await prompted(page);
  await pod(page, "web", "nginx:alpine");
  await type(page, `cat > page.html <<'END'\n${html}\nEND\n`);
  await type(page, "kubectl exec -i web -- sh -c 'cat > /usr/share/nginx/html/index.html' < page.html\n");
  await type(page, "kubectl port-forward web 8080:80 > /dev/null &\n");
}

/** Says what marks it finds, and leaves one by every way that a page has. */
const SHARER = `<pre id="found">waits</pre><script>
if (self === top) {
  found.textContent = "before: " + ([document.cookie, localStorage.getItem("mark")].filter(Boolean).join(" ") || "nothing") + ";";
  const up = location.hostname.split(".").slice(1).join(".");
  ["", "; domain=" + location.hostname, "; domain=" + up, "; domain=localhost"].forEach((domain, number) => {
    document.cookie = "mark" + number + "=" + location.hostname + "; path=/" + domain;
  });
  localStorage.setItem("mark", "left");
  const channel = new BroadcastChannel("marks");
  channel.onmessage = () => { found.textContent += " heard;"; };
  channel.postMessage("hello");
}
</script>`;

/** The preview as a page of its own: in a frame of another site, browsers keep cookies and storage away by themselves. */
async function alone(page: Page): Promise<Page> {
  await frame(page).locator("#found").waitFor();
  const [tab] = await Promise.all([
    page.context().waitForEvent("page"),
    page.getByRole("link", { name: "Open in a new tab" }).click(),
  ]);
  await tab.locator("#found", { hasText: "before: " }).waitFor();
  return tab;
}

test("two previews share neither cookies nor storage nor channels", async () => {
  const page = await stage.page();
  await serve(page, "/en/playground", SHARER);
  const first = await alone(page);
  expect(await first.locator("#found").innerText()).toBe("before: nothing;");
  // The same page again finds what it left: the marks do stay.
  await first.reload();
  await first.locator("#found", { hasText: "mark0=" }).waitFor();
  // Another cluster of the same learner, in the same browser.
  const other = await page.context().newPage();
  await serve(other, "/en/lessons/first-pod", SHARER);
  const second = await alone(other);
  expect(new URL(second.url()).host).not.toBe(new URL(first.url()).host);
  expect(await second.locator("#found").innerText()).toBe("before: nothing;");
  await first.bringToFront();
  expect(await first.locator("#found").innerText()).not.toContain("heard");
});

test("a redirect of a pod to our pages leads nowhere in the pane, and carries no cookie", async () => {
  // The browser says on the console what it refuses: this page's console is not looked at by the stage.
  const page = await (await stage.page()).context().newPage();
  await page.goto(`${stage.url}/en/playground`);
  await prompted(page);
  await pod(page, "web", "registry.k8s.io/e2e-test-images/agnhost:2.63.0 -- netexec");
  await type(page, "kubectl port-forward web 8080:8080 > /dev/null &\n");
  const address = page.getByRole("textbox", { name: "Address" });
  await address.waitFor();
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.frame() !== page.mainFrame() && request.url().startsWith(stage.url))
      asked.push(request.url());
  });
  const refused = page.waitForEvent("console", (message) => /frame-src/.test(message.text()));
  await address.fill(`/redirect?code=302&location=${encodeURIComponent(`${stage.url}/en/playground`)}`);
  await address.press("Enter");
  await refused;
  expect(asked).toEqual([]);
});

test("nobody else's page can frame a preview", async () => {
  const page = await stage.page();
  await serve(page, "/en/playground", "<p>mine alone</p>");
  await frame(page).getByText("mine alone").waitFor();
  const url =
    page
      .frames()
      .find((each) => each.parentFrame())
      ?.url() ?? "";
  const evil = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><title>Evil</title><iframe name="prey" src="${url}"></iframe>`);
  });
  await new Promise<void>((listening) => {
    evil.listen(0, "127.0.0.1", () => listening());
  });
  const stranger = await page.context().newPage();
  await stranger.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
  await expect.poll(() => stranger.frame("prey")?.url()).toMatch(/^chrome-error:/);
  await stranger.close();
  evil.close();
});

test("a page in the preview speaks over a WebSocket, and again after it was loaded anew", async () => {
  const page = await stage.page(STILL);
  await page.goto(`${stage.url}/en/playground`);
  await prompted(page);
  await speaksOverSocket(page);
  await picture(page, "preview-socket");
});
