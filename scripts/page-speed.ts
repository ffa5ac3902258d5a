// The figures that the page is held to: its size, the time to the first picture, the time for ten virtual minutes, frames a second
// while two maps and two charts move.
//
//   npm run build && npx tsx scripts/page-speed.ts [PAGES]

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";

const PAGE = new URL("../dist/ui/index.html", import.meta.url);
/** Notes when the first map and its counters have been drawn. */
const WATCH = `(() => {
  const look = () => {
    const there = document.querySelector("[data-testid=counters-B]")?.textContent.length > 10;
    requestAnimationFrame(there ? () => (globalThis.firstMillis = performance.now()) : look);
  };
  requestAnimationFrame(look);
})()`;
const FRAMES = `new Promise((done) => {
  let frames = 0;
  const start = performance.now();
  const frame = () => {
    frames++;
    const passed = performance.now() - start;
    if (passed > 4000) done((1000 * frames) / passed);
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})`;

/** New pages: the first argument. */
const TIMES = Number(process.argv[2] ?? 5);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

async function openPage(browser: Browser, hash: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(WATCH);
  // A browser goes on building its own window for a while, on the same cores: a page is opened in a window that is there.
  await new Promise((done) => setTimeout(done, 1500));
  await page.goto(`${PAGE.href}#${hash}`);
  await page.getByTestId("running").filter({ hasText: "ran in" }).waitFor({ timeout: 120_000 });
  return page;
}

const packedBytes = gzipSync(readFileSync(PAGE), { level: 9 }).length;
console.log(`page ${(packedBytes / 1000).toFixed(1)} KB gzipped`);
const browser = await launchChromium();
try {
  const firsts: number[] = [];
  const tooks: number[] = [];
  const rates: number[] = [];
  for (let i = 0; i < TIMES; i++) {
    const page = await openPage(browser, "policies=reactive,predictive");
    firsts.push(await page.evaluate<number>("firstMillis"));
    tooks.push(Number.parseFloat((await page.getByTestId("running").textContent())!.replace("ran in ", "")));
    await page.getByRole("button", { name: "60 s around the moment" }).click();
    await page.getByLabel("moment", { exact: true }).fill("100000000");
    await page.evaluate("document.activeElement.blur()");
    await page.keyboard.press(" ");
    rates.push(await page.evaluate<number>(FRAMES));
    await page.close();
  }
  const show = (values: number[], digits: number) =>
    `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
  console.log(`medians of ${TIMES} new pages, least and most:`);
  console.log(`first picture ${show(firsts, 0)} ms`);
  console.log(`ten virtual minutes ${show(tooks, 1)} s`);
  console.log(`playing at 10 ×: ${show(rates, 1)} frames a second`);
} finally {
  await browser.close();
}
