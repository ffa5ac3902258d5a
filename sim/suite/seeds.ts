// Which seeds are for what. Figures are quoted from test seeds; whatever is tuned or trained has never seen one, or the
// figures would flatter it. The first hundred are kept free for tests, so that `--seeds 50` is as clean as `--seeds 20`.

import { MempredError } from "../../core/errors.ts";

/** The frozen suite runs on these. */
export const TEST_SEEDS: readonly number[] = Array.from({ length: 20 }, (_, i) => 1 + i);
/** Seeds up to this one are for testing alone. */
export const LAST_TEST_SEED = 100;
/** Hyper-parameters are tuned from here on, */
export const FIRST_TUNING_SEED = 101;
/** and weights that ship are trained from here on. */
export const FIRST_TRAINING_SEED = 1001;
/** What `mempred tune` uses when told nothing. */
export const TUNING_SEEDS: readonly number[] = [101, 102, 103];
/** What `mempred train` uses when told nothing. */
export const TRAINING_SEEDS: readonly number[] = [100_001, 100_002, 100_003];

/** Throws INVALID_INPUT when one of `seeds` is a test seed. `purpose` is "tuning" or "training". */
export function refuseTestSeeds(seeds: readonly number[], purpose: "tuning" | "training"): void {
  const taken = seeds.filter(isTestSeed);
  if (taken.length === 0) return;
  const first = purpose === "tuning" ? FIRST_TUNING_SEED : FIRST_TRAINING_SEED;
  const named = taken.length > 4 ? `${taken.slice(0, 3).join(", ")} and ${taken.length - 3} more` : taken.join(", ");
  const what = taken.length === 1 ? `seed ${named} is a test seed` : `seeds ${named} are test seeds`;
  throw new MempredError(
    "INVALID_INPUT",
    `${what}: ${purpose} on what results are quoted from would flatter them (1..${LAST_TEST_SEED} are for testing)`,
    { expected: `${purpose} seeds from ${first} on, such as --seeds ${first}..${first + 2}` },
  );
}

/** True for a seed that results are quoted from. */
export function isTestSeed(seed: number): boolean {
  return seed <= LAST_TEST_SEED;
}
