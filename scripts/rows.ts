// Writes docs/rows.md: every acceptance row, the command that shows it, and for the rows marked † the figure as measured,
// from an evaluation and a benchmark. Nothing measured is typed here.
//
//   npx tsx scripts/rows.ts            runs both (most of an hour), then writes
//   npx tsx scripts/rows.ts FOLDER     reads evaluation.json and bench.json from there; makes those that are missing

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readEvaluation } from "../cli/evaluation-file.ts";
import { evaluationDigest } from "../cli/render/evaluation-report.ts";
import type { EvaluationFigure, EvaluationFile, RunPart } from "../sim/suite/evaluation.ts";
import { BEST_WATCHER } from "../sim/suite/evaluation.ts";
import { forecastOf } from "../sim/suite/evaluation-forecast.ts";
import { HEADLINE_LEVEL, MARKED_POLICY } from "../sim/suite/evaluation-marks.ts";
import { bySeed, difference, figureMean, rowsOf } from "../sim/suite/evaluation-table.ts";
import { mean, meanInterval } from "../sim/suite/statistics.ts";
import type { BenchRow } from "./bench/bench-row.ts";
import { ROWS } from "./rows-table.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const AT_HEADLINE = { pressureRatio: HEADLINE_LEVEL };
const SECONDS_PER_HOUR = 3600;

function make(file: string, words: readonly string[]): void {
  if (existsSync(file)) return;
  const { status } = spawnSync(process.execPath, words, { stdio: ["ignore", "ignore", "inherit"], cwd: root });
  if (status !== 0) throw new Error(`${words.join(" ")} ended with ${status}`);
}

const number = (value: number, digits = 1): string => value.toFixed(digits).replace("-", "−");
const percent = (ratio: number | null | undefined, digits = 1): string =>
  ratio === null || ratio === undefined ? "n/a" : `${number(100 * ratio, digits)} %`;

/** "reactive → predictive (change), difference [interval]". */
function change(suite: RunPart, figure: EvaluationFigure, digits = 1, baseline = "reactive"): string {
  const found = difference(suite, baseline, MARKED_POLICY, figure, AT_HEADLINE);
  if (found === null) throw new Error(`no difference of ${figure} to ${baseline}`);
  const { ci95 } = found;
  const ci = ci95 === null ? "one seed" : `[${number(ci95[0], digits)}, ${number(ci95[1], digits)}]`;
  return `${number(found.baseline, digits)} → ${number(found.policy, digits)} (${percent(found.changeRatio)}), difference ${ci}`;
}

/** Mean over runs, and its interval over seeds (scenarios are averaged within a seed first). */
function overSeeds(part: RunPart, policy: string, figure: EvaluationFigure, factor = 1): string {
  const values = [...bySeed(rowsOf(part, policy, AT_HEADLINE), figure).values()].map((value) => factor * value);
  const interval = meanInterval(values);
  return `${number(mean(values), 2)}${interval === null ? "" : ` [${number(interval[0], 2)}, ${number(interval[1], 2)}]`}`;
}

function bench(rows: readonly BenchRow[], ...words: string[]): string {
  const found = rows.filter((row) => words.every((word) => row.name.toLowerCase().includes(word)));
  if (found.length === 0) throw new Error(`the benchmark has no row with ${words.join(", ")}`);
  return found.map((row) => `${row.name}: ${number(row.value, row.value < 1 ? 3 : 1)} ${row.unit}`).join("; ");
}

