import * as tf from "@tensorflow/tfjs-core";
import { runs } from "../runs.ts";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-layers"; // registers the gradients
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import {
  forwardKernel,
  IO_ANCHOR,
  IO_CLIP,
  IO_FORECAST,
  IO_LABEL,
  IO_LEARNING_RATE,
  IO_LENGTH,
  IO_SQUARED_NORM,
  trainKernel,
} from "../../predictor/kernel.ts";
import { expClamped } from "../../predictor/logistic.ts";
import {
  B1_AT,
  B2_AT,
  backward,
  clipByNorm,
  forward,
  HIDDEN_COUNT,
  INPUT_COUNT,
  initialWeights,
  LOSS_SOFTNESS,
  loss,
  lossSlope,
  PARAMETER_COUNT,
  W1_AT,
  W2_AT,
} from "../../predictor/network.ts";

interface Case {
  readonly weights: Float64Array;
  readonly x: Float64Array;
  readonly anchor: number;
  readonly label: number;
}

/** Random weights of trained size, inputs and label. */
function randomCase(seed: number): Case {
  const random = new RandomStream(seed, "network test");
  return {
    weights: Float64Array.from({ length: PARAMETER_COUNT }, () => 3 * (random.next() - 0.5)),
    x: Float64Array.from({ length: INPUT_COUNT }, () => random.next()),
    anchor: 0.02 + 0.96 * random.next(),
    label: random.next(),
  };
}

const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

/** The kernel's io for a case. */
function ioOf({ x, anchor, label }: Case, learningRate = 0.01, clip = 1e9): Float64Array {
  const io = new Float64Array(IO_LENGTH);
  io.set(x);
  io[IO_ANCHOR] = anchor;
  io[IO_LABEL] = label;
  io[IO_LEARNING_RATE] = learningRate;
  io[IO_CLIP] = clip;
  return io;
}

/** One step of SGD by the readable functions. Returns the weights after it and the norm of the gradient. */
function naiveStep(c: Case, learningRate: number, clip: number) {
  const hidden = new Float64Array(HIDDEN_COUNT);
  const gradient = new Float64Array(PARAMETER_COUNT);
  const p = forward(c.weights, c.x, 0, c.anchor, hidden);
  backward(c.weights, c.x, 0, hidden, lossSlope(p, c.label), gradient);
  const norm = clipByNorm(gradient, clip);
  return { p, norm, weights: c.weights.map((w, i) => w - learningRate * gradient[i]!) };
}

describe("exp of the output", () => {
  it("is exact to 1e-12 over the range of a logit and symmetric at its ends", () => {
    let worst = 0;
    for (let i = -40_000; i <= 40_000; i++) {
      const x = i / 1000 + 1e-5;
      if (Math.abs(x) <= 40) worst = Math.max(worst, Math.abs(expClamped(x) / Math.exp(x) - 1));
    }
    expect(worst).toBeLessThan(1e-12);
    expect(expClamped(0)).toBe(1);
    expect(expClamped(1e9)).toBe(expClamped(40));
    expect(expClamped(-Infinity)).toBe(expClamped(-40));
    expect(expClamped(NaN)).toBeNaN();
  });
});

describe("K02 K07 K08: the 4-8-1 network", () => {
  it("has 49 parameters: weights and biases of 8 ReLU units and one sigmoid output", () => {
    expect(PARAMETER_COUNT).toBe(4 * 8 + 8 + 8 + 1);
    expect([W1_AT, B1_AT, W2_AT, B2_AT]).toEqual([0, 32, 40, 48]);
  });

  it("by hand: one active and one dead unit", () => {
    const weights = new Float64Array(PARAMETER_COUNT);
    weights[W1_AT + 0 * 8 + 2] = 1; // input 0 to unit 2
    weights[B1_AT + 2] = 0.5;
    weights[W2_AT + 2] = 2;
    weights[W1_AT + 1 * 8 + 3] = -4; // input 1 to unit 3, negative: dead
    weights[W2_AT + 3] = 100;
    weights[B2_AT] = -1;
    const hidden = new Float64Array(8);
    const p = forward(weights, Float64Array.of(0.25, 1, 0, 0), 0, 0.5, hidden);
    expect([...hidden]).toEqual([0, 0, 0.75, 0, 0, 0, 0, 0]);
    expect(p).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12); // z = −1 + 2 · 0.75
  });

  it("adds its logit to that of the anchor", () => {
    for (const seed of seeds) {
      const c = randomCase(seed);
      const hidden = new Float64Array(8);
      const plain = forward(c.weights, c.x, 0, 0.5, hidden);
      const anchored = forward(c.weights, c.x, 0, c.anchor, hidden);
      const logit = (p: number) => Math.log(p / (1 - p));
      expect(logit(anchored)).toBeCloseTo(logit(plain) + logit(c.anchor), 9);
    }
  });

  it("the unrolled kernel gives the same bits as the readable forward pass", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const c = randomCase(seed);
        const io = ioOf(c);
        forwardKernel(c.weights, io);
        expect(io[IO_FORECAST]).toBe(forward(c.weights, c.x, 0, c.anchor, new Float64Array(8)));
      }),
      { numRuns: runs(300) },
    );
  });

  it.each([0, 31, 32, 40, 48])("a NaN in weight %i shows in the forecast at once", (index) => {
    const c = randomCase(7);
    c.weights.fill(0.1);
    c.weights[index] = NaN;
    const io = ioOf(c);
    forwardKernel(c.weights, io);
    expect(io[IO_FORECAST]).toBeNaN();
    expect(forward(c.weights, c.x, 0, c.anchor, new Float64Array(8))).toBeNaN();
  });

  it("fresh weights say about what the anchor says", () => {
    const random = new RandomStream(3, "fresh");
    for (let seed = 1; seed <= 200; seed++) {
      const weights = initialWeights(seed);
      expect(weights).toEqual(initialWeights(seed));
      const anchor = 0.1 + 0.8 * random.next();
      const x = Float64Array.from({ length: 4 }, () => random.next());
      const p = forward(weights, x, 0, anchor, new Float64Array(8));
      expect(Math.abs(Math.log(p / (1 - p)) - Math.log(anchor / (1 - anchor)))).toBeLessThan(0.8);
    }
    expect(initialWeights(1)).not.toEqual(initialWeights(2));
  });
});

