// exp and log from tables, for mixing thousands of candidates a second where four digits are enough: a fifth of the cost of
// core/math.ts, from which the tables are made, so they have the same bits on every engine.

import { expDeterministic, logDeterministic } from "../core/math.ts";

const EXP_STEPS = 64;
const EXP_TABLE = Float64Array.from({ length: 32 * EXP_STEPS + 1 }, (_, i) => expDeterministic(-i / EXP_STEPS));
const LOG_BITS = 10;
const LOG_TABLE = Float32Array.from({ length: 1 << LOG_BITS }, (_, i) =>
  logDeterministic(1 + (i + 0.5) / (1 << LOG_BITS)),
);
const floatScratch = new Float32Array(1);
const floatBits = new Uint32Array(floatScratch.buffer);

/** e^−x for x ≥ 0; relative error < 7e-7, 0 from 32 on. */
export function quickExp(x: number): number {
  const scaled = x * EXP_STEPS;
  if (!(scaled < 32 * EXP_STEPS)) return 0;
  const step = scaled | 0;
  const rest = (scaled - step) / EXP_STEPS; // < 1/64: the cubic term of e^−rest is below 7e-7
  return EXP_TABLE[step]! * (1 - rest + 0.5 * rest * rest);
}

/** log x for normal positive x; error < 5e-4. */
export function quickLog(x: number): number {
  floatScratch[0] = x;
  const bits = floatBits[0]!;
  return ((bits >>> 23) - 127) * Math.LN2 + LOG_TABLE[(bits >>> (23 - LOG_BITS)) & ((1 << LOG_BITS) - 1)]!;
}
