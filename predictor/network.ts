// The 4→8→1 network, written to be read. Shapes: x (4), W1 (4×8, row i = input i), b1 (8), W2 (8×1), b2 (1).
//   a_j = b1_j + Σ_i x_i·W1_ij      h_j = max(0, a_j)      z = b2 + Σ_j h_j·W2_j
//   p   = σ(z + logit anchor) = anchor / (anchor + (1 − anchor)·e^−z)
// The anchor is an offset in the sense of generalised linear models (McCullagh & Nelder 1989, 2.3): a known first guess
// that the network corrects. With anchor ½ the output is the plain sigmoid. No logarithm is needed, see the right side.
// The loss is the soft absolute error of δ = p − y, L = |δ| − s·ln(1 + |δ| / s), because its best forecast is the median:
// that is what the mean absolute error is scored by, and "median over the threshold" is the best answer to "critical or
// not". Cross-entropy and the squared error aim at the mean, which under pressure that sticks at 1 and drops at each
// compaction is neither. The slope over z is taken as dL/dp = δ / (|δ| + s), without the sigmoid's p·(1 − p): steps in the
// logit are then worth the same at p = 0.98 as at 0.5 (a natural gradient, Amari 1998), as with cross-entropy, while the
// plain chain rule would learn fifty times slower just where it matters.
// Parameters lie in one flat array in the order of a tfjs dense layer: W1 row by row, b1, W2, b2.
// kernel.ts holds the same arithmetic unrolled; this file is its reference in the tests and what offline training uses.

import { logDeterministic } from "../core/math.ts";
import { RandomStream } from "../core/random.ts";
import { expClamped } from "./logistic.ts";

export const INPUT_COUNT = 4;
export const HIDDEN_COUNT = 8;
export const W1_AT = 0;
export const B1_AT = 32;
export const W2_AT = 40;
export const B2_AT = 48;
/** 4·8 + 8 + 8 + 1. */
export const PARAMETER_COUNT = 49;

/**
 * One forward pass.
 * @param weights (49) in the order above
 * @param x (4) from `offset` on
 * @param anchor 0 < anchor < 1; ½ for the plain sigmoid
 * @param hidden (8) receives h
 * @returns p in [0, 1]; NaN when a weight or an input is NaN
 */
export function forward(weights: Float64Array, x: Float64Array, offset: number, anchor: number, hidden: Float64Array) {
  let z = weights[B2_AT];
  for (let j = 0; j < HIDDEN_COUNT; j++) {
    let a = weights[B1_AT + j];
    for (let i = 0; i < INPUT_COUNT; i++) a += x[offset + i] * weights[W1_AT + i * HIDDEN_COUNT + j];
    const h = Math.max(a, 0); // NaN stays NaN: a damaged weight must not hide behind the ReLU
    hidden[j] = h;
    z += h * weights[W2_AT + j];
  }
  return anchor / (anchor + (1 - anchor) * expClamped(-z));
}

/**
 * Gradient over all parameters, after `forward` left `hidden`.
 * @param slope the loss's slope over z, see `lossSlope`
 * @param gradient (49) receives dL/dw, overwritten
 */
export function backward(
  weights: Float64Array,
  x: Float64Array,
  offset: number,
  hidden: Float64Array,
  slope: number,
  gradient: Float64Array,
): void {
  gradient[B2_AT] = slope;
  for (let j = 0; j < HIDDEN_COUNT; j++) {
    gradient[W2_AT + j] = slope * hidden[j];
    const back = hidden[j] > 0 ? slope * weights[W2_AT + j] : 0;
    gradient[B1_AT + j] = back;
    for (let i = 0; i < INPUT_COUNT; i++) gradient[W1_AT + i * HIDDEN_COUNT + j] = back * x[offset + i];
  }
}

/** s: errors far above this many points count alike, far below it as their square. */
export const LOSS_SOFTNESS = 0.02;

/** The loss of forecast `p` against the label `y`, both 0..1. */
export function loss(p: number, y: number): number {
  const distance = Math.abs(p - y);
  return distance - LOSS_SOFTNESS * logDeterministic(1 + distance / LOSS_SOFTNESS);
}

/** The slope to hand to `backward`: dL/dp, in (−1, 1). */
export function lossSlope(p: number, y: number): number {
  const error = p - y;
  return error / (Math.abs(error) + LOSS_SOFTNESS);
}

/** Scales `gradient` down so that its Euclidean norm is at most `limit`. Returns the norm before (Pascanu 2013, 3.2). */
export function clipByNorm(gradient: Float64Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  const norm = Math.sqrt(sum);
  if (norm > limit) for (let i = 0; i < gradient.length; i++) gradient[i] *= limit / norm;
  return norm;
}

/**
 * Fresh weights from the stream "weights" of `seed`: He's uniform law for W1 (He 2015, variance 2 / fan-in), a tenth of it
 * for W2, biases 0. The small last layer keeps z near 0, so that a fresh network says about what its anchor says.
 */
export function initialWeights(seed: number, into: Float64Array = new Float64Array(PARAMETER_COUNT)): Float64Array {
  const stream = new RandomStream(seed, "weights");
  const limit1 = Math.sqrt(6 / INPUT_COUNT);
  const limit2 = 0.1 * Math.sqrt(6 / HIDDEN_COUNT);
  for (let i = 0; i < B1_AT; i++) into[W1_AT + i] = (2 * stream.next() - 1) * limit1;
  into.fill(0, B1_AT, W2_AT);
  for (let j = 0; j < HIDDEN_COUNT; j++) into[W2_AT + j] = (2 * stream.next() - 1) * limit2;
  into[B2_AT] = 0;
  return into;
}
