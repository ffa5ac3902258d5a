// S06, S07: relevance and quotas: the formula by hand, and what holds for any candidates.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { choose, QUOTA_STRATEGIES, shareOut } from "../../../service/engine/quotas.ts";
import { contextOverlap, DAY_MILLIS, relevance } from "../../../service/engine/relevance.ts";
import type { Item } from "../../../service/item.ts";

const NOW = 1_700_000_000_000;
const item = (changes: Partial<Item> = {}): Item => ({
  id: "i",
  ownerId: "u",
  organisationId: null,
  content: "",
  contexts: [],
  importance: 0,
  isPinned: false,
  visibility: "private",
  createdMillis: NOW,
  updatedMillis: NOW,
  version: 1,
  useCount: 0,
  lastUsedMillis: NOW,
  ...changes,
});
const daysAgo = (days: number) => ({ updatedMillis: NOW - days * DAY_MILLIS, lastUsedMillis: NOW - days * DAY_MILLIS });

describe("S07: relevance", () => {
  it("is the documented sum", () => {
    expect(relevance(item(), NOW)).toBeCloseTo(0.4, 12);
    expect(relevance(item(daysAgo(7)), NOW)).toBeCloseTo(0.2, 12);
    expect(relevance(item(daysAgo(14)), NOW)).toBeCloseTo(0.1, 12);
    expect(relevance(item({ ...daysAgo(1e5), useCount: 100 }), NOW)).toBeCloseTo(0.25, 12);
    expect(relevance(item({ ...daysAgo(1e5), useCount: 9 }), NOW)).toBeCloseTo(
      (0.25 * Math.log(10)) / Math.log(101),
      12,
    );
    expect(relevance(item({ ...daysAgo(1e5), importance: 0.5 }), NOW)).toBeCloseTo(0.1, 12);
    expect(relevance(item({ ...daysAgo(1e5), isPinned: true }), NOW)).toBeCloseTo(0.15, 12);
    expect(relevance(item(daysAgo(-3)), NOW)).toBe(relevance(item(), NOW)); // a clock that went back
    expect(contextOverlap(item({ contexts: ["a", "b"] }), ["a", "c"])).toBe(0.5);
    expect(contextOverlap(item({ contexts: ["a", "b"] }), [])).toBe(0);
  });

  it("falls with age and grows with everything else, between 0 and 1", () => {
    const any = fc.record({
      age: fc.double({ min: 0, max: 4000, noNaN: true }),
      useCount: fc.nat(1e6),
      importance: fc.double({ min: 0, max: 1, noNaN: true }),
      isPinned: fc.boolean(),
    });
    fc.assert(
      fc.property(any, any, (one, other) => {
        const of = ({ age, ...rest }: typeof one) => relevance(item({ ...daysAgo(age), ...rest }), NOW);
        const better = {
          age: Math.min(one.age, other.age),
          useCount: Math.max(one.useCount, other.useCount),
          importance: Math.max(one.importance, other.importance),
          isPinned: one.isPinned || other.isPinned,
        };
        expect(of(better)).toBeGreaterThanOrEqual(Math.max(of(one), of(other)));
        expect(of(one)).toBeGreaterThanOrEqual(0);
        expect(of(one)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

describe("S06: quotas", () => {
  it("0.4 / 0.3 / 0.2 / 0.1 of 100 are 40, 30, 20 and 10; of 10: 4, 3, 2, 1; of 7 the largest remainders", () => {
    expect(shareOut(100, [0.4, 0.3, 0.2, 0.1])).toEqual([40, 30, 20, 10]);
    expect(shareOut(10, [0.4, 0.3, 0.2, 0.1])).toEqual([4, 3, 2, 1]);
    expect(shareOut(7, [0.4, 0.3, 0.2, 0.1])).toEqual([3, 2, 1, 1]);
    expect(shareOut(3, [0, 0])).toEqual([2, 1]);
  });

  it("shares add to the whole, and none is more than one off its exact part", () => {
    const weights = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.nat(500), weights, (total, parts) => {
        const shares = shareOut(total, parts);
        const sum = parts.reduce((a, b) => a + b, 0);
        expect(shares.reduce((a, b) => a + b, 0)).toBe(total);
        if (sum > 1e-3)
          parts.forEach((part, i) => void expect(Math.abs(shares[i]! - (total * part) / sum)).toBeLessThan(1.001));
      }),
    );
  });

  it("what one strategy cannot fill goes to the others", () => {
    const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
    const quotas = { recent: 0.4, frequent: 0.3, important: 0.2, context: 0.1 };
    const counts = (recent: number, frequent: number, important: number, context: number) => {
      const candidates = {
        recent: numbers(0, recent),
        frequent: numbers(1000, frequent),
        important: numbers(2000, important),
        context: numbers(3000, context),
      };
      const chosen = choose({ places: 100, quotas, candidates, idOf: String });
      return QUOTA_STRATEGIES.map((strategy) => chosen[strategy].length);
    };
    expect(counts(200, 200, 200, 200)).toEqual([40, 30, 20, 10]);
    expect(counts(200, 0, 0, 0)).toEqual([100, 0, 0, 0]);
    expect(counts(0, 200, 200, 0)).toEqual([0, 60, 40, 0]);
    expect(counts(5, 200, 20, 200)).toEqual([5, 56, 20, 19]);
    expect(counts(5, 6, 7, 8)).toEqual([5, 6, 7, 8]);
  });

  it("for any candidates: none twice, never more than the places and the bytes, none left out while there is room", () => {
    const list = fc.array(fc.nat(60), { maxLength: 60 });
    const part = fc.constantFrom(0, 0.1, 0.2, 0.3, 0.4, 1);
    fc.assert(
      fc.property(
        fc.record({ recent: list, frequent: list, important: list, context: list }),
        fc.record({ recent: part, frequent: part, important: part, context: part }),
        fc.nat(80),
        fc.option(fc.nat(300), { nil: Infinity }),
        (candidates, quotas, places, most) => {
          const sizeOf = (one: number) => one % 7;
          const chosen = choose({ places, quotas, candidates, idOf: String, sizeOf, most });
          const all = QUOTA_STRATEGIES.flatMap((strategy) => chosen[strategy]);
          expect(new Set(all).size).toBe(all.length);
          expect(all.length).toBeLessThanOrEqual(places);
          expect(all.reduce((sum, one) => sum + sizeOf(one), 0)).toBeLessThanOrEqual(most);
          for (const strategy of QUOTA_STRATEGIES)
            for (const one of chosen[strategy]) expect(candidates[strategy]).toContain(one);
          const wanted = new Set(Object.values(candidates).flat());
          if (most === Infinity) expect(all.length).toBe(Math.min(places, wanted.size));
          // A strategy keeps its own order, and gets its own share while it has candidates of its own.
          const shares = shareOut(
            places,
            QUOTA_STRATEGIES.map((strategy) => quotas[strategy]),
          );
          const alone = candidates.recent.filter((one, i) => candidates.recent.indexOf(one) === i);
          if (most === Infinity)
            expect(chosen.recent.slice(0, shares[0])).toEqual(alone.slice(0, shares[0]).slice(0, chosen.recent.length));
        },
      ),
    );
  });
});
