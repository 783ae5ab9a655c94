/** What every browser test stands on: the built server on a free port with an empty data folder, and a fresh Chromium. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
import initSqlJs from "sql.js";
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

/** For pages that axe looks at: a colour that is on its way to another is no colour to judge. */
export const STILL: BrowserContextOptions = { reducedMotion: "reduce" };

export interface Stage {
  url: string;
  /** A page of a new learner; what it logs as an error fails the test at `down`. */
  page(options?: BrowserContextOptions): Promise<Page>;
  /** The same in a browser that lets no site set or read cookies within another's page. */
  strictPage(): Promise<Page>;
  /** Kills the server at once, or starts it again on the same port and data. */
  killServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Stops the server in peace, and starts it again as if so many days had gone by. */
  daysLater(days: number): Promise<void>;
  /** Ends everything, and fails when a page complained. */
  down(): Promise<void>;
}

/**
 * `real`: sessions run on another `podschool cluster`, which the server takes for a real one. `forgets`: the server keeps nothing on a disk.
 */
export async function up({ real = false, forgets = false } = {}): Promise<Stage> {
  mkdirSync(RESULTS, { recursive: true });
  const data = mkdtempSync(join(tmpdir(), "podschool-"));
  const browser: Browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
  });
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  let strict: Browser | undefined;
  const open = async (context: BrowserContext, expected?: RegExp) => {
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (expected?.test(message.text())) return;
      if (message.type() === "error" && /Content Security Policy/.test(message.text()))
        complaints.push(message.text());
    });
    return page;
  };
  const cluster = real ? await makeCluster(data) : undefined;
  const more = cluster ? ["--kubeconfig", cluster.kubeconfig] : [];
  const kept = forgets ? "none" : data;
  let server = await serve(kept, "127.0.0.1:0", more);
  const { url } = server;
  return {
    url,
    async page(options = {}) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      return open(context);
    },
    async strictPage() {
      strict ??= await chromium.launch({
        executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
        args: [...FLAGS, "--test-third-party-cookie-phaseout"],
      });
      const context = await strict.newContext({ viewport: { width: 1440, height: 900 } });
      // That other pages of ours cannot be framed is what such a page is there to show.
      return open(context, /frame-ancestors/);
    },
    async killServer() {
      await end(server.process, "SIGKILL");
    },
    async startServer() {
      server = await serve(kept, new URL(url).host, more);
    },
    async daysLater(days) {
      await end(server.process, "SIGTERM");
      await age(join(data, "podschool.sqlite"), days);
      server = await serve(kept, new URL(url).host, more);
    },
    async down() {
      for (const context of contexts) await context.close();
      await browser.close();
      await strict?.close();
      await end(server.process, "SIGTERM");
      if (cluster) await end(cluster.process, "SIGTERM");
      rmSync(data, { recursive: true, force: true });
      expect(complaints).toEqual([]);
    },
  };
}

/** Starts the binary; the first match of `says` in what it prints, and the process. */
async function start(args: string[], says: RegExp): Promise<{ said: string; process: ChildProcess }> {
  const binary = process.env.PODSCHOOL_BIN;
  if (!binary)
    throw new Error("PODSCHOOL_BIN names no binary: run these tests with `cargo xtask test browser`");
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = says.exec(line)?.[0];
    if (said) return { said, process: child };
  }
  throw new Error(`${binary} ended before it said where it is`);
}

async function serve(
  data: string,
  listen: string,
  more: string[],
): Promise<{ url: string; process: ChildProcess }> {
  const args = ["serve", "--listen", listen, "--data", data, ...more];
  const { said, process } = await start(args, /https?:\/\/\S+/);
  return { url: said.replace(/\/$/, ""), process };
}

/** Every time that the database holds in words is so many days earlier. */
async function age(file: string, days: number): Promise<void> {
  const { Database } = await initSqlJs();
  const database = new Database(readFileSync(file));
  const earlier = (column: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-${days} days')`;
  for (const [table, ...columns] of [
    ["learners", "created_at", "seen_at"],
    ["progress", "done_at"],
    ["answers", "given_at"],
    ["sessions", "kept_at"],
  ]) {
    const set = columns.map((column) => `${column} = ${earlier(column)}`);
    database.run(`UPDATE ${table} SET ${set.join(", ")}`);
  }
  writeFileSync(file, database.export());
  database.close();
}

async function makeCluster(folder: string): Promise<{ kubeconfig: string; process: ChildProcess }> {
  const kubeconfig = join(folder, "kubeconfig");
  const { process } = await start(["cluster", "--kubeconfig-out", kubeconfig], /^ready /);
  return { kubeconfig, process };
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

/** Fails with what axe finds wrong on the page, by all rules but `without`. Frames of learners' own programs are not ours. */
export async function accessible(page: Page, without: string[] = []): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).exclude("iframe").disableRules(without).analyze();
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

/** Saves the session of a page as a file of this name; the file's path. */
export async function saved(page: Page, name: string): Promise<string> {
  await page.locator("summary", { hasText: "Share" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as a file" }).click(),
  ]);
  const file = join(RESULTS, `${name}.gz`);
  await download.saveAs(file);
  return file;
}

/** Gives a saved session to the course page, as a learner chooses a file. */
export async function bringBack(
  page: Page,
  file: string | { name: string; mimeType: string; buffer: Buffer },
): Promise<void> {
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Bring back a saved session" }).click();
  await (await chosen).setFiles(file);
}

/** Runs a pod whose page speaks over a WebSocket, opens it in the preview, and hears its own words twice: at first, and loaded anew. */
export async function speaksOverSocket(page: Page): Promise<void> {
  await type(page, "kubectl run echo --image=jmalloc/echo-server\n");
  await type(page, "kubectl wait --for=condition=Ready pod/echo\n");
  await shows(page, "pod/echo condition met");
  await type(page, "kubectl port-forward echo 8080 > /dev/null &\n");
  const preview = page.frameLocator("iframe.preview-frame");
  await preview.getByText("Request served by echo").waitFor();
  const address = page.getByRole("textbox", { name: "Address" });
  await address.fill("/.ws");
  await address.press("Enter");
  for (const word of ["over the wire", "and once more"]) {
    const heard = preview.locator('[data-kind="recv"]');
    await heard.getByText("Request served by echo").waitFor();
    await preview.getByRole("textbox", { name: "Message" }).fill(word);
    await preview.getByRole("button", { name: "Send Message" }).click();
    await heard.getByText(word, { exact: true }).waitFor();
    await type(page, `clear; kubectl logs echo | grep '${word}'\n`);
    await shows(page, `| txt | ${word}`);
    await page.getByRole("button", { name: "Load again" }).click();
    await heard.getByText(word, { exact: true }).waitFor({ state: "detached" });
  }
  await preview.locator('[data-kind="recv"]').getByText("Request served by echo").waitFor();
}
