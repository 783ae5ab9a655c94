/** What every browser test stands on: the built server on a free port with an empty data folder, and a fresh Chromium. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AxeBuilder } from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { expect } from "vitest";

/** Where pictures are left to be looked at. */
export const RESULTS = join(import.meta.dirname, "results");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Stage {
  url: string;
  /** A page of a new learner; what it logs as an error fails the test at `down`. */
  page(options?: BrowserContextOptions): Promise<Page>;
  /** Kills the server at once, or starts it again on the same port and data. */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Ends everything, and fails when a page complained. */
  down(): Promise<void>;
}

export async function up(): Promise<Stage> {
  mkdirSync(RESULTS, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "podschool-"));
  const browser: Browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  let server = await serve(data, "127.0.0.1:0");
  const { url } = server;
  return {
    url,
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
      page.on("console", (message) => {
        if (message.type() === "error" && /Content Security Policy/.test(message.text()))
          complaints.push(message.text());
      });
      return page;
    },
    async killServer() {
      await end(server.process, "SIGKILL");
    },
    async startServer() {
      server = await serve(data, new URL(url).host);
    },
    async down() {
      for (const context of contexts) await context.close();
      await browser.close();
      await end(server.process, "SIGTERM");
      rmSync(data, { recursive: true, force: true });
      expect(complaints).toEqual([]);
    },
  };
}

async function serve(data: string, listen: string): Promise<{ url: string; process: ChildProcess }> {
  const binary = process.env.PODSCHOOL_BIN;
  if (!binary)
    throw new Error("PODSCHOOL_BIN names no binary: run these tests with `cargo xtask test browser`");
  const child = spawn(binary, ["serve", "--listen", listen, "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /https?:\/\/\S+/.exec(line)?.[0];
    if (url) return { url: url.replace(/\/$/, ""), process: child };
  }
  throw new Error(`${binary} ended before it said where it is`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await gone;
}

/** A picture of what is seen now. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(RESULTS, `${name}.png`) });
}

/** Fails with what axe finds wrong on the page. Frames of learners' own programs are not ours. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).exclude("iframe").analyze();
  const found = violations.map(
    (each) => `${each.id}: ${each.nodes.map((node) => node.target.join(" ")).join(", ")}`,
  );
  expect(found).toEqual([]);
}

/** The lines that the terminal in front shows. */
export async function screen(page: Page): Promise<string> {
  return page.locator(".screen:not([hidden]) .xterm-rows").innerText();
}

/** Waits until the terminal in front shows `text`. */
export async function shows(page: Page, text: string | RegExp): Promise<void> {
  const found = (seen: string) => (typeof text === "string" ? seen.includes(text) : text.test(seen));
  await expect
    .poll(async () => found((await screen(page)).replaceAll("\u00a0", " ")), {
      timeout: 20_000,
      message: `the terminal shows ${text}`,
    })
    .toBe(true);
}

/** Types into the terminal in front, as hands do. */
export async function type(page: Page, keys: string): Promise<void> {
  await page.locator(".screen:not([hidden]) .xterm-helper-textarea").focus();
  await page.keyboard.type(keys);
}

/** A prompt waits. */
export async function prompted(page: Page): Promise<void> {
  await shows(page, /[$#] ?\s*$/);
}
