// The forecast lab: any forecaster over recorded shadow arenas, by family and level, in seconds.
//
//   npx tsx scripts/forecast-lab.ts score [ID,ID ...] [--seeds 101..105] [--families a,b] [--levels 50,95] [--guarded] [--no-heap]
//   npx tsx scripts/forecast-lab.ts cold           the network's first 200 predictions with shipped weights, and after 1,000 without
//   npx tsx scripts/forecast-lab.ts bound [known]  a model too large to ship; known: given the true U and reference in 5 s
//   npx tsx scripts/forecast-lab.ts check          the lab's tallies against predictor/forecast-score.ts on three records
//
// Records are made on first use and kept in .mempred/forecast-lab. Seeds under 101 are those of tests and reports: the lab
// refuses them, as what is tuned here must not have seen them.

import { type ForecastCounts, mergeForecastCounts } from "../predictor/forecast-counts.ts";
import { type ForecastFigures, reportForecast } from "../predictor/forecast-report.ts";
import { ForecastScore } from "../predictor/forecast-score.ts";
import { createForecaster } from "../predictor/forecasters.ts";
import { GuardedForecaster } from "../predictor/guarded-forecaster.ts";
import { SCENARIO_IDS } from "../scenarios/registry.ts";
import { PRESSURE_LEVELS } from "../scenarios/scenario.ts";
import { bound } from "./forecast/bound.ts";
import { keysOf } from "./forecast/dataset.ts";
import { recordOf } from "./forecast/record.ts";
import { replay, type Said, scoreRecord } from "./forecast/score.ts";
import { TRAINING_SEEDS } from "./forecast/ship.ts";

const LEAST_SEED = 101;
const AFTER_PREDICTIONS = 1000;

const [command = "score", ...words] = process.argv.slice(2);
const plain = words.filter(
  (word, i) => !word.startsWith("--") && !/^--(seeds|families|levels)$/.test(words[i - 1] ?? ""),
);
if (command === "check") check();
else if (command === "cold") cold();
else if (command === "bound") printBound(plain[0] === "known");
else if (command === "score") for (const id of (plain[0] ?? "neural,wide,gru,ensemble").split(",")) score(id);
else throw new Error(`unknown command "${command}", expected score, cold, bound or check`);

function option(name: string): string | undefined {
  const at = words.indexOf(`--${name}`);
  return at < 0 ? undefined : words[at + 1];
}

