// C29: the benchmark of hits against other libraries, on its drawn tapes: what it compares is comparable and comes out the same.

import { describe, expect, it } from "vitest";
import { benchCacheHits, measureCacheHits } from "../../scripts/bench/cache-hits.ts";

describe("hits against lru-cache and transitory", () => {
  it("the replayed LRU finds what lru-cache finds, to the hit: both saw the same requests at the same capacity", async () => {
    const { cells, isOracle } = await measureCacheHits("lru", true);
    expect(isOracle).toBe(false);
    expect(cells.map(({ trace, size }) => `${trace} ${size}`)).toEqual(
      ["skewed", "scans", "loop", "moving"].flatMap((trace) => [`${trace} 50`, `${trace} 400`]),
    );
    for (const { trace, size, own, lruCache, transitory, transitoryLate, requests } of cells) {
      expect(own, `${trace} at ${size}`).toBe(lruCache);
      for (const hits of [transitory, transitoryLate]) expect(hits >= 0 && hits < requests).toBe(true);
    }
    expect(cells.some(({ own, transitory }) => own !== transitory)).toBe(true);
  });

  it("the rows are the same in every run, and carry no mark on drawn tapes", async () => {
    const draw = Math.random;
    const first = await benchCacheHits({ smoke: true });
    expect(await benchCacheHits({ smoke: true })).toEqual(first);
    expect(Math.random).toBe(draw);
    expect(first.filter((row) => row.mark !== undefined)).toEqual([]);
    expect(first.at(-1)).toMatchObject({ unit: "", note: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });
});
