// The reuse estimator beside a naive one with maps, Math.log and Math.exp; what it learns; that it stays in bounds.

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { ReuseEstimator } from "../../preload/reuse-estimator.ts";

const DISCOUNT = 0.6;

/** The same in words: every sample kept, its label the discounted delay, one step of AdaGrad when it is known. */
class NaiveEstimator {
  readonly weights = [0, 1, 0, 0, 0, 0, 0, 0];
  readonly #squares = this.weights.map(() => 1);
  readonly #seen = new Map<number, number[]>();
  #waiting: { component: number; at: number; features: number[] }[] = [];
  #now = 0;

  observe(component: number): void {
    this.#now++;
    const own = this.#waiting.filter((one) => one.component === component).reverse();
    this.#waiting = this.#waiting.filter((one) => one.component !== component);
    for (const { at, features } of own) this.#learn(features, DISCOUNT ** (this.#now - at - 1));
    this.#seen.set(component, [...(this.#seen.get(component) ?? []), this.#now]);
  }

  worth(component: number, probability: number, isSample: boolean): number {
    const seen = this.#seen.get(component);
    if (seen === undefined) return 0;
    const rate = (over: number) => seen.reduce((sum, at) => sum + Math.exp(-(this.#now - at) / over) / over, 0);
    const features = [
      1,
      Math.log(probability + 1e-3),
      Math.log(this.#now - seen.at(-1)! + 1),
      Math.log(rate(30) + 1e-3),
      Math.log(rate(500) + 1e-4),
      probability,
      rate(500),
      -Math.log(1 - probability + 1e-2),
    ];
    if (isSample) this.#waiting.push({ component, at: this.#now, features });
    return this.#estimate(features);
  }

  #estimate(features: number[]): number {
    return 1 / (1 + Math.exp(-features.reduce((sum, value, i) => sum + value * this.weights[i]!, 0)));
  }

  #learn(features: number[], worth: number): void {
    const error = worth - this.#estimate(features);
    features.forEach((value, i) => {
      const gradient = error * value;
      this.#squares[i]! += gradient * gradient;
      this.weights[i]! += (0.05 * gradient) / Math.sqrt(this.#squares[i]!);
    });
  }
}

describe("reuse estimator", () => {
  it.each([1, 2, 3])("agrees with a naive one, seed %i", (seed) => {
    const random = new RandomStream(seed, "reuse");
    const estimator = new ReuseEstimator({ discount: DISCOUNT, sampleCount: 4096 });
    const naive = new NaiveEstimator();
    for (let i = 0; i < 500; i++) {
      const component = Math.min(random.integer(9), random.integer(9));
      estimator.observe(component);
      naive.observe(component);
      for (let other = 0; other < 10; other++) {
        const probability = random.next();
        const isSample = random.chance(0.5);
        const mine = isSample ? estimator.worthAndSample(other, probability) : estimator.worth(other, probability);
        expect(Math.abs(mine - naive.worth(other, probability, isSample)), `seed ${seed}, step ${i}`).toBeLessThan(
          0.01,
        );
      }
      estimator.check();
    }
  });

  it("learns who comes back: worth follows frequency where the model says nothing, and the model where it is right", () => {
    const random = new RandomStream(4, "reuse learns");
    const estimator = new ReuseEstimator();
    let next = 0;
    for (let i = 0; i < 6000; i++) {
      estimator.observe(next);
      const isForeseen = random.chance(0.5);
      next = random.chance(0.7) ? random.integer(3) : 3 + random.integer(30);
      for (let component = 0; component < 8; component++)
        estimator.worthAndSample(component, isForeseen && component === next ? 0.95 : 0);
    }
    estimator.check();
    expect(estimator.worth(20, 0.95)).toBeGreaterThan(0.8);
    expect(estimator.worth(0, 0)).toBeGreaterThan(2 * estimator.worth(20, 0));
    expect(estimator.worth(20, 0)).toBeLessThan(0.15);
  });

  it("what waits longest for nothing was worth nothing; memory stays what it is", () => {
    const estimator = new ReuseEstimator({ sampleCount: 64 });
    const { stateBytes } = estimator;
    estimator.observe(0);
    for (let i = 0; i < 3000; i++) {
      estimator.observe(1);
      estimator.worthAndSample(0, 0.5);
      estimator.check();
    }
    expect(estimator.worth(0, 0.5)).toBeLessThan(0.1);
    expect(estimator.stateBytes).toBe(stateBytes);
    estimator.observe(100_000);
    expect(estimator.worth(100_000, 0)).toBeGreaterThan(0);
    expect(estimator.worth(50_000, 1)).toBe(0);
    expect(estimator.worth(1_000_000, 1)).toBe(0);
    estimator.check();
    expect(() => estimator.observe(-1)).toThrow(AssertionError);
    expect(() => new ReuseEstimator({ discount: 1 })).toThrow(AssertionError);
    expect(() => new ReuseEstimator({ sampleCount: 100 })).toThrow(AssertionError);
  });
});
