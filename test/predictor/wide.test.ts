// The wide network: its features, its inference against the trainer's, its gradient, and what learning online is worth.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { TICK_MICROS } from "../../core/units.ts";
import { AdaptiveHead } from "../../predictor/adaptive-head.ts";
import { AnchoredMlp, PARAMETER_STEP } from "../../predictor/anchored-mlp.ts";
import { EventClock } from "../../predictor/event-clock.ts";
import { Season } from "../../predictor/season.ts";
import { TICK_FEATURES, TickFeatures } from "../../predictor/tick-features.ts";
import { Wide } from "../../predictor/wide.ts";
import { Mlp } from "../../scripts/forecast/mlp.ts";
import { drive, noise, wave } from "./signals.ts";

function feed(features: TickFeatures, ticks: number, seed: number, knowsHeap = true): void {
  const random = new RandomStream(seed, "test features");
  for (let tick = 0; tick < ticks; tick++) {
    for (let i = 0; i < 5; i++) {
      if (knowsHeap) features.observeRequest(16 * (1 + random.integer(60)));
      features.observe(0.7 * random.next(), 0.7 + 0.3 * random.next());
    }
    if (random.chance(0.2)) features.noteCompaction();
    if (knowsHeap) features.sampleHeap(random.integer(5000), random.integer(300), 256 + random.integer(1000));
    features.tick(0.7 * random.next(), 0.7 + 0.3 * random.next());
  }
}