describe("K09: gradient", () => {
  it("of the logit agrees with central differences in every parameter", () => {
    const step = 1e-4; // z is linear in each single parameter, but for the kinks
    let checked = 0;
    for (const seed of seeds) {
      const c = randomCase(seed);
      const hidden = new Float64Array(8);
      const gradient = new Float64Array(PARAMETER_COUNT);
      forward(c.weights, c.x, 0, 0.5, hidden);
      backward(c.weights, c.x, 0, hidden, 1, gradient); // slope 1: the gradient of z itself
      const logitAt = (weights: Float64Array) => {
        const p = forward(weights, c.x, 0, 0.5, new Float64Array(8));
        return Math.log(p / (1 - p));
      };
      for (let i = 0; i < PARAMETER_COUNT; i++) {
        const up = c.weights.slice();
        const down = c.weights.slice();
        up[i]! += step;
        down[i]! -= step;
        const numeric = (logitAt(up) - logitAt(down)) / (2 * step);
        expect(Math.abs(numeric - gradient[i]!), `seed ${seed}, parameter ${i}`).toBeLessThan(1e-7);
        if (gradient[i] !== 0) checked++;
      }
    }
    expect(checked).toBeGreaterThan(500); // not all of it dead
  });

  it("the loss's slope is its derivative, and its minimum lies at the median", () => {
    for (const error of [-0.6, -0.1, -0.01, -0.001, 0.0005, 0.02, 0.3]) {
      const y = 0.6;
      const p = y + error;
      const numeric = (loss(p + 1e-6, y) - loss(p - 1e-6, y)) / 2e-6;
      expect(lossSlope(p, y)).toBeCloseTo(numeric, 5);
    }
    expect(loss(0.5, 0.5)).toBe(0);
    expect(lossSlope(0.5, 0.5)).toBe(0);
    const labels = [0.9, 0.91, 0.92, 0.3, 0.1]; // median 0.9, mean 0.626
    let best = 0;
    let least = Infinity;
    for (let p = 0; p <= 1; p += 0.001) {
      const total = labels.reduce((sum, y) => sum + loss(p, y), 0);
      if (total < least) {
        least = total;
        best = p;
      }
    }
    expect(Math.abs(best - 0.9)).toBeLessThan(2 * LOSS_SOFTNESS);
  });

  it("the kernel's step is the readable one, clipped and unclipped", () => {
    for (const seed of seeds) {
      const c = randomCase(seed);
      for (const clip of [1e9, 0.5, 0.01]) {
        const naive = naiveStep(c, 0.01, clip);
        const weights = c.weights.slice();
        const io = ioOf(c, 0.01, clip);
        trainKernel(weights, io);
        expect(io[IO_FORECAST]).toBe(naive.p);
        expect(Math.sqrt(io[IO_SQUARED_NORM]!)).toBeCloseTo(naive.norm, 10);
        for (let i = 0; i < PARAMETER_COUNT; i++) expect(weights[i]).toBeCloseTo(naive.weights[i]!, 14);
      }
    }
  });

  it("K67: no step is longer than learning rate × clip", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0.001, max: 2, noNaN: true }),
        (seed, clip) => {
          const c = randomCase(seed);
          c.weights.forEach((w, i) => {
            c.weights[i] = 20 * w;
          });
          const before = c.weights.slice();
          trainKernel(c.weights, ioOf(c, 0.01, clip));
          const length = Math.sqrt(before.reduce((sum, w, i) => sum + (w - c.weights[i]!) ** 2, 0));
          expect(length).toBeLessThanOrEqual(0.01 * clip * (1 + 1e-9));
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it("leaves the weights alone when forecast, label or norm is not finite", () => {
    const c = randomCase(5);
    for (const spoil of [
      (io: Float64Array) => io.fill(NaN, IO_LABEL, IO_LABEL + 1),
      (io: Float64Array) => io.fill(NaN, 0, 1),
      (io: Float64Array) => io.fill(Infinity, IO_LABEL, IO_LABEL + 1),
    ]) {
      const weights = c.weights.slice();
      const io = ioOf(c);
      spoil(io);
      trainKernel(weights, io);
      expect(weights).toEqual(c.weights);
    }
    const huge = c.weights.map((w) => w * 1e200); // finite forecast 0 or 1, norm overflows
    const after = huge.slice();
    trainKernel(after, ioOf(c));
    expect(after).toEqual(huge);
  });
});

