// The page as README shows it, light and dark, of a named seed at the moment of the OOM that was avoided (docs/reading.md):
//   npm run build && npx tsx scripts/screenshot.ts

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import { packPng } from "./png.ts";
import { findStories, RUN } from "./stories.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = join(root, "docs/figures");
/** With the request denied on the one side and served on the other. */
const LATER_MICROS = 100_000;

const { avoided } = await findStories();
const seconds = (avoided.arrivalMicros + LATER_MICROS) / 1e6;
const hash = `scenario=${RUN.scenario}&pressure=${100 * RUN.pressureRatio}&seed=${RUN.seed}&duration=${RUN.durationSeconds}&t=${seconds}`;
mkdirSync(folder, { recursive: true });
const browser = await launchChromium();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await page.goto(`${pathToFileURL(join(root, "dist/ui/index.html")).href}#${hash}`);
  const digest = page.getByTestId("digest").filter({ hasText: /^[0-9a-f]{16}$/ });
  await digest.waitFor({ timeout: 60_000 });
  await page.getByTestId("running").filter({ hasText: "ran in" }).waitFor({ timeout: 60_000 });
  // How long it took here is no part of the run: two pictures of it are the same.
  await page.getByTestId("running").evaluate((element) => element.setAttribute("style", "visibility: hidden"));
  await page.getByRole("button", { name: "60 s around the moment" }).click();
  await page.getByLabel("bounds").click();
  await page.getByRole("button", { name: "run seeds" }).click();
  await page.getByTestId("seeds-summary").filter({ hasText: "20 seeds" }).waitFor({ timeout: 600_000 });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const path = join(folder, `page-${colorScheme}.png`);
    const png = packPng(await still(page));
    writeFileSync(path, png);
    process.stdout.write(`${path.slice(root.length)} (${png.length} bytes), digest ${await digest.textContent()}\n`);
  }
} finally {
  await browser.close();
}

/** The picture once two in a row are the same: nothing is being drawn any more. Errors: it never comes to rest. */
async function still(page: Page): Promise<Buffer> {
  let last: Buffer = Buffer.alloc(0);
  for (let tries = 0; tries < 20; tries++) {
    await page.waitForTimeout(300);
    const picture = await page.screenshot();
    if (picture.equals(last)) return picture;
    last = picture;
  }
  throw new Error("the page does not come to rest");
}
