// The page, built anew and opened from disk in Chromium. What it asks the network for, what it logs and what breaks in it is kept.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { launchChromium } from "../../scripts/chromium.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Pictures of what was tested; git ignores them. */
const PICTURES = join(root, "test/ui/pictures");

const folder = mkdtempSync(join(tmpdir(), "mempred-ui-"));
let browser: Browser | null = null;
let html = "";

export async function startBrowser(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await build({ configFile: join(root, "ui/vite.config.ts"), build: { outDir: folder, emptyOutDir: false } });
  html = readFileSync(join(folder, "index.html"), "utf8");
  browser = await launchChromium();
}

export async function stopBrowser(): Promise<void> {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The built page's text. */
export function builtHtml(): string {
  return html;
}

/** A file in the tests' own folder. */
export function temporaryFile(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export interface OpenPage {
  readonly page: Page;
  /** Requests to anything but the page's file and its own blobs. */
  readonly foreign: string[];
  /** What was thrown or logged as an error. */
  readonly errors: string[];
  readonly text: (testId: string) => Promise<string>;
  /** Waits until both runs are done. */
  readonly settled: () => Promise<void>;
  readonly picture: (name: string) => Promise<void>;
}

/** Opens it. @param hash without # @param file another page than the built one */
export async function openPage(hash: string, options: BrowserContextOptions = {}, file = ""): Promise<OpenPage> {
  const context = await browser!.newContext({
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    ...options,
  });
  const page = await context.newPage();
  const foreign: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => {
    if (!/^(?:file|blob|data):/.test(request.url())) foreign.push(request.url());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (line) => {
    if (line.type() === "error") errors.push(line.text());
  });
  const url = pathToFileURL(file === "" ? join(folder, "index.html") : file).href;
  await page.goto(hash === "" ? url : `${url}#${hash}`);
  const text = async (testId: string) => (await page.getByTestId(testId).textContent()) ?? "";
  const settled = async () => {
    // What was just asked for shows in the second frame at the latest.
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    await page.getByTestId("running").filter({ hasText: "ran in" }).waitFor({ timeout: 60_000 });
  };
  const picture = async (name: string) => {
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  };
  return { page, foreign, errors, text, settled, picture };
}
