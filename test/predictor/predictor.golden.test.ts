import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { goldenForecasters } from "./golden-forecasters.ts";
import { type GoldenPredictor, goldenPredictor } from "./golden-predictor.ts";

const golden = JSON.parse(
  readFileSync(new URL("../golden/predictor.json", import.meta.url), "utf8"),
) as GoldenPredictor;

const goldenSaid = JSON.parse(readFileSync(new URL("../golden/forecasters.json", import.meta.url), "utf8")) as Record<
  string,
  number[]
>;

describe("golden (npx tsx scripts/golden-forecasters.ts)", () => {
  it("K74, K81: compact, wide, gru and the ensemble say the same to the last bit", () => {
    expect(goldenForecasters()).toEqual(goldenSaid);
  });
});

describe("golden (npx tsx scripts/golden-predictor.ts)", () => {
  const now = goldenPredictor();

  it("K09: the online loss curve, weights, margin and confidence are the same to the last bit", () => {
    expect(now.onlineLossCurve).toEqual(golden.onlineLossCurve);
    expect(now.onlineWeights).toEqual(golden.onlineWeights);
    expect(now.margin).toBe(golden.margin);
    expect(now.confidence).toBe(golden.confidence);
  });

  it("K78: the offline loss curve and weights are the same to the last bit", () => {
    expect(now.offlineLossCurve).toEqual(golden.offlineLossCurve);
    expect(now.offlineWeights).toEqual(golden.offlineWeights);
  });

  it("both curves go down", () => {
    for (const curve of [golden.onlineLossCurve, golden.offlineLossCurve]) {
      expect(curve.at(-1)!).toBeLessThan(0.9 * curve[1]!);
    }
  });
});
