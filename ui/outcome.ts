// The two runs as a result file: what is exported, and what the digest is of.

import { RESULT_SCHEMA, type ResultFile, type RunResult } from "../sim/result.ts";
import { runsDigest } from "../sim/suite/baseline.ts";
import { compareRuns } from "../sim/suite/comparisons.ts";
import type { Suite } from "../sim/suite/plan.ts";
import { alterationsOf, suiteOf } from "./options.ts";
import * as state from "./state.ts";

/** The results of the runs that are shown, each policy once; null until all are there. */
export function shownResults(): RunResult[] | null {
  const found: RunResult[] = [];
  for (const { result } of state.bothSides) {
    if (result.value === null) return null;
    if (!found.some((one) => one.policy === result.value!.policy)) found.push(result.value);
  }
  return found;
}

/** As the command line prints it for the same scenario, level, seed and policies; null until both runs are there. */
export function digestOf(): string | null {
  const results = shownResults();
  return results === null ? null : runsDigest(results);
}

/** A document of the schema mempred.result/1; null until both runs are there. */
export function resultFileOf(): ResultFile | null {
  const runs = shownResults();
  if (runs === null) return null;
  const options = state.options.value;
  const suite: Suite = { ...suiteOf(options), scenarios: [runs[0]!.scenario] };
  const altered = alterationsOf(options);
  const notes = altered.length === 0 ? [] : [`altered in the page: ${altered.join(", ")}`];
  return {
    schema: RESULT_SCHEMA,
    version: __VERSION__,
    suite,
    runs: runs.map((run) => ({ ...run, notes: [...run.notes, ...notes] })),
    comparisons: compareRuns(suite, runs),
  };
}
