// The figures of a forecast, computed from tallies. A figure that is not defined (nothing to divide by) is null, never NaN.
//
// The event: P at the forecast time + 5 s reaches the critical threshold; it is forecast when the forecast reaches it.
// Shares are over all predictions of the group, so accuracy + false positives + false negatives = 1; rates are over the
// predictions without, or with, the event. MASE divides by the error of 5 s persistence on the same pairs. Skill is
// 1 − MAE / MAE of whichever simple baseline did best on the same pairs, chosen afterwards, which is the hardest rival.
// Brier skill is against the group's own base rate.

import { HORIZON_TICKS, MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import { BASELINE_IDS, type BaselineId } from "./baselines/registry.ts";
import { BAND_BOUNDS, CALIBRATION_BINS, type ForecastCounts, type ScoreTally } from "./forecast-counts.ts";

/** A band with fewer predictions, or fewer events, says so. */
export const SUFFICIENT_PREDICTIONS = 200;
export const SUFFICIENT_POSITIVES = 20;

/** Figures of one group of predictions. */
export interface ForecastFigures {
  readonly predictions: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  readonly accuracy: number | null;
  readonly falsePositiveShare: number | null;
  readonly falseNegativeShare: number | null;
  readonly falsePositiveRate: number | null;
  readonly falseNegativeRate: number | null;
  readonly baseRate: number | null;
  readonly balancedAccuracy: number | null;
  readonly maePercentPoints: number | null;
  readonly mase: number | null;
  readonly skill: number | null;
  readonly bestBaseline: BaselineId | null;
  readonly baselineMaePercentPoints: Readonly<Record<BaselineId, number | null>>;
  readonly brierSkill: number | null;
  readonly intervalCoverage: number | null;
  /** True when n < 200 or there are fewer than 20 positives. */
  readonly insufficient: boolean;
}

export interface ForecastBand extends ForecastFigures {
  /** Bounds of U at forecast time. */
  readonly fromRatio: number;
  readonly toRatio: number;
}

export interface AlarmFigures {
  /** Uninterrupted runs of ticks whose upper bound reaches the threshold. */
  readonly alarms: number;
  readonly episodes: number;
  /** Share of ticks with an alarm standing: precision and recall of one that always stands are 1 and worth nothing. */
  readonly standingShare: number | null;
  /** Share of alarms during or up to 5 s after which pressure was critical. */
  readonly precision: number | null;
  /** Share of critical episodes that began with an alarm standing. */
  readonly recall: number | null;
  /** From alarm to episode, at most 5 s. */
  readonly medianLeadSeconds: number | null;
  readonly falseAlarmsPerHour: number | null;
}

export interface CalibrationBin {
  readonly fromProbability: number;
  readonly toProbability: number;
  readonly predictions: number;
  readonly meanProbability: number | null;
  readonly eventShare: number | null;
}

export interface ForecastReport extends ForecastFigures {
  readonly criticalThreshold: number | null;
  readonly bands: readonly ForecastBand[];
  /** The first 200 predictions of each run; they are part of the figures above as well. */
  readonly coldStart: ForecastFigures;
  readonly alarms: AlarmFigures;
  readonly calibration: readonly CalibrationBin[];
}

/** The report of tallies, of one run or merged. `criticalThreshold` is null when runs with different ones were merged. */
export function reportForecast(counts: ForecastCounts, criticalThreshold: number | null): ForecastReport {
  return {
    ...figures(counts.overall),
    criticalThreshold,
    bands: counts.bands.map((tally, i) => ({
      fromRatio: BAND_BOUNDS[i],
      toRatio: BAND_BOUNDS[i + 1] ?? 1,
      ...figures(tally),
    })),
    coldStart: figures(counts.coldStart),
    alarms: alarmFigures(counts),
    calibration: counts.calibrationCounts.map((n, i) => ({
      fromProbability: i / CALIBRATION_BINS,
      toProbability: (i + 1) / CALIBRATION_BINS,
      predictions: n,
      meanProbability: divide(counts.calibrationProbabilities[i], n),
      eventShare: divide(counts.calibrationEvents[i], n),
    })),
  };
}

function figures(tally: ScoreTally): ForecastFigures {
  const n = tally.predictions;
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = tally;
  const positives = truePositives + falseNegatives;
  const negatives = trueNegatives + falsePositives;
  const hitRate = divide(truePositives, positives);
  const passRate = divide(trueNegatives, negatives);
  const baseRate = divide(positives, n);
  let best = 0;
  for (let i = 1; i < BASELINE_IDS.length; i++) {
    if (tally.baselineAbsoluteErrors[i] < tally.baselineAbsoluteErrors[best]) best = i;
  }
  const bestError = tally.baselineAbsoluteErrors[best];
  const reference = baseRate === null ? 0 : n * baseRate * (1 - baseRate);
  const baselines = {} as Record<BaselineId, number | null>;
  BASELINE_IDS.forEach((id, i) => {
    baselines[id] = divide(100 * tally.baselineAbsoluteErrors[i], n);
  });
  return {
    predictions: n,
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives,
    accuracy: divide(truePositives + trueNegatives, n),
    falsePositiveShare: divide(falsePositives, n),
    falseNegativeShare: divide(falseNegatives, n),
    falsePositiveRate: divide(falsePositives, negatives),
    falseNegativeRate: divide(falseNegatives, positives),
    baseRate,
    balancedAccuracy: hitRate === null || passRate === null ? null : (hitRate + passRate) / 2,
    maePercentPoints: divide(100 * tally.absoluteError, n),
    mase: divide(tally.absoluteError, tally.baselineAbsoluteErrors[BASELINE_IDS.indexOf("persistence")]),
    skill: lessThanOne(divide(tally.absoluteError, bestError)),
    bestBaseline: n === 0 ? null : BASELINE_IDS[best],
    baselineMaePercentPoints: baselines,
    brierSkill: lessThanOne(divide(tally.squaredProbabilityError, reference)),
    intervalCoverage: divide(tally.covered, n),
    insufficient: n < SUFFICIENT_PREDICTIONS || positives < SUFFICIENT_POSITIVES,
  };
}

function alarmFigures(counts: ForecastCounts): AlarmFigures {
  const hours = (counts.watchedTicks * TICK_MICROS) / (3600 * MICROS_PER_SECOND);
  return {
    alarms: counts.alarms,
    episodes: counts.episodes,
    standingShare: divide(counts.alarmTicks, counts.watchedTicks),
    precision: divide(counts.trueAlarms, counts.alarms),
    recall: divide(counts.alarmedEpisodes, counts.episodes),
    medianLeadSeconds: medianLead(counts.leadTicks),
    falseAlarmsPerHour: divide(counts.alarms - counts.trueAlarms, hours),
  };
}

/** Median of a histogram of ticks, in seconds; the mean of the middle two for an even count. */
function medianLead(histogram: readonly number[]): number | null {
  let total = 0;
  for (const n of histogram) total += n;
  if (total === 0) return null;
  const at = (rank: number): number => {
    let seen = 0;
    for (let ticks = 0; ticks <= HORIZON_TICKS; ticks++) {
      seen += histogram[ticks];
      if (seen > rank) return ticks;
    }
    return HORIZON_TICKS;
  };
  const ticks = (at(Math.floor((total - 1) / 2)) + at(Math.floor(total / 2))) / 2;
  return (ticks * TICK_MICROS) / MICROS_PER_SECOND;
}

function divide(value: number, by: number): number | null {
  return by > 0 ? value / by : null;
}

function lessThanOne(ratio: number | null): number | null {
  return ratio === null ? null : 1 - ratio;
}
