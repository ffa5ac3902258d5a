// A gated recurrent unit (Cho et al. 2014, with the reset gate behind the product as in cuDNN), one step at a time.
//   z = σ(x·Wz + h·Uz + bz)    r = σ(x·Wr + h·Ur + br)    c = tanh(x·Wc + r ∘ (h·Uc) + bc)    h' = (1 − z) ∘ c + z ∘ h
// Parameters in one array: W (n × 3m: columns z, r, c), U (m × 3m), b (3m). Offline training walks the same step backwards
// (scripts/forecast/gru-trainer.ts), so what is trained is what runs.

import { expClamped } from "./logistic.ts";

/** Parameters of a cell with n inputs and m units. */
export function gruParameterCount(inputs: number, units: number): number {
  return (inputs + units + 1) * 3 * units;
}

/** What a step leaves behind for the way back: z, r, c and h·Uc, m each. */
export const GRU_TRACE_FIELDS = 4;

/**
 * One step.
 * @param w parameters, as above
 * @param x inputs from `xAt` on (n)
 * @param from h before, from `fromAt` on (m); may be `to` at `toAt` when nothing looks at h before any more
 * @param trace receives z, r, c, h·Uc from `traceAt` on (4m)
 */
export function gruStep(
  w: Float64Array,
  n: number,
  m: number,
  x: ArrayLike<number>,
  xAt: number,
  from: Float64Array,
  fromAt: number,
  to: Float64Array,
  toAt: number,
  trace: Float64Array,
  traceAt: number,
): void {
  const width = 3 * m;
  const biases = (n + m) * width;
  // Sums go where their gates will stand: z, r, c's share of x, then h·Uc.
  for (let j = 0; j < width; j++) trace[traceAt + j] = w[biases + j];
  for (let j = 0; j < m; j++) trace[traceAt + width + j] = 0;
  for (let i = 0; i < n; i++) {
    const value = x[xAt + i];
    if (value === 0) continue;
    const row = i * width;
    for (let j = 0; j < width; j++) trace[traceAt + j] += value * w[row + j];
  }
  for (let i = 0; i < m; i++) {
    const value = from[fromAt + i];
    const row = (n + i) * width;
    for (let j = 0; j < 2 * m; j++) trace[traceAt + j] += value * w[row + j];
    for (let j = 0; j < m; j++) trace[traceAt + width + j] += value * w[row + 2 * m + j];
  }
  for (let j = 0; j < m; j++) {
    const z = 1 / (1 + expClamped(-trace[traceAt + j]));
    const r = 1 / (1 + expClamped(-trace[traceAt + m + j]));
    const c = 1 - 2 / (1 + expClamped(2 * (trace[traceAt + 2 * m + j] + r * trace[traceAt + width + j])));
    trace[traceAt + j] = z;
    trace[traceAt + m + j] = r;
    trace[traceAt + 2 * m + j] = c;
    to[toAt + j] = (1 - z) * c + z * from[fromAt + j];
  }
}
