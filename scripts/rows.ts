// Writes docs/rows.md: every acceptance row, the command that shows it, and for the rows marked † the figure as measured,
// from a result file, an hour's result and a benchmark's. Nothing measured is typed here.
//
//   npx tsx scripts/rows.ts            runs all three (some minutes), then writes
//   npx tsx scripts/rows.ts FOLDER     reads suite.json, hour.json and bench.json from there; makes those that are missing

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readResultFile } from "../cli/read-result.ts";
import type { StoredResult } from "../cli/stored-result.ts";
import type { Interval, RunResult } from "../sim/result.ts";
import { runsDigest } from "../sim/suite/baseline.ts";
import { mean, meanInterval } from "../sim/suite/statistics.ts";
import { poolComparisons } from "../sim/suite/verdicts.ts";
import type { BenchRow } from "./bench/bench-row.ts";
import { ROWS } from "./rows-table.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const LEVEL = 0.95;
const SUITE = ["stress", "--seeds", "20", "--quiet"];
const HOUR = ["stress", "--scenario", "all", "--pressure", "95", "--duration", "1h", "--seeds", "5", "--quiet"];

function make(file: string, words: readonly string[]): void {
  if (existsSync(file)) return;
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"], cwd: root });
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}`);
}

const number = (value: number, digits = 1): string => value.toFixed(digits).replace("-", "−");
const percent = (ratio: number | null | undefined, digits = 1): string =>
  ratio === null || ratio === undefined ? "n/a" : `${number(100 * ratio, digits)} %`;

/** "reactive → predictive (change) [interval of the difference]". */
function change(interval: Interval, digits = 1): string {
  const ci =
    interval.ci95 === null ? "one seed" : `[${number(interval.ci95[0], digits)}, ${number(interval.ci95[1], digits)}]`;
  return `${number(interval.baseline, digits)} → ${number(interval.policy, digits)} (${percent(interval.changeRatio)}), difference ${ci}`;
}

/** Mean over runs, and its interval over seeds (cells are averaged within a seed first). */
function overSeeds(runs: readonly RunResult[], pick: (run: RunResult) => number): string {
  const seeds = [...new Set(runs.map((run) => run.seed))];
  const values = seeds.map((seed) => mean(runs.filter((run) => run.seed === seed).map(pick)));
  const interval = meanInterval(values);
  return `${number(mean(values), 2)}${interval === null ? "" : ` [${number(interval[0], 2)}, ${number(interval[1], 2)}]`}`;
}

function bench(rows: readonly BenchRow[], ...words: string[]): string {
  const found = rows.filter((row) => words.every((word) => row.name.toLowerCase().includes(word)));
  if (found.length === 0) throw new Error(`the benchmark has no row with ${words.join(", ")}`);
  return found.map((row) => `${row.name}: ${number(row.value)} ${row.unit}`).join("; ");
}

/** The figure of each † row of this part of the work. */
function measure(suite: StoredResult, hour: StoredResult, rows: readonly BenchRow[]): Map<string, string> {
  const at = poolComparisons(suite.runs, suite.comparisons, "reactive", "predictive", LEVEL)!.comparison;
  const runs = (policy: string) => suite.runs.filter((run) => run.policy === policy && run.pressureRatio === LEVEL);
  const reactive = runs("reactive");
  const predictive = runs("predictive");
  const pair = (pick: (run: RunResult) => number) => `${overSeeds(reactive, pick)} → ${overSeeds(predictive, pick)}`;
  const overall = suite.forecasts.find(
    (one) => one.policy === "predictive" && one.scenario === null && one.pressureRatio === null,
  );
  const forecast = overall!.report;
  const accuracy = (part: {
    accuracy: number | null;
    baseRate: number | null;
    skill: number | null;
    insufficient: boolean;
  }) =>
    part.insufficient
      ? "insufficient"
      : `${percent(part.accuracy)} (base rate ${percent(part.baseRate)}, skill ${part.skill === null ? "n/a" : number(part.skill, 2)})`;
  const hourly = hour.runs.filter((run) => run.policy === "predictive");
  return new Map([
    ["K11", `after a cold start, first 200 predictions: ${accuracy(forecast.coldStart)}`],
    [
      "K33†/34†",
      `peak P, %: ${pair((run) => 100 * run.pressure.peakEffective)}; mean P, %: ${pair((run) => 100 * run.pressure.meanEffective)}`,
    ],
    [
      "K35†",
      `avoidable a run: ${change(at.avoidableOoms)}; all: ${change(at.totalOoms)}; denied bytes: ${change(at.deniedBytes, 0)}`,
    ],
    ["K36†", `${change(at.compactionRuns)}; bytes moved ${change(at.movedBytes, 0)}`],
    ["K37†", `µs a run: ${pair((run) => run.compaction.meanMicros)}`],
    [
      "K38†/39†",
      `proactive share of runs, %: ${overSeeds(predictive, (run) => (100 * run.compaction.proactive) / Math.max(1, run.compaction.runs))}`,
    ],
    ["K41†", accuracy(forecast)],
    ["K42†", `µs: ${change(at.responseMeanMicros, 2)}`],
    [
      "K47†/48†",
      `OOM events an hour: avoidable ${overSeeds(hourly, (run) => run.ooms.avoidable)}, all ${overSeeds(hourly, (run) => run.ooms.total)}; watchdog trips ${overSeeds(hourly, (run) => run.watchdog.trips.length)}`,
    ],
    [
      "K49†",
      forecast.bands.map((band) => `${100 * band.fromRatio}–${100 * band.toRatio} %: ${accuracy(band)}`).join("; "),
    ],
    ["K54†-56†", bench(rows, "forward")],
  ]);
}

async function main(): Promise<void> {
  const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "mempred-rows-"));
  mkdirSync(folder, { recursive: true });
  const [suiteFile, hourFile, benchFile] = ["suite.json", "hour.json", "bench.json"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const bin = join(root, "bin", "mempred.js");
  make(suiteFile, [bin, ...SUITE, "--json", suiteFile, "--output", folder]);
  make(hourFile, [bin, ...HOUR, "--json", hourFile, "--output", folder]);
  make(benchFile, ["--import", "tsx", join(root, "scripts", "bench", "main.ts"), "--json", benchFile]);
  const suite = await readResultFile(suiteFile);
  const hour = await readResultFile(hourFile);
  const benchRows = (JSON.parse(readFileSync(benchFile, "utf8")) as { rows: BenchRow[] }).rows;
  const figures = measure(suite, hour, benchRows);
  const lines = [
    "# Acceptance rows",
    "",
    "Written by `npx tsx scripts/rows.ts`; ids and marks are those of the project's list of requirements. † = a figure, measured",
    "and not typed. *partly* says what is missing, *open* that it is not begun.",
    "",
    `Figures: \`mempred ${SUITE.slice(0, 3).join(" ")}\`, 95 % level, mean over scenarios, digest ${runsDigest(suite.runs)};`,
    `\`mempred ${HOUR.slice(0, -1).join(" ")}\`, digest ${runsDigest(hour.runs)}; \`npm run bench\`. Intervals are 95 % over seeds.`,
    "",
    "| row | what | state | shown by | mark | measured |",
    "|---|---|---|---|---|---|",
  ];
  for (const { id, what, state, shownBy, mark = "" } of ROWS) {
    lines.push(`| ${id} | ${what} | ${state} | ${shownBy} | ${mark} | ${figures.get(id) ?? ""} |`);
  }
  const unknown = [...figures.keys()].filter((id) => !ROWS.some((row) => row.id === id));
  if (unknown.length > 0) throw new Error(`figures without a row: ${unknown.join(", ")}`);
  writeFileSync(join(root, "docs", "rows.md"), `${lines.join("\n")}\n`);
}

await main();
