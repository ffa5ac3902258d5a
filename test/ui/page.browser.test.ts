// The page in Chromium, from disk: the same runs as Node's, every control, by keyboard, for assistive technology, on a small
// screen, and with files that are no good.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embed } from "../../cli/html-report.ts";
import { readResultFile } from "../../cli/read-result.ts";
import { pageReport } from "../../cli/render/page-report.ts";
import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { traceToDemand } from "../../scenarios/trace/trace-demand.ts";
import { parseTrace } from "../../scenarios/trace/trace-parser.ts";
import { canTestBrowser } from "../../scripts/chromium.ts";
import { resolvePolicy } from "../../sim/policies/registry.ts";
import type { ResultFile, RunResult } from "../../sim/result.ts";
import { simulate } from "../../sim/simulate.ts";
import { runsDigest } from "../../sim/suite/baseline.ts";
import { compareRuns } from "../../sim/suite/comparisons.ts";
import { run } from "../cli/fake-host.ts";
import { builtHtml, type OpenPage, openPage, startBrowser, stopBrowser, temporaryFile } from "./browser-page.ts";

const SECONDS = 20;
const HASH = `scenario=steady&pressure=95&seed=1&policies=reactive,predictive&duration=${SECONDS}`;
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

function demandOf(scenario: string, seed: number, seconds = SECONDS) {
  const options = { pressureRatio: 0.95, seed, durationMicros: seconds * 1e6, ratePerSecond: 100 };
  return getScenario(scenario).generate({ ...options, capacityBytes: DEFAULT_CAPACITY_BYTES });
}

/** As the command line runs them: a paired policy copies the work of its partner. */
function runNode(scenario: string, seed: number, policies: readonly string[], seconds = SECONDS): RunResult[] {
  const demand = demandOf(scenario, seed, seconds);
  return policies.map((policy) => {
    const { pairedWith } = resolvePolicy(policy);
    if (pairedWith === null) return simulate({ demand, policy, seed }).result;
    const { proactive, proactivePacks } = simulate({ demand, policy: pairedWith, seed }).result.compaction;
    return simulate({ demand, policy, seed, placeboRuns: proactive, placeboPacks: proactivePacks }).result;
  });
}

function journalOf(policy: string, seed = 1): string {
  const lines: string[] = [];
  simulate({ demand: demandOf("steady", seed), policy, seed, journal: (line) => lines.push(line) });
  return `${lines.join("\n")}\n`;
}

/** What axe finds, in a few words each. */
async function axe({ page }: OpenPage): Promise<string[]> {
  await page.evaluate(AXE);
  const found = `axe.run().then(({ violations }) => violations.map((one) =>
    one.id + ": " + one.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? "")).join(" | ")))`;
  return page.evaluate<string[]>(found);
}

async function expectClean(opened: OpenPage): Promise<void> {
  expect(opened.foreign).toEqual([]);
  expect(opened.errors).toEqual([]);
  await opened.page.context().close();
}

