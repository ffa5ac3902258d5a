// Offline training of the same 4→8→1 network: many epochs over recorded samples, for the weights that ship. The online path
// (kernel.ts) takes one sample at a time as it matures; here samples are shuffled and go in batches. Same loss, same
// gradient (network.ts). Adam after Kingma & Ba 2015, algorithm 1, with running products for the bias correction, since
// powers differ between engines.

import { assert } from "../core/errors.ts";
import { RandomStream } from "../core/random.ts";
import {
  backward,
  clipByNorm,
  forward,
  HIDDEN_COUNT,
  INPUT_COUNT,
  initialWeights,
  loss as lossOf,
  lossSlope,
  PARAMETER_COUNT,
} from "./network.ts";

/** Recorded samples, in order of time. */
export interface TrainingSamples {
  /** (n × 4), row by row: the features at forecast time (features.ts). */
  readonly features: Float64Array;
  /** (n): the anchor of each forecast, 0..1 exclusive. Absent: ½, the plain sigmoid. */
  readonly anchors?: Float64Array | undefined;
  /** (n): P 5 s later, 0..1. */
  readonly labels: Float64Array;
}

export interface TrainOfflineOptions {
  readonly samples: TrainingSamples;
  /** Passes over the training part, ≥ 1. */
  readonly epochs: number;
  /** Of the streams "weights" (initial weights) and "shuffle". */
  readonly seed: number;
  /** Default "adam". */
  readonly optimizer?: "adam" | "sgd" | undefined;
  /** Default 0.003 for adam, 0.05 for sgd. */
  readonly learningRate?: number | undefined;
  /** Default 32. */
  readonly batchSize?: number | undefined;
  /** Greatest norm of a batch's mean gradient, default 1. */
  readonly gradientClip?: number | undefined;
  /** Share of the samples, the latest, that is not trained on; default 0.2. 0 trains on all and reports no held-out error. */
  readonly heldOutShare?: number | undefined;
  /**
   * Trainings from different initial weights, of which the one with the least training loss is returned; default 4. Some
   * starts end in a poor local optimum. 1 with `initialWeights`.
   */
  readonly restarts?: number | undefined;
  /** 49 weights to go on from. */
  readonly initialWeights?: ArrayLike<number> | undefined;
}

/** How good weights are on a set of samples. */
export interface SampleErrors {
  readonly samples: number;
  /** Mean loss (network.ts). */
  readonly loss: number;
  readonly maePercentPoints: number;
  /** The same error of the anchor alone: what no network at all would have. */
  readonly anchorMaePercentPoints: number;
}

export interface TrainOfflineResult {
  /** (49), order as in network.ts. */
  readonly weights: Float64Array;
  /** Mean training loss of each epoch. */
  readonly lossCurve: readonly number[];
  readonly training: SampleErrors;
  /** Null when nothing was held out. */
  readonly heldOut: SampleErrors | null;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Trains; equal options give equal bits. Cost: about 0.3 µs a sample, epoch and restart. */
export function trainOffline(options: TrainOfflineOptions): TrainOfflineResult {
  const { samples, epochs, seed, optimizer = "adam", batchSize = 32, gradientClip = 1, heldOutShare = 0.2 } = options;
  const learningRate = options.learningRate ?? (optimizer === "adam" ? 0.003 : 0.05);
  const restarts = options.initialWeights === undefined ? (options.restarts ?? 4) : 1;
  const count = samples.labels.length;
  assert(samples.features.length === count * INPUT_COUNT, "there must be 4 features a label");
  assert(samples.anchors === undefined || samples.anchors.length === count, "there must be one anchor a label");
  assert(epochs >= 1 && batchSize >= 1 && learningRate > 0, "epochs, batch size and learning rate must be positive");
  assert(restarts >= 1, "there must be at least one start");
  assert(heldOutShare >= 0 && heldOutShare < 1, "the held-out share must be in [0, 1)");
  const trained = count - Math.floor(count * heldOutShare);
  assert(trained >= 1, "there is nothing to train on");

  const start = initialWeights(seed);
  if (options.initialWeights !== undefined) start.set(options.initialWeights);
  let best: { weights: Float64Array; lossCurve: number[]; training: SampleErrors } | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    // Restart r starts from the weights of seed + r · 1,000,003, far from seeds that people count up.
    const weights = restart === 0 ? start : initialWeights(seed + restart * 1_000_003);
    const step = new Optimizer(weights, optimizer, learningRate, gradientClip);
    const lossCurve = descend(step, samples, trained, epochs, batchSize, new RandomStream(seed, "shuffle"));
    const training = evaluateWeights(weights, samples, 0, trained);
    if (best === undefined || training.loss < best.training.loss) best = { weights, lossCurve, training };
  }
  return { ...best!, heldOut: trained === count ? null : evaluateWeights(best!.weights, samples, trained, count) };
}

