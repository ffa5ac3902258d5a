// Trains the recurrent model by truncated back-propagation through time: runs go side by side in batches, in chunks of ticks,
// the hidden state carried from chunk to chunk, the gradient not. Output and loss as in mlp.ts. Adam.

import { logDeterministic } from "../../core/math.ts";
import { RandomStream } from "../../core/random.ts";
import { HORIZON_TICKS } from "../../core/units.ts";
import { GRU_TRACE_FIELDS, gruParameterCount, gruStep } from "../../predictor/gru-cell.ts";
import { LOSS_SOFTNESS } from "../../predictor/network.ts";
import { TICK_FEATURES } from "../../predictor/tick-features.ts";
import type { FeatureRun } from "./dataset.ts";
import { anchored } from "./mlp.ts";

export interface TrainGruOptions {
  readonly runs: readonly FeatureRun[];
  /** Indices into the tick features: the inputs. */
  readonly inputs: readonly number[];
  readonly units: number;
  readonly epochs: number;
  readonly seed: number;
  readonly learningRate?: number;
  readonly chunkTicks?: number;
  readonly batchRuns?: number;
  readonly onEpoch?: (epoch: number, loss: number, parameters: Float64Array) => void;
}

/** Parameters of the cell, then of the output layer (units, bias). */
export function trainGru(options: TrainGruOptions): Float64Array {
  const { runs, inputs, units: m, epochs, seed, learningRate = 0.003, chunkTicks = 32, batchRuns = 16 } = options;
  const n = inputs.length;
  const cell = gruParameterCount(n, m);
  const w = initialGru(n, m, seed);
  const gradient = new Float64Array(w.length);
  const packed = runs.map((run) => pack(run, inputs));
  const order = runs.map((_, i) => i);
  const shuffle = new RandomStream(seed, "gru shuffle");
  const ticks = Math.min(...runs.map((run) => run.record.ticks)) - HORIZON_TICKS;
  const chunks = Math.floor(ticks / chunkTicks);
  const adam = new Adam(w.length);
  const steps = epochs * Math.ceil(runs.length / batchRuns) * chunks;
  const states = new Float64Array((chunkTicks + 1) * m);
  const traces = new Float64Array(chunkTicks * GRU_TRACE_FIELDS * m);
  const carried = Array.from({ length: batchRuns }, () => new Float64Array(m));
  const slopes = new Float64Array(chunkTicks);
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = shuffle.integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    let loss = 0;
    let count = 0;
    for (let first = 0; first < order.length; first += batchRuns) {
      const size = Math.min(batchRuns, order.length - first);
      for (const state of carried) state.fill(0);
      for (let chunk = 0; chunk < chunks; chunk++) {
        for (let b = 0; b < size; b++) {
          const run = runs[order[first + b]];
          const x = packed[order[first + b]];
          states.set(carried[b]);
          for (let k = 0; k < chunkTicks; k++) {
            const tick = chunk * chunkTicks + k;
            gruStep(w, n, m, x, tick * n, states, k * m, states, (k + 1) * m, traces, k * GRU_TRACE_FIELDS * m);
            let z = w[cell + m];
            for (let j = 0; j < m; j++) z += states[(k + 1) * m + j] * w[cell + j];
            const error = anchored(z, run.anchors[tick]) - run.record.pressure[tick + HORIZON_TICKS];
            const distance = Math.abs(error);
            loss += distance - LOSS_SOFTNESS * logDeterministic(1 + distance / LOSS_SOFTNESS);
            count++;
            slopes[k] = error / (distance + LOSS_SOFTNESS) / (size * chunkTicks);
          }
          walkBack(w, n, m, x, chunk * chunkTicks * n, states, traces, slopes, chunkTicks, gradient);
          carried[b].set(states.subarray(chunkTicks * m, (chunkTicks + 1) * m));
        }
        const left = 1 - step++ / steps;
        clip(gradient, 1);
        adam.apply(w, gradient, learningRate * (0.02 + 0.98 * left * left));
        gradient.fill(0);
      }
    }
    options.onEpoch?.(epoch, loss / count, w);
  }
  return w;
}