/** The figure of each † row of this part of the work. */
function measure({ parts }: EvaluationFile, rows: readonly BenchRow[]): Map<string, string> {
  const { suite, autonomy } = parts;
  if (suite === undefined || autonomy === undefined)
    throw new Error("the evaluation needs the parts suite and autonomy");
  const pair = (figure: EvaluationFigure, factor = 1) =>
    `${overSeeds(suite, "reactive", figure, factor)} → ${overSeeds(suite, MARKED_POLICY, figure, factor)}`;
  const accuracy = (part: {
    accuracy: number | null;
    baseRate: number | null;
    skill: number | null;
    insufficient: boolean;
  }) =>
    part.insufficient
      ? "insufficient"
      : `${percent(part.accuracy)} (base rate ${percent(part.baseRate)}, skill ${part.skill === null ? "n/a" : number(part.skill, 2)})`;
  const [forecast, best] = [MARKED_POLICY, BEST_WATCHER].map((policy) => forecastOf(suite, policy)!);
  const both = (pick: (report: NonNullable<typeof forecast>) => string) =>
    `${MARKED_POLICY}: ${pick(forecast!)}; ${BEST_WATCHER}: ${pick(best!)}`;
  const hourly = (figure: EvaluationFigure) =>
    overSeeds(autonomy, MARKED_POLICY, figure, SECONDS_PER_HOUR / autonomy.durationSeconds);
  const share = figureMean(suite, MARKED_POLICY, "compaction_proactive", AT_HEADLINE)!;
  const all = figureMean(suite, MARKED_POLICY, "compaction_runs", AT_HEADLINE)!;
  return new Map([
    ["K11", both((report) => accuracy(report.coldStart))],
    [
      "K33†/34†",
      `mean P, %: ${pair("pressure_mean_effective", 100)}; mean U, %: ${pair("pressure_mean_occupancy", 100)}`,
    ],
    [
      "K35†",
      `avoidable a run: ${change(suite, "oom_avoidable")}; all: ${change(suite, "oom_events")}; denied bytes: ${change(suite, "oom_denied_bytes", 0)}; against reactive:quick: avoidable ${change(suite, "oom_avoidable", 1, "reactive:quick")}`,
    ],
    ["K36†", `${change(suite, "compaction_runs")}; bytes moved ${change(suite, "compaction_moved_bytes", 0)}`],
    ["K37†", `µs a run: ${pair("compaction_mean_micros")}`],
    ["K38†/39†", `proactive share of runs: ${percent(share / all)}`],
    ["K41†", both(accuracy)],
    ["K42†", `µs: ${change(suite, "response_mean_micros", 2)}`],
    [
      "K47†/48†",
      `OOM events an hour: avoidable ${hourly("oom_avoidable")}, all ${hourly("oom_events")}; watchdog trips ${hourly("watchdog_trips")}`,
    ],
    [
      "K49†",
      both((report) =>
        report.bands.map((band) => `${100 * band.fromRatio}–${100 * band.toRatio} %: ${accuracy(band)}`).join(", "),
      ),
    ],
    ["K54†-56†", bench(rows, "forward")],
    [
      "C30†",
      [
        bench(rows, "get, hit, with ttl"),
        bench(rows, "sqlite", "hit of 1 kib"),
        bench(rows, "prediction of five"),
      ].join("; "),
    ],
    ["F24†/25†", bench(rows, "no file")],
  ]);
}

async function main(): Promise<void> {
  const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), "mempred-rows-"));
  mkdirSync(folder, { recursive: true });
  const [evaluationFile, benchFile] = [join(folder, "evaluation.json"), join(folder, "bench.json")];
  make(evaluationFile, [join(root, "bin", "mempred.js"), "evaluate", "--quiet", "--json", evaluationFile]);
  make(benchFile, ["--import", "tsx", join(root, "scripts", "bench", "main.ts"), "--json", benchFile]);
  const evaluation = await readEvaluation(evaluationFile);
  const benchRows = (JSON.parse(readFileSync(benchFile, "utf8")) as { rows: BenchRow[] }).rows;
  const figures = measure(evaluation, benchRows);
  const lines = [
    "# Acceptance rows",
    "",
    "Written by `npx tsx scripts/rows.ts`; ids and marks are those of the project's list of requirements. † = a figure, measured",
    "and not typed. *partly* says what is missing, *open* that it is not begun.",
    "",
    `Figures: \`mempred evaluate\`, 95 % level, mean over scenarios, accuracy over all levels, digest ${evaluationDigest(evaluation)};`,
    "`npm run bench`. Intervals are 95 % over seeds.",
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
