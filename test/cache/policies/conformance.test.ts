// C12, C13, C14, P28-P36: what every registered policy does, whatever it prefers.

import { describe, expect, it } from "vitest";
import { NO_KEY, NO_SLOT } from "../../../cache/policies/policy.ts";
import {
  CACHE_BOUNDS,
  CACHE_POLICIES,
  cachePolicy,
  cachePolicyIds,
  cachePolicyOrBound,
  DEFAULT_POLICY_ID,
} from "../../../cache/policies/registry.ts";
import { replayCache } from "../../../cache/replay.ts";
import { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { PolicyHarness } from "./policy-harness.ts";

for (const definition of CACHE_POLICIES) {
  describe(`policy ${definition.id}`, () => {
    const make = (slotCount: number, capacity: number) =>
      new PolicyHarness((o) => definition.create(o), slotCount, capacity);

    it("holds what it was given, in any order of requests, removals, resizes and growth", () => {
      for (let seed = 1; seed <= 12; seed++) {
        const random = new RandomStream(seed, "conformance");
        const isWeighted = seed % 2 === 0;
        const cache = make(1 + random.integer(8), 1 + random.integer(40));
        const removes = random.next() * 0.1;
        const resizes = random.next() * 0.02;
        try {
          for (let step = 0; step < 1_500; step++) {
            const key = random.chance(0.5) ? random.integer(20) : random.integer(120);
            if (random.chance(removes)) cache.remove(key);
            else if (random.chance(resizes)) cache.resize(1 + random.integer(60));
            else cache.request(key, isWeighted ? 1 + random.integer(9) : 1);
            if (step % 7 === 0) cache.check();
          }
          cache.check();
        } catch (error) {
          throw new Error(`policy ${definition.id}, stream conformance, seed ${seed}`, { cause: error });
        }
      }
    });

    it("does every short sequence over three keys without losing one", () => {
      const capacities = [1, 2];
      for (const capacity of capacities) {
        for (let code = 0; code < 5 ** 5; code++) {
          const cache = make(1, capacity);
          for (let rest = code, step = 0; step < 5; step++, rest = Math.floor(rest / 5)) {
            const act = rest % 5;
            if (act < 3) cache.request(act, 1);
            else if (act === 3) cache.remove(0);
            else cache.resize(cache.capacity === 1 ? 2 : 1);
          }
          cache.check();
        }
      }
    });

    it("P34: names candidates once each, the coldest first, and changes nothing by it", () => {
      const cache = make(64, 64);
      const random = new RandomStream(3, "candidates");
      for (let step = 0; step < 2_000; step++)
        cache.request(random.chance(0.7) ? random.integer(30) : random.integer(500), 1);
      const all = new Int32Array(100);
      const count = cache.policy.candidates(all);
      expect(count).toBe(cache.keyOf.size);
      const named = all.subarray(0, count);
      expect(new Set(named).size).toBe(count);
      for (const slot of named) expect(cache.keyOf.has(slot)).toBe(true);
      const few = new Int32Array(5);
      expect(cache.policy.candidates(few)).toBe(5);
      expect([...few]).toEqual([...all.subarray(0, 5)]);
      cache.check();
      // The first to go is among the first named.
      const victim = cache.policy.evict(NO_KEY, 0);
      expect([...all.subarray(0, 8)]).toContain(victim);
    });

    it("gives up everything when the room goes, and says so when there is nothing", () => {
      const cache = make(8, 30);
      expect(cache.policy.evict(NO_KEY, 0)).toBe(NO_SLOT);
      for (let key = 0; key < 30; key++) cache.request(key, 1);
      cache.policy.resize(1);
      for (let left = cache.keyOf.size; left > 0; left--) expect(cache.policy.evict(NO_KEY, 0)).not.toBe(NO_SLOT);
      expect(cache.policy.evict(NO_KEY, 0)).toBe(NO_SLOT);
      cache.policy.check(new Set());
      expect(cache.policy.candidates(new Int32Array(4))).toBe(0);
    });

    it("is the same twice, and finds everything where all fits", () => {
      const random = new RandomStream(5, "repeat");
      const keys = Uint32Array.from({ length: 5_000 }, () => random.integer(random.chance(0.5) ? 50 : 400));
      const once = replayCache(definition, { keys }, { capacity: 64 });
      expect(replayCache(definition, { keys }, { capacity: 64 })).toEqual(once);
      expect(once.hits + once.misses).toBe(5_000);
      const whole = replayCache(definition, { keys }, { capacity: 400 });
      expect(whole.misses).toBe(new Set(keys).size);
      expect(whole.evictions).toBe(0);
    });

    it("no policy beats the clairvoyant bound", () => {
      const random = new RandomStream(8, "bound");
      for (const capacity of [1, 7, 40]) {
        const keys = Uint32Array.from({ length: 3_000 }, () => random.integer(random.chance(0.6) ? 30 : 300));
        const most = replayCache(cachePolicyOrBound("opt-bypass"), { keys }, { capacity }).hits;
        expect(replayCache(definition, { keys }, { capacity }).hits).toBeLessThanOrEqual(most);
      }
    });

    it("states its bytes", () => {
      const small = definition.create({ slotCount: 1_000, capacity: 1_000 });
      const large = definition.create({ slotCount: 100_000, capacity: 100_000 });
      expect(small.stateBytes).toBeGreaterThan(0);
      expect(large.stateBytes).toBeGreaterThan(small.stateBytes);
    });

    it("refuses a slot that is not its own", () => {
      const policy = definition.create({ slotCount: 2, capacity: 2 });
      policy.insert(0, 5, 1);
      expect(() => policy.remove(1)).toThrow();
      expect(() => policy.insert(0, 6, 1)).toThrow();
      expect(() => policy.check(new Set([1]))).toThrow();
    });
  });
}

describe("registry", () => {
  it("finds policies and bounds by id, each once", () => {
    const ids = cachePolicyIds();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(CACHE_POLICIES.length + CACHE_BOUNDS.length);
    for (const id of ids) expect(cachePolicyOrBound(id).id).toBe(id);
    expect(cachePolicy(DEFAULT_POLICY_ID).id).toBe("adaptive");
    for (const { id } of CACHE_POLICIES) expect(cachePolicy(id).create({ slotCount: 1, capacity: 1 }).id).toBe(id);
  });

  it("UNKNOWN_POLICY for an id that there is not, and for a bound where a cache is to run it", () => {
    for (const act of [() => cachePolicy("mru"), () => cachePolicyOrBound("mru"), () => cachePolicy("opt")]) {
      expect(act).toThrow(MempredError);
      try {
        act();
      } catch (error) {
        expect((error as MempredError).code).toBe("UNKNOWN_POLICY");
        expect((error as MempredError).details.known).toContain("lru");
      }
    }
  });
});
