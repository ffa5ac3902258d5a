// Named suites: what a command runs when it is told nothing else. Every part can be changed by a flag.

import { MempredError } from "../core/errors.ts";

export interface SuiteDefaults {
  readonly pressures: readonly number[];
  readonly seeds: readonly number[];
  readonly policies: readonly string[];
  readonly durationSeconds: number;
}

const LEVELS = [0.5, 0.75, 0.85, 0.95, 0.98];

export const SUITES: Readonly<Record<string, SuiteDefaults>> = {
  /** All scenarios × 5 levels × 5 seeds × 10 min. */
  default: { pressures: LEVELS, seeds: [1, 2, 3, 4, 5], policies: ["reactive", "predictive"], durationSeconds: 600 },
  /** A first look: seconds. */
  quick: { pressures: [0.75, 0.95], seeds: [1, 2, 3], policies: ["reactive", "predictive"], durationSeconds: 120 },
  /** What baselines/stress.json holds: short runs, for every change. */
  regression: { pressures: LEVELS, seeds: [1, 2, 3], policies: ["reactive", "predictive"], durationSeconds: 120 },
};

/** The suite of that name. Throws USAGE. */
export function suiteNamed(name: string): SuiteDefaults {
  const suite = SUITES[name];
  if (suite === undefined)
    throw new MempredError("USAGE", `unknown suite "${name}"`, { expected: Object.keys(SUITES).join(", ") });
  return suite;
}
