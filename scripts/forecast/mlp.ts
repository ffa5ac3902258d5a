// A multilayer perceptron of any widths and its training, for `wide` and for asking what a model far too large to ship would
// reach. Output: p = σ(z + logit anchor), as in predictor/network.ts, with the same loss, whose best forecast is the median.
// Parameters in one array, layer by layer: weights (inputs × outputs, row by row), then biases. ReLU between layers. Adam.

import { expDeterministic, logDeterministic } from "../../core/math.ts";
import { RandomStream } from "../../core/random.ts";

export interface Samples {
  /** (n × width), row by row. */
  readonly features: Float32Array;
  readonly width: number;
  /** (n): 0..1, exclusive. */
  readonly anchors: Float32Array;
  readonly labels: Float32Array;
}

export interface TrainMlpOptions {
  /** E.g. [40, 32, 16, 1]. */
  readonly widths: readonly number[];
  readonly samples: Samples;
  readonly epochs: number;
  readonly seed: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly softness?: number;
  /** L2, as a share of the learning rate (decoupled). */
  readonly decay?: number;
  readonly onEpoch?: (epoch: number, loss: number, mlp: Mlp) => void;
}

export class Mlp {
  readonly widths: readonly number[];
  readonly parameters: Float64Array;
  readonly activations: Float64Array[];
  readonly #deltas: Float64Array[];

  constructor(widths: readonly number[], parameters?: Float64Array) {
    this.widths = widths;
    let count = 0;
    for (let l = 0; l + 1 < widths.length; l++) count += (widths[l] + 1) * widths[l + 1];
    this.parameters = parameters ?? new Float64Array(count);
    this.activations = widths.map((n) => new Float64Array(n));
    this.#deltas = widths.map((n) => new Float64Array(n));
  }

  /** He's law for all but the last layer, a tenth of it there. */
  initialize(seed: number): void {
    const random = new RandomStream(seed, "mlp weights");
    let at = 0;
    for (let l = 0; l + 1 < this.widths.length; l++) {
      const isLast = l + 2 === this.widths.length;
      const limit = (isLast ? 0.1 : 1) * Math.sqrt(6 / this.widths[l]);
      for (let i = 0; i < this.widths[l] * this.widths[l + 1]; i++)
        this.parameters[at++] = (2 * random.next() - 1) * limit;
      at += this.widths[l + 1];
    }
  }

  /** z of the input row at `offset` of `features`. */
  forward(features: ArrayLike<number>, offset: number): number {
    const { widths, parameters: w, activations } = this;
    const input = activations[0];
    for (let i = 0; i < widths[0]; i++) input[i] = features[offset + i];
    let at = 0;
    for (let l = 0; l + 1 < widths.length; l++) {
      const from = activations[l];
      const to = activations[l + 1];
      const n = widths[l];
      const m = widths[l + 1];
      const biases = at + n * m;
      for (let j = 0; j < m; j++) to[j] = w[biases + j];
      for (let i = 0; i < n; i++) {
        const x = from[i];
        if (x !== 0) for (let j = 0, k = at + i * m; j < m; j++) to[j] += x * w[k + j];
      }
      if (l + 2 < widths.length) for (let j = 0; j < m; j++) if (to[j] < 0) to[j] = 0;
      at = biases + m;
    }
    return activations[widths.length - 1][0];
  }

  /** Adds the gradient of slope · z to `gradient`, after `forward`. */
  backward(slope: number, gradient: Float64Array): void {
    const { widths, parameters: w, activations } = this;
    const deltas = this.#deltas;
    const last = widths.length - 1;
    deltas[last][0] = slope;
    let at = w.length;
    for (let l = last - 1; l >= 0; l--) {
      const n = widths[l];
      const m = widths[l + 1];
      const from = activations[l];
      const delta = deltas[l + 1];
      const back = deltas[l];
      const biases = at - m;
      at = biases - n * m;
      for (let j = 0; j < m; j++) gradient[biases + j] += delta[j];
      for (let i = 0; i < n; i++) {
        const x = from[i];
        const k = at + i * m;
        if (x === 0) {
          back[i] = 0;
          continue;
        }
        let sum = 0;
        for (let j = 0; j < m; j++) {
          gradient[k + j] += delta[j] * x;
          sum += delta[j] * w[k + j];
        }
        back[i] = sum;
      }
    }
  }
}

/** p of a logit offset `z` from the anchor. */
export function anchored(z: number, anchor: number): number {
  return anchor / (anchor + (1 - anchor) * expDeterministic(-Math.max(-40, Math.min(40, z))));
}

export function trainMlp(options: TrainMlpOptions): Mlp {
  const { widths, samples, epochs, seed, learningRate = 0.002, batchSize = 64, softness = 0.02, decay = 0 } = options;
  const mlp = new Mlp(widths);
  mlp.initialize(seed);
  const w = mlp.parameters;
  const n = samples.labels.length;
  const gradient = new Float64Array(w.length);
  const first = new Float64Array(w.length);
  const second = new Float64Array(w.length);
  let product1 = 1;
  let product2 = 1;
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  const random = new RandomStream(seed, "mlp shuffle");
  const steps = Math.ceil(n / batchSize) * epochs;
  let step = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = n - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      const held = order[i];
      order[i] = order[j];
      order[j] = held;
    }
    let loss = 0;
    for (let from = 0; from < n; from += batchSize) {
      const to = Math.min(n, from + batchSize);
      for (let i = from; i < to; i++) {
        const s = order[i];
        const p = anchored(mlp.forward(samples.features, s * samples.width), samples.anchors[s]);
        const error = p - samples.labels[s];
        const distance = Math.abs(error);
        loss += distance - softness * logDeterministic(1 + distance / softness);
        mlp.backward(error / (distance + softness) / (to - from), gradient);
      }
      // Cosine is left to the engine; a parabola falls as well.
      const left = 1 - step++ / steps;
      const rate = learningRate * (0.02 + 0.98 * left * left);
      product1 *= 0.9;
      product2 *= 0.999;
      for (let k = 0; k < w.length; k++) {
        const g = gradient[k];
        first[k] += 0.1 * (g - first[k]);
        second[k] += 0.001 * (g * g - second[k]);
        w[k] -=
          (rate * (first[k] / (1 - product1))) / (Math.sqrt(second[k] / (1 - product2)) + 1e-8) + rate * decay * w[k];
      }
      gradient.fill(0);
    }
    options.onEpoch?.(epoch, loss / n, mlp);
  }
  return mlp;
}
