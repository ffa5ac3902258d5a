// Contexts while entries make way: one may lose its last entry, and with it its number, to a newcomer that is then refused. Rows
// C14, C15.

import { describe, expect, it } from "vitest";
import { plainAttributes } from "../../cache/entry-table.ts";
import { KeySpaces } from "../../cache/key-spaces.ts";
import { CACHE_POLICIES } from "../../cache/policies/registry.ts";
import { CacheStore } from "../../cache/store.ts";

const speculation = { isSpeculative: true, protectUntil: 1000 };

function storeOf(policyId: string, maxEntries: number, told: string[] = []): CacheStore<number> {
  const policy = CACHE_POLICIES.find((one) => one.id === policyId);
  if (policy === undefined) throw new Error(`there is no policy ${policyId}`);
  return new CacheStore<number>({
    policy,
    maxEntries,
    nowMillis: () => 0,
    seed: 7,
    speculativeRatio: 0.5,
    onRemove: (key, _value, reason, context) => told.push(`${context}/${key} ${reason}`),
  });
}

const put = (store: CacheStore<number>, context: string, key: string, more: object = {}) =>
  store.put(key, 1, context, { ...plainAttributes(), ...more });

describe("a refused newcomer", () => {
  it.each(CACHE_POLICIES.map((policy) => policy.id))("%s: nobody leaves for a speculation without room", (id) => {
    const told: string[] = [];
    const store = storeOf(id, 2, told);
    expect(put(store, "a", "k0", speculation)).toBe(true);
    // Pinned speculations are inserted past their share, and fill it.
    expect(put(store, "", "k0", { ...speculation, isPinned: true })).toBe(true);
    expect(put(store, "a", "k1", speculation)).toBe(false);
    expect(told).toEqual([]);
    expect(store.find("k0", "a")).toBeGreaterThanOrEqual(0);
    store.check();
  });
});

describe("KeySpaces", () => {
  it("refuses to close a context twice, as its number would be given to two", () => {
    const spaces = new KeySpaces(1);
    const space = spaces.open("a");
    spaces.closeIfEmpty(space);
    expect(() => spaces.closeIfEmpty(space)).toThrow("closed again");
    expect(spaces.open("b").id).not.toBe(spaces.open("c").id);
    spaces.open("b").slots.set("k", 0);
    spaces.open("c").slots.set("k", 1);
    spaces.check();
  });

  it("hashes the keys of a context alike before it is opened, while it is and after", () => {
    const spaces = new KeySpaces(1);
    const before = spaces.hashSeedOf("a");
    const space = spaces.open("a");
    expect([space.hashSeed, spaces.hashSeedOf("a")]).toEqual([before, before]);
    spaces.closeIfEmpty(space);
    expect(spaces.hashSeedOf("a")).toBe(before);
    expect(spaces.hashSeedOf("b")).not.toBe(before);
  });
});
