import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import { initialWeights } from "../../predictor/network.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { joinSamples, SampleCollector } from "../../predictor/sample-collector.ts";
import { evaluateWeights, type TrainingSamples, trainOffline } from "../../predictor/trainer.ts";
import { drive, wave } from "./signals.ts";

/** Samples of a smooth rule over the four features. */
function ruleSamples(seed: number, count: number): TrainingSamples {
  const random = new RandomStream(seed, "trainer test");
  const features = Float64Array.from({ length: count * 4 }, () => random.next());
  const anchors = Float64Array.from({ length: count }, () => 0.3 + 0.4 * random.next());
  const labels = anchors.map((anchor, i) => {
    const [a, b] = [features[i * 4]!, features[i * 4 + 1]!];
    return Math.min(1, Math.max(0, anchor + 0.3 * (a - 0.5) + (b > 0.5 ? 0.1 : -0.1)));
  });
  return { features, anchors, labels };
}

describe("K78: offline training", () => {
  it.each(["adam", "sgd"] as const)("%s learns a rule, and the held-out error shows it", (optimizer) => {
    const result = trainOffline({ samples: ruleSamples(1, 3000), epochs: 30, seed: 1, optimizer, restarts: 1 });
    expect(result.weights).toHaveLength(49);
    expect(result.lossCurve).toHaveLength(30);
    expect(result.lossCurve.at(-1)!).toBeLessThan(0.6 * result.lossCurve[0]!);
    expect(result.training.samples).toBe(2400);
    expect(result.heldOut!.samples).toBe(600);
    expect(result.heldOut!.maePercentPoints).toBeLessThan(0.5 * result.heldOut!.anchorMaePercentPoints);
  });

  it("equal options give equal bits, another seed other weights", () => {
    const run = (seed: number) => trainOffline({ samples: ruleSamples(2, 400), epochs: 3, seed, restarts: 2 });
    expect(run(1)).toEqual(run(1));
    expect(run(1).weights).not.toEqual(run(2).weights);
  });

  it("the held-out samples are the last ones and teach nothing", () => {
    const samples = ruleSamples(3, 500);
    const spoilt = { ...samples, labels: samples.labels.map((label, i) => (i >= 400 ? 1 - label : label)) };
    const [clean, other] = [samples, spoilt].map((each) => trainOffline({ samples: each, epochs: 2, seed: 1 }));
    expect(other!.weights).toEqual(clean!.weights);
    expect(other!.heldOut!.maePercentPoints).not.toBe(clean!.heldOut!.maePercentPoints);
    const all = trainOffline({ samples, epochs: 1, seed: 1, heldOutShare: 0 });
    expect(all.heldOut).toBeNull();
    expect(all.training.samples).toBe(500);
  });

  it("more restarts are never worse on the training part", () => {
    const run = (restarts: number) => trainOffline({ samples: ruleSamples(4, 600), epochs: 5, seed: 3, restarts });
    const losses = [1, 2, 4].map((restarts) => run(restarts).training.loss);
    expect(losses[1]).toBeLessThanOrEqual(losses[0]!);
    expect(losses[2]).toBeLessThanOrEqual(losses[1]!);
  });

  it("goes on from given weights, and leaves them alone", () => {
    const samples = ruleSamples(5, 600);
    const first = trainOffline({ samples, epochs: 20, seed: 1, restarts: 1 });
    const before = first.weights.slice();
    const second = trainOffline({ samples, epochs: 1, seed: 1, initialWeights: first.weights });
    expect(first.weights).toEqual(before);
    expect(second.lossCurve[0]!).toBeLessThan(first.lossCurve[0]!);
  });

  it("a tiny clip holds it back", () => {
    const run = (gradientClip: number) =>
      trainOffline({ samples: ruleSamples(6, 300), epochs: 2, seed: 1, optimizer: "sgd", gradientClip, restarts: 1 });
    const moved = (weights: Float64Array) =>
      Math.sqrt(weights.reduce((sum, w, i) => sum + (w - initialWeights(1)[i]!) ** 2, 0));
    expect(moved(run(1e-6).weights)).toBeLessThan(1e-4);
    expect(moved(run(1).weights)).toBeGreaterThan(1e-2);
  });

  it("refuses samples and options that do not fit", () => {
    const samples = ruleSamples(7, 10);
    const options = { samples, epochs: 1, seed: 1 };
    expect(() => trainOffline({ ...options, samples: { ...samples, features: new Float64Array(5) } })).toThrow();
    expect(() => trainOffline({ ...options, samples: { ...samples, anchors: new Float64Array(5) } })).toThrow();
    expect(() => trainOffline({ ...options, epochs: 0 })).toThrow();
    expect(() => trainOffline({ ...options, restarts: 0 })).toThrow();
    expect(() => trainOffline({ ...options, heldOutShare: 1 })).toThrow();
    const none = { features: new Float64Array(0), labels: new Float64Array(0) };
    expect(() => trainOffline({ ...options, samples: none })).toThrow();
  });

  it("without anchors it is the plain sigmoid", () => {
    const { features, labels } = ruleSamples(8, 50);
    const half = new Float64Array(50).fill(0.5);
    const weights = initialWeights(2);
    expect(evaluateWeights(weights, { features, labels }, 0, 50)).toEqual(
      evaluateWeights(weights, { features, labels, anchors: half }, 0, 50),
    );
    const train = (samples: TrainingSamples) => trainOffline({ samples, epochs: 1, seed: 1, restarts: 1 }).weights;
    expect(train({ features, labels })).toEqual(train({ features, labels, anchors: half }));
  });
});

