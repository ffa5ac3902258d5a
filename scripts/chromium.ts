// Debian's Chromium without a window, for what is tested, drawn and measured in a browser.

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

export const CHROMIUM = "/usr/bin/chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // With each new window the browser draws the pages of its own address bar, for two seconds on the cores that the page needs.
  "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
];

/** Errors: there is no Chromium, and which package has it. */
export async function launchChromium(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}: install the package chromium`);
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

/**
 * Whether tests in a browser are to run. Without Chromium they are skipped, with a line on stderr that says so; in CI they run
 * and fail.
 * @param tests what is skipped
 */
export function canTestBrowser(tests: string): boolean {
  if (existsSync(CHROMIUM) || process.env["CI"] === "true") return true;
  process.stderr.write(`${tests}: skipped, there is no ${CHROMIUM}: install the package chromium\n`);
  return false;
}
