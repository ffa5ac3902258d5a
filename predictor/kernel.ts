// The network's hot path: network.ts unrolled, neuron by neuron, ReLU as a branch, no loop, no temporary array.
// Everything goes in and out through one small Float64Array, because a double that is passed to or returned from a call
// which V8 does not inline is boxed on the heap: 16 bytes of garbage a call. The arithmetic is that of `forward` and
// `backward` in the same order, so the forward results are equal bit by bit (tested).

import { expClamped } from "./logistic.ts";
import { LOSS_SOFTNESS } from "./network.ts";

/** Slots of `io`. */
export const IO_X = 0; // 4 inputs
export const IO_ANCHOR = 4;
export const IO_FORECAST = 5; // out: p
export const IO_LABEL = 6;
export const IO_LEARNING_RATE = 7;
export const IO_CLIP = 8; // greatest norm of the gradient
export const IO_SQUARED_NORM = 9; // out: squared norm of the gradient before clipping
export const IO_NOW = 10; // time of the forecast in µs, for features.ts
export const IO_LENGTH = 11;

/**
 * Forward pass: reads 4 inputs and the anchor, writes IO_FORECAST.
 * @param w weights (49), order as in network.ts
 * `!(h <= 0)` rather than `h > 0` lets a NaN through, so that the watchdog sees it in the forecast at once.
 */
export function forwardKernel(w: Float64Array, io: Float64Array): void {
  const x0 = io[0];
  const x1 = io[1];
  const x2 = io[2];
  const x3 = io[3];
  let z = w[48];
  let h: number;
  h = w[32] + x0 * w[0] + x1 * w[8] + x2 * w[16] + x3 * w[24];
  if (!(h <= 0)) z += h * w[40];
  h = w[33] + x0 * w[1] + x1 * w[9] + x2 * w[17] + x3 * w[25];
  if (!(h <= 0)) z += h * w[41];
  h = w[34] + x0 * w[2] + x1 * w[10] + x2 * w[18] + x3 * w[26];
  if (!(h <= 0)) z += h * w[42];
  h = w[35] + x0 * w[3] + x1 * w[11] + x2 * w[19] + x3 * w[27];
  if (!(h <= 0)) z += h * w[43];
  h = w[36] + x0 * w[4] + x1 * w[12] + x2 * w[20] + x3 * w[28];
  if (!(h <= 0)) z += h * w[44];
  h = w[37] + x0 * w[5] + x1 * w[13] + x2 * w[21] + x3 * w[29];
  if (!(h <= 0)) z += h * w[45];
  h = w[38] + x0 * w[6] + x1 * w[14] + x2 * w[22] + x3 * w[30];
  if (!(h <= 0)) z += h * w[46];
  h = w[39] + x0 * w[7] + x1 * w[15] + x2 * w[23] + x3 * w[31];
  if (!(h <= 0)) z += h * w[47];
  const anchor = io[4];
  io[5] = anchor / (anchor + (1 - anchor) * expClamped(-z));
}

/**
 * One step of SGD on one pair: forward, backward, clip, update in place. Reads inputs, anchor, label, learning rate and
 * clip norm; writes IO_FORECAST (before the step) and IO_SQUARED_NORM. Leaves the weights alone when the error is not finite.
 * The gradient's norm needs no gradient array: with slope δ,
 *   |g|² = δ²·(1 + Σ_j h_j² + (1 + Σ_i x_i²)·Σ_active W2_j²).
 */
