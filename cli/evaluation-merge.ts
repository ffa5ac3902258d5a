// Rows of new policies beside those of an earlier evaluation (`mempred evaluate --add`): a whole evaluation takes the better part
// of an hour, a new policy minutes. That may only be done when nothing else has changed, so before a part is added to, runs that
// the earlier document has are made again: two seeds of every scenario at one level, and one scenario on all seeds. Each figure
// must be the same, and where all seeds of a row were run, so must the digest over the runs.

import type { EvaluationFile, ForecastPart, ForecastRow, PartDescription, RunPart } from "../sim/suite/evaluation.ts";
import { shorten } from "./evaluation-file.ts";
import type { PlannedPart } from "./evaluation-plan.ts";

/** Policies whose runs are made again: the plain one, and the one with a forecast, a controller and a shadow. */
export const CONTROL_POLICIES: readonly string[] = ["reactive", "predictive"];
/** Seeds of every scenario that are made again. */
const CONTROL_SEEDS = 2;

type AnyPart = RunPart | ForecastPart;

/** Why rows of a part planned as `now` cannot be added to `earlier`; null when they can. */
export function addTrouble(now: PartDescription, earlier: PartDescription): string | null {
  if (earlier.isPartial === true) return "it was interrupted";
  const keys = ["scenarios", "pressures", "seeds", "durationSeconds"] as const;
  const other = keys.find((key) => JSON.stringify(now[key]) !== JSON.stringify(earlier[key]));
  return other === undefined ? null : `it has other ${other}`;
}

/** Of the plan of the control policies what is run again. */
export function controlPlan(plan: PlannedPart): PlannedPart {
  const { scenarios, seeds, pressures } = plan.description;
  const level = pressures.includes(0.95) ? 0.95 : pressures[0];
  const few = seeds.slice(0, CONTROL_SEEDS);
  const jobs = plan.jobs.filter(
    (job) => job.pressureRatio === level && (job.scenario === scenarios[0] || few.includes(job.seed)),
  );
  return { ...plan, jobs };
}

/** The first difference between runs made again and what the document says of them; null when there is none. Pure. */
export function controlTrouble(again: AnyPart, earlier: AnyPart): string | null {
  let compared = 0;
  for (const row of again.rows) {
    const old = (earlier.rows as readonly AnyRow[]).find((one) => keyOf(one) === keyOf(row as AnyRow));
    if (old === undefined) continue;
    const where = `${row.policy} on ${row.scenario}`;
    for (const [i, seed] of row.seeds.entries()) {
      const k = old.seeds.indexOf(seed);
      if (k < 0) return `${where}, seed ${seed}: it has no such run`;
      const [now, then] = [figuresAt(row as AnyRow, i), figuresAt(old, k)];
      if (now !== then) return `${where}, seed ${seed}: the same run now gives other figures`;
      compared++;
    }
    const isWhole = JSON.stringify(row.seeds) === JSON.stringify(old.seeds);
    if (isWhole && "digest" in row && "digest" in old && row.digest !== old.digest)
      return `${where}: the digest over its runs is ${row.digest} now and was ${old.digest}`;
  }
  return compared === 0 ? `it has no row of ${CONTROL_POLICIES.join(" or ")} to be checked by` : null;
}

/**
 * `now` with the rows of the parts of `earlier` that it has not. Rows that both have are those of `now`.
 * @param order ids of policies in the order of reports
 */
export function addRows(now: EvaluationFile, earlier: EvaluationFile, order: readonly string[]): EvaluationFile {
  const rank = (policy: string) => (order.includes(policy) ? order.indexOf(policy) : order.length);
  const byRank = <T>(list: readonly T[], id: (item: T) => string): T[] =>
    [...list].sort((a, b) => rank(id(a)) - rank(id(b)));
  const parts: Record<string, unknown> = { ...earlier.parts };
  for (const [id, part] of Object.entries(now.parts) as [keyof EvaluationFile["parts"], AnyPart][]) {
    const old: AnyPart | undefined = earlier.parts[id];
    if (old === undefined) {
      parts[id] = part;
      continue;
    }
    const rows = [...(part.rows as readonly AnyRow[])];
    const mine = new Set(rows.map(keyOf));
    rows.push(...(old.rows as readonly AnyRow[]).filter((row) => !mine.has(keyOf(row))));
    const { scenarios, pressures } = old;
    const place = (row: AnyRow) =>
      scenarios.indexOf(row.scenario) * pressures.length + pressures.indexOf(row.pressureRatio);
    rows.sort((a, b) => place(a) - place(b) || rank(a.policy) - rank(b.policy));
    const policies = byRank([...new Set([...old.policies, ...part.policies])], (policy) => policy);
    parts[id] = { ...part, policies, rows };
  }
  const known = new Set(now.policies.map((policy) => policy.id));
  const policies = byRank(
    [...now.policies, ...earlier.policies.filter((policy) => !known.has(policy.id))],
    (policy) => policy.id,
  );
  return { ...earlier, ...now, policies, parts };
}

type AnyRow = RunPart["rows"][number] | ForecastRow;

function keyOf(row: AnyRow): string {
  const condition = "weights" in row ? row.weights : row.budgetBytesPerSecond;
  return `${row.scenario}\n${row.pressureRatio}\n${row.policy}\n${condition}`;
}

/** What a row says of its i-th seed, as the document has it. */
function figuresAt(row: AnyRow, i: number): string {
  const values =
    "weights" in row
      ? [
          row.maePercentPoints[i],
          row.firstScaledError[i],
          row.lateScaledError[i],
          ...Object.values(row.losses).map((list) => list[i]),
        ]
      : Object.values(row.values).map((list) => list[i]);
  return JSON.stringify(values, shorten);
}