/** `epochs` passes over samples [0, trained) in shuffled batches. Returns the mean loss of each. */
function descend(
  step: Optimizer,
  samples: TrainingSamples,
  trained: number,
  epochs: number,
  batchSize: number,
  shuffle: RandomStream,
): number[] {
  const order = Uint32Array.from({ length: trained }, (_, i) => i);
  const lossCurve: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = trained - 1; i > 0; i--) {
      const j = shuffle.integer(i + 1);
      const held = order[i];
      order[i] = order[j];
      order[j] = held;
    }
    let sum = 0;
    for (let first = 0; first < trained; first += batchSize) {
      const end = Math.min(first + batchSize, trained);
      for (let i = first; i < end; i++) sum += step.add(samples, order[i]);
      step.apply(end - first);
    }
    lossCurve.push(sum / trained);
  }
  return lossCurve;
}

/** Errors of `weights` on samples [from, to), from < to. */
export function evaluateWeights(
  weights: Float64Array,
  samples: TrainingSamples,
  from: number,
  to: number,
): SampleErrors {
  const hidden = new Float64Array(HIDDEN_COUNT);
  let loss = 0;
  let error = 0;
  let anchorError = 0;
  for (let i = from; i < to; i++) {
    const anchor = samples.anchors?.[i] ?? 0.5;
    const label = samples.labels[i];
    const p = forward(weights, samples.features, i * INPUT_COUNT, anchor, hidden);
    loss += lossOf(p, label);
    error += Math.abs(p - label);
    anchorError += Math.abs(anchor - label);
  }
  const n = to - from;
  return {
    samples: n,
    loss: loss / n,
    maePercentPoints: (100 * error) / n,
    anchorMaePercentPoints: (100 * anchorError) / n,
  };
}

/** Gathers the gradients of a batch and takes its step. */
class Optimizer {
  readonly #weights: Float64Array;
  readonly #isAdam: boolean;
  readonly #learningRate: number;
  readonly #clip: number;
  readonly #sum = new Float64Array(PARAMETER_COUNT);
  readonly #gradient = new Float64Array(PARAMETER_COUNT);
  readonly #hidden = new Float64Array(HIDDEN_COUNT);
  readonly #first = new Float64Array(PARAMETER_COUNT);
  readonly #second = new Float64Array(PARAMETER_COUNT);
  #product1 = 1; // β1^t
  #product2 = 1;

  constructor(weights: Float64Array, optimizer: "adam" | "sgd", learningRate: number, clip: number) {
    this.#weights = weights;
    this.#isAdam = optimizer === "adam";
    this.#learningRate = learningRate;
    this.#clip = clip;
  }

  /** Adds the gradient of sample `i`; returns its loss. */
  add(samples: TrainingSamples, i: number): number {
    const label = samples.labels[i];
    const anchor = samples.anchors?.[i] ?? 0.5;
    const p = forward(this.#weights, samples.features, i * INPUT_COUNT, anchor, this.#hidden);
    backward(this.#weights, samples.features, i * INPUT_COUNT, this.#hidden, lossSlope(p, label), this.#gradient);
    for (let k = 0; k < PARAMETER_COUNT; k++) this.#sum[k] += this.#gradient[k];
    return lossOf(p, label);
  }

  /** Steps along the mean gradient of the `n` samples added since the last step. */
  apply(n: number): void {
    const sum = this.#sum;
    for (let k = 0; k < PARAMETER_COUNT; k++) sum[k] /= n;
    clipByNorm(sum, this.#clip);
    if (this.#isAdam) this.#applyAdam();
    else for (let k = 0; k < PARAMETER_COUNT; k++) this.#weights[k] -= this.#learningRate * sum[k];
    sum.fill(0);
  }

  #applyAdam(): void {
    this.#product1 *= BETA1;
    this.#product2 *= BETA2;
    for (let k = 0; k < PARAMETER_COUNT; k++) {
      const g = this.#sum[k];
      this.#first[k] += (1 - BETA1) * (g - this.#first[k]);
      this.#second[k] += (1 - BETA2) * (g * g - this.#second[k]);
      const mean = this.#first[k] / (1 - this.#product1);
      const spread = this.#second[k] / (1 - this.#product2);
      this.#weights[k] -= (this.#learningRate * mean) / (Math.sqrt(spread) + EPSILON);
    }
  }
}
