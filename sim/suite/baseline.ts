// A baseline: a result reduced to what a later run is held against, small enough to be committed. Per row the hash of each
// seed's run and per-seed vectors of the gated figures; a digest over all of it says "identical" at a glance.

import { MempredError } from "../../core/errors.ts";
import { Digest } from "../../core/hash.ts";
import type { ResultFile, RunResult } from "../result.ts";
import { groupRuns } from "./comparisons.ts";
import { metricNamed } from "./metrics.ts";
import type { Suite } from "./plan.ts";

export const BASELINE_SCHEMA = "mempred.baseline/1";

/** The figures that a baseline keeps, by their names in metrics.ts. */
export const BASELINE_METRICS = [
  "oom_avoidable",
  "oom_events",
  "oom_denied_bytes",
  "compaction_runs",
  "compaction_moved_bytes",
  "response_mean_micros",
  "response_p99_micros",
] as const;
export type BaselineMetric = (typeof BASELINE_METRICS)[number];

export interface BaselineRow {
  readonly scenario: string;
  readonly pressureRatio: number;
  readonly policy: string;
  /** Digest of the run of each seed, in the order of the suite's seeds. */
  readonly hashes: readonly string[];
  /** One vector per metric, one value per seed. */
  readonly values: Readonly<Record<BaselineMetric, readonly number[]>>;
}

export interface BaselineFile {
  readonly schema: typeof BASELINE_SCHEMA;
  readonly version: string;
  readonly suite: Suite;
  readonly rows: readonly BaselineRow[];
  /** Over the hashes of all rows, in order. */
  readonly digest: string;
}

/** Reduces a result. Throws INCOMPATIBLE_BASELINE for a partial one: it describes no suite. */
export function toBaseline(result: ResultFile): BaselineFile {
  if (result.isPartial === true)
    throw new MempredError("INCOMPATIBLE_BASELINE", "the result is partial: its suite was interrupted", {
      expected: "a result of a suite that ran to its end",
    });
  const rows = groupRuns(result.runs).map((group) => ({
    scenario: group.scenario,
    pressureRatio: group.pressureRatio,
    policy: group.policy,
    hashes: group.runs.map((run) => run.hash),
    values: Object.fromEntries(
      BASELINE_METRICS.map((name) => [name, group.runs.map((run) => metricNamed(name).of(run)!)]),
    ) as Record<BaselineMetric, number[]>,
  }));
  return {
    schema: BASELINE_SCHEMA,
    version: result.version,
    suite: result.suite as Suite,
    rows,
    digest: digestOf(rows.flatMap((row) => row.hashes)),
  };
}

/** The digest of a set of runs: what "equal seeds, equal bytes" is checked by, printed at the head of each report. */
export function runsDigest(runs: readonly RunResult[]): string {
  return digestOf(groupRuns(runs).flatMap((group) => group.runs.map((run) => run.hash)));
}

function digestOf(hashes: readonly string[]): string {
  const digest = new Digest();
  for (const hash of hashes) digest.addText(`${hash}\n`);
  return digest.hex();
}
