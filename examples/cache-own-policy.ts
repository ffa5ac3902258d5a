// A policy of your own in the cache: whoever was put in last leaves first. It is a bad policy for most, and right for a program
// that reads the same long list from its beginning each time.
//
// npx tsx examples/cache-own-policy.ts

import { type CachePolicy, type CachePolicyDefinition, NO_SLOT, SmartCache } from "mempred/cache";

class LastInFirstOut implements CachePolicy {
  readonly id = "lifo";
  readonly #stack: number[] = [];
  hit(): void {}
  evict(): number {
    return this.#stack.pop() ?? NO_SLOT;
  }
  insert(slot: number): void {
    this.#stack.push(slot);
  }
  remove(slot: number): void {
    this.#stack.splice(this.#stack.indexOf(slot), 1);
  }
  resize(): void {}
  growSlots(): void {}
  candidates(out: Int32Array): number {
    const coldest = this.#stack.slice(-out.length).reverse();
    out.set(coldest);
    return coldest.length;
  }
  get stateBytes(): number {
    return this.#stack.length * 8;
  }
  check(residents: ReadonlySet<number>): void {
    if (residents.size !== this.#stack.length) throw new Error("lifo: something is lost");
  }
}
const lifo: CachePolicyDefinition = {
  id: "lifo",
  title: "Last in, first out",
  source: "this example",
  create: () => new LastInFirstOut(),
};

for (const policy of ["lru", lifo]) {
  const cache = new SmartCache<number>({ max: 100, policy });
  let hits = 0;
  for (let i = 0; i < 10_000; i++) {
    const key = `line ${i % 125}`;
    if (cache.get(key) !== undefined) hits++;
    else cache.set(key, i);
  }
  cache.check();
  console.log(`${cache.stats().policy.padEnd(4)} ${((100 * hits) / 10_000).toFixed(1)} % hits`);
}
