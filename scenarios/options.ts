// Checks of the options that come from outside (flags, files, requests) before a demand is generated.

import type { RequestMix } from "../core/demand.ts";
import { MempredError } from "../core/errors.ts";
import {
  GREATEST_PRESSURE_RATIO,
  LEAST_CAPACITY_BYTES,
  LEAST_PRESSURE_RATIO,
  type ScenarioOptions,
} from "./scenario.ts";

/** Sums of shares may be off by so much through rounding in decimal notation. */
const SHARE_TOLERANCE = 1e-6;
/** Columns of a demand grow to about 40 bytes an operation: over this many requests memory is the limit. */
const MOST_REQUESTS = 20_000_000;

/** Throws INVALID_INPUT, with what was expected, for options out of range. */
export function checkOptions(options: ScenarioOptions): void {
  const { pressureRatio, seed, durationMicros, ratePerSecond, capacityBytes } = options;
  if (!(pressureRatio >= LEAST_PRESSURE_RATIO && pressureRatio <= GREATEST_PRESSURE_RATIO))
    refuse("pressure", pressureRatio, `a ratio from ${LEAST_PRESSURE_RATIO} to ${GREATEST_PRESSURE_RATIO}`);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) refuse("seed", seed, "an integer of at least 0");
  if (!(Number.isSafeInteger(durationMicros) && durationMicros > 0))
    refuse("duration", durationMicros, "a whole number of microseconds over 0");
  if (!(ratePerSecond > 0 && ratePerSecond <= 1e6))
    refuse("rate", ratePerSecond, "requests a second, over 0 to 1000000");
  if (!(Number.isSafeInteger(capacityBytes) && capacityBytes >= LEAST_CAPACITY_BYTES && capacityBytes < 2_147_483_648))
    refuse("capacity", capacityBytes, `whole bytes from ${LEAST_CAPACITY_BYTES} to 2^31 - 1`);
  const requests = (ratePerSecond * durationMicros) / 1e6;
  if (requests > MOST_REQUESTS) refuse("rate x duration", requests, `at most ${MOST_REQUESTS} requests`);
  if (options.mix !== undefined) checkMix(options.mix);
}

/** Throws INVALID_INPUT unless the shares are ratios and the classes' add to 1. */
export function checkMix(mix: RequestMix): void {
  for (const share of [mix.atomic, mix.deadline, mix.wait, mix.pinned])
    if (!(share >= 0 && share <= 1)) refuse("mix", share, "shares from 0 to 1");
  const sum = mix.atomic + mix.deadline + mix.wait;
  if (Math.abs(sum - 1) > SHARE_TOLERANCE) refuse("mix", sum, "shares of atomic, deadline and wait that add to 1");
}

function refuse(what: string, value: number, expected: string): never {
  throw new MempredError("INVALID_INPUT", `${what} is ${value}: expected ${expected}`, { expected, value });
}
