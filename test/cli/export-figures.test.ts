// The pictures of panels D, E and F from the command line: each says what the journals say, is one well-formed document, and is
// the same each time.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readRecording } from "../../cli/read-recording.ts";
import { calibrationFigure, recordedCalibrationFigure } from "../../cli/render/calibration-figure.ts";
import { compactionFigure } from "../../cli/render/compaction-figure.ts";
import { networkFigure } from "../../cli/render/network-figure.ts";
import { PARAMETER_COUNT } from "../../predictor/network.ts";
import { compactWeights } from "../../predictor/shipped-compact.ts";
import { type Compaction, compactionsUntil, sumCompactions } from "../../sim/recording/compactions.ts";
import { Recording } from "../../sim/recording/recording.ts";
import { networkAt } from "../../sim/recording/shown-network.ts";
import type { ResultFile } from "../../sim/result.ts";
import { run, temporaryFolder } from "./fake-host.ts";
import { XmlCheck } from "./xml-check.ts";

const folder = temporaryFolder();
const path = (name: string) => join(folder, name);
const POLICIES = ["reactive", "predictive", "neural"] as const;
const journal = (policy: (typeof POLICIES)[number]) => path(`${policy}.jsonl`);
const recordings = {} as Record<(typeof POLICIES)[number], Recording>;

beforeAll(async () => {
  for (const policy of POLICIES) {
    const words = `stress --scenario burst --pressure 95 --seed 3 --duration 40s --policy ${policy} --output ${folder}`;
    const files = ["--journal", journal(policy), "--json", path(`${policy}.json`)];
    expect((await run([...words.split(" "), ...files])).status).toBe(0);
    recordings[policy] = await readRecording(journal(policy));
  }
});

async function drawn(option: string, words: readonly string[]): Promise<string> {
  const file = path(`${option}.svg`);
  const { status, stdout } = await run(["export", ...words, `--${option}`, file]);
  expect(status).toBe(0);
  const svg = readFileSync(file, "utf8");
  expect(stdout).toContain(`wrote ${file} (`);
  expect(new XmlCheck(svg).trouble()).toBeNull();
  expect(svg).toContain("@media (prefers-color-scheme:dark)");
  return svg;
}

const marks = (svg: string, pattern: RegExp) => svg.match(pattern)?.length ?? 0;

