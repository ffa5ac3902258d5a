// What a report page says above its panels, and which run the panels show: the verdict, the cost, every row, and of all runs at
// the headline level the seed that went worst. The page makes that run again itself, from the same modules, and holds its digest
// against the one in here; a report is therefore a page and a few kilobytes, whatever its suite was.

import type { ScenarioSpec } from "../../scenarios/spec.ts";
import type { ResultFile, RunResult } from "../../sim/result.ts";
import { runsDigest } from "../../sim/suite/baseline.ts";
import { pairBySeed } from "../../sim/suite/comparisons.ts";
import type { Suite } from "../../sim/suite/plan.ts";
import { headlineBaseline, headlinePolicy, headlinePressure, judge, type Verdict } from "../../sim/suite/verdicts.ts";
import { costSentence, verdictSentences } from "./verdict-text.ts";

export const PAGE_SCHEMA = "mempred.page/1";

/** One (scenario, level): mean avoidable OOMs a run of both policies, the interval of the difference, what it means. */
export interface PageRow {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly baseline: number;
  readonly policy: number;
  readonly ci95: readonly [number, number] | null;
  readonly verdict: Verdict;
}

/** What a demand is made from where no built-in scenario is: a declaration, or the text of a recording. */
export type PageSource =
  | { readonly kind: "spec"; readonly spec: ScenarioSpec }
  | { readonly kind: "trace"; readonly file: string; readonly text: string };

export interface PageReport {
  readonly schema: typeof PAGE_SCHEMA;
  readonly version: string;
  readonly suite: Suite;
  /** Digest over all runs of the suite. */
  readonly digest: string;
  readonly verdicts: readonly string[];
  readonly cost: string;
  /** Null alone: nothing to compare with. */
  readonly policies: readonly [baseline: string, policy: string];
  readonly rows: readonly PageRow[];
  readonly shown: {
    readonly scenario: string;
    readonly pressureRatio: number;
    readonly seed: number;
    /** Digest of the two runs. */
    readonly digest: string;
    /** Null: the scenario is built in. */
    readonly source: PageSource | null;
    /** Those that the suite began with; null: what ships, or "cold" as the suite says. */
    readonly weights: readonly number[] | null;
  };
  /** Avoidable OOMs of every seed of what is shown. */
  readonly seeds: readonly { readonly seed: number; readonly baseline: number; readonly policy: number }[];
}

/** The report of a result with at least one run. With one policy both sides show it. */
export function pageReport(result: ResultFile): PageReport {
  const { runs, comparisons, version } = result;
  const suite = result.suite as Suite;
  const baseline = headlineBaseline(suite, runs);
  const policy = headlinePolicy(suite, baseline);
  const [a, b] = worstPair(result, baseline, policy ?? baseline);
  const isShownCell = (run: RunResult) => run.scenario === a.scenario && run.pressureRatio === a.pressureRatio;
  const own = (id: string) => runs.filter((run) => run.policy === id && isShownCell(run));
  return {
    schema: PAGE_SCHEMA,
    version,
    suite,
    digest: runsDigest(runs),
    verdicts: verdictSentences(result, baseline, policy),
    cost: costSentence(result, baseline, policy),
    policies: [baseline, policy ?? baseline],
    rows: comparisons
      .filter((row) => row.baseline === baseline && row.policy === policy)
      .map((row) => ({
        scenario: row.scenario,
        pressureRatio: row.pressureRatio,
        baseline: row.avoidableOoms.baseline,
        policy: row.avoidableOoms.policy,
        ci95: row.avoidableOoms.ci95,
        verdict: judge(row),
      })),
    shown: {
      scenario: a.scenario,
      pressureRatio: a.pressureRatio,
      seed: a.seed,
      digest: runsDigest(a === b ? [a] : [a, b]),
      source: null,
      weights: null,
    },
    seeds: pairBySeed(own(baseline), own(policy ?? baseline)).map(([x, y]) => ({
      seed: x.seed,
      baseline: x.ooms.avoidable,
      policy: y.ooms.avoidable,
    })),
  };
}

/** Of the runs at the headline level, the pair in which the policy did worst against the baseline; the first of equals. */
export function worstPair(
  { suite, runs }: ResultFile,
  baseline: string,
  policy: string,
): readonly [RunResult, RunResult] {
  const level = headlinePressure(suite);
  const atLevel = runs.filter((run) => run.pressureRatio === level);
  const considered = atLevel.length > 0 ? atLevel : runs;
  const key = (run: RunResult) => `${run.scenario}\n${run.pressureRatio}\n${run.seed}`;
  const partners = new Map(considered.filter((run) => run.policy === policy).map((run) => [key(run), run]));
  let worst: readonly [RunResult, RunResult] | null = null;
  let most = -Infinity;
  for (const run of considered) {
    const partner = partners.get(key(run));
    if (run.policy !== baseline || partner === undefined) continue;
    const difference = partner.ooms.avoidable - run.ooms.avoidable;
    if (difference > most) {
      most = difference;
      worst = [run, partner];
    }
  }
  return worst ?? [runs[0]!, runs[0]!];
}
