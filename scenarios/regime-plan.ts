// Regimes made ready for the generator.

import { LifetimeSampler } from "./lifetime-law.ts";
import type { ScenarioOptions } from "./scenario.ts";
import { SizeSampler } from "./size-law.ts";
import type { ScenarioSpec } from "./spec.ts";

/** A checkerboard's frees take at most this share of the level with them. */
const MOST_FREED_SHARE = 0.2;

export interface RegimePlan {
  /** Laws that take the place of the tenant's, if any. */
  readonly sizes: SizeSampler | undefined;
  readonly lifetimes: LifetimeSampler | undefined;
  /** Share of every second block that is freed when the regime ends; 0 = none. */
  readonly freedShare: number;
}

/** Mean block length and mean of its square. */
export interface LengthMoments {
  readonly meanLength: number;
  readonly meanSquare: number;
}

/** @param sizes the scenario's own law. @param largestBytes no request is larger. */
export function planRegimes(
  spec: ScenarioSpec,
  sizes: SizeSampler,
  largestBytes: number,
  options: ScenarioOptions,
): RegimePlan[] {
  const regimes = spec.regimes ?? [];
  let seconds = 0;
  let weighted = 0;
  for (const regime of regimes) {
    seconds += regime.seconds;
    weighted += regime.seconds * (regime.rateFactor ?? 1);
  }
  return regimes.map((regime) => {
    const own = regime.sizes === undefined ? undefined : new SizeSampler(regime.sizes, largestBytes);
    // All of every second block, unless a regime brings in so much for the heap that the frees would empty more of it
    // than the rest of the cycle can fill again: then the level could not be met.
    const perSecond = (options.ratePerSecond * (regime.rateFactor ?? 1) * seconds) / weighted;
    const freedBytes = (perSecond * regime.seconds * (own ?? sizes).meanLength) / 2;
    const mostBytes = MOST_FREED_SHARE * options.pressureRatio * options.capacityBytes;
    return {
      sizes: own,
      lifetimes: regime.lifetimes === undefined ? undefined : new LifetimeSampler(regime.lifetimes),
      freedShare: regime.freesEverySecond === true ? Math.min(1, mostBytes / freedBytes) : 0,
    };
  });
}

/** The moments over all regimes, weighted by time and rate. */
export function regimeMoments(spec: ScenarioSpec, regimes: readonly RegimePlan[], sizes: SizeSampler): LengthMoments {
  return weightedMoments(
    regimes.map((regime) => regime.sizes ?? sizes),
    spec.regimes!.map((regime) => regime.seconds * (regime.rateFactor ?? 1)),
  );
}

/** The moments of a mixture. */
export function weightedMoments(samplers: readonly SizeSampler[], weights: readonly number[]): LengthMoments {
  let total = 0;
  let length = 0;
  let square = 0;
  samplers.forEach((sampler, i) => {
    total += weights[i]!;
    length += weights[i]! * sampler.meanLength;
    square += weights[i]! * sampler.meanSquare;
  });
  return { meanLength: length / total, meanSquare: square / total };
}
