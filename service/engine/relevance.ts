// How much an item is worth to its owner now: a sum of five parts, each between 0 and 1 and without a unit, weighted so that the
// whole is between 0 and 1.5.
//
//   recency      2^(−age / 7 days), age in days since it was last used or changed
//   frequency    ln(1 + uses) / ln(1 + 100), at most 1: the first uses count most
//   importance   as its owner set it
//   pinned       1 or 0
//   context      share of the asked contexts that the item has; 0 when none are asked for
//
//   relevance = 0.40 recency + 0.25 frequency + 0.20 importance + 0.15 pinned + 0.50 context
//
// Exponential forgetting and the logarithm of the count are what memory research and "frecency" lists use alike; the half-life is
// the window of what counts as recent. exp and log are the project's own, so that every engine ranks alike.

import { expDeterministic, logDeterministic } from "../../core/math.ts";
import type { Item } from "../item.ts";

export const HALF_LIFE_DAYS = 7;
/** Uses from which more of them change nothing. */
export const MOST_USES = 100;
export const WEIGHTS = { recency: 0.4, frequency: 0.25, importance: 0.2, pinned: 0.15, context: 0.5 } as const;
export const DAY_MILLIS = 86_400_000;

const LN_MOST_USES = logDeterministic(1 + MOST_USES);

/** @param nowMillis an item of the future has no age. Cost: some 50 ns. */
export function relevance(item: Item, nowMillis: number): number {
  const ageDays = Math.max(0, nowMillis - touchedMillis(item)) / DAY_MILLIS;
  const recency = expDeterministic((-Math.LN2 * ageDays) / HALF_LIFE_DAYS);
  const frequency = Math.min(1, logDeterministic(1 + Math.max(0, item.useCount)) / LN_MOST_USES);
  return (
    WEIGHTS.recency * recency +
    WEIGHTS.frequency * frequency +
    WEIGHTS.importance * item.importance +
    (item.isPinned ? WEIGHTS.pinned : 0)
  );
}

/** Share of the asked contexts that the item has, 0..1. */
export function contextOverlap(item: Item, asked: readonly string[]): number {
  if (asked.length === 0) return 0;
  let shared = 0;
  for (const context of asked) if (item.contexts.includes(context)) shared++;
  return shared / asked.length;
}

/** When it was last used or changed. */
export function touchedMillis(item: Item): number {
  return Math.max(item.updatedMillis, item.lastUsedMillis);
}