describe("tfjs as an oracle", () => {
  beforeAll(async () => {
    tf.env().set("PROD", true); // no advertisement
    await tf.setBackend("cpu");
  });

  // tfjs computes in float32: 24 bits, so 1e-6 leaves room for some 10 roundings.
  const TOLERANCE = 1e-6;

  function tfNetwork(c: Case) {
    const w1 = tf.variable(tf.tensor2d(Array.from(c.weights.subarray(0, 32)), [4, 8]));
    const b1 = tf.variable(tf.tensor1d(Array.from(c.weights.subarray(32, 40))));
    const w2 = tf.variable(tf.tensor2d(Array.from(c.weights.subarray(40, 48)), [8, 1]));
    const b2 = tf.variable(tf.tensor1d([c.weights[48]!]));
    const x = tf.tensor2d(Array.from(c.x), [1, 4]);
    const logit = () => tf.add(tf.matMul(tf.relu(tf.add(tf.matMul(x, w1), b1)), w2), b2);
    return { variables: [w1, b1, w2, b2], logit };
  }

  it("forward pass", () => {
    for (const seed of seeds) {
      const c = randomCase(seed);
      const { logit } = tfNetwork(c);
      const offset = Math.log(c.anchor / (1 - c.anchor));
      const theirs = tf.sigmoid(tf.add(logit(), offset)).dataSync()[0]!;
      const io = ioOf(c);
      forwardKernel(c.weights, io);
      expect(Math.abs(io[IO_FORECAST]! - theirs), `seed ${seed}`).toBeLessThan(TOLERANCE);
    }
  });

  it("one step of SGD at rate 0.01", () => {
    for (const seed of seeds) {
      const c = randomCase(seed);
      const { variables, logit } = tfNetwork(c);
      const offset = Math.log(c.anchor / (1 - c.anchor));
      const p = tf.sigmoid(tf.add(logit(), offset)).dataSync()[0]!;
      const slope = (p - c.label) / (Math.abs(p - c.label) + LOSS_SOFTNESS);
      const optimizer = tf.train.sgd(0.01);
      optimizer.minimize(() => tf.mul(tf.sum(logit()), slope) as tf.Scalar, false, variables);
      const theirs = variables.flatMap((variable) => Array.from(variable.dataSync()));
      const ours = c.weights.slice();
      trainKernel(ours, ioOf(c, 0.01));
      for (let i = 0; i < PARAMETER_COUNT; i++) {
        expect(Math.abs(ours[i]! - theirs[i]!), `seed ${seed}, parameter ${i}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});

describe("K09 K11: learns", () => {
  /** Trains online on samples of `target` and returns the mean error over the last tenth. */
  function learn(target: (x: Float64Array) => number, steps: number, learningRate: number): number {
    const random = new RandomStream(11, "learn");
    const weights = initialWeights(4);
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const x = Float64Array.from({ length: 4 }, () => random.next());
      const io = ioOf({ weights, x, anchor: 0.5, label: target(x) }, learningRate, 1);
      trainKernel(weights, io);
      if (step >= steps * 0.9) sum += Math.abs(io[IO_FORECAST]! - io[IO_LABEL]!);
    }
    return sum / (steps * 0.1);
  }

  it("a ramp, at the online rate of 0.01", () => {
    const ramp = (x: Float64Array) => 0.2 + 0.6 * x[1]!;
    expect(learn(ramp, 300, 0.01)).toBeGreaterThan(0.05); // it is learned, not built in
    expect(learn(ramp, 20_000, 0.01)).toBeLessThan(0.02);
  });

  it("exclusive or, which no network without a hidden layer can", () => {
    const xor = (x: Float64Array) => (x[0]! > 0.5 !== x[1]! > 0.5 ? 0.9 : 0.1);
    expect(learn(xor, 100_000, 0.01)).toBeLessThan(0.16); // a constant, or any linear rule, errs by 0.4
  });
});