describe.runIf(canTestBrowser("test/ui"))("the page", () => {
  beforeAll(startBrowser);
  afterAll(stopBrowser);

  test("is one file under 120 KB packed that names no other host", () => {
    expect(gzipSync(builtHtml(), { level: 9 }).length).toBeLessThan(120_000);
    const addresses = builtHtml().match(/https?:\/\/[\w.-]+/g) ?? [];
    expect(addresses.filter((one) => one !== "http://www.w3.org")).toEqual([]);
    expect(builtHtml()).not.toMatch(/<(?:script|link|img)[^>]+(?:src|href)="(?!data:)/);
  });

  test.each([
    ["steady", ["reactive", "predictive"]],
    ["mixed-tenants", ["watermark", "neural"]],
    ["burst", ["placebo", "clairvoyant"]],
  ])("shows Node's digest and counts: %s", async (scenario, policies) => {
    const opened = await openPage(HASH.replace("steady", scenario).replace("reactive,predictive", policies.join(",")));
    await opened.settled();
    const results = runNode(scenario, 1, policies);
    expect(await opened.text("digest")).toBe(runsDigest(results));
    expect(await opened.text("counters-A")).toContain(`avoidable OOM${results[0]!.ooms.avoidable}`);
    expect(await opened.text("counters-B")).toMatch(new RegExp(`all OOM${results[1]!.ooms.total}\\D`));
    await opened.picture(`run-${scenario}`);
    await expectClean(opened);
  });

  test("plays, steps, jumps, scrubs and shares a moment", async () => {
    const opened = await openPage(`${HASH}&t=10`);
    const { page, text, settled } = opened;
    await settled();
    expect(await text("moment")).toBe("10.0 s");
    await page.getByRole("button", { name: "step forward" }).click();
    expect(await text("moment")).toBe("10.5 s");
    await page.getByRole("button", { name: "step back" }).click();
    expect(await text("moment")).toBe("10.0 s");
    await page.getByLabel("speed").selectOption("60");
    await page.getByRole("button", { name: "play" }).click();
    await page.getByRole("button", { name: "play" }).waitFor(); // at the end it stands
    expect(await text("moment")).toBe("20.0 s");
    await page.getByRole("button", { name: "◂ OOM" }).click();
    expect(await text("moment")).not.toBe("20.0 s");
    await page.getByLabel("moment", { exact: true }).fill("12000000");
    expect(await text("moment")).toBe("12.0 s");
    await page.getByRole("button", { name: "share" }).click();
    expect(page.url()).toContain("seed=1&policies=reactive,predictive&duration=20&t=12");
    await page
      .locator(".chart canvas")
      .first()
      .click({ position: { x: 500, y: 60 } });
    expect(await text("moment")).not.toBe("12.0 s");
    await page.keyboard.press("End");
    expect(await text("moment")).toBe("20.0 s");
    await page.keyboard.press("Home");
    await page.keyboard.press("n");
    expect(await text("moment")).not.toBe("0.0 s");
    await expectClean(opened);
  });

  test("every control does something and nothing breaks", async () => {
    const opened = await openPage(HASH.replace(`duration=${SECONDS}`, "duration=10"));
    const { page, text, settled } = opened;
    await settled();
    const plain = await text("digest");
    const rerun = async (change: () => Promise<unknown>): Promise<string> => {
      await change();
      await settled();
      return text("digest");
    };
    for (const summary of await page.locator("summary").all()) await summary.click();
    const field = (name: string) => page.getByLabel(name, { exact: true });
    expect(
      await rerun(() =>
        field("runsPerSecond")
          .fill("1")
          .then(() => page.keyboard.press("Tab")),
      ),
    ).not.toBe(plain);
    expect(await page.locator("body").textContent()).toContain("altered (runsPerSecond 1)");
    expect(
      await rerun(() =>
        field("exposureRatio")
          .fill("0.1")
          .then(() => page.keyboard.press("Tab")),
      ),
    ).not.toBe(plain);
    expect(await rerun(() => page.getByRole("button", { name: "undo all" }).click())).toBe(plain);
    await rerun(() =>
      field("lookaheadSeconds")
        .fill("0")
        .then(() => page.keyboard.press("Tab")),
    );
    expect(await page.locator("body").textContent()).toContain("altered (lookaheadSeconds 0)");
    expect(await rerun(() => page.getByRole("button", { name: "undo all" }).click())).toBe(plain);
    for (const name of ["decision loop", "watchdog"]) {
      await rerun(() => page.getByLabel(name).click());
      expect(await rerun(() => page.getByLabel(name).click())).toBe(plain);
    }
    expect(await rerun(() => page.getByLabel(/^forecast of B/).click())).not.toBe(plain);
    expect(await rerun(() => page.getByLabel(/^forecast of B/).click())).toBe(plain);
    await field("burst blocks").fill("200");
    await page.getByLabel("moment", { exact: true }).fill("5000000");
    const burst = await rerun(() => page.locator("canvas[data-side=B]").click());
    expect(burst).not.toBe(plain);
    expect(await page.getByTestId("message").textContent()).toContain("200 blocks of 256 B at 5.0 s");
    expect(await rerun(() => page.getByRole("button", { name: "undo all" }).click())).toBe(plain);
    for (const [name, value] of [
      ["scenario", "burst"],
      ["pressure", "75"],
      ["A", "none"],
      ["B", "holt"],
      ["length", "60"],
    ] as const)
      await rerun(() => page.getByRole("combobox", { name, exact: true }).selectOption(value));
    await rerun(() =>
      field("seed")
        .fill("7")
        .then(() => page.keyboard.press("Tab")),
    );
    expect(page.url()).toContain("scenario=burst&pressure=75&seed=7&policies=none,holt&duration=60");
    for (const theme of ["dark", "light", "auto"]) await page.getByLabel("theme").selectOption(theme);
    for (const name of ["compactions of A", "compactions of B", "60 s around the moment"])
      await page.getByRole("button", { name }).click();
    await page.getByLabel("each placement and move as well").click();
    await opened.picture("every-control");
    await expectClean(opened);
  });

  test("saves a picture, a drawing and a result that the command line reads", async () => {
    const opened = await openPage(HASH);
    const { page, settled } = opened;
    await settled();
    const saved = async (name: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
      return download.path();
    };
    expect([...readFileSync(await saved("save as PNG")).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
    expect(readFileSync(await saved("save as SVG"), "utf8")).toMatch(
      /^<svg [\s\S]+<title>mempred · A reactive[\s\S]+<\/svg>\n$/,
    );
    const path = temporaryFile("saved.json", readFileSync(await saved("save as JSON")));
    const result = await readResultFile(path);
    expect(runsDigest(result.runs)).toBe(runsDigest(runNode("steady", 1, ["reactive", "predictive"])));
    await expectClean(opened);
  });

  test("runs many seeds, and a dot leads to its run", async () => {
    const opened = await openPage(HASH);
    const { page, text, settled } = opened;
    await settled();
    await page.getByLabel("1 to").selectOption("5");
    await page.getByLabel("bounds").click();
    await page.getByRole("button", { name: "run seeds" }).click();
    await page.getByTestId("seeds-summary").filter({ hasText: "5 seeds" }).waitFor({ timeout: 60_000 });
    const differences = [1, 2, 3, 4, 5].map((seed) => {
      const [a, b] = runNode("steady", seed, ["reactive", "predictive"]);
      return b!.ooms.avoidable - a!.ooms.avoidable;
    });
    const mean = differences.reduce((sum, value) => sum + value, 0) / 5;
    expect(await text("seeds-summary")).toContain(`predictive −${Math.abs(mean).toFixed(mean % 1 === 0 ? 0 : 2)} [`);
    expect(await text("seeds-summary")).toContain("clairvoyant");
    expect(await text("seeds-summary")).toContain("5 seeds of steady, 95 %:");
    const isOfOthers = page.locator('[aria-labelledby="seeds"]').getByText("Other settings than those chosen above");
    expect(await isOfOthers.count()).toBe(0);
    await page.getByLabel("seed", { exact: true }).fill("9");
    await page.getByLabel("seed", { exact: true }).press("Enter");
    await settled();
    expect(await isOfOthers.count()).toBe(0); // another seed is one of them
    await page.getByLabel("scenario").selectOption("burst");
    await isOfOthers.waitFor();
    await settled();
    await page.getByRole("button", { name: /^seed 3:/ }).focus();
    await page.keyboard.press("Enter");
    await settled();
    expect(await text("digest")).toBe(runsDigest(runNode("steady", 3, ["reactive", "predictive"])));
    expect(await isOfOthers.count()).toBe(0);
    await opened.picture("many-seeds");
    await expectClean(opened);
  });

  test("axe finds nothing, light and dark, everything open, at 400 px and with reduced motion", async () => {
    const opened = await openPage(HASH.replace("predictive", "neural"));
    await opened.settled();
    expect(await axe(opened)).toEqual([]);
    for (const summary of await opened.page.locator("summary").all()) await summary.click();
    expect(await axe(opened)).toEqual([]);
    await opened.picture("everything-open");
    await opened.page.context().close();
    const small = await openPage(HASH, {
      viewport: { width: 400, height: 800 },
      colorScheme: "dark",
      reducedMotion: "reduce",
    });
    await small.settled();
    expect(await axe(small)).toEqual([]);
    const widths = "[document.documentElement.scrollWidth, innerWidth]";
    const [wide, view] = await small.page.evaluate<[number, number]>(widths);
    expect(wide).toBeLessThanOrEqual(view);
    const lefts =
      "[...new Set([...document.querySelectorAll('.panel')].map((one) => one.getBoundingClientRect().left))].length";
    expect(await small.page.evaluate(lefts)).toBe(1);
    await small.picture("small-dark");
    await expectClean(small);
  });

  test("by keyboard alone: everything is reached, the map tells what lies where", async () => {
    const opened = await openPage(HASH);
    const { page, text, settled } = opened;
    await settled();
    const count = `document.querySelectorAll("button:not(:disabled), select, input:not([hidden]), summary, canvas[tabindex], section[tabindex], svg [tabindex]").length`;
    // Those inside closed details cannot be reached, and need not.
    const hidden = `document.querySelectorAll("details:not([open]) :is(button:not(:disabled), select, input)").length`;
    const wanted = (await page.evaluate<number>(count)) - (await page.evaluate<number>(hidden));
    const mark = `document.activeElement === document.body ? -1 : (globalThis.seen ??= new Set()).add(document.activeElement).size`;
    let reached = 0;
    for (let i = 0; i < wanted + 5; i++) {
      await page.keyboard.press("Tab");
      const now = await page.evaluate<number>(mark);
      if (now > reached) reached = now;
    }
    expect(reached).toBeGreaterThanOrEqual(wanted);
    await page.locator("canvas[data-side=A]").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    expect(await text("pointed-A")).toMatch(/^at \d+: /);
    await expectClean(opened);
  });

  test("a journal, a result and a trace are shown; what is broken or foreign says so and changes nothing", async () => {
    const opened = await openPage(HASH);
    const { page, text, settled } = opened;
    await settled();
    const open = (...paths: string[]) => page.locator("input[type=file]").setInputFiles(paths);
    const said = () => page.getByTestId("message");
    const plain = [await text("digest"), await text("counters-A"), await text("counters-B")];
    const journal = journalOf("reactive");
    const lines = journal.split("\n");
    const twice = [...lines.slice(0, 60), lines[59], ...lines.slice(60)].join("\n");
    const results = [1, 2].flatMap((seed) => runNode("steady", seed, ["reactive", "predictive"]));
    const file = resultFile(results, [1, 2]);
    const trace = readFileSync(new URL("../../traces/tar-xz.trep.gz", import.meta.url));
    const bad: [string, string | Uint8Array, RegExp][] = [
      ["noise.bin", Uint8Array.from({ length: 3000 }, (_, i) => (i * 37) % 251), /not text/],
      ["cut.trep.gz", trace.subarray(0, 9000), /damaged/],
      ["half.jsonl", journal.slice(0, 5000), /half\.jsonl, line \d+/],
      ["twice.jsonl", twice, /placed twice|lies on another|not there|runs back/],
      ["story.txt", "Once upon a time\nthere was a heap.\n", /story\.txt/],
      ...["evening-peak.yaml", "nightly-batch.json"].map((name): [string, string, RegExp] => {
        const scenario = new URL(`../../examples/scenarios/${name}`, import.meta.url);
        return [name, readFileSync(scenario, "utf8"), new RegExp(`mempred stress --scenario ${name} --html`)];
      }),
      ["empty.json", JSON.stringify({ ...file, runs: [] }), /no finished run/],
      ["torn.json", JSON.stringify(file).slice(0, 900), /JSON/],
      ["odd.json", JSON.stringify({ ...file, runs: [{ scenario: "steady" }] }), /not complete/],
    ];
    for (const [name, content, message] of bad) {
      await open(temporaryFile(name, content));
      await said().filter({ hasText: "nothing was changed" }).filter({ hasText: name }).waitFor();
      expect(await said().textContent()).toMatch(message);
      expect([await text("digest"), await text("counters-A"), await text("counters-B")]).toEqual(plain);
    }
    await opened.picture("broken-file");
    await open(temporaryFile("result.json", JSON.stringify(file)));
    await said().filter({ hasText: "worst seed" }).waitFor();
    await settled();
    expect(await page.locator("#log ~ p").first().textContent()).toContain("= equals the report's");
    await open(temporaryFile("tar-xz.trep.gz", trace));
    await said().filter({ hasText: "a recording" }).waitFor({ timeout: 60_000 });
    await settled();
    const recorded = parseTrace(gunzipSync(trace).toString(), "tar-xz.trep.gz");
    const digestOfTrace = (seed: number): string => {
      const demand = traceToDemand(recorded, { pressureRatio: 0.95, seed, ratePerSecond: 100 });
      return runsDigest(["reactive", "predictive"].map((policy) => simulate({ demand, policy, seed }).result));
    };
    const seedField = page.getByLabel("seed", { exact: true });
    expect(await text("digest")).toBe(digestOfTrace(Number(await seedField.inputValue())));
    await seedField.fill("7"); // the worker has the trace already
    await seedField.press("Enter");
    await settled();
    expect(await text("digest")).toBe(digestOfTrace(7));
    await open(temporaryFile("a.jsonl", journal), temporaryFile("b.jsonl", journalOf("predictive")));
    await said().filter({ hasText: "reactive on steady, 95 %, seed 1; predictive on steady" }).waitFor();
    expect(await text("counters-A")).toContain(`avoidable OOM${results[0]!.ooms.avoidable}`);
    const { maePercentPoints, skill } = simulate({ demand: demandOf("steady", 1), policy: "predictive", seed: 1 })
      .result.forecast!;
    const accuracy = page.locator('[aria-labelledby="accuracy"]');
    await accuracy.filter({ hasText: "MAE" }).waitFor();
    expect(await accuracy.textContent()).toContain(
      `MAE ${maePercentPoints!.toFixed(2)} pp · skill ${skill!.toFixed(2)}`,
    );
    expect(await text("counters-B")).toMatch(/[▾▴=]/);
    await opened.picture("two-journals");
    await open(temporaryFile("a.jsonl", journal), temporaryFile("c.jsonl", journalOf("predictive", 2)));
    await said().filter({ hasText: "different demands" }).waitFor();
    expect(await text("counters-B")).not.toMatch(/[▾▴=]/);
    await expectClean(opened);
  });

  test("a file dropped on the page is opened like a chosen one", async () => {
    const opened = await openPage(HASH);
    await opened.settled();
    await opened.page.evaluate(`(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["nothing of the kind"], "dropped.txt"));
      for (const type of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
    })()`);
    await opened.page.getByRole("status").filter({ hasText: "dropped.txt is not opened" }).waitFor();
    await expectClean(opened);
  });

  test("a report opens from disk: the verdict first, then the cost, and its worst seed with the report's digest", async () => {
    const seeds = [1, 2, 3];
    const results = seeds.flatMap((seed) => runNode("steady", seed, ["reactive", "predictive"]));
    const report = pageReport(resultFile(results, seeds));
    const html = embed(builtHtml(), report);
    expect(gzipSync(html, { level: 9 }).length).toBeLessThan(120_000);
    expect(html.slice(0, 256)).toContain('"mempred.page/');
    const opened = await openPage("", {}, temporaryFile("report.html", html));
    await opened.settled();
    expect(await opened.page.locator("main h2").first().textContent()).toContain(report.verdicts[0]!);
    expect(await opened.page.locator("main .panel").first().textContent()).toContain(`cost: ${report.cost}`);
    expect(await opened.text("digest")).toBe(report.shown.digest);
    expect(await opened.text("seeds-summary")).toContain("3 seeds");
    expect(await axe(opened)).toEqual([]);
    await opened.picture("report");
    await expectClean(opened);
    const broken = html.replace('"packed":"H4sI', '"packed":"H4sX');
    const damaged = await openPage("", {}, temporaryFile("damaged.html", broken));
    await damaged.page.getByRole("status").filter({ hasText: "the report in this page is damaged" }).waitFor();
    await damaged.page.context().close();
  });

  test("the report of a recording: the same digest, no length to choose, and a scenario can be chosen after it", async () => {
    const file = temporaryFile("replay.html", "");
    const { status } = await run(["replay", "tar-xz", "--pressure", "95", "--seed", "1", "--html", file]);
    expect(status).toBe(0);
    const opened = await openPage("", {}, file);
    const { page, settled } = opened;
    await settled();
    expect(await page.locator("#log ~ p").first().textContent()).toContain("= equals the report's");
    expect(await page.getByLabel("length").count()).toBe(0);
    await page.getByLabel("scenario").selectOption("steady");
    await page.getByLabel("length").selectOption("60");
    await settled();
    expect(await opened.text("digest")).toBe(runsDigest(runNode("steady", 1, ["reactive", "predictive"], 60)));
    await expectClean(opened);
  });
});

function resultFile(runs: readonly RunResult[], seeds: readonly number[]): ResultFile {
  const suite = {
    scenarios: ["steady"],
    pressures: [0.95],
    seeds,
    policies: ["reactive", "predictive"],
    durationSeconds: SECONDS,
    mix: null,
    rate: 100,
    settings: {
      command: "stress",
      capacityBytes: DEFAULT_CAPACITY_BYTES,
      fit: "segregated",
      autonomy: true,
      watchdog: true,
      shadow: true,
      weights: "shipped",
      retries: 0,
    },
  };
  return { schema: "mempred.result/1", version: "0.1.0", suite, runs, comparisons: compareRuns(suite, runs) };
}
