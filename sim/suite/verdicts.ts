// What a comparison means. A difference counts only where its paired interval excludes 0; fewer avoidable OOMs bought with
// more denials elsewhere are `mixed`, not a win; where nothing can be told the verdict says that. The rules are those of a
// win in the design: avoidable OOMs lower, all OOMs and denied bytes not worse.

import type { Comparison, Interval, RunResult, SuiteDescription } from "../result.ts";
import { groupRuns, intervalOf } from "./comparisons.ts";
import { metricNamed, type RunMetric } from "./metrics.ts";
import { baselinePolicies } from "./plan.ts";
import { mean } from "./statistics.ts";

/**
 * better: denies less and nothing worse · worse: denies more · mixed: less of one, more of another · unclear: intervals
 * hold 0 · equal: no difference at all in any seed · one-seed: no interval, no conclusion.
 */
export type Verdict = "better" | "worse" | "mixed" | "unclear" | "equal" | "one-seed";

/** −1 when the whole interval is below 0, 1 when above, 0 otherwise or without an interval. */
export function direction(interval: Interval): -1 | 0 | 1 {
  if (interval.ci95 === null) return 0;
  if (interval.ci95[1] < 0) return -1;
  return interval.ci95[0] > 0 ? 1 : 0;
}

/** The verdict of one row. */
export function judge(comparison: Comparison): Verdict {
  if (comparison.avoidableOoms.ci95 === null) return "one-seed";
  const figures = [comparison.avoidableOoms, comparison.totalOoms, comparison.deniedBytes];
  const directions = figures.map(direction);
  const isLess = directions[0] === -1 || directions[1] === -1;
  const isMore = directions.includes(1);
  if (isLess && isMore) return "mixed";
  if (isMore) return directions.includes(-1) ? "mixed" : "worse";
  if (isLess) return "better";
  return figures.every((f) => f.ci95![0] === 0 && f.ci95![1] === 0) ? "equal" : "unclear";
}

/** The level at which a suite is summed up: 95 % where it has it, else its highest. */
export function headlinePressure(suite: SuiteDescription): number {
  return suite.pressures.includes(0.95) ? 0.95 : Math.max(...suite.pressures);
}

/** The baseline to beat: among the variants of `reactive` in the suite, the one with the fewest avoidable OOMs. */
export function headlineBaseline(suite: SuiteDescription, runs: readonly RunResult[]): string {
  let best = suite.policies[0]!;
  let least = Infinity;
  for (const policy of baselinePolicies(suite.policies)) {
    const own = runs.filter((run) => run.policy === policy);
    const avoidable = own.length > 0 ? mean(own.map((run) => run.ooms.avoidable)) : Infinity;
    if (avoidable < least) {
      best = policy;
      least = avoidable;
    }
  }
  return best;
}

/** The policy that the suite is about: `predictive` where it runs, else the last that is not the baseline; null alone. */
export function headlinePolicy(suite: SuiteDescription, baseline: string): string | null {
  if (suite.policies.includes("predictive") && baseline !== "predictive") return "predictive";
  return suite.policies.filter((policy) => policy !== baseline).at(-1) ?? null;
}

/** Sums of one policy against a baseline over many cells. */
export interface PooledComparison {
  readonly comparison: Comparison;
  readonly verdict: Verdict;
  /** How many (scenario, level) rows got each verdict. */
  readonly rows: Readonly<Record<Verdict, number>>;
}

/**
 * Pools (scenario, level) rows. The unit is the seed: cells are averaged within a seed first, so the interval is over
 * seeds and pretends no independence between cells. Null when the two share no cell.
 * @param pressureRatio only this level; null: all
 */
export function poolComparisons(
  runs: readonly RunResult[],
  comparisons: readonly Comparison[],
  baseline: string,
  policy: string,
  pressureRatio: number | null,
): PooledComparison | null {
  const bySeed = pairedCellsBySeed(runs, baseline, policy, pressureRatio);
  if (bySeed.length === 0) return null;
  const interval = (name: string): Interval => {
    const metric = metricNamed(name);
    return intervalOf(
      bySeed.map((cells) => meanOf(cells, 0, metric)),
      bySeed.map((cells) => meanOf(cells, 1, metric)),
    );
  };
  const comparison: Comparison = {
    scenario: "all",
    pressureRatio: pressureRatio ?? 0,
    baseline,
    policy,
    seeds: bySeed.length,
    avoidableOoms: interval("oom_avoidable"),
    totalOoms: interval("oom_events"),
    deniedBytes: interval("oom_denied_bytes"),
    compactionRuns: interval("compaction_runs"),
    movedBytes: interval("compaction_moved_bytes"),
    responseMeanMicros: interval("response_mean_micros"),
    responseP99Micros: interval("response_p99_micros"),
  };
  const rows: Record<Verdict, number> = { better: 0, worse: 0, mixed: 0, unclear: 0, equal: 0, "one-seed": 0 };
  for (const row of comparisons) {
    const isMine = row.baseline === baseline && row.policy === policy;
    if (isMine && (pressureRatio === null || row.pressureRatio === pressureRatio)) rows[judge(row)]++;
  }
  return { comparison, verdict: judge(comparison), rows };
}

/**
 * The share of the gap between `baseline` and `bound` that `policy` closes, in avoidable OOMs: 1 = as good as the bound,
 * negative = worse than the baseline. Null where one of them did not run or there is no gap.
 */
export function gapClosed(runs: readonly RunResult[], baseline: string, policy: string, bound: string): number | null {
  const groups = groupRuns(runs);
  const sum = (id: string): number | null => {
    const own = groups.filter((group) => group.policy === id).flatMap((group) => group.runs);
    return own.length === 0 ? null : mean(own.map((run) => run.ooms.avoidable));
  };
  const from = sum(baseline);
  const at = sum(policy);
  const to = sum(bound);
  if (from === null || at === null || to === null || from === to) return null;
  return (from - at) / (from - to);
}

type PairedCell = readonly [RunResult, RunResult];

function pairedCellsBySeed(
  runs: readonly RunResult[],
  baseline: string,
  policy: string,
  pressureRatio: number | null,
): PairedCell[][] {
  const cellKey = (run: RunResult) => `${run.scenario}\n${run.pressureRatio}\n${run.seed}`;
  const partners = new Map(runs.filter((run) => run.policy === policy).map((run) => [cellKey(run), run]));
  const bySeed = new Map<number, PairedCell[]>();
  for (const run of runs) {
    if (run.policy !== baseline || (pressureRatio !== null && run.pressureRatio !== pressureRatio)) continue;
    const partner = partners.get(cellKey(run));
    if (partner === undefined) continue;
    const cells = bySeed.get(run.seed);
    if (cells === undefined) bySeed.set(run.seed, [[run, partner]]);
    else cells.push([run, partner]);
  }
  return [...bySeed.values()];
}

function meanOf(cells: readonly PairedCell[], side: 0 | 1, metric: RunMetric): number {
  return mean(cells.map((cell) => metric.of(cell[side])!));
}