describe("sample collector", () => {
  it("pairs each tick's features with the pressure of 10 ticks later", () => {
    const predictor = new PressurePredictor();
    const collector = new SampleCollector();
    const rows: number[][] = [];
    const pressures: number[] = [];
    drive(predictor, wave(1, 0.6, 0.2, 14), {
      ticks: 50,
      afterTick: (_, now, pressure) => {
        collector.tick(predictor, now, pressure, false);
        const row = new Float64Array(5);
        predictor.readFeatures(now, row);
        rows.push([...row]);
        pressures.push(pressure);
      },
    });
    expect(collector.length).toBe(40);
    const { features, anchors, labels } = collector.samples();
    expect([...labels]).toEqual(pressures.slice(HORIZON_TICKS));
    for (let i = 0; i < 40; i++) {
      expect([...features.subarray(i * 4, i * 4 + 4), anchors![i]]).toEqual(rows[i]);
    }
  });

  it("skips masked labels and labels across missed ticks", () => {
    const predictor = new PressurePredictor();
    const collector = new SampleCollector();
    const tick = (index: number, isMasked: boolean) => {
      predictor.tick(index * TICK_MICROS, 0.5, 0.6, isMasked);
      collector.tick(predictor, index * TICK_MICROS, 0.6, isMasked);
    };
    for (let i = 0; i < 20; i++) tick(i, i >= 15);
    expect(collector.length).toBe(5);
    for (let i = 30; i < 45; i++) tick(i, false);
    expect(collector.length).toBe(10);
    expect(predictor.trainedLabels).toBe(10); // the predictor's own ring pairs the same way
  });

  it("K64: what is trained on collected samples helps a fresh predictor on another stretch", () => {
    const errorOf = (weights: Float64Array | undefined) => {
      const predictor = new PressurePredictor({ seed: 5, weights });
      drive(predictor, wave(9, 0.7, 0.2, 14), { ticks: 210 });
      return predictor.recentError;
    };
    const predictor = new PressurePredictor();
    const collector = new SampleCollector();
    drive(predictor, wave(2, 0.7, 0.2, 14), {
      ticks: 1000,
      afterTick: (_, now, pressure) => collector.tick(predictor, now, pressure, false),
    });
    const { weights } = trainOffline({ samples: collector.samples(), epochs: 20, seed: 1 });
    expect(errorOf(weights)).toBeLessThan(0.8 * errorOf(undefined));
  });

  it("joins runs", () => {
    const [a, b] = [ruleSamples(1, 3), ruleSamples(2, 2)];
    const { anchors, ...plain } = b;
    const joined = joinSamples([a, plain]);
    expect([...joined.labels]).toEqual([...a.labels, ...b.labels]);
    expect([...joined.features]).toEqual([...a.features, ...b.features]);
    expect([...joined.anchors!]).toEqual([...a.anchors!, 0.5, 0.5]);
    expect(anchors).toHaveLength(2);
    expect(joinSamples([]).labels).toHaveLength(0);
  });
});