export function trainKernel(w: Float64Array, io: Float64Array): void {
  const x0 = io[0];
  const x1 = io[1];
  const x2 = io[2];
  const x3 = io[3];
  let z = w[48];
  let h0 = w[32] + x0 * w[0] + x1 * w[8] + x2 * w[16] + x3 * w[24];
  if (h0 <= 0) h0 = 0;
  else z += h0 * w[40];
  let h1 = w[33] + x0 * w[1] + x1 * w[9] + x2 * w[17] + x3 * w[25];
  if (h1 <= 0) h1 = 0;
  else z += h1 * w[41];
  let h2 = w[34] + x0 * w[2] + x1 * w[10] + x2 * w[18] + x3 * w[26];
  if (h2 <= 0) h2 = 0;
  else z += h2 * w[42];
  let h3 = w[35] + x0 * w[3] + x1 * w[11] + x2 * w[19] + x3 * w[27];
  if (h3 <= 0) h3 = 0;
  else z += h3 * w[43];
  let h4 = w[36] + x0 * w[4] + x1 * w[12] + x2 * w[20] + x3 * w[28];
  if (h4 <= 0) h4 = 0;
  else z += h4 * w[44];
  let h5 = w[37] + x0 * w[5] + x1 * w[13] + x2 * w[21] + x3 * w[29];
  if (h5 <= 0) h5 = 0;
  else z += h5 * w[45];
  let h6 = w[38] + x0 * w[6] + x1 * w[14] + x2 * w[22] + x3 * w[30];
  if (h6 <= 0) h6 = 0;
  else z += h6 * w[46];
  let h7 = w[39] + x0 * w[7] + x1 * w[15] + x2 * w[23] + x3 * w[31];
  if (h7 <= 0) h7 = 0;
  else z += h7 * w[47];
  const anchor = io[4];
  const p = anchor / (anchor + (1 - anchor) * expClamped(-z));
  io[5] = p;
  const error = p - io[6];
  if (!(error >= -1 && error <= 1)) return;
  const slope = error / ((error < 0 ? -error : error) + LOSS_SOFTNESS);
  const hh = h0 * h0 + h1 * h1 + h2 * h2 + h3 * h3 + h4 * h4 + h5 * h5 + h6 * h6 + h7 * h7;
  let active = 0;
  if (h0 > 0) active += w[40] * w[40];
  if (h1 > 0) active += w[41] * w[41];
  if (h2 > 0) active += w[42] * w[42];
  if (h3 > 0) active += w[43] * w[43];
  if (h4 > 0) active += w[44] * w[44];
  if (h5 > 0) active += w[45] * w[45];
  if (h6 > 0) active += w[46] * w[46];
  if (h7 > 0) active += w[47] * w[47];
  const xx = x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3;
  const squaredNorm = slope * slope * (1 + hh + (1 + xx) * active);
  io[9] = squaredNorm;
  if (!(squaredNorm < Infinity)) return;
  let step = io[7] * slope;
  const clip = io[8];
  if (squaredNorm > clip * clip) step *= clip / Math.sqrt(squaredNorm);
  let back: number;
  if (h0 > 0) {
    back = step * w[40];
    w[40] -= step * h0;
    w[32] -= back;
    w[0] -= back * x0;
    w[8] -= back * x1;
    w[16] -= back * x2;
    w[24] -= back * x3;
  }
  if (h1 > 0) {
    back = step * w[41];
    w[41] -= step * h1;
    w[33] -= back;
    w[1] -= back * x0;
    w[9] -= back * x1;
    w[17] -= back * x2;
    w[25] -= back * x3;
  }
  if (h2 > 0) {
    back = step * w[42];
    w[42] -= step * h2;
    w[34] -= back;
    w[2] -= back * x0;
    w[10] -= back * x1;
    w[18] -= back * x2;
    w[26] -= back * x3;
  }
  if (h3 > 0) {
    back = step * w[43];
    w[43] -= step * h3;
    w[35] -= back;
    w[3] -= back * x0;
    w[11] -= back * x1;
    w[19] -= back * x2;
    w[27] -= back * x3;
  }
  if (h4 > 0) {
    back = step * w[44];
    w[44] -= step * h4;
    w[36] -= back;
    w[4] -= back * x0;
    w[12] -= back * x1;
    w[20] -= back * x2;
    w[28] -= back * x3;
  }
  if (h5 > 0) {
    back = step * w[45];
    w[45] -= step * h5;
    w[37] -= back;
    w[5] -= back * x0;
    w[13] -= back * x1;
    w[21] -= back * x2;
    w[29] -= back * x3;
  }
  if (h6 > 0) {
    back = step * w[46];
    w[46] -= step * h6;
    w[38] -= back;
    w[6] -= back * x0;
    w[14] -= back * x1;
    w[22] -= back * x2;
    w[30] -= back * x3;
  }
  if (h7 > 0) {
    back = step * w[47];
    w[47] -= step * h7;
    w[39] -= back;
    w[7] -= back * x0;
    w[15] -= back * x1;
    w[23] -= back * x2;
    w[31] -= back * x3;
  }
  w[48] -= step;
}
