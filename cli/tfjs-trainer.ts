// The second training engine: the same 4→8→1 network and loss in TensorFlow.js, for those who want to check the project's own
// optimiser against one that everybody knows. Whichever backend is installed is used: the native one, else plain JavaScript.
// A step costs about a thousand times what the own code takes, so batches are large. Its results differ between backends in
// the last bits; the `online` engine is the one that is reproducible everywhere.

import { RandomStream } from "../core/random.ts";
import { HIDDEN_COUNT, INPUT_COUNT, initialWeights, LOSS_SOFTNESS } from "../predictor/network.ts";
import type { TrainingSamples } from "../predictor/trainer.ts";

type Tf = typeof import("@tensorflow/tfjs-core");

export interface TfjsEngine {
  readonly tf: Tf;
  /** "tfjs-node" or "tfjs cpu". */
  readonly name: string;
}

export interface TfjsTrainingOptions {
  readonly samples: TrainingSamples;
  /** Only the first so many samples are trained on. */
  readonly trainedSamples: number;
  readonly epochs: number;
  readonly seed: number;
  /** Called after each epoch. */
  readonly onEpoch?: (epoch: number) => void;
}

const BATCH_SIZE = 512;
const LEARNING_RATE = 0.003;

/** The engine that is installed, or null. */
export async function loadTfjs(): Promise<TfjsEngine | null> {
  const native = "@tensorflow/tfjs-node"; // optional: not there where its library could not be downloaded
  try {
    return { tf: (await import(native)) as Tf, name: "tfjs-node" };
  } catch {
    try {
      const tf = await import("@tensorflow/tfjs-core");
      tf.env().set("PROD", true); // no advertisement on stderr
      await import("@tensorflow/tfjs-backend-cpu");
      await import("@tensorflow/tfjs-layers"); // it is what registers the gradients
      await tf.setBackend("cpu");
      await tf.ready();
      return { tf, name: "tfjs cpu" };
    } catch {
      return null;
    }
  }
}

/** Trains with Adam. Returns 49 weights in the order of predictor/network.ts. */
export function trainWithTfjs({ tf }: TfjsEngine, options: TfjsTrainingOptions): Float64Array {
  const { samples, trainedSamples, epochs, seed } = options;
  const start = initialWeights(seed);
  const w1 = tf.variable(tf.tensor2d(Array.from(start.subarray(0, 32)), [INPUT_COUNT, HIDDEN_COUNT]));
  const b1 = tf.variable(tf.tensor1d(Array.from(start.subarray(32, 40))));
  const w2 = tf.variable(tf.tensor2d(Array.from(start.subarray(40, 48)), [HIDDEN_COUNT, 1]));
  const b2 = tf.variable(tf.tensor1d([start[48]!]));
  const optimizer = tf.train.adam(LEARNING_RATE);
  const shuffle = new RandomStream(seed, "shuffle");
  const order = Uint32Array.from({ length: trainedSamples }, (_, i) => i);
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let i = trainedSamples - 1; i > 0; i--) {
        const j = shuffle.integer(i + 1);
        [order[i], order[j]] = [order[j]!, order[i]!];
      }
      for (let first = 0; first < trainedSamples; first += BATCH_SIZE) {
        const batch = order.subarray(first, first + BATCH_SIZE);
        tf.tidy(() => {
          const { x, anchorLogit, y } = gather(tf, samples, batch);
          const logit = () => tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(x, w1), b1)), w2), b2);
          // The slope over the logit as network.ts defines it, held constant: its product with the logit then has exactly
          // that gradient, without the sigmoid's own slope.
          const error = tf.sub(tf.sigmoid(tf.add(logit(), anchorLogit)), y);
          const slope = tf.div(error, tf.add(tf.abs(error), LOSS_SOFTNESS));
          optimizer.minimize(() => tf.mean(tf.mul(logit(), slope)), false, [w1, b1, w2, b2]);
        });
      }
      options.onEpoch?.(epoch + 1);
    }
    const parts = [w1, b1, w2, b2].flatMap((variable) => Array.from(variable.dataSync()));
    return Float64Array.from(parts);
  } finally {
    for (const variable of [w1, b1, w2, b2]) variable.dispose();
    optimizer.dispose();
  }
}

function gather(tf: Tf, samples: TrainingSamples, batch: Uint32Array) {
  const x = new Float32Array(batch.length * INPUT_COUNT);
  const anchorLogit = new Float32Array(batch.length);
  const y = new Float32Array(batch.length);
  batch.forEach((sample, row) => {
    x.set(samples.features.subarray(sample * INPUT_COUNT, (sample + 1) * INPUT_COUNT), row * INPUT_COUNT);
    const anchor = samples.anchors?.[sample] ?? 0.5;
    anchorLogit[row] = Math.log(anchor / (1 - anchor));
    y[row] = samples.labels[sample]!;
  });
  return {
    x: tf.tensor2d(x, [batch.length, INPUT_COUNT]),
    anchorLogit: tf.tensor2d(anchorLogit, [batch.length, 1]),
    y: tf.tensor2d(y, [batch.length, 1]),
  };
}
