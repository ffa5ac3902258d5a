// Policies against their baselines, cell by cell: per-seed differences and their paired-bootstrap intervals. What a figure
// means for a reader (better, worse, cannot be told) is decided in verdicts.ts.

import { assert } from "../../core/errors.ts";
import type { Comparison, Interval, RunResult, SuiteDescription } from "../result.ts";
import { metricNamed, type RunMetric } from "./metrics.ts";
import { baselinePolicies } from "./plan.ts";
import { mean, meanInterval, pairedDifferences } from "./statistics.ts";

/** Runs of one (scenario, level, policy), in the order of the suite's seeds. */
export interface RunGroup {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  readonly runs: readonly RunResult[];
}

/** Groups runs, in order of first appearance. */
export function groupRuns(runs: readonly RunResult[]): RunGroup[] {
  const groups = new Map<string, { scenario: string; pressureRatio: number; policy: string; runs: RunResult[] }>();
  for (const run of runs) {
    const key = groupKey(run.scenario, run.pressureRatio, run.policy);
    let group = groups.get(key);
    if (group === undefined) {
      group = { scenario: run.scenario, pressureRatio: run.pressureRatio, policy: run.policy, runs: [] };
      groups.set(key, group);
    }
    group.runs.push(run);
  }
  return [...groups.values()];
}

/**
 * Each policy against each variant of `reactive` (or the first policy), in every (scenario, level). Only seeds that both
 * sides have are compared, so a partial suite gives partial but honest rows. Cost: 7 bootstraps a row.
 */
export function compareRuns(suite: SuiteDescription, runs: readonly RunResult[]): Comparison[] {
  const groups = new Map(
    groupRuns(runs).map((group) => [groupKey(group.scenario, group.pressureRatio, group.policy), group]),
  );
  const baselines = baselinePolicies(suite.policies);
  const comparisons: Comparison[] = [];
  for (const scenario of suite.scenarios) {
    for (const pressureRatio of suite.pressures) {
      for (const baseline of baselines) {
        for (const policy of suite.policies) {
          if (policy === baseline) continue;
          const a = groups.get(groupKey(scenario, pressureRatio, baseline));
          const b = groups.get(groupKey(scenario, pressureRatio, policy));
          if (a === undefined || b === undefined) continue;
          const pairs = pairBySeed(a.runs, b.runs);
          if (pairs.length > 0) comparisons.push(comparePairs(scenario, pressureRatio, baseline, policy, pairs));
        }
      }
    }
  }
  return comparisons;
}

/** Runs of two policies matched by seed, in the order of the first. */
export function pairBySeed(
  baselineRuns: readonly RunResult[],
  policyRuns: readonly RunResult[],
): (readonly [RunResult, RunResult])[] {
  const bySeed = new Map(policyRuns.map((run) => [run.seed, run]));
  const pairs: (readonly [RunResult, RunResult])[] = [];
  for (const run of baselineRuns) {
    const partner = bySeed.get(run.seed);
    if (partner !== undefined) pairs.push([run, partner]);
  }
  return pairs;
}

/** Means of both sides and the interval of the mean difference, from paired values. */
export function intervalOf(baseline: ArrayLike<number>, policy: ArrayLike<number>): Interval {
  const baselineMean = mean(baseline);
  const policyMean = mean(policy);
  return {
    baseline: baselineMean,
    policy: policyMean,
    changeRatio: baselineMean === 0 ? null : (policyMean - baselineMean) / baselineMean,
    ci95: meanInterval(pairedDifferences(baseline, policy)),
  };
}

/** Values of a metric that every run has. */
export function metricValues(runs: readonly RunResult[], metric: RunMetric): Float64Array {
  return Float64Array.from(runs, (run) => {
    const value = metric.of(run);
    assert(value !== null, "a compared metric is one that every run has");
    return value;
  });
}

function comparePairs(
  scenario: string,
  pressureRatio: number,
  baseline: string,
  policy: string,
  pairs: readonly (readonly [RunResult, RunResult])[],
): Comparison {
  const baselineRuns = pairs.map((pair) => pair[0]);
  const policyRuns = pairs.map((pair) => pair[1]);
  const interval = (name: string): Interval => {
    const metric = metricNamed(name);
    return intervalOf(metricValues(baselineRuns, metric), metricValues(policyRuns, metric));
  };
  return {
    scenario,
    pressureRatio,
    baseline,
    policy,
    seeds: pairs.length,
    avoidableOoms: interval("oom_avoidable"),
    totalOoms: interval("oom_events"),
    deniedBytes: interval("oom_denied_bytes"),
    compactionRuns: interval("compaction_runs"),
    movedBytes: interval("compaction_moved_bytes"),
    responseMeanMicros: interval("response_mean_micros"),
    responseP99Micros: interval("response_p99_micros"),
  };
}

function groupKey(scenario: string, pressureRatio: number, policy: string): string {
  return `${scenario}\n${pressureRatio}\n${policy}`;
}
