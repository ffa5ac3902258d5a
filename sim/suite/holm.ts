// Holm's correction: of many tests some come out small by luck. Adjusted values keep the chance of even one false discovery
// among all of them at the nominal level, whatever their dependence, and are never less powerful than Bonferroni's
// (Holm, Scandinavian Journal of Statistics 6, 1979).

import { assert } from "../../core/errors.ts";

/**
 * Adjusted p-values in the order given: the k-th smallest times (m − k), never falling, at most 1. Null stays null and does
 * not count: a test that was not made.
 */
export function holmAdjust(pValues: readonly (number | null)[]): (number | null)[] {
  const order: number[] = [];
  pValues.forEach((p, index) => {
    if (p === null) return;
    assert(p >= 0 && p <= 1, "a p-value is in 0..1");
    order.push(index);
  });
  order.sort((a, b) => pValues[a]! - pValues[b]! || a - b);
  const adjusted: (number | null)[] = pValues.map(() => null);
  let floor = 0;
  order.forEach((index, rank) => {
    floor = Math.min(1, Math.max(floor, (order.length - rank) * pValues[index]!));
    adjusted[index] = floor;
  });
  return adjusted;
}
