// The heap with the best fit against the naive heap, in lockstep. A failure prints seed, options and operation.

import { expect, test } from "vitest";
import { runModels } from "./heap-model.ts";

test("best fit: 10 million random operations over 128 seeds, 2 million of them fully checked, agree with the naive heap", () => {
  const { operations, checked } = runModels("best", 2000, 128, 80_000);
  expect(operations).toBeGreaterThanOrEqual(10_000_000);
  expect(checked).toBeGreaterThanOrEqual(2_000_000);
}, 600_000);
