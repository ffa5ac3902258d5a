// What a scenario is to the rest of the product: a name, a text, and a function from options to a demand. Where the
// demand comes from (a built-in family or a file somebody wrote) does not show here.

import type { Demand, RequestMix } from "../core/demand.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";

/** The pressure levels of the standard suite, as ratios of capacity. */
export const PRESSURE_LEVELS: readonly number[] = [0.5, 0.75, 0.85, 0.95, 0.98];
/** Allocation requests a second, unless told otherwise. */
export const DEFAULT_RATE_PER_SECOND = 100;
/** The least and the greatest level that can be asked for; over it the ceiling of 99 % leaves no room to control with. */
export const LEAST_PRESSURE_RATIO = 0.05;
export const GREATEST_PRESSURE_RATIO = 0.985;
/** The smallest heap that a scenario is generated for. */
export const LEAST_CAPACITY_BYTES = 16_384;
/** Demanded bytes that no shrinker can free stay under this ratio of capacity, at every instant of every scenario. */
export const PEAK_RATIO = 0.99;

export interface ScenarioOptions {
  /** The level: time-mean of demanded block bytes / capacity from `fillEndMicros` on; 0.05..0.985. */
  readonly pressureRatio: number;
  /** Integer ≥ 0. */
  readonly seed: number;
  /** Integer > 0. */
  readonly durationMicros: number;
  /** Allocation requests a second after the fill, > 0; the default is 100. */
  readonly ratePerSecond: number;
  /** Integer ≥ 16 KiB. */
  readonly capacityBytes: number;
  /** Takes the place of the scenario's own mix. */
  readonly mix?: RequestMix;
}

export interface Scenario {
  readonly id: string;
  /** A few words for a heading. */
  readonly title: string;
  /** What it does and how much of it can be foreseen. */
  readonly description: string;
  readonly mix: RequestMix;
  /** What the author suggests where the caller has no wish of its own (scenario files may say so). */
  readonly durationMicros?: number;
  readonly ratePerSecond?: number;
  readonly pressureRatio?: number;

  /**
   * The demand. Equal options give equal bytes. Throws INVALID_INPUT for options out of range.
   * Cost: about 0.4 µs a request.
   */
  generate(options: ScenarioOptions): Demand;
}

/**
 * The end of the fill, in µs. The heap starts empty: the first 2 s (or the first tenth of a run under 20 s) bring in the
 * initial population at whatever rate that takes, with no frees. The level of a demand is measured from here on.
 */
export function fillEndMicros(durationMicros: number): number {
  return Math.min(2 * MICROS_PER_SECOND, Math.floor(durationMicros / 10));
}
