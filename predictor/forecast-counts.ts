// The raw tallies of scored forecasts: sums and counts alone, so that the tallies of many runs add up to the tally of all
// of them, and every figure of a report (forecast-report.ts) is computed from the total and not averaged over averages.

import { HORIZON_TICKS } from "../core/units.ts";
import { BASELINE_IDS } from "./baselines/registry.ts";

/** Lower bounds of the bands of U at forecast time; the last band ends at 1, included. */
export const BAND_BOUNDS = [0, 0.5, 0.75, 0.9, 0.95] as const;
/** Predictions that count as cold start. */
export const COLD_START_PREDICTIONS = 200;
export const CALIBRATION_BINS = 10;

/** Tally of one group of forecasts. Ratios, not percentage points. */
export interface ScoreTally {
  predictions: number;
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  trueNegatives: number;
  /** Σ |forecast − label|. */
  absoluteError: number;
  /** The same of each baseline, in the order of BASELINE_IDS. */
  baselineAbsoluteErrors: number[];
  /** Σ (probability − event)². */
  squaredProbabilityError: number;
  /** Labels at or below the upper bound. */
  covered: number;
}

/** Everything that is counted over a run, or over many. */
export interface ForecastCounts {
  overall: ScoreTally;
  /** By U at forecast time, BAND_BOUNDS. */
  bands: ScoreTally[];
  coldStart: ScoreTally;
  /** Ten bins of forecast probability: count, Σ probability, events. */
  calibrationCounts: number[];
  calibrationProbabilities: number[];
  calibrationEvents: number[];
  /** Alarms by the upper bound, settled ones. */
  alarms: number;
  trueAlarms: number;
  /** Critical episodes, and those that an alarm preceded. */
  episodes: number;
  alarmedEpisodes: number;
  /** Lead time of alarmed episodes in ticks, 1..10; index 0 is unused. */
  leadTicks: number[];
  /** Ticks with an alarm standing. */
  alarmTicks: number;
  /** Ticks over which alarms were watched. */
  watchedTicks: number;
}

/** Forecasts that are not finite are tallied as this error, the greatest there is. */
export const WORST_ERROR = 1;

function emptyTally(): ScoreTally {
  return {
    predictions: 0,
    truePositives: 0,
    falsePositives: 0,
    falseNegatives: 0,
    trueNegatives: 0,
    absoluteError: 0,
    baselineAbsoluteErrors: BASELINE_IDS.map(() => 0),
    squaredProbabilityError: 0,
    covered: 0,
  };
}

/** Tallies of nothing. */
export function emptyForecastCounts(): ForecastCounts {
  const zeros = (length: number) => Array.from({ length }, () => 0);
  return {
    overall: emptyTally(),
    bands: BAND_BOUNDS.map(emptyTally),
    coldStart: emptyTally(),
    calibrationCounts: zeros(CALIBRATION_BINS),
    calibrationProbabilities: zeros(CALIBRATION_BINS),
    calibrationEvents: zeros(CALIBRATION_BINS),
    alarms: 0,
    trueAlarms: 0,
    episodes: 0,
    alarmedEpisodes: 0,
    leadTicks: zeros(HORIZON_TICKS + 1),
    alarmTicks: 0,
    watchedTicks: 0,
  };
}

/** The tallies of all of `parts` together; the parts stay as they are. Cost: linear. */
export function mergeForecastCounts(parts: readonly ForecastCounts[]): ForecastCounts {
  const total = emptyForecastCounts();
  for (const part of parts) addInto(total, part);
  return total;
}

/** Adds every number of `part` to its place in `total`; both have the same shape by construction. */
function addInto(total: object, part: object): void {
  const sums = total as Record<string, unknown>;
  for (const [key, value] of Object.entries(part)) {
    if (typeof value === "number") sums[key] = (sums[key] as number) + value;
    else addInto(sums[key] as object, value as object);
  }
}

/** Index of the band of `occupancyRatio`. */
export function bandOf(occupancyRatio: number): number {
  let band = 0;
  while (band + 1 < BAND_BOUNDS.length && occupancyRatio >= BAND_BOUNDS[band + 1]) band++;
  return band;
}
