// Questions to the rows of an evaluation: the figure of a policy seed by seed, its difference to another policy with interval
// and p-value. The unit is the seed: families are averaged within a seed first, so that an interval is over seeds and
// pretends no independence between families that share one.

import type { Interval } from "../result.ts";
import { intervalOf } from "./comparisons.ts";
import type { EvaluationFigure, EvaluationRow, RunPart } from "./evaluation.ts";
import { policyBase } from "./plan.ts";
import { type RatioInterval, ratioInterval } from "./ratio-interval.ts";
import { signFlipTest } from "./sign-flip.ts";
import { mean, pairedDifferences } from "./statistics.ts";

/** Which rows. What is left out is averaged over. */
export interface Where {
  readonly scenario?: string;
  readonly pressureRatio?: number;
  /** Null, the default: rows without a budget. */
  readonly budgetBytesPerSecond?: number | null;
}

/** A difference between two policies. */
export interface TestedDifference extends Interval {
  /** Two-sided, of the sign-flip test; null with fewer than two seeds. */
  readonly p: number | null;
  readonly seeds: number;
}

/** Rows of a policy, in the order of the document. */
export function rowsOf(part: RunPart, policy: string, where: Where = {}): EvaluationRow[] {
  const { scenario, pressureRatio, budgetBytesPerSecond = null } = where;
  return part.rows.filter(
    (row) =>
      row.policy === policy &&
      row.budgetBytesPerSecond === budgetBytesPerSecond &&
      (scenario === undefined || row.scenario === scenario) &&
      (pressureRatio === undefined || row.pressureRatio === pressureRatio),
  );
}

/** Mean of the figure over rows, by seed; only seeds that all rows have. Null values (no compaction, no mean time) are left out. */
export function bySeed(rows: readonly EvaluationRow[], figure: EvaluationFigure): Map<number, number> {
  const sums = new Map<number, { sum: number; count: number; rows: number }>();
  for (const row of rows) {
    row.seeds.forEach((seed, i) => {
      const entry = sums.get(seed) ?? { sum: 0, count: 0, rows: 0 };
      const value = row.values[figure][i]!;
      entry.rows++;
      if (value !== null) {
        entry.sum += value;
        entry.count++;
      }
      sums.set(seed, entry);
    });
  }
  const means = new Map<number, number>();
  for (const [seed, entry] of sums)
    if (entry.rows === rows.length && entry.count > 0) means.set(seed, entry.sum / entry.count);
  return means;
}

/** Mean of the figure over seeds and rows; null where there is none. */
export function figureMean(part: RunPart, policy: string, figure: EvaluationFigure, where: Where = {}): number | null {
  const values = [...bySeed(rowsOf(part, policy, where), figure).values()];
  return values.length === 0 ? null : mean(values);
}

/** `policy` against `baseline`, paired by seed; null where they share none. Both are averaged over the scenarios that both ran. */
export function difference(
  part: RunPart,
  baseline: string,
  policy: string,
  figure: EvaluationFigure,
  where: Where = {},
): TestedDifference | null {
  const [a, b] = sharedRows(rowsOf(part, baseline, where), rowsOf(part, policy, where));
  return testedDifference(bySeed(a, figure), bySeed(b, figure));
}

/**
 * The same with recordings as the unit: their seeds draw classes and pins alone, so it is over recordings that a difference
 * has to hold.
 */
export function differenceOverScenarios(
  part: RunPart,
  baseline: string,
  policy: string,
  figure: EvaluationFigure,
  where: Where = {},
): TestedDifference | null {
  const means = (id: string): Map<string, number> => {
    const found = new Map<string, number>();
    for (const scenario of part.scenarios) {
      const value = figureMean(part, id, figure, { ...where, scenario });
      if (value !== null) found.set(scenario, value);
    }
    return found;
  };
  return testedDifference(means(baseline), means(policy));
}

/** The change (policy − baseline) / baseline with its interval over seeds; null where they share no seed. */
export function changeInterval(
  part: RunPart,
  baseline: string,
  policy: string,
  figure: EvaluationFigure,
  where: Where = {},
): RatioInterval | null {
  const [a, b] = sharedRows(rowsOf(part, baseline, where), rowsOf(part, policy, where));
  const [from, to] = [bySeed(a, figure), bySeed(b, figure)];
  const seeds = [...from.keys()].filter((seed) => to.has(seed));
  if (seeds.length === 0) return null;
  return ratioInterval(
    seeds.map((seed) => to.get(seed)! - from.get(seed)!),
    seeds.map((seed) => from.get(seed)!),
  );
}

/** Two maps from seed (or recording) to value as a tested difference. */
export function testedDifference<Unit>(
  baseline: ReadonlyMap<Unit, number>,
  policy: ReadonlyMap<Unit, number>,
): TestedDifference | null {
  const seeds = [...baseline.keys()].filter((seed) => policy.has(seed));
  if (seeds.length === 0) return null;
  const a = seeds.map((seed) => baseline.get(seed)!);
  const b = seeds.map((seed) => policy.get(seed)!);
  const p = seeds.length < 2 ? null : signFlipTest(pairedDifferences(a, b)).p;
  return { ...intervalOf(a, b), p, seeds: seeds.length };
}

/** How much of the gap from `baseline` to `bound` the policy closes, in avoidable OOMs, with its interval over seeds. */
export function gapClosedInterval(
  part: RunPart,
  baseline: string,
  policy: string,
  bound: string,
  where: Where = {},
): RatioInterval | null {
  const [from, at, to] = [baseline, policy, bound].map((id) => bySeed(rowsOf(part, id, where), "oom_avoidable"));
  const seeds = [...from!.keys()].filter((seed) => at!.has(seed) && to!.has(seed));
  if (seeds.length === 0) return null;
  return ratioInterval(
    seeds.map((seed) => from!.get(seed)! - at!.get(seed)!),
    seeds.map((seed) => from!.get(seed)! - to!.get(seed)!),
  );
}

/** The variant of `reactive` with the fewest avoidable OOMs at that level; null when none ran. */
export function leastDenyingReactive(part: RunPart, where: Where = {}): string | null {
  let best: string | null = null;
  let least = Infinity;
  for (const policy of part.policies) {
    if (policyBase(policy) !== "reactive") continue;
    const avoidable = figureMean(part, policy, "oom_avoidable", where);
    if (avoidable !== null && avoidable < least) {
      best = policy;
      least = avoidable;
    }
  }
  return best;
}

/** Rows of (scenario, level) that both have: an interrupted part must not compare different demands. */
function sharedRows(a: readonly EvaluationRow[], b: readonly EvaluationRow[]): [EvaluationRow[], EvaluationRow[]] {
  const key = (row: EvaluationRow) => `${row.scenario}\n${row.pressureRatio}`;
  const inA = new Set(a.map(key));
  const inB = new Set(b.map(key));
  return [a.filter((row) => inB.has(key(row))), b.filter((row) => inA.has(key(row)))];
}