function seeds(): number[] {
  const [from, to = from] = (option("seeds") ?? "101..105").split("..").map(Number);
  if (from < LEAST_SEED) throw new Error(`seeds under ${LEAST_SEED} are for tests and reports`);
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function score(id: string): void {
  const families = option("families")?.split(",") ?? SCENARIO_IDS;
  const levels =
    option("levels")
      ?.split(",")
      .map((level) => Number(level) / 100) ?? PRESSURE_LEVELS;
  const isGuarded = words.includes("--guarded");
  const tallies = new Map<string, ForecastCounts[]>();
  let trips = 0;
  let bytes = 0;
  for (const key of keysOf(seeds(), families, levels)) {
    const record = recordOf(key);
    const plainForecaster = createForecaster(id, { seed: key.seed });
    const guarded = isGuarded ? new GuardedForecaster(plainForecaster) : null;
    const forecaster = guarded ?? plainForecaster;
    bytes = forecaster.stateBytes;
    const counts = scoreRecord(record, replay(record, forecaster, words.includes("--no-heap")));
    trips += guarded?.trips.length ?? 0;
    for (const group of [`${key.family} ${key.level}`, key.family, `at ${key.level}`, "all"]) {
      tallies.set(group, [...(tallies.get(group) ?? []), counts]);
    }
  }
  const report = (group: string) => reportForecast(mergeForecastCounts(tallies.get(group)!), null);
  const all = report("all");
  const percents = levels.map((level) => `${level * 100} %`);
  print(
    `\n${id}${isGuarded ? ", guarded" : ""}: ${bytes} B of state, seeds ${seeds().join(" ")}${isGuarded ? `, ${trips} trips` : ""}`,
  );
  print(`  skill (MAE in points)   ${["all", ...percents].map((text) => text.padEnd(13)).join("")}`);
  for (const family of families) {
    const cells = [report(family), ...levels.map((level) => report(`${family} ${level}`))];
    print(`  ${family.padEnd(24)}${cells.map(skillCell).join("")} best simple: ${cells[0].bestBaseline}`);
  }
  const cells = [all, ...levels.map((level) => report(`at ${level}`))];
  print(`  ${"all".padEnd(24)}${cells.map(skillCell).join("")} best simple: ${all.bestBaseline}`);
  print(
    `  first 200 predictions   ${skillCell(all.coldStart)}Brier skill ${fixed(all.brierSkill, 3)}, covered ${percent(all.intervalCoverage)}`,
  );
  print("  accuracy (base rate) of the event, by U at forecast time");
  for (const band of all.bands) {
    const label = `${band.fromRatio * 100}-${band.toRatio * 100} %`;
    print(
      `  ${label.padEnd(12)} ${percent(band.accuracy)} (${percent(band.baseRate)})  skill ${fixed(band.skill, 2)}  n ${band.predictions}`,
    );
  }
  print(
    `  ${"all".padEnd(12)} ${percent(all.accuracy)} (${percent(all.baseRate)})  skill ${fixed(all.skill, 3)}  n ${all.predictions}`,
  );
}

/** K64: skill of the first 200 predictions by start, and of those after 1,000 by a network that started from nothing. */
function cold(): void {
  const late: ForecastCounts[] = [];
  const shipped: ForecastCounts[] = [];
  const fresh: ForecastCounts[] = [];
  for (const key of keysOf(seeds())) {
    const record = recordOf(key);
    shipped.push(scoreRecord(record, replay(record, createForecaster("neural", { seed: key.seed }))));
    const said = replay(record, createForecaster("neural", { seed: key.seed, weights: "cold" }));
    fresh.push(scoreRecord(record, said));
    late.push(scoreRecord(record, said, AFTER_PREDICTIONS));
  }
  const first = (counts: ForecastCounts[]) => reportForecast(mergeForecastCounts(counts), null).coldStart;
  const rows: [string, ForecastFigures][] = [
    ["first 200, shipped weights", first(shipped)],
    ["first 200, no weights", first(fresh)],
    [`after ${AFTER_PREDICTIONS}, no weights`, reportForecast(mergeForecastCounts(late), null)],
  ];
  for (const [name, figures] of rows) {
    print(
      `${name.padEnd(28)} skill ${fixed(figures.skill, 3)}  MAE ${fixed(figures.maePercentPoints, 2)}  accuracy ${percent(figures.accuracy)} (${percent(figures.baseRate)})`,
    );
  }
}

function printBound(knowsDemand: boolean): void {
  const { report, byFamily } = bound({
    trainingSeeds: TRAINING_SEEDS,
    testSeeds: seeds(),
    knowsDemand,
    epochs: 5,
    stride: 3,
  });
  print(
    `a 48-24 network${knowsDemand ? " that is given the true U and reference in 5 s" : ""}, seeds ${seeds().join(" ")}`,
  );
  print(
    `  skill ${fixed(report.skill, 3)}, MAE ${fixed(report.maePercentPoints, 2)} points, accuracy ${percent(report.accuracy)}`,
  );
  for (const [family, figures] of byFamily) print(`  ${family.padEnd(14)} skill ${fixed(figures.skill, 2)}`);
  for (const band of report.bands) {
    print(`  U from ${100 * band.fromRatio} %: accuracy ${percent(band.accuracy)} (${percent(band.baseRate)})`);
  }
}

/** The real score and the lab's must agree to the last count. */
function check(): void {
  for (const key of [
    { family: "burst", level: 0.85, seed: 101 },
    { family: "tide", level: 0.95, seed: 102 },
    { family: "steady", level: 0.98, seed: 103 },
  ]) {
    const record = recordOf(key);
    const said = replay(record, createForecaster("neural"));
    const lab = JSON.stringify(comparable(scoreRecord(record, said)));
    const real = JSON.stringify(comparable(realCounts(record.threshold, record, said)));
    print(`${key.family} ${key.level} ${key.seed}: ${lab === real ? "equal" : "DIFFERENT"}`);
    if (lab !== real) process.exitCode = 1;
  }
}

function realCounts(criticalThreshold: number, record: ReturnType<typeof recordOf>, said: Said): ForecastCounts {
  const real = new ForecastScore({ criticalThreshold });
  for (let tick = 0; tick < record.ticks; tick++) {
    real.mature(tick, record.occupancy[tick], record.pressure[tick]);
    real.issue(tick, said.forecasts[tick], said.uppers[tick], record.occupancy[tick]);
  }
  return real.counts;
}

function comparable({ overall, bands, coldStart }: ForecastCounts): unknown {
  return { overall, bands, coldStart };
}

function skillCell({ skill, maePercentPoints }: ForecastFigures): string {
  return `${fixed(skill, 2)} (${fixed(maePercentPoints, 2)})`.padEnd(13);
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}

function percent(value: number | null): string {
  return value === null ? "-" : `${(100 * value).toFixed(1)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
