// The four inputs of the network and its anchor: what they are and the constants in them. The predictor computes them in
// place from its state; `featuresInto` is the one definition, for the tick, the hot forecast and the trainers alike.
//
// Means and counts fade by one law with a time constant τ: over a step dt a mean moves by the share k = dt / (τ + dt)
// towards the new value, and a count keeps 1 − k of itself. That is the [0/1] Padé approximant of 1 − e^(−dt/τ): rational,
// so the same bits on every engine, and one division an allocation.
//
//   x1  net allocation rate: r = (U − mean U) / τ, the exponentially weighted mean of dU/dt, as a share of capacity per
//       second; squashed to ½ + ½·r / (|r| + r0), ½ = as much freed as allocated. Net and not gross, because pressure
//       follows what stays: a steady load at any speed has gross rate aplenty and goes nowhere.
//   x2  free bytes as a share of capacity, 1 − U
//   x3  compactions, a fading count c that a run raises by 1: c / (c + k)
//   x4  seconds since the last prediction, clipped to 0.5..5 and divided by 5. The last prediction is the one issued at the
//       last tick. Between ticks the value is that of an undisturbed tick (0.5 s), so a forecast at any allocation sees
//       what training saw; it is greater only when ticks were missed.
//   anchor  the level of P, kept within 0.001..0.999: the first guess that the network corrects (network.ts). At each tick
//       it moves towards P by a share that depends on the distance e: g + (1 − g)·dt / (τ + dt), g = (e² / (e² + σ²))².
//       Noise of a few points is averaged over half a minute, a swing or a jump is followed at once; a fixed share, as in
//       EWMA, is late in the one case or noisy in the other (after Trigg & Leach 1967, with the distance in place of their
//       tracking signal). At 98 % pressure is nearly white noise around its level, at 50 % it is waves.

import { MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import { IO_LABEL, IO_NOW } from "./kernel.ts";
import { COMPACTIONS, LEVEL, MEAN_OCCUPANCY, OCCUPANCY, TICK_AT_MICROS } from "./state-layout.ts";

/** τ of mean U and of the compaction count. */
export const MEMORY_MICROS = 2 * MICROS_PER_SECOND;
/** r0: the net rate that is squashed to ¾, share of capacity per second. */
export const RATE_HALF_PER_SECOND = 0.003;
/** k: the fading compaction count that is squashed to ½. */
export const COMPACTIONS_HALF = 4;
/** Bounds of the time since the last prediction. */
export const SINCE_MIN_MICROS = TICK_MICROS;
export const SINCE_MAX_MICROS = 5 * MICROS_PER_SECOND;
/** The anchor keeps this distance from 0 and 1, so that the network can always move it. */
export const ANCHOR_MARGIN = 0.001;

/** τ of the level of P while P stays near it. */
export const LEVEL_MEMORY_MICROS = 30 * MICROS_PER_SECOND;
/** σ: the distance of P from its level at which it is followed by a quarter at once. */
export const LEVEL_NOISE = 0.06;

const SINCE_LEAST = SINCE_MIN_MICROS / SINCE_MAX_MICROS;
const INVERSE_MEMORY_SECONDS = MICROS_PER_SECOND / MEMORY_MICROS;

/**
 * Writes x1..x4 and the anchor into the first five slots of `io` from the predictor's float64 state and the time in IO_NOW,
 * which is passed there because a double among the arguments is boxed when V8 does not inline the call. Hot: a plain clamp
 * by branches, as Math.min and max on doubles see to −0 and NaN at several ns each.
 */
export function featuresInto(state: Float64Array, io: Float64Array): void {
  const occupancy = state[OCCUPANCY];
  const rate = (occupancy - state[MEAN_OCCUPANCY]) * INVERSE_MEMORY_SECONDS;
  const compactions = state[COMPACTIONS];
  const since = io[IO_NOW] - state[TICK_AT_MICROS];
  const level = state[LEVEL];
  io[0] = 0.5 + (0.5 * rate) / ((rate < 0 ? -rate : rate) + RATE_HALF_PER_SECOND);
  io[1] = 1 - occupancy;
  io[2] = compactions / (compactions + COMPACTIONS_HALF);
  // One store a branch: a variable that is now a computed double and now a constant would be boxed.
  if (since <= SINCE_MIN_MICROS) io[3] = SINCE_LEAST;
  else if (since >= SINCE_MAX_MICROS) io[3] = 1;
  else io[3] = since / SINCE_MAX_MICROS;
  if (level < ANCHOR_MARGIN) io[4] = ANCHOR_MARGIN;
  else if (level > 1 - ANCHOR_MARGIN) io[4] = 1 - ANCHOR_MARGIN;
  else io[4] = level;
}

/**
 * Moves the level of P by the sample of a tick, before TICK_AT_MICROS is set to it: its time is in IO_NOW, its pressure in
 * IO_LABEL. The first sample is taken whole.
 */
export function moveLevel(state: Float64Array, io: Float64Array): void {
  const elapsed = io[IO_NOW] - state[TICK_AT_MICROS];
  const distance = io[IO_LABEL] - state[LEVEL];
  const squared = distance * distance;
  const ratio = squared / (squared + LEVEL_NOISE * LEVEL_NOISE);
  const jump = ratio * ratio;
  state[LEVEL] += (jump + ((1 - jump) * elapsed) / (LEVEL_MEMORY_MICROS + elapsed)) * distance;
}
