// Verdicts and costs in sentences. They are written to be quoted, so each carries its interval, its number of seeds and
// what was paid; and a loss is called a loss.

import type { Comparison, Interval, ResultFile, RunResult } from "../../sim/result.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { mean } from "../../sim/suite/statistics.ts";
import {
  direction,
  headlinePressure,
  judge,
  type PooledComparison,
  poolComparisons,
  type Verdict,
} from "../../sim/suite/verdicts.ts";
import { formatBytes, formatCount, formatMicros, formatPercent, formatSigned } from "./format.ts";

/** How many losing rows are named. */
const NAMED_ROWS = 6;

/** The verdicts of a suite: at its headline level, over all levels, and of the policies that did better still. */
export function verdictSentences(result: ResultFile, baseline: string, policy: string | null): string[] {
  const { suite, runs, comparisons } = result;
  if (policy === null) return [`${baseline} alone ran: there is no verdict without something to compare with.`];
  const level = headlinePressure(suite);
  const atHeadline = poolComparisons(runs, comparisons, baseline, policy, level);
  const overall = poolComparisons(runs, comparisons, baseline, policy, null);
  if (overall === null) return ["no two runs of the same demand: nothing to compare."];
  const sentences: string[] = [];
  if (atHeadline !== null) sentences.push(`${placeText(result, level)}${pooledSentence(atHeadline)}`);
  if (suite.pressures.length > 1 || atHeadline === null) sentences.push(`over all levels, ${pooledSentence(overall)}`);
  const rowCount = Object.values(overall.rows).reduce((sum, n) => sum + n, 0);
  if (rowCount > 1 && overall.verdict !== "one-seed")
    sentences.push(rowSentence(overall, comparisons, baseline, policy));
  const rivals = betterRivals(result, baseline, policy, level);
  if (rivals !== "") sentences.push(rivals);
  return sentences;
}

/** One pooled comparison as a sentence. */
export function pooledSentence({ comparison, verdict }: Pick<PooledComparison, "comparison" | "verdict">): string {
  const { policy, baseline, avoidableOoms: avoidable, totalOoms: total, deniedBytes: denied } = comparison;
  const from = formatCount(avoidable.baseline);
  const difference = avoidable.policy - avoidable.baseline;
  const work = workText(comparison);
  switch (verdict) {
    case "better":
      if (direction(avoidable) < 0)
        return `${policy} avoids ${formatCount(-difference)} of ${from} avoidable OOMs a run ${mirrored(avoidable)} ${work}.`;
      return `${policy} denies ${formatCount(total.baseline - total.policy)} of ${formatCount(total.baseline)} requests fewer a run ${mirrored(total)} ${work}; avoidable OOMs show no difference.`;
    case "worse":
      if (direction(avoidable) > 0)
        return `${policy} does WORSE than ${baseline}: ${formatCount(difference)} more avoidable OOMs a run ${plain(avoidable, formatSigned)} on top of ${from}, ${work}.`;
      return `${policy} does WORSE than ${baseline}: all OOMs ${plain(total, formatSigned)}, denied bytes ${plain(denied, signedBytes)} a run, ${work}.`;
    case "mixed":
      return `${policy} trades: avoidable OOMs ${signedWith(avoidable, formatSigned)}, all OOMs ${signedWith(total, formatSigned)}, denied bytes ${signedWith(denied, signedBytes)} a run, ${work}. That is no win.`;
    case "unclear":
      return `no difference shown between ${policy} and ${baseline}: ${formatCount(avoidable.policy)} against ${from} avoidable OOMs a run, and the interval of the difference ${plain(avoidable, formatSigned)} holds 0. It ran ${work}.`;
    case "equal":
      return `${policy} and ${baseline} denied exactly the same, in every seed. It ran ${work}.`;
    case "one-seed":
      return `one seed: no interval, draw no conclusion (avoidable OOMs: ${baseline} ${from}, ${policy} ${formatCount(avoidable.policy)}).`;
  }
}

