// The figures that the page is held to: its size, the time to the first picture, the time for ten virtual minutes, frames a second
// while two maps and two charts move.
//
//   npm run build && npx tsx scripts/page-speed.ts

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";

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

async function openPage(browser: Browser, hash: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(WATCH);
  await page.goto(`${PAGE.href}#${hash}`);
  await page.getByTestId("running").filter({ hasText: "ran in" }).waitFor({ timeout: 120_000 });
  return page;
}

const args = ["--no-sandbox", "--headless", "--disable-gpu"];
const packedBytes = gzipSync(readFileSync(PAGE), { level: 9 }).length;
console.log(`page ${(packedBytes / 1000).toFixed(1)} KB gzipped`);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
try {
  const page = await openPage(browser, "policies=reactive,predictive");
  const first = await page.evaluate<number>("firstMillis");
  console.log(
    `first picture ${first.toFixed(0)} ms, ten virtual minutes ${await page.getByTestId("running").textContent()}`,
  );
  await page.getByRole("button", { name: "60 s around the moment" }).click();
  await page.getByLabel("moment", { exact: true }).fill("100000000");
  await page.evaluate("document.activeElement.blur()");
  await page.keyboard.press(" ");
  console.log(`playing at 10 ×: ${(await page.evaluate<number>(FRAMES)).toFixed(1)} frames a second`);
} finally {
  await browser.close();
}
