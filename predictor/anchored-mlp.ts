// Inference of a two-hidden-layer network from shipped integers: what `wide` says before it adapts. Shapes: x (n), W1 (n × a),
// b1 (a), W2 (a × b), b2 (b), W3 (b), b3 (1); ReLU after the first two; z = b3 + Σ h_j · W3_j. Parameters lie in that order, as
// scripts/forecast/mlp.ts trains them, as integers in steps of 1/4096, so that a file of weights is exact on every engine.

import { assert } from "../core/errors.ts";

/** Step of a shipped parameter. */
export const PARAMETER_STEP = 1 / 4096;

export class AnchoredMlp {
  readonly inputs: number;
  readonly first: number;
  readonly second: number;
  /** (second): the last hidden layer after `forward`. */
  readonly hidden: Float64Array;
  readonly #parameters: Float32Array;
  readonly #middle: Float64Array;

  /** @param parameters shipped integers, in the order above */
  constructor(inputs: number, first: number, second: number, parameters: ArrayLike<number>) {
    this.inputs = inputs;
    this.first = first;
    this.second = second;
    const count = (inputs + 1) * first + (first + 1) * second + second + 1;
    assert(parameters.length === count, `a ${inputs}-${first}-${second}-1 network has ${count} parameters`);
    this.#parameters = Float32Array.from(parameters, (step) => step * PARAMETER_STEP);
    this.#middle = new Float64Array(first);
    this.hidden = new Float64Array(second);
  }

  /** Bytes of parameters and scratch. */
  get stateBytes(): number {
    return this.#parameters.byteLength + this.#middle.byteLength + this.hidden.byteLength;
  }

  /** Copies the last layer, W3 and b3, into `out` (second + 1). */
  readLastLayer(out: Float64Array): void {
    const from = this.#parameters.length - this.second - 1;
    for (let j = 0; j <= this.second; j++) out[j] = this.#parameters[from + j];
  }

  /** Computes `hidden` from `x` (inputs). Cost: inputs·first + first·second products, some 3 µs at 77-32-16. */
  forward(x: Float64Array): void {
    const w = this.#parameters;
    const middle = this.#middle;
    const hidden = this.hidden;
    layer(w, 0, x, this.inputs, middle, this.first);
    layer(w, (this.inputs + 1) * this.first, middle, this.first, hidden, this.second);
  }
}

/** to = max(0, b + Σ x_i · W_i), weights row by row from `at`, biases behind them. */
function layer(w: Float32Array, at: number, x: Float64Array, n: number, to: Float64Array, m: number): void {
  const biases = at + n * m;
  for (let j = 0; j < m; j++) to[j] = w[biases + j];
  for (let i = 0; i < n; i++) {
    const value = x[i];
    if (value === 0) continue;
    const row = at + i * m;
    for (let j = 0; j < m; j++) to[j] += value * w[row + j];
  }
  for (let j = 0; j < m; j++) if (to[j] < 0) to[j] = 0;
}
