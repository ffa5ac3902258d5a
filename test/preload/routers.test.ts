// The two ways to decide what is loaded ahead: by confidence and step (row P15), and by what it is expected to bring.

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import type { ComponentCost, ExpectedComponent } from "../../preload/contract.ts";
import { BenefitRouter } from "../../preload/routers/benefit.ts";
import { PreloadBudget } from "../../preload/routers/budget.ts";
import { ThresholdRouter } from "../../preload/routers/thresholds.ts";

const PLAIN: ComponentCost = { loadRatio: 1, bytes: 1000 };

function expected(confidence: number, step: 1 | 2 | 3 = 1, source = "sequence"): ExpectedComponent {
  return { component: "form", step, confidence, source };
}

describe("threshold router", () => {
  it.each([
    [0.95, 1, "immediate"],
    [0.9001, 1, "immediate"],
    [0.9, 1, "delayed"],
    [0.95, 2, "delayed"],
    [0.7001, 2, "delayed"],
    [0.7001, 1, "delayed"],
    [1, 3, "background"],
    [0.7, 1, "background"],
    [0.7, 2, "background"],
    [0.01, 1, "background"],
    [0, 3, "background"],
  ] as const)("P15: confidence %f at step %i goes to %s", (confidence, step, queue) => {
    expect(new ThresholdRouter().route(expected(confidence, step), PLAIN)).toBe(queue);
  });

  it("has a floor where one is asked for, and an infinite price stops it", () => {
    const router = new ThresholdRouter({ leastConfidence: 0.3 });
    expect(router.route(expected(0.29), PLAIN)).toBeUndefined();
    expect(router.route(expected(0.3), PLAIN)).toBe("background");
    router.setPrice(Infinity);
    expect(router.route(expected(1), PLAIN)).toBeUndefined();
    router.setPrice(1e9);
    expect(router.route(expected(1), PLAIN)).toBe("immediate");
    router.settle(expected(1), "wasted", 1, 1000);
    expect(router.route(expected(1), PLAIN)).toBe("immediate");
    expect(router.figures).toEqual({
      routed: { immediate: 2, delayed: 0, background: 1 },
      refused: 2,
      overBudget: 0,
    });
    expect(() => new ThresholdRouter({ leastConfidence: 0.8 })).toThrow(AssertionError);
  });

  it("loads no more for each request than it may", () => {
    const router = new ThresholdRouter({ preloadsPerRequest: 0.25 });
    let loaded = 0;
    for (let request = 0; request < 100; request++) {
      router.onRequest();
      for (let i = 0; i < 3; i++) if (router.route(expected(0.5), PLAIN) !== undefined) loaded++;
    }
    expect(loaded).toBe(25);
    expect(router.figures.overBudget).toBe(275);
  });
});

describe("benefit router", () => {
  it("weighs probability and load against waste, memory and what has to leave", () => {
    const router = new BenefitRouter({ wasteRatio: 0.5, residenceSeconds: 10 });
    // 0.5 − 0.5 · 0.5 = 0.25
    expect(router.route(expected(0.5), PLAIN)).toBe("delayed");
    expect(router.route(expected(0.5), { ...PLAIN, displacedLoads: 0.24 })).toBe("background");
    expect(router.route(expected(0.5), { ...PLAIN, displacedLoads: 0.26 })).toBeUndefined();
    expect(router.route(expected(0.5), { ...PLAIN, loadRatio: 2 })).toBe("immediate");
    expect(router.route(expected(0.5, 2), { ...PLAIN, loadRatio: 2 })).toBe("delayed");
    expect(router.route(expected(0.5, 3), { ...PLAIN, loadRatio: 2 })).toBe("background");
    router.setPrice(1e-5); // 1,000 bytes for 10 seconds: a tenth of a load
    expect(router.route(expected(0.5), PLAIN)).toBe("background");
    router.setPrice(3e-5);
    expect(router.route(expected(0.5), PLAIN)).toBeUndefined();
    router.setPrice(Infinity);
    expect(router.route(expected(1), { ...PLAIN, bytes: 0 })).toBeUndefined();
    expect(router.figures.routed).toEqual({ immediate: 1, delayed: 2, background: 3 });
    expect(router.figures.refused).toBe(3);
  });

  it("believes each source, near and far apart, by what came of what it promised", () => {
    const router = new BenefitRouter();
    for (let i = 0; i < 80; i++) {
      router.settle(expected(0.8, 1, "liar"), i % 10 === 0 ? "in-time" : "wasted", 3, 1000);
      router.settle(expected(0.8, 1, "honest"), i % 5 === 0 ? "wasted" : "in-time", 3, 1000);
      router.settle(expected(0.8, 3, "honest"), "wasted", 3, 1000);
    }
    expect(router.route(expected(0.8, 1, "liar"), PLAIN)).toBeUndefined();
    expect(router.route(expected(0.8, 1, "honest"), PLAIN)).toBe("immediate");
    expect(router.route(expected(0.8, 3, "honest"), PLAIN)).toBeUndefined();
  });

  it("what is refused for what would have to leave does not fade the record of its source", () => {
    const router = new BenefitRouter();
    for (let i = 0; i < 80; i++) router.settle(expected(0.8), i % 2 === 0 ? "in-time" : "wasted", 3, 1000);
    const before = router.gate.believed("sequence", 0.8);
    for (let i = 0; i < 500; i++) router.route(expected(0.8), { ...PLAIN, displacedLoads: 1 });
    expect(router.gate.believed("sequence", 0.8)).toBe(before);
    for (let i = 0; i < 500; i++) router.route(expected(0.1), PLAIN);
    expect(router.gate.believed("sequence", 0.8)).toBeGreaterThan(before);
  });

  it("spends a budget on the better part of what is offered, a bucket alone on whatever comes first", () => {
    const meanOf = (budgetPriceStep: number) => {
      const router = new BenefitRouter({ preloadsPerRequest: 0.25, budgetPriceStep });
      const random = new RandomStream(5, "offers");
      let [sum, count] = [0, 0];
      for (let request = 0; request < 4000; request++) {
        router.onRequest();
        const offer = expected(random.next());
        if (router.route(offer, PLAIN) === undefined) continue;
        sum += offer.confidence;
        count++;
      }
      expect(count).toBeLessThanOrEqual(1000);
      expect(count).toBeGreaterThan(900);
      return sum / count;
    };
    // Of confidences uniform in 0..1 a quarter is above 0.75, with a mean of 0.875; above 1/3, where it begins to pay, the mean is 2/3.
    expect(meanOf(0.01)).toBeGreaterThan(0.84);
    expect(meanOf(0)).toBeLessThan(0.7);
  });
});

describe("preload budget", () => {
  it("saves up a burst and no more, never gives what it has not", () => {
    const budget = new PreloadBudget({ preloadsPerRequest: 0.5, burstCount: 2 });
    expect(budget.take()).toBe(false);
    for (let i = 0; i < 100; i++) budget.onRequest();
    expect(budget.price).toBe(0);
    expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
    expect(budget.price).toBeCloseTo(0.03, 12); // what is wanted in vain counts as well
    for (let i = 0; i < 6; i++) budget.onRequest();
    expect(budget.price).toBeCloseTo(0, 12);
    const free = new PreloadBudget({ preloadsPerRequest: Infinity });
    for (let i = 0; i < 10; i++) expect(free.take()).toBe(true);
    expect(free.price).toBe(0);
    expect(() => new PreloadBudget({ preloadsPerRequest: 0 })).toThrow(AssertionError);
  });
});
