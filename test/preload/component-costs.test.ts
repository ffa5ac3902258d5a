// What a load is expected to cost: of a component that was loaded by its own record, of another by the mean.

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import { ComponentCosts } from "../../preload/component-costs.ts";

describe("component costs", () => {
  it("before anything was loaded: an average load of the size that was said", () => {
    expect(new ComponentCosts({ firstBytes: 0 }).of("a")).toEqual({ loadRatio: 1, bytes: 1 });
    expect(new ComponentCosts().of("a")).toEqual({ loadRatio: 1, bytes: 4096 });
    expect(new ComponentCosts().millisOf("a")).toBe(0);
  });

  it("a component by its own record, which fades; others by the mean", () => {
    const costs = new ComponentCosts();
    costs.observe("large", 1000, 30);
    costs.observe("small", 100, 10);
    expect(costs.of("large")).toEqual({ loadRatio: 1.5, bytes: 1000 });
    expect(costs.of("new")).toEqual({ loadRatio: 1, bytes: 550 });
    costs.observe("large", 200, 30);
    expect(costs.of("large").bytes).toBe(800);
    expect(costs.millisOf("small")).toBe(10);
  });

  it("one slow load is no more than sixteen average ones", () => {
    const costs = new ComponentCosts();
    for (let i = 0; i < 100; i++) costs.observe(`c${i}`, 10, 1);
    costs.observe("slow", 10, 100_000);
    expect(costs.of("slow").loadRatio).toBe(16);
    expect(costs.of("c99").loadRatio).toBe(1 / 16);
  });

  it("remembers so many, and forgets those not loaded for longest", () => {
    const costs = new ComponentCosts({ componentCount: 2 });
    costs.observe("a", 10, 1);
    costs.observe("b", 20, 1);
    costs.observe("a", 10, 1);
    costs.observe("c", 30, 1);
    expect(costs.of("a").bytes).toBe(10);
    expect(costs.of("b").bytes).not.toBe(20);
    expect(costs.stateBytes).toBe(240);
    expect(() => costs.observe("a", -1, 0)).toThrow(AssertionError);
    expect(() => new ComponentCosts({ componentCount: 0 })).toThrow(AssertionError);
  });
});
