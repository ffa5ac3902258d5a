// Stack distances against a naive LRU stack, and the hits that follow from them against a replay of LRU.

import { describe, expect, it } from "vitest";
import { LRU } from "../../cache/policies/lru.ts";
import { replayCache } from "../../cache/replay.ts";
import { lruHitsBySize, stackDistanceCounts } from "../../cache/stack-distances.ts";
import { AssertionError } from "../../core/errors.ts";
import { drawKeys } from "../io/cache-files.ts";

/** The distance by walking a stack. */
function naiveCounts(keys: readonly number[], keyCount: number): number[] {
  const counts = new Array<number>(keyCount + 1).fill(0);
  const stack: number[] = [];
  for (const key of keys) {
    const at = stack.indexOf(key);
    counts[at + 1]!++;
    if (at >= 0) stack.splice(at, 1);
    stack.unshift(key);
  }
  return counts;
}

describe("stack distances", () => {
  it.each([
    [1, 3_000, 1],
    [2, 9_000, 40],
    [3, 9_000, 700], // moments are renumbered several times
    [4, 5_000, 4_000],
  ])("seed %i: %i requests of about %i keys agree with a naive stack", (seed, requests, distinct) => {
    const keys = drawKeys(seed, requests, distinct);
    const keyCount = Math.max(...keys) + 1;
    const counts = stackDistanceCounts(Uint32Array.from(keys), keyCount);
    expect([...counts]).toEqual(naiveCounts(keys, keyCount));
    expect(counts[0]).toBe(keyCount);
  });

  it("C29: hits at every size are those of LRU", () => {
    const keys = Uint32Array.from(drawKeys(5, 20_000, 900));
    const keyCount = Math.max(...keys) + 1;
    const hits = lruHitsBySize(stackDistanceCounts(keys, keyCount));
    for (const capacity of [1, 2, 3, 10, 77, 200, keyCount - 1, keyCount])
      expect(hits[capacity], `${capacity} entries`).toBe(replayCache(LRU, { keys }, { capacity }).hits);
  });

  it("a loop of n keys hits from n entries on and never below", () => {
    const keys = Uint32Array.from({ length: 5_000 }, (_, i) => i % 50);
    const hits = lruHitsBySize(stackDistanceCounts(keys, 50));
    expect([hits[0], hits[49], hits[50], hits.length]).toEqual([0, 0, 4_950, 51]);
  });

  it("no requests, and a key out of range", () => {
    expect([...stackDistanceCounts(new Uint32Array(0), 0)]).toEqual([0]);
    expect(() => stackDistanceCounts(Uint32Array.of(3), 3)).toThrow(AssertionError);
  });
});
