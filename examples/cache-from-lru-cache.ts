// From lru-cache: the same program with either. What differs is printed: which keys each keeps when a scan passes through.
//
// npx tsx examples/cache-from-lru-cache.ts

import { LRUCache } from "lru-cache";
import { SmartCache } from "mempred/cache";

interface AnyCache {
  get(key: string): number | undefined;
  set(key: string, value: number): unknown;
}

/** Some of a thousand keys are asked for more than others, and every third request is for one that never comes back. */
function hitsOf(cache: AnyCache): number {
  let hits = 0;
  let state = 1;
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const key = i % 3 === 0 ? `once ${i}` : `often ${Math.floor(1000 * (state / 2 ** 32) ** 3)}`;
    if (cache.get(key) !== undefined) hits++;
    else cache.set(key, i);
  }
  return hits;
}

const options = { max: 150, ttl: 60_000, allowStale: false } as const;
console.log(`lru-cache            ${hitsOf(new LRUCache<string, number>(options))} hits of 20,000`);
console.log(`SmartCache, lru      ${hitsOf(new SmartCache<number>({ ...options, policy: "lru" }))}`);
console.log(`SmartCache, adaptive ${hitsOf(new SmartCache<number>({ ...options, policy: "adaptive" }))}`);
