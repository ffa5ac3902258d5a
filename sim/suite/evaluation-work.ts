// The curves of OOMs against MiB moved in the part `budgets`, and who is ahead at equal bytes moved.

import { BOUND_POLICIES, type EvaluationFile, type RunPart } from "./evaluation.ts";
import { bySeed, leastDenyingReactive, rowsOf, type TestedDifference, testedDifference } from "./evaluation-table.ts";
import { mean } from "./statistics.ts";
import {
  commonRange,
  type HullVertex,
  lowerHull,
  oomsOverRange,
  type WorkPoint,
  type WorkRange,
} from "./work-curve.ts";

const BYTES_PER_MIB = 1_048_576;
/** Curves are compared up to this multiple of what the baseline moves. */
export const WORK_CAP_FACTOR = 2;

export interface WorkCurve {
  readonly policy: string;
  readonly seeds: readonly number[];
  /** Budgets of the points, in bytes/s; null: none set. */
  readonly budgets: readonly (number | null)[];
  readonly points: readonly WorkPoint[];
  readonly hull: readonly HullVertex[];
}

export interface WorkComparison {
  readonly range: WorkRange;
  /** Mean avoidable OOMs over the range, by policy and seed. */
  readonly oomsBySeed: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

/** The curve of a policy, over all scenarios or in one; null where it did not run. */
export function workCurve(part: RunPart, policy: string, scenario?: string): WorkCurve | null {
  const budgets = [...new Set(part.rows.filter((row) => row.policy === policy).map((row) => row.budgetBytesPerSecond))];
  const where = scenario === undefined ? {} : { scenario };
  const figures = budgets.map((budgetBytesPerSecond) => {
    const rows = rowsOf(part, policy, { ...where, budgetBytesPerSecond });
    return { moved: bySeed(rows, "compaction_moved_bytes"), ooms: bySeed(rows, "oom_avoidable") };
  });
  const seeds = part.seeds.filter((seed) => figures.every((one) => one.moved.has(seed)));
  if (budgets.length === 0 || seeds.length === 0) return null;
  const points = figures.map((one) => ({
    movedMib: seeds.map((seed) => one.moved.get(seed)! / BYTES_PER_MIB),
    ooms: seeds.map((seed) => one.ooms.get(seed)!),
  }));
  return { policy, seeds, budgets, points, hull: lowerHull(points) };
}

/** Policies that compete in the part: proactive ones that could be real. */
export function competitors(file: EvaluationFile, part: RunPart): string[] {
  const isProactive = new Set(file.policies.filter((policy) => policy.isProactive).map((policy) => policy.id));
  return part.policies.filter((id) => isProactive.has(id) && !BOUND_POLICIES.includes(id));
}

/** Mean OOMs of each policy over the range of work that all of them reach; null where none ran. */
export function compareWork(part: RunPart, policies: readonly string[], scenario?: string): WorkComparison | null {
  const curves = policies.map((policy) => workCurve(part, policy, scenario)).filter((curve) => curve !== null);
  const baseline = leastDenyingReactive(part, scenario === undefined ? {} : { scenario });
  const own = baseline === null ? null : workCurve(part, baseline, scenario);
  const capMib = own === null ? Infinity : WORK_CAP_FACTOR * mean(own.points[0]!.movedMib);
  const range = commonRange(
    curves.map((curve) => curve.hull),
    capMib,
  );
  if (range === null) return null;
  const oomsBySeed = new Map(
    curves.map((curve) => {
      const ooms = oomsOverRange(curve.points, range);
      return [curve.policy, new Map(curve.seeds.map((seed, i) => [seed, ooms[i]!]))] as const;
    }),
  );
  return { range, oomsBySeed };
}

/** `policy` against `rival` at equal bytes moved; null where one is missing. */
export function workDifference(comparison: WorkComparison, rival: string, policy: string): TestedDifference | null {
  const [a, b] = [comparison.oomsBySeed.get(rival), comparison.oomsBySeed.get(policy)];
  return a === undefined || b === undefined ? null : testedDifference(a, b);
}
