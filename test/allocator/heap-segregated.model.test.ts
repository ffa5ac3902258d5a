// The heap with the segregated fit against the naive heap, in lockstep. A failure prints seed, options and operation.

import { expect, test } from "vitest";
import { runModels } from "./heap-model.ts";

test("segregated fit: 10 million random operations over 128 seeds, 2 million of them fully checked, agree with the naive heap", () => {
  const { operations, checked } = runModels("segregated", 1000, 128, 80_000);
  expect(operations).toBeGreaterThanOrEqual(10_000_000);
  expect(checked).toBeGreaterThanOrEqual(2_000_000);
}, 600_000);
