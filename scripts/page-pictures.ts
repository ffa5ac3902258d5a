// Pictures of the page for the README and the documents, each from a named seed, and the figures that the page is held to:
// time to the first picture, time for ten virtual minutes, frames a second while two maps and two charts move.
// npm run build && npx tsx scripts/page-pictures.ts

import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const PAGE = at("dist/ui/index.html").href;
const PICTURES = [
  {
    name: "page-light",
    scheme: "light",
    hash: "scenario=mixed-tenants&pressure=95&seed=1&policies=reactive,neural&t=222",
  },
  {
    name: "page-dark",
    scheme: "dark",
    hash: "scenario=steady&pressure=95&seed=1&policies=reactive,predictive&t=107.5",
  },
] as const;
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

async function openPage(browser: Browser, hash: string, colorScheme: "light" | "dark"): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme });
  await page.addInitScript(WATCH);
  await page.goto(`${PAGE}#${hash}`);
  await page.getByTestId("running").filter({ hasText: "ran in" }).waitFor({ timeout: 120_000 });
  return page;
}

const args = ["--no-sandbox", "--headless", "--disable-gpu"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args });
try {
  for (const { name, scheme, hash } of PICTURES) {
    const page = await openPage(browser, hash, scheme);
    const path = fileURLToPath(at(`docs/figures/${name}.png`));
    await page.screenshot({ path });
    console.log(`${name}.png  ${(statSync(path).size / 1024).toFixed(0)} KiB  ${hash}`);
    await page.close();
  }
  const page = await openPage(browser, "policies=reactive,predictive", "light");
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
