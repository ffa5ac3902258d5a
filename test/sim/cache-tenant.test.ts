// The cache among the tenants: hits and misses by hand, the order in which its blocks go, and what shedding ahead brings and
// costs (K19).

import { describe, expect, it } from "vitest";
import { Heap } from "../../allocator/heap.ts";
import { CLASS_WAIT, DEFAULT_MIX, DemandBuilder, FLAG_RECLAIMABLE, type Lookups } from "../../core/demand.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { CacheTenant, unshedHitRatio } from "../../sim/cache-tenant.ts";
import { ColdestFirst } from "../../sim/shed-order.ts";
import { Shrinker } from "../../sim/shrinker.ts";
import { simulate } from "../../sim/simulate.ts";

/** A demand of insertions and frees of a cache, and lookups; times in ms. */
function cacheDemand(
  rows: readonly (readonly [atMillis: number, id: number, bytes: number])[],
  asked: readonly (readonly [atMillis: number, key: number])[],
  countedFromMillis = 0,
) {
  const builder = new DemandBuilder();
  for (const [at, id, bytes] of rows) {
    if (bytes === 0) builder.free(at * 1000, id);
    else builder.allocate(at * 1000, id, bytes, CLASS_WAIT, FLAG_RECLAIMABLE);
  }
  const demand = builder.finish({
    name: "hand",
    tenants: ["cache"],
    durationMicros: 10_000_000,
    capacityBytes: 4096,
    pressureRatio: 0.95,
    mix: DEFAULT_MIX,
    timing: "scenario",
    shedBytesPerSecond: 1024,
  });
  const lookups: Lookups = {
    tenant: 0,
    length: asked.length,
    keyCount: 8,
    countedFromMicros: countedFromMillis * 1000,
    timeMicros: Float64Array.from(asked, ([at]) => at * 1000),
    key: Uint32Array.from(asked, ([, key]) => key),
  };
  return { ...demand, lookups };
}

describe("hits and misses by hand", () => {
  it("an insertion holds the key missed last; a hit is a block that is there", () => {
    const demand = cacheDemand(
      [
        [10, 0, 100], // key 3, missed at 8
        [20, 1, 100], // key 2, missed at 5
        [50, 0, 0],
      ],
      [
        [5, 2], // misses
        [8, 3],
        [12, 3], // hit
        [13, 2], // miss: not loaded before 20
        [30, 2], // hit
        [60, 3], // miss: freed
        [61, 2], // hit
      ],
    );
    const { cache } = simulate({ demand, policy: "reactive", seed: 1 }).result;
    expect(cache).toEqual({ lookups: 7, hits: 3, hitRatio: 3 / 7, hitRatioUnshed: 3 / 7, missesAfterShedding: 0 });
  });

  it("what is asked for before the count begins warms the cache", () => {
    const demand = cacheDemand([[10, 0, 100]], [[5, 2], [40, 2], [50, 1]], 30); // biome-ignore format: one line
    expect(simulate({ demand, policy: "none", seed: 1 }).result.cache).toMatchObject({ lookups: 2, hits: 1 });
  });

  it("a miss is worth loading for two seconds; after that the key asked for most goes in", () => {
    const demand = cacheDemand(
      [[5000, 0, 100]],
      [
        [100, 4],
        [200, 4],
        [300, 1],
        [6000, 4],
        [6001, 1],
      ],
    );
    expect(simulate({ demand, policy: "none", seed: 1 }).result.cache).toMatchObject({ hits: 1 });
  });

  it("a shed key is missed until an insertion of the demand brings it back; unshed is what it would have been", () => {
    const isLive = [true, true];
    const demand = cacheDemand(
      [
        [10, 0, 100],
        [50, 1, 100],
      ],
      [
        [5, 2],
        [20, 2],
        [40, 2],
        [60, 2],
      ],
    );
    const cache = new CacheTenant(demand, demand.lookups, { isLive: (id) => isLive[id]! });
    cache.arrive(0, 10_000);
    cache.advanceTo(20_000);
    isLive[0] = false;
    cache.noteShed(0);
    cache.advanceTo(40_000);
    cache.arrive(1, 50_000);
    cache.advanceTo(60_000);
    expect(cache.report(unshedHitRatio(demand))).toEqual({
      lookups: 4,
      hits: 2,
      hitRatio: 0.5,
      hitRatioUnshed: 0.75,
      missesAfterShedding: 1,
    });
  });

  it("nothing asked: no ratio; a demand without lookups: no report", () => {
    const demand = cacheDemand([[10, 0, 100]], []);
    expect(simulate({ demand, policy: "none", seed: 1 }).result.cache).toMatchObject({ lookups: 0, hitRatio: null });
    const { lookups: _, ...plain } = demand;
    expect(simulate({ demand: plain, policy: "none", seed: 1 }).result).not.toHaveProperty("cache");
    expect(simulate({ demand: plain, policy: "none", seed: 1, shedOrder: "coldest" }).result).not.toHaveProperty(
      "cache",
    );
    expect(unshedHitRatio(plain)).toBeNull();
  });
});

