/** Taking time back, beside what else hands a session on: a saved file, and a lesson within somebody's page. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bringBack, picture, type Stage, saved, up } from "./stage.ts";

/** How far a test goes back, in seconds: less than the minute that it skips. */
const BACK_S = 20;

let stage: Stage;
beforeAll(async () => {
  stage = await up();
});
afterAll(() => stage.down());

/** A learner's page, or a lesson's frame within somebody's. */
class Hands {
  constructor(readonly where: Page | FrameLocator) {}

  rows() {
    return this.where.locator(".screen:not([hidden]) .xterm-rows");
  }

  async prompted(): Promise<void> {
    await this.where.locator('.connection[data-kind="ready"]').waitFor();
    await expect.poll(() => this.screen(), { timeout: 20_000 }).toMatch(/\$ ?\s*$/);
  }

  async screen(): Promise<string> {
    return (await this.rows().innerText()).replaceAll("\u00a0", " ");
  }

  async run(line: string, shows: RegExp): Promise<void> {
    const keys = this.where.locator(".screen:not([hidden]) .xterm-helper-textarea");
    await keys.pressSequentially(`clear; ${line}\n`);
    await expect.poll(() => this.screen(), { timeout: 20_000 }).toMatch(shows);
    await this.prompted();
  }

  async skip(): Promise<void> {
    await this.where.locator('.pane-tabs [role="tab"]', { hasText: "Time" }).click();
    await this.where.getByRole("button", { name: "Skip a minute" }).click();
  }

  /** Back by `BACK_S` seconds, by the slider under the lanes. */
  async back(): Promise<void> {
    const slider = this.where.getByRole("slider", { name: "Time to go back to" });
    for (let second = 0; second < BACK_S; second += 1) await slider.press("ArrowLeft");
    await this.where.getByRole("button", { name: /^Rewind to \d/ }).click();
    await expect.poll(() => this.screen(), { timeout: 20_000 }).toContain("Welcome back");
    await this.prompted();
  }
}

test("a rewound session is saved, comes back as it is, and can be rewound again", async () => {
  const page = await stage.page();
  await page.goto(`${stage.url}/en/lessons/first-pod`);
  const one = new Hands(page);
  await one.prompted();
  await one.run(
    "kubectl run early --image=nginx; kubectl wait --for=condition=Ready pod/early",
    /condition met/,
  );
  await one.skip();
  await one.run("kubectl delete pod early --now; kubectl run late --image=nginx", /pod\/late created/);
  await one.back();
  await one.run("kubectl get pods -o name; echo kept > note.txt", /pod\/early/);
  // What comes after a rewind belongs to the new history.
  await one.run("kubectl create configmap after", /configmap\/after created/);
  const file = await saved(page, "rewound");

  const other = await stage.page();
  await other.goto(`${stage.url}/en/`);
  await bringBack(other, file);
  await other.waitForURL(/\/lessons\/first-pod/);
  const two = new Hands(other);
  await two.prompted();
  await two.run(
    "cat note.txt; kubectl get pod/early cm/after -o name",
    /kept\npod\/early\nconfigmap\/after\n/,
  );
  await two.skip();
  await two.run("kubectl delete pod early --now", /deleted/);
  await two.back();
  await two.run("kubectl get pod/early cm/after -o name", /^pod\/early\nconfigmap\/after\n/m);
  expect(await other.locator("#step-look").getAttribute("data-status")).toBe("done");
});

test("where nothing is kept, time is not offered to be taken back", async () => {
  const forgetful = await up({ forgets: true });
  const page = await forgetful.page();
  await page.goto(`${forgetful.url}/fr/lessons/data-that-stays`);
  const hands = new Hands(page);
  await hands.prompted();
  await hands.run("kubectl run web --image=nginx", /pod\/web created/);
  await hands.where.locator('.pane-tabs [role="tab"]').nth(2).click();
  await page.locator(".lane", { hasText: "web" }).waitFor();
  expect(await page.getByRole("slider").count()).toBe(0);
  const place = page.locator("#step-regret .taken-back");
  await place.getByText("Ce serveur ne garde rien").waitFor();
  expect(await place.getByRole("button").count()).toBe(0);
  await forgetful.down();
});

test("a lesson within somebody's page is rewound, too", async () => {
  const server = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    const url = `${stage.url}/embed/first-pod?lang=en`;
    answer.end(`<!doctype html><iframe src="${url}" title="Podschool" width="100%" height="820"></iframe>`);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const page = await stage.strictPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  const frame = page.frameLocator('iframe[title="Podschool"]');
  await frame.locator("#workspace").getByRole("button", { name: "Start" }).click();
  const hands = new Hands(frame);
  await hands.prompted();
  await hands.run(
    "kubectl run early --image=nginx; kubectl wait --for=condition=Ready pod/early",
    /condition met/,
  );
  await hands.skip();
  await hands.run("kubectl delete pod early --now; kubectl run late --image=nginx", /pod\/late created/);
  await hands.back();
  await picture(page, "embed-rewound");
  await hands.run("kubectl get pods -o name", /^pod\/early\n/m);
  expect(await hands.screen()).not.toContain("late");
  server.close();
});