describe("--compactions", () => {
  test("a line a compaction, up or down and by another mark, the sums in words, spared ones marked", async () => {
    const svg = await drawn("compactions", [journal("reactive"), journal("predictive")]);
    const { reactive, predictive } = recordings;
    expect(svg).toBe(compactionFigure([reactive, predictive]));
    const own = compactionsUntil(predictive, reactive, Infinity);
    const late = compactionsUntil(reactive, predictive, Infinity);
    const ahead = own.filter((one) => one.isAhead);
    // One covers another on the same half pixel: 896 pixels are 40 s.
    const places = (list: readonly Compaction[]) => new Set(list.map((one) => Math.round(2 * (84 + (one.startMicros / 40_000_000) * 896)))).size; // biome-ignore format: one line
    const onRequest = places(own.filter((one) => !one.isAhead)) + places(late);
    expect(late.every((one) => !one.isAhead) && places(ahead) > 0.9 * ahead.length).toBe(true);
    expect(marks(svg, /class="run-ahead"/g)).toBe(places(ahead));
    expect(marks(svg, /class="end-ahead triangle"/g)).toBe(places(ahead));
    expect(marks(svg, /class="run-late dashes"/g)).toBe(onRequest);
    expect(marks(svg, /class="end-late circle"/g)).toBe(onRequest);
    const { spared, sparing } = sumCompactions(own);
    expect(spared).toBeGreaterThan(0);
    const words = `predictive: ${ahead.length} ahead of need, `;
    expect(svg.split(words).length).toBe(3); // in the picture and in its description
    expect(svg).toContain(
      `spared: ${spared} requests that reactive denied, within 5 s after ${sparing} of the ${own.length}`,
    );
    expect(marks(svg, /class="bound diamond"/g)).toBeGreaterThan(0);
    for (const [, y1, y2] of svg.matchAll(/class="run-ahead" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/g))
      expect(Number(y2)).toBeLessThanOrEqual(Number(y1));
    for (const [, y1, y2] of svg.matchAll(
      /class="run-late dashes" x1="[\d.]+" y1="([\d.]+)" x2="[\d.]+" y2="([\d.]+)"/g,
    ))
      expect(Number(y2)).toBeGreaterThanOrEqual(Number(y1));
  });

  test("one run, another demand, a stretch of time", async () => {
    const { predictive, reactive } = recordings;
    const alone = await drawn("compactions", [journal("predictive"), "--from", "10s", "--to", "20s"]);
    expect(alone).toBe(compactionFigure([predictive], 10_000_000, 20_000_000));
    const within = compactionsUntil(predictive, null, 20_000_000).filter((one) => one.startMicros >= 10_000_000);
    expect(within.length).toBeGreaterThan(0);
    expect(marks(alone, /class="run-(ahead|late dashes)"/g)).toBe(within.length);
    expect(alone).toContain("spared: not to be told without a second run of the same demand");
    expect(alone).not.toContain("diamond");
    const elsewhere = new Recording({ ...reactive.header, seed: 4 });
    elsewhere.sample(40_000_000, 0.5, 0.5);
    expect(compactionFigure([predictive, elsewhere])).not.toContain("diamond");
    expect(compactionFigure([elsewhere])).toBeNull();
  });

  test("a policy's name cannot break the document", () => {
    const odd = new Recording({ ...recordings.predictive.header, policy: 'a<b>&"c' });
    odd.compact(1_000_000, 0, true, "x", "start", 0);
    odd.compact(1_000_100, 0, true, "x", "end", 4096);
    odd.sample(2_000_000, 0.5, 0.5);
    const svg = compactionFigure([odd])!;
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).toContain("a&lt;b&gt;&amp;&quot;c: 1 ahead of need, 4.0 KiB moved; 0 for a request");
  });
});

describe("--calibration", () => {
  test("a panel for each run that forecasts, with the figures of its result", async () => {
    const svg = await drawn("calibration", POLICIES.map(journal));
    expect(svg).toBe(recordedCalibrationFigure(Object.values(recordings)));
    expect(svg).not.toContain("reactive, burst");
    for (const policy of ["predictive", "neural"]) {
      const { runs } = JSON.parse(readFileSync(path(`${policy}.json`), "utf8")) as ResultFile;
      const { calibration, predictions, skill, baseRate } = runs[0]!.forecast!;
      const filled = calibration.filter((bin) => bin.predictions > 0);
      expect(marks(svg, new RegExp(`class="marker-${policy} circle"`, "g"))).toBe(filled.length);
      const said = filled.map((bin) => `${(100 * bin.meanProbability!).toFixed(0)} % forecast: came in ${(100 * bin.eventShare!).toFixed(0)} % of ${bin.predictions}`); // biome-ignore format: one line
      expect(svg).toContain(said.join("; "));
      expect(svg).toContain(`${predictions} forecasts, too few to judge by; critical came after ${(100 * baseRate!).toFixed(0)} % (base rate)`); // biome-ignore format: one line
      expect(svg).toContain(`skill ${skill!.toFixed(2).replace("-", "−")} against`);
    }
  });

  test("the one of an evaluation has the same curve", () => {
    const { runs } = JSON.parse(readFileSync(path("predictive.json"), "utf8")) as ResultFile;
    const svg = calibrationFigure(runs[0]!.forecast!, "predictive");
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(marks(svg, /class="marker-predictive circle"/g)).toBe(runs[0]!.forecast!.calibration.filter((bin) => bin.predictions > 0).length); // biome-ignore format: one line
  });
});