describe("coldest first", () => {
  it("goes by hits per byte, what was never asked for before all else, and skips what its owner freed", () => {
    const heap = new Heap({ capacityBytes: 8192 });
    const demand = cacheDemand(
      [
        [10, 0, 100],
        [20, 1, 100],
        [30, 2, 1000],
        [31, 3, 100], // on speculation: nothing is pending
      ],
      [
        [9, 5],
        [11, 5],
        [12, 5],
        [19, 6],
        [29, 7],
        [32, 7],
        [33, 7],
        [34, 7],
      ],
    );
    const handles = new Int32Array(4);
    const cache = new CacheTenant(demand, demand.lookups, { isLive: (id) => heap.isLive(handles[id]!) });
    const shrinker = new Shrinker(heap, 1000);
    shrinker.orderBy(new ColdestFirst(cache, heap, handles));
    for (let row = 0; row < 4; row++) {
      cache.arrive(row, demand.timeMicros[row]!);
      handles[row] = heap.allocate(demand.sizeBytes[row]!);
      shrinker.add(row, handles[row]!, heap.lengthOf(handles[row]!));
    }
    cache.advanceTo(50_000);
    shrinker.shed(2000, 50_000);
    const gone: number[] = [];
    while (shrinker.nextMicros !== Infinity) {
      const now = shrinker.nextMicros;
      const id = shrinker.take(handles);
      const length = heap.lengthOf(handles[id]!);
      heap.free(handles[id]!);
      handles[id] = 0;
      shrinker.change(-length);
      gone.push(id);
      if (gone.length === 1) {
        shrinker.change(-heap.lengthOf(handles[1]!));
        heap.free(handles[1]!); // its owner's doing
        handles[1] = 0;
      }
      shrinker.noteShed(length, now);
    }
    // 3: never asked for. 1 was freed. 2: four hits in 1,008 B. 0: three in 112 B.
    expect(gone).toEqual([3, 2, 0]);
    expect(shrinker.countBytes()).toBe(0);
  });
});

describe("mixed-tenants at 95 %", () => {
  const demand = (seed: number) =>
    getScenario("mixed-tenants").generate({
      pressureRatio: 0.95,
      seed,
      durationMicros: 60_000_000,
      ratePerSecond: 100,
      capacityBytes: 102_400,
    });

  it("counting lookups changes nothing in a run", () => {
    const whole = demand(1);
    const { lookups: _, ...plain } = whole;
    for (const policy of ["reactive:quick", "predictive", "clairvoyant"]) {
      const { cache, ...rest } = simulate({ demand: whole, policy, seed: 1 }).result;
      expect(simulate({ demand: plain, policy, seed: 1 }).result).toEqual(rest);
      expect(cache!.hitRatio).toBeLessThanOrEqual(cache!.hitRatioUnshed! + 0.02);
      expect(cache!.lookups).toBeGreaterThan(5000);
    }
  });

  it("K19: a cache that sheds ahead spares most OOMs for few hits, and coldest first costs fewer than oldest first", () => {
    const run = (policy: string, shedOrder: "oldest" | "coldest") => {
      let ooms = 0;
      let hits = 0;
      for (const seed of [111, 112]) {
        const { result } = simulate({ demand: demand(seed), policy, seed, shedOrder });
        ooms += result.ooms.total;
        hits += result.cache!.hitRatio! / 2;
      }
      return { ooms, hits };
    };
    const reacting = run("reactive:quick", "coldest");
    const ahead = run("cache-ahead", "coldest");
    const both = run("cache-predictive", "coldest");
    expect(ahead.ooms).toBeLessThan(0.5 * reacting.ooms);
    expect(both.ooms).toBeLessThan(ahead.ooms);
    for (const { hits } of [ahead, both]) expect(hits).toBeGreaterThan(reacting.hits - 0.04);
    expect(run("cache-ahead", "oldest").hits).toBeLessThan(ahead.hits);
  });

  it("every policy runs with the order, heap checked after each operation", () => {
    for (const policy of ["cache-ahead", "cache-predictive", "perfect-forecast", "zero-cost"]) {
      const short = getScenario("mixed-tenants").generate({
        pressureRatio: 0.95,
        seed: 3,
        durationMicros: 10_000_000,
        ratePerSecond: 100,
        capacityBytes: 32_768,
      });
      const { result } = simulate({ demand: short, policy, seed: 3, shedOrder: "coldest", verify: true });
      expect(result.cache!.lookups).toBeGreaterThan(100);
    }
  });
});