/** The inputs of a run alone (ticks × inputs). */
export function pack(run: FeatureRun, inputs: readonly number[]): Float32Array {
  const { ticks } = run.record;
  const out = new Float32Array(ticks * inputs.length);
  for (let tick = 0; tick < ticks; tick++) {
    inputs.forEach((feature, i) => {
      out[tick * inputs.length + i] = run.features[tick * TICK_FEATURES + feature];
    });
  }
  return out;
}

/** Glorot's law; the update gates start half shut (bias 1: what is known stays). */
function initialGru(n: number, m: number, seed: number): Float64Array {
  const random = new RandomStream(seed, "gru weights");
  const cell = gruParameterCount(n, m);
  const w = new Float64Array(cell + m + 1);
  const limit = Math.sqrt(3 / (n + m));
  for (let i = 0; i < (n + m) * 3 * m; i++) w[i] = (2 * random.next() - 1) * limit;
  for (let j = 0; j < m; j++) w[(n + m) * 3 * m + j] = 1;
  for (let j = 0; j < m; j++) w[cell + j] = (2 * random.next() - 1) * 0.1;
  return w;
}

/**
 * Adds the gradient of Σ slope_k · z_k over a chunk to `gradient`.
 * @param states (ticks + 1) × m, h before each tick and after the last
 */
export function walkBack(
  w: Float64Array,
  n: number,
  m: number,
  x: ArrayLike<number>,
  xAt: number,
  states: Float64Array,
  traces: Float64Array,
  slopes: Float64Array,
  ticks: number,
  gradient: Float64Array,
): void {
  const width = 3 * m;
  const cell = gruParameterCount(n, m);
  const biases = (n + m) * width;
  let back = new Float64Array(m); // dL/dh after the tick
  let before = new Float64Array(m);
  const gates = new Float64Array(width); // dL/d(sums) of z, r, c
  const through = new Float64Array(m); // dL/d(h·Uc)
  for (let k = ticks - 1; k >= 0; k--) {
    const at = k * GRU_TRACE_FIELDS * m;
    const slope = slopes[k];
    gradient[cell + m] += slope;
    for (let j = 0; j < m; j++) {
      gradient[cell + j] += slope * states[(k + 1) * m + j];
      const d = back[j] + slope * w[cell + j];
      const z = traces[at + j];
      const r = traces[at + m + j];
      const c = traces[at + 2 * m + j];
      const uc = traces[at + 3 * m + j];
      const dc = d * (1 - z) * (1 - c * c);
      gates[j] = d * (states[k * m + j] - c) * z * (1 - z);
      gates[m + j] = dc * uc * r * (1 - r);
      gates[2 * m + j] = dc;
      through[j] = dc * r;
      before[j] = d * z;
    }
    for (let j = 0; j < width; j++) gradient[biases + j] += gates[j];
    for (let i = 0; i < n; i++) {
      const value = x[xAt + k * n + i];
      if (value === 0) continue;
      const row = i * width;
      for (let j = 0; j < width; j++) gradient[row + j] += value * gates[j];
    }
    for (let i = 0; i < m; i++) {
      const value = states[k * m + i];
      const row = (n + i) * width;
      let sum = 0;
      for (let j = 0; j < 2 * m; j++) {
        gradient[row + j] += value * gates[j];
        sum += gates[j] * w[row + j];
      }
      for (let j = 0; j < m; j++) {
        gradient[row + 2 * m + j] += value * through[j];
        sum += through[j] * w[row + 2 * m + j];
      }
      before[i] += sum;
    }
    [back, before] = [before, back];
  }
}

function clip(gradient: Float64Array, limit: number): void {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i];
  const norm = Math.sqrt(sum);
  if (norm > limit) for (let i = 0; i < gradient.length; i++) gradient[i] *= limit / norm;
}

class Adam {
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #product1 = 1;
  #product2 = 1;

  constructor(length: number) {
    this.#first = new Float64Array(length);
    this.#second = new Float64Array(length);
  }

  apply(w: Float64Array, gradient: Float64Array, rate: number): void {
    this.#product1 *= 0.9;
    this.#product2 *= 0.999;
    for (let k = 0; k < w.length; k++) {
      const g = gradient[k];
      this.#first[k] += 0.1 * (g - this.#first[k]);
      this.#second[k] += 0.001 * (g * g - this.#second[k]);
      const spread = Math.sqrt(this.#second[k] / (1 - this.#product2)) + 1e-8;
      w[k] -= (rate * (this.#first[k] / (1 - this.#product1))) / spread;
    }
  }
}
