// Each policy against its naive twin: the same victims in the same order, whatever is asked for, removed or resized.

import { describe, expect, it } from "vitest";
import { type CachePolicy, NO_KEY } from "../../../cache/policies/policy.ts";
import { cachePolicy } from "../../../cache/policies/registry.ts";
import { ReuseCore, type ReuseMode } from "../../../cache/policies/reuse-core.ts";
import { RandomStream } from "../../../core/random.ts";
import {
  NaiveArc,
  NaiveClock,
  NaiveFifo,
  NaiveLfu,
  NaiveLirs,
  NaiveLru,
  type NaivePolicy,
  NaiveS3Fifo,
  NaiveSieve,
  NaiveTwoQ,
  NaiveWindowTinyLfu,
} from "./naive-policies.ts";
import { PolicyHarness } from "./policy-harness.ts";

const SLOTS = 128;

type Create = (options: { slotCount: number; capacity: number }) => CachePolicy;
const core =
  (mode: ReuseMode): Create =>
  (options) =>
    new ReuseCore(options, mode);

const PAIRS: readonly [string, Create, (capacity: number) => NaivePolicy][] = [
  ["fifo", cachePolicy("fifo").create, () => new NaiveFifo()],
  ["lru", cachePolicy("lru").create, () => new NaiveLru()],
  ["clock", cachePolicy("clock").create, () => new NaiveClock()],
  ["lfu", cachePolicy("lfu").create, () => new NaiveLfu()],
  ["sieve", cachePolicy("sieve").create, () => new NaiveSieve()],
  ["2q", cachePolicy("2q").create, (capacity) => new NaiveTwoQ(capacity)],
  ["arc", cachePolicy("arc").create, (capacity) => new NaiveArc(capacity)],
  ["lirs", cachePolicy("lirs").create, (capacity) => new NaiveLirs(capacity)],
  ["s3-fifo", cachePolicy("s3-fifo").create, (capacity) => new NaiveS3Fifo(capacity)],
  ["w-tinylfu", cachePolicy("w-tinylfu").create, (capacity) => new NaiveWindowTinyLfu(capacity, 0.01, SLOTS)],
  ["w-tinylfu-20", cachePolicy("w-tinylfu-20").create, (capacity) => new NaiveWindowTinyLfu(capacity, 0.2, SLOTS)],
  [
    "the reuse core by recency",
    core({ id: "lru", rule: "recency", windowShare: 1, windowUnitsLeast: 1 }),
    () => new NaiveLru(),
  ],
];

describe.each(PAIRS)("%s against its naive twin", (id, create, createNaive) => {
  it.each([false, true])("names the same victims, weighted: %s", (isWeighted) => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = new RandomStream(seed, `model-${id}`);
      const capacity = 2 + random.integer(isWeighted ? 120 : 40);
      const cache = new PolicyHarness((options) => create(options), SLOTS, capacity);
      const naive = createNaive(capacity);
      cache.onVictim = (victim, newcomer, weight) => {
        const expected = naive.victim(newcomer === NO_KEY ? null : newcomer, weight);
        expect(victim === NO_KEY ? null : victim).toBe(expected);
      };
      const removes = seed % 3 === 0 ? 0.05 : 0;
      const resizes = seed % 4 === 0 ? 0.01 : 0;
      try {
        for (let step = 0; step < 900; step++) {
          const key = random.chance(0.6) ? random.integer(capacity) : random.integer(4 * capacity);
          if (random.chance(removes)) {
            if (cache.remove(key)) naive.remove(key);
          } else if (random.chance(resizes)) {
            const size = 2 + random.integer(100);
            naive.resize(size);
            cache.resize(size);
          } else {
            const weight = isWeighted ? 1 + random.integer(8) : 1;
            if (cache.request(key, weight)) naive.hit(key);
            else if (cache.slotOf.has(key)) naive.insert(key, weight);
          }
          if (step % 25 === 0) cache.check();
        }
      } catch (error) {
        throw new Error(`policy ${id}, stream model-${id}, seed ${seed}, weighted ${isWeighted}`, { cause: error });
      }
    }
  });
});
