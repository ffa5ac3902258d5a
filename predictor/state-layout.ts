// Where everything of a PressurePredictor lies in its one block of 656 bytes; offsets in bytes from the block's start.
//
//     0  magic u32, version u32
//     8  49 weights, float64                                  392 bytes
//   400  last time and last tick (µs), mean U, level of P, U, decayed compactions, smoothed forecast, error tracker (4),
//        learning rate                                        12 float64
//   496  gradient clip f32, then predictions, trained labels, matured labels u32
//   512  ring head u8, ring filled u8, two zero bytes
//   516  ring of 10 samples x 7 u16: x1, x2, x3 and x4 in a byte each, anchor, forecast, margin, pressure  140 bytes
//   656
//
// The ring holds ratios in 0..1 as 16-bit fixed point: float32 would need 280 bytes. The step of 1/65534 is 0.0015
// percentage points. x3 and x4 have steps of 1/250, which hold x4's usual 0.1 exactly. 65535 marks a value that was not finite. Multi-byte values are in the machine's order, as the block
// is live memory; files are written by weights-file.ts, which fixes the order.

import { HORIZON_TICKS } from "../core/units.ts";
import { ERROR_TRACKER_LENGTH } from "./error-tracker.ts";
import { PARAMETER_COUNT } from "./network.ts";

/** "MPRD". */
export const STATE_MAGIC = 0x4d505244;
export const STATE_VERSION = 1;

/** Indices of float64. */
export const WEIGHTS_F64 = 1;
export const LAST_MICROS = WEIGHTS_F64 + PARAMETER_COUNT;
export const TICK_AT_MICROS = LAST_MICROS + 1;
export const MEAN_OCCUPANCY = LAST_MICROS + 2;
export const LEVEL = LAST_MICROS + 3;
export const OCCUPANCY = LAST_MICROS + 4;
export const COMPACTIONS = LAST_MICROS + 5;
export const SMOOTHED = LAST_MICROS + 6;
export const TRACKER = LAST_MICROS + 7;
export const LEARNING_RATE = TRACKER + ERROR_TRACKER_LENGTH;
const FLOAT64_END = LEARNING_RATE + 1;

/** Index of float32. */
export const CLIP_F32 = FLOAT64_END * 2;

/** Indices of uint32. */
export const MAGIC_U32 = 0;
export const VERSION_U32 = 1;
export const PREDICTIONS_U32 = CLIP_F32 + 1;
export const TRAINED_U32 = CLIP_F32 + 2;
export const MATURED_U32 = CLIP_F32 + 3;

/** Indices of uint8. */
export const RING_HEAD_U8 = (MATURED_U32 + 1) * 4;
export const RING_FILLED_U8 = RING_HEAD_U8 + 1;

/** Index of uint16 of the first sample; fields of a sample. */
export const RING_U16 = RING_HEAD_U8 / 2 + 2;
export const RING_SAMPLES = HORIZON_TICKS;
export const SAMPLE_FIELDS = 7;
export const SAMPLE_X1 = 0;
export const SAMPLE_X2 = 1;
export const SAMPLE_X3_X4 = 2; // x3 in the low byte
export const SAMPLE_ANCHOR = 3;
export const SAMPLE_FORECAST = 4;
export const SAMPLE_MARGIN = 5;
export const SAMPLE_PRESSURE = 6;

/** Fixed point of the ring. */
export const RATIO_STEPS = 65534;
export const NOT_FINITE = 65535;
/** Fixed point of x3 and x4. */
export const BYTE_STEPS = 250;

/** Bytes of the whole state of a PressurePredictor: 656. */
export const PREDICTOR_STATE_BYTES = (RING_U16 + RING_SAMPLES * SAMPLE_FIELDS) * 2;

/** Fixed point of a ratio; values outside 0..1 go to the nearer end, NaN and infinities to NOT_FINITE. */
export function toFixed16(ratio: number): number {
  if (!(ratio - ratio === 0)) return NOT_FINITE;
  return ratio <= 0 ? 0 : ratio >= 1 ? RATIO_STEPS : Math.round(ratio * RATIO_STEPS);
}

/** The ratio of a fixed point value ≤ RATIO_STEPS. */
export function fromFixed16(fixed: number): number {
  return fixed / RATIO_STEPS;
}