describe("--network", () => {
  test("a line a weight, dashed where it is negative; learning ones of the moment, constant ones of the program", async () => {
    const svg = await drawn("network", [...POLICIES.map(journal), "--at", "20s"]);
    expect(svg).toBe(networkFigure(Object.values(recordings), 20_000_000));
    const weights = [networkAt(recordings.predictive, 20_000_000)!, networkAt(recordings.neural, 20_000_000)!].flatMap(({ weights }) => [...Array.from(weights).slice(0, 32), ...Array.from(weights).slice(40, 48)]); // biome-ignore format: one line
    expect(marks(svg, /class="less w\d+"/g)).toBe(weights.filter((weight) => weight < 0).length);
    expect(marks(svg, /class="more w\d+"/g)).toBe(weights.filter((weight) => weight >= 0).length);
    expect(weights.slice(0, 32)).toEqual([...compactWeights().slice(0, 32)]);
    expect(svg).toContain("neural, burst at 95 %, seed 3, 20.0 s");
    expect(svg).toContain(`corrects the anchor ${networkAt(recordings.neural, 20_000_000)!.inputs![4]!.toFixed(3)}`);
    expect(svg).toMatch(/forecast 9\d\.\d %, at most [\d.]+ %, confidence [\d.]+ %; watchdog: not tripped until then/);
    expect(await drawn("network", [journal("neural"), "--at", "30s"])).not.toContain("20.0 s");
  });

  test("a damaged weight has a line of its own kind, and a trip is told", () => {
    const recording = new Recording({ ...recordings.neural.header });
    const weights = new Float64Array(PARAMETER_COUNT).fill(0.5);
    weights[7] = NaN;
    recording.sample(0, 0.9, 0.9);
    recording.network(0, weights, Float64Array.of(0, 0, 0, 0, 0.5));
    recording.forecast(0, 0.9, NaN, NaN, 0);
    recording.watchdog(0, "not finite");
    const svg = networkFigure([recording], Infinity)!;
    expect(new XmlCheck(svg).trouble()).toBeNull();
    expect(svg).not.toMatch(/NaN/);
    expect(marks(svg, /class="lost w2"/g)).toBe(1);
    expect(svg).toContain("forecast none, at most none, confidence 0.0 %; watchdog: last tripped at 0.0 s, not finite");
  });
});

describe("wrong input", () => {
  const exits = async (words: readonly string[], message: RegExp) => {
    const { status, stdout, stderr } = await run(["export", ...words]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(() => readFileSync(path("none.svg"))).toThrow();
  };

  test("says what would be drawn, and writes nothing, not even what could be drawn", async () => {
    const [reactive, neural] = [journal("reactive"), journal("neural")];
    const none = path("none.svg");
    await exits(
      [reactive, "--network", none],
      /this journal has nothing to draw\n.*a policy with the small network: neural, predictive/,
    );
    await exits([reactive, "--calibration", none], /nothing to draw\n.*a policy that forecasts/);
    await exits([reactive, "--compactions", none, "--to", "1ms"], /nothing to draw\n.*a policy that compacts/);
    await exits([reactive, "--compactions", none, "--from", "50s"], /--from is after the end of the runs, 40\.0 s/);
    await exits(
      [reactive, "--compactions", none, "--network", path("other.svg")],
      /--network: this journal has nothing/,
    );
    await exits([neural, "--network", none, "--at", "noon"], /noon/);
    const old = readFileSync(neural, "utf8").replaceAll(/,"weights":[^\n]*/g, "}");
    writeFileSync(path("old.jsonl"), old);
    await exits([path("old.jsonl"), "--network", none], /a journal with weights: neural learns while it runs/);
  });

  test("an older picture is replaced", async () => {
    for (const option of ["--compactions", "--calibration", "--network"]) {
      const file = path(`again${option}`);
      for (let i = 0; i < 2; i++)
        expect((await run(["export", journal("predictive"), option, file])).status, option).toBe(0);
    }
  });
});
