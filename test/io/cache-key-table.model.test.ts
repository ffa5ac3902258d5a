// The table of 64-bit keys against a Map of BigInt, on keys that collide in one half or the other.

import { expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { KeyTable } from "../../io/cache-key-table.ts";

it("gives the ids that a Map gives, through several growths", () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = new RandomStream(seed, "key-table");
    const table = new KeyTable();
    const model = new Map<bigint, number>();
    const halves = [0, 1, 0xffffffff, 0x80000000];
    const half = () => (random.next() < 0.3 ? halves[random.integer(4)]! : random.integer(3000) * 4096);
    for (let i = 0; i < 40_000; i++) {
      const [low, high] = [half(), half()];
      const key = (BigInt(high) << 32n) | BigInt(low);
      if (!model.has(key)) model.set(key, model.size);
      if (table.idOf(low, high) !== model.get(key)) expect.fail(`seed ${seed}, step ${i}: key ${key}`);
    }
    expect(table.count).toBe(model.size);
    expect(model.size).toBeGreaterThan(10_000);
  }
});