/** What the policy costs beside its baseline, at the headline level. */
export function costSentence(result: ResultFile, baseline: string, policy: string | null): string {
  if (policy === null) return "";
  const level = headlinePressure(result.suite);
  const at = (id: string) => result.runs.filter((run) => run.policy === id && run.pressureRatio === level);
  const [a, b] = [at(baseline), at(policy)];
  if (a.length === 0 || b.length === 0) return "";
  const both = (pick: (run: RunResult) => number, format: (value: number) => string) =>
    `${format(mean(b.map(pick)))} against ${format(mean(a.map(pick)))}`;
  const parts = [
    `${both((run) => run.compaction.movedBytes, formatBytes)} moved a run`,
    `compacting ${both(
      (run) => run.compaction.dutyRatio,
      (ratio) => formatPercent(ratio, 2),
    )} of the time`,
    `p99 response ${both((run) => run.responseMicros.p99, formatMicros)}`,
  ];
  const block = b.find((run) => run.predictor !== null);
  if (block?.predictor)
    parts.push(
      `${formatCount(block.predictor.stateBytes)} B of the arena for the predictor (${formatPercent(block.predictor.stateBytes / block.capacityBytes, 2)})`,
    );
  return parts.join(" · ");
}

function placeText({ suite }: ResultFile, level: number): string {
  const what = suite.scenarios.length === 1 ? suite.scenarios[0] : `over ${suite.scenarios.length} scenarios`;
  return `at ${percentText(level)} %, ${what}: `;
}

function rowSentence(
  overall: PooledComparison,
  comparisons: readonly Comparison[],
  baseline: string,
  policy: string,
): string {
  const { better, worse, mixed, unclear, equal } = overall.rows;
  const all = better + worse + mixed + unclear + equal;
  const losing = comparisons
    .filter((row) => row.baseline === baseline && row.policy === policy && judge(row) === "worse")
    .map((row) => `${row.scenario} ${percentText(row.pressureRatio)} %`);
  const named = losing.slice(0, NAMED_ROWS).join(", ");
  const rest = losing.length > NAMED_ROWS ? ` and ${losing.length - NAMED_ROWS} more` : "";
  const worseText = worse === 0 ? "worse in none" : `WORSE in ${worse} (${named}${rest})`;
  return `of ${all} rows (scenario × level): better in ${better}, ${worseText}, mixed in ${mixed}, no difference shown in ${unclear}, exactly equal in ${equal}.`;
}

/** Other policies of the suite that deny less than the headline one; they are to be named before anyone claims a win. */
function betterRivals(
  { suite, runs, comparisons }: ResultFile,
  baseline: string,
  policy: string,
  level: number,
): string {
  const bounds = new Set(["clairvoyant", "perfect-forecast"]);
  const names = suite.policies.filter((rival) => {
    if (rival === policy || rival === baseline || bounds.has(rival)) return false;
    const pooled = poolComparisons(runs, comparisons, policy, rival, level);
    return pooled !== null && direction(pooled.comparison.avoidableOoms) < 0;
  });
  if (names.length === 0) return "";
  return `plainer or other policies deny less than ${policy} here: ${names.join(", ")}.`;
}

function workText({ movedBytes }: Comparison): string {
  if (movedBytes.baseline === 0)
    return movedBytes.policy === 0
      ? "with no bytes moved on either side"
      : `for ${formatBytes(movedBytes.policy)} moved against none`;
  return `at ${formatCount(movedBytes.policy / movedBytes.baseline)} × the bytes moved`;
}

/** The interval of how many fewer: bounds mirrored, so that "avoids 2.1" stands with "[1.2, 3.0]". */
function mirrored({ ci95 }: Interval): string {
  return ci95 === null ? "" : `[${formatCount(-ci95[1])}, ${formatCount(-ci95[0])}]`;
}

function plain({ ci95 }: Interval, format: (value: number) => string): string {
  return ci95 === null ? "" : `[${format(ci95[0])}, ${format(ci95[1])}]`;
}

function signedWith(interval: Interval, format: (value: number) => string): string {
  return `${format(interval.policy - interval.baseline)} ${plain(interval, format)}`;
}

function signedBytes(bytes: number): string {
  return `${bytes > 0 ? "+" : ""}${formatBytes(bytes)}`;
}

/** A word for a verdict, with its mark. */
export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  better: "✓ better",
  worse: "✗ worse",
  mixed: "± mixed",
  unclear: "~ not shown",
  equal: "= equal",
  "one-seed": "? one seed",
};
