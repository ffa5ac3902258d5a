// What a forecaster has earned: the upper margin and the confidence, from matured errors alone. Four doubles in an array
// of the owner's choice, so that the network keeps them inside its block and the baselines in theirs.
//
// Margin: quantile tracking, the one-sided form of adaptive conformal inference (Gibbs & Candès 2021, eq. 2, on the
// quantile itself as in Angelopoulos, Candès & Tibshirani 2023, sec. 2.1), in the logarithm of the margin: a miss (label
// over forecast + margin) multiplies it by e^u, a hit by e^(−u·α / (1 − α)). Over T labels the share of misses differs
// from α by at most (1 − α)·|ln(last / first)| / (u·T), whatever the signal does, as long as the margin stays off its
// bounds. Steps in the margin itself need a scale, and the mean error, the usual one, is for minutes that of the first
// seconds, when the heap fills: too wide a margin, or a late one, at equal misses. The label of a forecast
// is known 5 s later, so the margin lags by 10 ticks; the bound still holds.
// Confidence: the error against that of persistence on the same labels, less what the miss rate is over the stated one.

import { expDeterministic, logDeterministic } from "../core/math.ts";

/** Stated miss rate α: the share of labels that may lie over the upper bound. */
export const MISS_RATE = 0.1;
/** Labels until the confidence may leave 0. */
export const LABELS_UNTIL_TRUSTED = 20;

/** Slots of the tracker from `at` on. */
export const TRACKED_MARGIN = 0;
export const TRACKED_ERROR = 1; // decayed mean |forecast − label|
export const TRACKED_PERSISTENCE_ERROR = 2; // the same of persistence
export const TRACKED_MISSES = 3; // decayed miss rate
export const ERROR_TRACKER_LENGTH = 4;

export const LEAST_MARGIN = 0.001;
const RISE = 1.045; // e^u
/** ln of what a hit divides the margin by; a miss multiplies it by nine times as much. */
export const MARGIN_STEP = (logDeterministic(RISE) * MISS_RATE) / (1 - MISS_RATE);
const FALL = expDeterministic(-MARGIN_STEP);
const MEMORY = 1 / 64; // 32 s of ticks
export const INITIAL_MARGIN = 0.05;
const NEGLIGIBLE = 0.0025; // a quarter of a percentage point: errors below it count as equal

/** Sets the tracker at `at` to "nothing known". */
export function resetErrorTracker(state: Float64Array, at: number): void {
  state[at + TRACKED_MARGIN] = INITIAL_MARGIN;
  state[at + TRACKED_ERROR] = 0;
  state[at + TRACKED_PERSISTENCE_ERROR] = 0;
  state[at + TRACKED_MISSES] = MISS_RATE;
}

/** Slots of a matured sample. */
export const MATURED_FORECAST = 0;
/** The margin that was in force at the forecast: with today's, the bound above would be about a limit nobody was told. */
export const MATURED_MARGIN = 1;
export const MATURED_PERSISTENCE = 2; // P at the time of the forecast
export const MATURED_LABEL = 3;
export const MATURED_LENGTH = 4;

/**
 * Takes in one matured sample. It comes in an array because doubles among arguments are boxed where V8 does not inline.
 * @param labels labels taken in before this one
 */
export function trackError(state: Float64Array, at: number, labels: number, sample: Float64Array): void {
  const label = sample[MATURED_LABEL];
  const forecast = sample[MATURED_FORECAST];
  const k = labels < 63 ? 1 / (labels + 1) : MEMORY; // a plain mean until the memory is full
  state[at + TRACKED_ERROR] += k * (Math.abs(forecast - label) - state[at + TRACKED_ERROR]);
  state[at + TRACKED_PERSISTENCE_ERROR] +=
    k * (Math.abs(sample[MATURED_PERSISTENCE] - label) - state[at + TRACKED_PERSISTENCE_ERROR]);
  const miss = label > forecast + sample[MATURED_MARGIN] ? 1 : 0;
  state[at + TRACKED_MARGIN] = Math.max(
    LEAST_MARGIN,
    Math.min(1, state[at + TRACKED_MARGIN] * (miss === 1 ? RISE : FALL)),
  );
  state[at + TRACKED_MISSES] += MEMORY * (miss - state[at + TRACKED_MISSES]);
}

/** The margin, 0..1. */
export function trackedMargin(state: Float64Array, at: number): number {
  return state[at + TRACKED_MARGIN];
}

/** The decayed mean of |forecast − label|, 0..1. */
export function trackedError(state: Float64Array, at: number): number {
  return state[at + TRACKED_ERROR];
}

/**
 * Confidence, 0..1: ½ when as good as persistence, 1 at half its error, 0 at one and a half times; scaled down while
 * labels are few and while misses are more than stated. 0 before LABELS_UNTIL_TRUSTED.
 */
export function trackedConfidence(state: Float64Array, at: number, labels: number): number {
  if (labels < LABELS_UNTIL_TRUSTED) return 0;
  const ratio = (state[at + TRACKED_ERROR] + NEGLIGIBLE) / (state[at + TRACKED_PERSISTENCE_ERROR] + NEGLIGIBLE);
  const earned = Math.min(1, Math.max(0, 1.5 - ratio));
  const overMisses = Math.max(0, state[at + TRACKED_MISSES] - MISS_RATE) / (1 - MISS_RATE);
  return earned * (1 - overMisses) * (labels / (labels + LABELS_UNTIL_TRUSTED));
}
