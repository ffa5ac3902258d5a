// Trials of a policy's parameters: which combinations there are, and how each did against the defaults on the same demands.

import { assert } from "../../core/errors.ts";
import type { TestedDifference } from "./evaluation-table.ts";

/** Values of parameters by name; a name that is left out has its default. */
export type Tuning = Readonly<Record<string, number>>;

/** A parameter and the values to try. */
export interface TunedParameter {
  readonly name: string;
  readonly values: readonly number[];
}

/** What one combination came to. Differences are to the defaults, paired by seed. */
export interface TuningTrial {
  readonly tuning: Tuning;
  readonly avoidableOoms: TestedDifference;
  readonly totalOoms: TestedDifference;
  readonly deniedBytes: TestedDifference;
  readonly movedBytes: TestedDifference;
  readonly responseP99Micros: TestedDifference;
  /** p of the avoidable OOMs after Holm over all trials; null with one seed. */
  readonly adjustedP: number | null;
}

/** Every combination, the last parameter changing fastest; the defaults themselves are left out. */
export function tuningGrid(parameters: readonly TunedParameter[], defaults: Tuning): Tuning[] {
  let combinations: Tuning[] = [{}];
  for (const { name, values } of parameters) {
    assert(values.length > 0, "a parameter has values to try");
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [name]: value })));
  }
  return combinations.filter((one) => Object.entries(one).some(([name, value]) => value !== defaults[name]));
}

/** The next step of a search one parameter at a time: `best` with each value of `parameter` that is not tried yet. */
export function tuningLine(parameter: TunedParameter, best: Tuning, defaults: Tuning): Tuning[] {
  const current = best[parameter.name] ?? defaults[parameter.name];
  return parameter.values
    .filter((value) => value !== current)
    .map((value) => ({ ...best, [parameter.name]: value }))
    .filter((one) => Object.entries(one).some(([name, value]) => value !== defaults[name]));
}

/** The trial with the fewest avoidable OOMs; between equals the one that moves less; null when none beats the defaults. */
export function bestTrial(trials: readonly TuningTrial[]): TuningTrial | null {
  let best: TuningTrial | null = null;
  for (const trial of trials) {
    const { avoidableOoms: ooms, movedBytes: moved } = trial;
    const isBetter =
      best === null
        ? ooms.policy < ooms.baseline || (ooms.policy === ooms.baseline && moved.policy < moved.baseline)
        : ooms.policy < best.avoidableOoms.policy ||
          (ooms.policy === best.avoidableOoms.policy && moved.policy < best.movedBytes.policy);
    if (isBetter) best = trial;
  }
  return best;
}

/** A combination as it is typed: "gain=2 holeBytes=4096". */
export function tuningText(tuning: Tuning): string {
  return Object.entries(tuning)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}
