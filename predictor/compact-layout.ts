// Where everything of a CompactPredictor lies in its one block of 48 bytes; offsets in bytes from the block's start.
//
//     0  u32: time of the last observation, ms modulo 2^24 (4.6 hours), and decayed compactions in steps of 1/8 (8 bits)
//     4  mean U, float32: moved by half a percent of its way at each allocation, which 16 bits would round away
//     8  ring of 5 samples of 32 bits: forecast (11), margin (6), pressure (8), x1 (7)               20 bytes
//    28  level of P, U, both u16
//    32  ms since the last tick u16, 65535: that long or longer, or never
//    34  u16: step of the margin (11 bits), ticks modulo 10 (4 bits)
//    36  error, error of persistence, share of misses, u16 each
//    42  bias of the output and weight of the rate, u16 each, 32768: as shipped
//    46  labels u8, counted to 255; samples in the ring u8
//    48
//
// Ratios are 16-bit fixed point as in state-layout.ts. A mean that moves by 1/64 of its way stands still in there once it is
// within 0.05 percentage points. The margin only ever rises or falls by whole steps, nine up and one down, so its logarithm is
// an integer, exactly; and since no more than five labels come between a sample and its own, the margin of then is one of 51
// steps around that of now and six bits tell which. Multi-byte values are in the machine's order, as the block is live memory.

import { HORIZON_TICKS } from "../core/units.ts";
import { IO_FORECAST, IO_LABEL, IO_X } from "./kernel.ts";

/** A sample is taken, and a label comes, at each second tick: half the ring, and labels 0.5 s apart say nearly the same. */
export const SAMPLE_EACH_TICKS = 2;
export const COMPACT_SAMPLES = HORIZON_TICKS / SAMPLE_EACH_TICKS;

/** Indices of uint32 and float32. */
export const CLOCK_U32 = 0;
export const MEAN_OCCUPANCY_F32 = 1;
export const SAMPLES_U32 = 2;
/** Indices of uint16. */
export const LEVEL_U16 = 2 * (SAMPLES_U32 + COMPACT_SAMPLES);
export const OCCUPANCY_U16 = LEVEL_U16 + 1;
export const SINCE_MILLIS_U16 = LEVEL_U16 + 2;
export const MARGIN_PHASE_U16 = LEVEL_U16 + 3;
export const ERROR_U16 = LEVEL_U16 + 4;
export const PERSISTENCE_U16 = LEVEL_U16 + 5;
export const MISSES_U16 = LEVEL_U16 + 6;
export const BIAS_U16 = LEVEL_U16 + 7;
export const RATE_WEIGHT_U16 = LEVEL_U16 + 8;
/** Indices of uint8. */
export const LABELS_U8 = 2 * (LEVEL_U16 + 9);
export const FILLED_U8 = LABELS_U8 + 1;

/** Bytes of the whole state of a CompactPredictor: 48. */
export const COMPACT_STATE_BYTES = FILLED_U8 + 1;

/** CLOCK_U32: the compaction count in the low 8 bits, the time above. */
export const CLOCK_SHIFT = 8;
export const CLOCK_MASK = 0xffffff;
export const MOST_COMPACTIONS = 255;
export const COMPACTION_STEPS = 8;
/** MARGIN_PHASE_U16: the phase in the low 4 bits, the step of the margin above. */
export const PHASE_SHIFT = 4;
export const PHASE_MASK = 15;
/** In SINCE_MILLIS_U16: so long ago that it no longer matters when. */
export const LONG_AGO_MILLIS = 65535;
/** Steps of what is learned online in one unit of the logit, what stands for "as shipped", and how far from it they may go. */
export const LEARNED_STEPS = 8192;
export const LEARNED_NONE = 32768;
export const LEARNED_MOST = 2 * LEARNED_STEPS;
/** Labels are counted so far; what depends on them has long settled. */
export const MOST_LABELS = 255;

/** Steps that a miss raises the margin by; a hit lowers it by one. */
export const STEPS_OF_A_MISS = 9;
/** Most that the margin can have risen between a sample and its label. */
const MOST_RISE = STEPS_OF_A_MISS * COMPACT_SAMPLES;
const FORECAST_STEPS = 2046;
const FORECAST_NOT_FINITE = 2047;
const PRESSURE_STEPS = 255;
const RATE_STEPS = 127;

/**
 * The sample of a forecast in 32 bits, as an int32: forecast, P and x1 are in IO_FORECAST, IO_LABEL and IO_X of `io`. A
 * forecast that is not finite is marked as such; x1 can be NaN only beside one.
 * @param marginStep step of the margin that was announced with it
 */
export function packSample(io: Float64Array, marginStep: number): number {
  const forecast = io[IO_FORECAST];
  const rate = io[IO_X];
  let steps = FORECAST_NOT_FINITE;
  if (forecast - forecast === 0) {
    steps = Math.round((forecast < 0 ? 0 : forecast > 1 ? 1 : forecast) * FORECAST_STEPS);
  }
  const pressure = Math.round(io[IO_LABEL] * PRESSURE_STEPS);
  return (steps << 21) | ((marginStep & 63) << 15) | (pressure << 7) | Math.round(rate * RATE_STEPS); // NaN | is 0
}

export function isSampleFinite(sample: number): boolean {
  return sample >>> 21 !== FORECAST_NOT_FINITE;
}

export function forecastOfSample(sample: number): number {
  return (sample >>> 21) / FORECAST_STEPS;
}

/** The step of the margin at the sample, given that of now: it fell by 5 steps at most since, or rose by 45. */
export function marginStepOfSample(sample: number, marginStepNow: number): number {
  const rise = (marginStepNow - (sample >>> 15)) & 63;
  return marginStepNow - (rise > MOST_RISE ? rise - 64 : rise);
}

export function pressureOfSample(sample: number): number {
  return ((sample >>> 7) & 255) / PRESSURE_STEPS;
}

/** x1, 0..1. */
export function rateOfSample(sample: number): number {
  return (sample & 127) / RATE_STEPS;
}
