// What the predictor expects of sequences whose answer is known.

import { describe, expect, it } from "vitest";
import { NextComponentPredictor } from "../../../preload/model/next-component-predictor.ts";

describe("next components", () => {
  it("P07, P16, P20: a ring is foreseen three steps ahead, ordered by confidence and then by step", () => {
    const model = new NextComponentPredictor({ componentCount: 64, userCount: 4, nodeCount: 1024 });
    const ring = ["a", "b", "c", "d", "e"];
    for (let i = 0; i < 400; i++) model.observe({ component: ring[i % 5]!, user: "u", atMillis: i });
    const expected = model.expect("u", 400, 3, 10);
    expect(expected.slice(0, 3).map(({ component, step }) => `${component}${step}`)).toEqual(["a1", "b2", "c3"]);
    for (let i = 1; i < expected.length; i++) {
      expect(expected[i]!.confidence).toBeLessThanOrEqual(expected[i - 1]!.confidence);
    }
    expect(new Set(expected.map(({ component }) => component)).size).toBe(expected.length);
  });

  it("expects nothing of a user that it does not know", () => {
    expect(new NextComponentPredictor().expect("u", 0, 3, 10)).toEqual([]);
  });
});
