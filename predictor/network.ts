// The 4→8→1 network, written to be read. Shapes: x (4), W1 (4×8, row i = input i), b1 (8), W2 (8×1), b2 (1).
//   a_j = b1_j + Σ_i x_i·W1_ij      h_j = max(0, a_j)      z = b2 + Σ_j h_j·W2_j
//   p   = σ(z + logit anchor) = anchor / (anchor + (1 − anchor)·e^−z)
// The anchor is an offset in the sense of generalised linear models (McCullagh & Nelder 1989, 2.3): a known first guess
// that the network corrects. With anchor ½ the output is the plain sigmoid. No logarithm is needed, see the right side.
// The loss is cross-entropy with a soft target, L = −y·ln p − (1 − y)·ln(1 − p), because its slope over z is p − y; the
// slope of the squared error is (p − y)·p·(1 − p), which near p = 0.95 learns twenty times slower, just where it matters.
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
 * Gradient of the cross-entropy over all parameters, after `forward` left `hidden`.
 * @param slope dL/dz = p − y
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

/** Cross-entropy of forecast `p` against the soft label `y`, both 0..1; p is kept 1e-12 away from the ends. */
export function crossEntropy(p: number, y: number): number {
  const q = Math.max(1e-12, Math.min(1 - 1e-12, p));
  return -y * logDeterministic(q) - (1 - y) * logDeterministic(1 - q);
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
 * for W2, biases 0. The small last layer keeps |z| < 0.4 for inputs in 0..1, so that a fresh network says about its anchor.
 * The proof: |h_j| ≤ 4·√1.5 < 4.9 and |W2_j| ≤ 0.1·√0.75 < 0.087 bound |z| by 3.5; signs and ReLUs leave a tenth of that.
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
