// The live page as the service offers it: a browser runs it under its policy, its digest is that of Node, and nobody is asked for
// anything; whoever wants no page gets the index.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { builtPage } from "../../io/built-page.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { canTestBrowser, launchChromium } from "../../scripts/chromium.ts";
import type { RunningService } from "../../service/run-service.ts";
import { startService } from "../../service/serve.ts";
import { simulate } from "../../sim/simulate.ts";
import { runsDigest } from "../../sim/suite/baseline.ts";

let service: RunningService;
beforeAll(async () => {
  service = await startService({ databasePath: null, port: 0, page: builtPage() });
});
afterAll(() => service.stop());

describe.runIf(canTestBrowser("test/service/live-page"))("the live page at /", () => {
  it("runs in Chromium under its content security policy, and its digest is Node's", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const [errors, asked]: [string[], string[]] = [[], []];
      page.on("console", (line) => line.type() === "error" && errors.push(line.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(`${service.url}/#scenario=tide&pressure=95&seed=4&duration=60`);
      const demand = getScenario("tide").generate({
        ...{ pressureRatio: 0.95, seed: 4, durationMicros: 60e6, ratePerSecond: 100, capacityBytes: 102_400 },
      });
      const runs = ["reactive", "predictive"].map((policy) => simulate({ demand, policy, seed: 4 }).result);
      await page.getByText(runsDigest(runs)).first().waitFor({ timeout: 60_000 });
      expect(errors).toEqual([]);
      const own = (url: string) => url.startsWith(`${service.url}/`) || /^(?:blob|data):/.test(url);
      expect(asked.filter((url) => !own(url))).toEqual([]);
      expect(asked.filter((url) => url.startsWith("http"))).toEqual([`${service.url}/#scenario=tide&pressure=95&seed=4&duration=60`.split("#")[0]!]); // biome-ignore format: one line
    } finally {
      await browser.close();
    }
  });
});

describe("/", () => {
  it("is the page for whoever asks for HTML, the index for everyone else; both say what a browser may do with them", async () => {
    const html = await fetch(service.url, { headers: { accept: "text/html,*/*" } });
    expect(await html.text()).toBe(builtPage());
    const policy = html.headers.get("content-security-policy")!;
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe/);
    const index = await fetch(service.url);
    expect(await index.json()).toMatchObject({ service: "mempred" });
    expect(index.headers.get("content-security-policy")).toContain("default-src 'none'");
  });
});
