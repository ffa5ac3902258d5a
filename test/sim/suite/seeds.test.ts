// Test seeds stay unseen: the constants, the check, and the weights that ship, by the command that their headers quote.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseSeeds } from "../../../cli/units.ts";
import {
  FIRST_TRAINING_SEED,
  FIRST_TUNING_SEED,
  isTestSeed,
  refuseTestSeeds,
  TEST_SEEDS,
  TRAINING_SEEDS,
  TUNING_SEEDS,
} from "../../../sim/suite/seeds.ts";

const root = new URL("../../../", import.meta.url);

/** Seeds of every `--seeds X` or `--seed X` in a text, quoted words of a program included. */
function seedsIn(text: string): number[] {
  return [...text.matchAll(/(?:--seeds?["',\s]+|[Tt]raining seeds (?:are )?)([\d.,]*\d)/g)].flatMap((match) =>
    /^\d+$/.test(match[1]!) && match[0].startsWith("--seed ") ? [Number(match[1])] : parseSeeds(match[1]!),
  );
}

describe("seeds", () => {
  test("the three sets are apart", () => {
    expect(TEST_SEEDS).toHaveLength(20);
    expect(TEST_SEEDS.every(isTestSeed)).toBe(true);
    expect(TUNING_SEEDS.every((seed) => seed >= FIRST_TUNING_SEED && seed < FIRST_TRAINING_SEED)).toBe(true);
    expect(TRAINING_SEEDS.every((seed) => seed >= FIRST_TRAINING_SEED)).toBe(true);
  });

  test("test seeds are refused for tuning and for training, others are not", () => {
    expect(() => refuseTestSeeds([101, 7], "tuning")).toThrow("seed 7 is a test seed");
    expect(() => refuseTestSeeds([1, 2, 3, 4, 5, 1001], "training")).toThrow("seeds 1, 2, 3 and 2 more are test seeds");
    expect(() => refuseTestSeeds([100], "training")).toThrow("flatter");
    expect(() => refuseTestSeeds([101, 1001], "tuning")).not.toThrow();
  });

  test("weights that ship were trained on training seeds alone", () => {
    const files = readdirSync(new URL("predictor/", root)).filter((name) => /^shipped-.*\.ts$/.test(name));
    expect(files).toContain("shipped-weights.ts");
    const sources = [
      ...files.map((name) => `predictor/${name}`),
      "scripts/forecast/ship.ts",
      "scripts/forecast/ship-network.ts",
    ];
    for (const source of sources) {
      const seeds = seedsIn(readFileSync(new URL(source, root), "utf8"));
      expect(seeds.length, `${source} says which seeds it was trained on`).toBeGreaterThan(0);
      for (const seed of seeds) expect(seed, source).toBeGreaterThanOrEqual(FIRST_TRAINING_SEED);
    }
    expect(seedsIn('["train", "--seeds", "1..3"] and --seed 7, training seeds 4..5')).toEqual([1, 2, 3, 7, 4, 5]);
  });
});