describe("tick features", () => {
  it("are finite and within ±6, whatever they are told", () => {
    for (const [u, p] of [
      [0, 0],
      [1, 1],
      [0, 1],
    ] as const) {
      const features = new TickFeatures();
      for (let tick = 0; tick < 100; tick++) {
        features.sampleHeap(0, 0, 16);
        features.tick(u, p);
        expect(features.values.every((value) => value >= -6 && value <= 6)).toBe(true);
      }
    }
    const features = new TickFeatures();
    feed(features, 300, 1);
    expect(features.values.length).toBe(TICK_FEATURES);
    expect(features.values.every((value) => value >= -6 && value <= 6)).toBe(true);
    expect(new Set(features.values).size).toBeGreaterThan(60);
  });

  it("after a reset they are those of a fresh extractor", () => {
    const [used, fresh] = [new TickFeatures(), new TickFeatures()];
    feed(used, 250, 1);
    used.reset();
    for (const each of [used, fresh]) feed(each, 130, 2);
    expect(used.values).toEqual(fresh.values);
    expect(used.anchor).toBe(fresh.anchor);
  });

  it("say nothing of the heap and the requests when nobody tells them", () => {
    const features = new TickFeatures();
    feed(features, 50, 1, false);
    expect([...features.values.subarray(51, 58)]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("season", () => {
  it("finds the period of a wave and what comes after this phase", () => {
    const signal = wave(1, 0.5, 0.2, 20, 0);
    const season = new Season();
    const at = (tick: number) => signal(tick * TICK_MICROS);
    for (let tick = 0; tick <= 300; tick++) season.take(at(tick), at(tick));
    expect(season.periodTicks).toBeGreaterThanOrEqual(39);
    expect(season.periodTicks).toBeLessThanOrEqual(41);
    expect(season.correlation).toBeGreaterThan(0.9);
    season.look(10);
    expect(season.way).toBeCloseTo(at(310) - at(300), 1);
    expect(season.wayBefore).toBeCloseTo(at(310) - at(300), 1);
    expect(season.pressure).toBeCloseTo(at(310), 1);
  });

  it("finds none in noise or in a flat line", () => {
    for (const signal of [noise(1, 0.8, 0.1), () => 0.5]) {
      const season = new Season();
      for (let tick = 0; tick <= 480; tick++) season.take(signal(tick), 0.9);
      expect(season.correlation).toBeLessThan(0.35);
    }
  });
});

describe("event clock", () => {
  it("knows a regular gap, its phase and what is left", () => {
    const clock = new EventClock();
    for (let tick = 0; tick <= 155; tick++) clock.take(tick % 30 === 0);
    expect(clock.gaps).toBe(5);
    expect(clock.meanTicks).toBe(30);
    expect(clock.spreadTicks).toBeLessThan(2); // what it thought before, 40 ticks, fades
    expect(clock.sinceTicks).toBe(5);
    expect(clock.phase).toBeCloseTo(5 / 30, 9);
    expect(clock.leftTicks).toBe(25);
  });

  it("takes what follows at once as part of the same event", () => {
    const clock = new EventClock();
    for (let tick = 0; tick < 40; tick++) clock.take(tick < 4);
    expect(clock.gaps).toBe(0);
  });
});

describe("inference and training", () => {
  const widths = [5, 4, 3, 1];

  it("the shipped form computes what the trainer's computes", () => {
    const random = new RandomStream(1, "test mlp");
    const mlp = new Mlp(widths);
    const steps = Array.from(mlp.parameters, () => Math.round((2 * random.next() - 1) * 4096));
    steps.forEach((step, i) => {
      mlp.parameters[i] = step * PARAMETER_STEP;
    });
    const network = new AnchoredMlp(5, 4, 3, steps);
    const last = new Float64Array(4);
    network.readLastLayer(last);
    for (let trial = 0; trial < 20; trial++) {
      const x = Float64Array.from({ length: 5 }, () => 4 * random.next() - 2);
      network.forward(x);
      const z = network.hidden.reduce((sum, h, j) => sum + h * last[j]!, last[3]!);
      expect(z).toBeCloseTo(mlp.forward(x, 0), 12);
    }
  });

  it("the trainer's gradient is that of central differences, for every parameter", () => {
    const random = new RandomStream(2, "test mlp");
    const mlp = new Mlp(widths);
    for (let i = 0; i < mlp.parameters.length; i++) mlp.parameters[i] = 2 * random.next() - 1;
    const x = Float64Array.from({ length: 5 }, () => 2 * random.next() - 1);
    mlp.forward(x, 0);
    const gradient = new Float64Array(mlp.parameters.length);
    mlp.backward(0.7, gradient);
    for (let k = 0; k < gradient.length; k++) {
      const held = mlp.parameters[k]!;
      mlp.parameters[k] = held + 1e-6;
      const up = mlp.forward(x, 0);
      mlp.parameters[k] = held - 1e-6;
      const down = mlp.forward(x, 0);
      mlp.parameters[k] = held;
      expect(gradient[k]).toBeCloseTo((0.7 * (up - down)) / 2e-6, 6);
    }
  });
});

describe("the head that learns", () => {
  const h = new Float64Array([0.5, 1]);

  it("comes to say what is always true, and drifts back when it is not taught", () => {
    const head = new AdaptiveHead(new Float64Array(3), { learningRate: 0.05, recall: 0.001 });
    for (let tick = 0; tick < 2000; tick++) head.take(h, 0.5, 1, 0.8, false);
    expect(head.forecast(h, 0.5, 1)).toBeCloseTo(0.8, 1);
  });

  it("with a vanishing step a constant error is corrected whole, and scattered ones hardly at all", () => {
    const steady = new AdaptiveHead(new Float64Array(3), { learningRate: 1e-9, recall: 0 });
    const scattered = new AdaptiveHead(new Float64Array(3), { learningRate: 1e-9, recall: 0 });
    const random = new RandomStream(1, "test head");
    for (let tick = 0; tick < 400; tick++) {
      steady.take(h, 0.5, 1, 0.6, false);
      scattered.take(h, 0.5, 1, 0.3 + 0.42 * random.next(), false);
    }
    expect(steady.forecast(h, 0.5, 1)).toBeCloseTo(0.6, 2);
    expect(Math.abs(scattered.forecast(h, 0.5, 1) - 0.5)).toBeLessThan(0.01);
  });

  it("learns nothing from masked labels, nor before ten ticks", () => {
    const head = new AdaptiveHead(new Float64Array(3), { learningRate: 0.05, recall: 0 });
    for (let tick = 0; tick < 10; tick++) head.take(h, 0.5, 1, 0.8, false);
    for (let tick = 0; tick < 50; tick++) head.take(h, 0.5, 1, 0.8, true);
    expect([...head.weights]).toEqual([0, 0, 0]);
    head.take(h, 0.5, 1, 0.8, false);
    expect(head.weights[2]).toBeGreaterThan(0);
  });

  it("pairs a label with what was seen ten ticks before", () => {
    const head = new AdaptiveHead(new Float64Array(2), { learningRate: 0.1, recall: 0 });
    for (let tick = 0; tick < 10; tick++) head.take(new Float64Array([tick === 0 ? 1 : 0]), 0.5, 1, 0.5, false);
    head.take(new Float64Array([0]), 0.5, 1, 1, false); // the label of tick 0, the only one with an input
    expect(head.weights[0]).toBeGreaterThan(0);
    const learned = head.weights[0];
    head.take(new Float64Array([0]), 0.5, 1, 1, false);
    expect(head.weights[0]).toBe(learned);
  });
});

describe("wide", () => {
  it("is exact: the same bits for the same run", () => {
    const said = [1, 2].map(() => {
      const wide = new Wide();
      const all: number[] = [];
      drive(wide, wave(3, 0.8, 0.1, 30), { ticks: 200, afterTick: (_tick, now) => all.push(wide.forecast(now)) });
      return all;
    });
    expect(said[0]).toEqual(said[1]);
  });
});
