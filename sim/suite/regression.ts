// A suite against its baseline. Both ran the same seeds, so a difference is a change of behaviour and never noise; what is
// asked is whether it is a change for the worse. A row is `worse` when a gated figure rose, in the paired interval over its
// seeds, by more than a tolerance; moving more bytes is worse only when it bought nothing.

import { MempredError } from "../../core/errors.ts";
import type { Interval, SuiteDescription } from "../result.ts";
import type { BaselineFile, BaselineMetric, BaselineRow } from "./baseline.ts";
import { intervalOf } from "./comparisons.ts";
import { percentText } from "./plan.ts";

export type RegressionVerdict = "identical" | "same" | "better" | "worse";

/** A gate: the least rise that matters, as a share of the baseline and absolutely (per run); the larger of both counts. */
interface Gate {
  readonly metric: BaselineMetric;
  readonly title: string;
  readonly toleranceFactor: number;
  readonly leastRise: number;
}

const DENIAL_GATES: readonly Gate[] = [
  { metric: "oom_avoidable", title: "avoidable OOM", toleranceFactor: 1, leastRise: 0.5 },
  { metric: "oom_events", title: "all OOM", toleranceFactor: 1, leastRise: 0.5 },
  { metric: "oom_denied_bytes", title: "denied bytes", toleranceFactor: 1, leastRise: 256 },
];
const COST_GATES: readonly Gate[] = [
  { metric: "response_p99_micros", title: "p99 response (µs)", toleranceFactor: 2, leastRise: 10 },
  { metric: "compaction_moved_bytes", title: "bytes moved", toleranceFactor: 5, leastRise: 65_536 },
];
/** The share by which a figure may rise before it counts, times each gate's factor. */
export const DEFAULT_TOLERANCE_RATIO = 0.05;

export interface RegressionFigure {
  readonly metric: BaselineMetric;
  readonly title: string;
  readonly interval: Interval;
  readonly verdict: "same" | "better" | "worse";
}

export interface RegressionRow {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  readonly verdict: RegressionVerdict;
  readonly figures: readonly RegressionFigure[];
  /** Seeds whose run changed. */
  readonly changedSeeds: readonly number[];
  /** Seeds whose deciding figure rose most, worst first, at most 3; empty unless `worse`. */
  readonly worstSeeds: readonly number[];
}

export interface RegressionReport {
  readonly verdict: RegressionVerdict;
  readonly rows: readonly RegressionRow[];
  readonly counts: Readonly<Record<RegressionVerdict, number>>;
}

/**
 * Compares two baselines of one suite.
 * @param toleranceRatio share of the baseline's mean that a figure may rise, ≥ 0
 * @throws MempredError INCOMPATIBLE_BASELINE when they are not of the same suite
 */
export function compareBaselines(
  baseline: BaselineFile,
  current: BaselineFile,
  toleranceRatio: number = DEFAULT_TOLERANCE_RATIO,
): RegressionReport {
  assertSameSuite(baseline, current);
  const counts: Record<RegressionVerdict, number> = { identical: 0, same: 0, better: 0, worse: 0 };
  const rows = baseline.rows.map((row, i) => compareRows(row, current.rows[i]!, baseline.suite.seeds, toleranceRatio));
  for (const row of rows) counts[row.verdict]++;
  const order: readonly RegressionVerdict[] = ["worse", "better", "same"];
  return { verdict: order.find((verdict) => counts[verdict] > 0) ?? "identical", rows, counts };
}

function compareRows(
  baseline: BaselineRow,
  current: BaselineRow,
  seeds: readonly number[],
  toleranceRatio: number,
): RegressionRow {
  const place = { scenario: baseline.scenario, pressureRatio: baseline.pressureRatio, policy: baseline.policy };
  const changedSeeds = seeds.filter((_, i) => baseline.hashes[i] !== current.hashes[i]);
  if (changedSeeds.length === 0)
    return { ...place, verdict: "identical", figures: [], changedSeeds: [], worstSeeds: [] };

  const figure = (gate: Gate): RegressionFigure => {
    const interval = intervalOf(baseline.values[gate.metric], current.values[gate.metric]);
    const leastRise = Math.max(gate.leastRise, interval.baseline * toleranceRatio * gate.toleranceFactor);
    const rise = interval.policy - interval.baseline;
    // One seed has no interval; the same seed ran twice, so its difference is real and only its size is judged.
    const isUp = interval.ci95 === null || interval.ci95[0] > 0;
    const isDown = interval.ci95 === null || interval.ci95[1] < 0;
    const verdict = rise >= leastRise && isUp ? "worse" : -rise >= leastRise && isDown ? "better" : "same";
    return { metric: gate.metric, title: gate.title, interval, verdict };
  };
  const denials = DENIAL_GATES.map(figure);
  const costs = COST_GATES.map(figure);
  const figures = [...denials, ...costs];
  const isBought = denials.some((f) => f.verdict === "better");
  const failing =
    denials.find((f) => f.verdict === "worse") ??
    costs.find((f) => f.verdict === "worse" && !(isBought && f.metric === "compaction_moved_bytes"));
  if (failing !== undefined) {
    const rises = seeds
      .map((seed, i) => ({
        seed,
        rise: current.values[failing.metric][i]! - baseline.values[failing.metric][i]!,
      }))
      .filter(({ rise }) => rise > 0)
      .sort((a, b) => b.rise - a.rise || a.seed - b.seed);
    const worstSeeds = rises.slice(0, 3).map(({ seed }) => seed);
    return { ...place, verdict: "worse", figures, changedSeeds, worstSeeds };
  }
  const verdict = figures.some((f) => f.verdict === "better") ? "better" : "same";
  return { ...place, verdict, figures, changedSeeds, worstSeeds: [] };
}

function assertSameSuite(baseline: BaselineFile, current: BaselineFile): void {
  const differences: string[] = [];
  const compare = (name: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) differences.push(`${name}: ${describe(a)} against ${describe(b)}`);
  };
  const parts: readonly (keyof SuiteDescription)[] = [
    "scenarios",
    "seeds",
    "policies",
    "durationSeconds",
    "mix",
    "rate",
  ];
  const percents = (file: BaselineFile) => file.suite.pressures.map(percentText);
  compare("pressures", percents(baseline), percents(current));
  for (const part of parts) compare(part, baseline.suite[part], current.suite[part]);
  const names = new Set([...Object.keys(baseline.suite.settings ?? {}), ...Object.keys(current.suite.settings ?? {})]);
  names.delete("files"); // a trace under another path is the same trace
  const setting = (file: BaselineFile, name: string) =>
    (file.suite.settings as unknown as Record<string, unknown>)?.[name];
  for (const name of [...names].sort()) compare(name, setting(baseline, name), setting(current, name));
  if (differences.length === 0) {
    const keys = (file: BaselineFile) =>
      file.rows.map((row) => `${row.scenario} ${percentText(row.pressureRatio)} ${row.policy} ${row.hashes.length}`);
    compare("rows", keys(baseline), keys(current));
  }
  if (differences.length > 0)
    throw new MempredError("INCOMPATIBLE_BASELINE", `not the same suite: ${differences.join("; ")}`, {
      expected: "two results of one suite: the same scenarios, levels, seeds, policies, duration and settings",
    });
}

function describe(value: unknown): string {
  const text = Array.isArray(value) ? value.join(",") : (JSON.stringify(value) ?? "nothing");
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
