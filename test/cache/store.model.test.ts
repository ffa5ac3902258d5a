// The store against a naive one: maps of plain objects that knows times, tags, contexts, bytes and pins, and learns from the store
// only who was evicted. Integrity is walked after every step. Rows C11, C14, C15, C26, P28-P36.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainAttributes } from "../../cache/entry-table.ts";
import { CACHE_POLICIES } from "../../cache/policies/registry.ts";
import { ABSENT, CacheStore, EXPIRED, FIRST_HIT, HIT, STALE } from "../../cache/store.ts";
import { runs } from "../runs.ts";

interface ModelEntry {
  value: number;
  size: number;
  expiresAt: number;
  keepUntil: number;
  tags: readonly string[];
  isPinned: boolean;
  isSpeculative: boolean;
}

const MAX_ENTRIES = 6;
const MAX_SIZE = 60;
const MAX_ENTRY_SIZE = 40;
const idOf = (context: string, key: string) => JSON.stringify([context, key]);

class Pair {
  now = 1000;
  readonly model = new Map<string, ModelEntry>();
  readonly store: CacheStore<number>;
  readonly isWeighed: boolean;
  ratio = 1;
  nextValue = 1;
  /** Removals that the store told of since the last step. */
  told: { id: string; value: number; reason: string }[] = [];

  constructor(policy: (typeof CACHE_POLICIES)[number], isWeighed: boolean) {
    this.isWeighed = isWeighed;
    this.store = new CacheStore<number>({
      policy,
      maxEntries: MAX_ENTRIES,
      maxSize: isWeighed ? MAX_SIZE : undefined,
      maxEntrySize: isWeighed ? MAX_ENTRY_SIZE : undefined,
      nowMillis: () => this.now,
      seed: 7,
      speculativeRatio: 0.5,
      onRemove: (key, value, reason, context) => this.told.push({ id: idOf(context, key), value, reason }),
    });
  }

  /** Takes over what the store says has left, and checks that it was right to say so. */
  settle(allowed: readonly string[]): void {
    for (const { id, value, reason } of this.told) {
      expect(allowed).toContain(reason);
      const entry = this.model.get(id);
      if (reason === "replaced") continue;
      expect(entry?.value, `${id} left as ${reason}`).toBe(value);
      if (reason === "ttl") expect(entry?.keepUntil).toBeLessThanOrEqual(this.now);
      if (["policy", "size", "pressure"].includes(reason)) expect(entry?.isPinned).toBe(false);
      this.model.delete(id);
    }
    this.told = [];
    this.store.check();
    expect(this.store.count).toBe(this.model.size);
    const sizes = [...this.model.values()].reduce((sum, entry) => sum + entry.size, 0);
    expect(this.store.size).toBe(this.isWeighed ? sizes : this.model.size);
    const pinned = [...this.model.values()].filter((entry) => entry.isPinned).length;
    expect(this.store.pinnedCount).toBe(pinned);
    const speculative = [...this.model.values()].filter((entry) => entry.isSpeculative).length;
    expect(this.store.speculativeCount).toBe(speculative);
    if (this.model.size > pinned) expect(this.store.count).toBeLessThanOrEqual(Math.floor(MAX_ENTRIES * this.ratio));
    const { insertions, removed } = this.store.statistics;
    const left = Object.values(removed).reduce((sum, count) => sum + count, 0) - this.store.statistics.replacements;
    expect(insertions - left).toBe(this.store.count);
  }
}

type Step = (pair: Pair) => void;

const context = fc.constantFrom("", "a", "b", "__proto__");
const key = fc.constantFrom("k0", "k1", "k2", "k3", "k4", "k5", "__proto__", "constructor", "");
const tag = fc.constantFrom("x", "y", "toString");

const put = fc
  .record({
    context,
    key,
    size: fc.integer({ min: 1, max: 50 }),
    ttl: fc.constantFrom(Infinity, 10, 20),
    stale: fc.constantFrom(0, 20, 20),
    tags: fc.array(tag, { maxLength: 2 }),
    isPinned: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    priority: fc.constantFrom(0, 0, 0, 5, -5),
    isSpeculative: fc.integer({ min: 0, max: 2 }).map((draw) => draw === 0),
    isQuiet: fc.integer({ min: 0, max: 5 }).map((draw) => draw === 0),
  })
  .map((draw): Step => {
    const { context: space, key: name, size, ttl, stale, tags, isPinned, priority } = draw;
    return (pair) => {
      const id = idOf(space, name);
      const value = pair.nextValue++;
      const expiresAt = pair.now + ttl;
      const keepUntil = expiresAt + stale;
      const attributes = { ...plainAttributes(), size, expiresAt, keepUntil, tags, isPinned, priority };
      const old = pair.model.get(id);
      const isDead = old !== undefined && old.keepUntil <= pair.now;
      const isHeld = pair.store.put(name, value, space, {
        ...attributes,
        isSpeculative: draw.isSpeculative,
        isQuiet: draw.isQuiet,
        protectUntil: pair.now + 15,
      });
      const wasSwept = pair.told.some((one) => one.id === id && one.reason === "ttl");
      if (old !== undefined && !wasSwept) {
        expect(pair.told.filter((one) => one.id === id && one.reason === "replaced").map((one) => one.value)).toEqual([
          old.value,
        ]);
      } else if (wasSwept) expect(isDead).toBe(true);
      const before = wasSwept ? undefined : old;
      pair.model.delete(id);
      // Evictions are taken over first: the newcomer is not among them.
      const rest = pair.told.filter((one) => !(one.id === id && one.reason !== "replaced"));
      pair.told = rest;
      const isSpeculative =
        before === undefined ? draw.isSpeculative : before.isSpeculative && (draw.isSpeculative || draw.isQuiet);
      if (isHeld) {
        pair.model.set(id, { value, size, expiresAt, keepUntil, tags, isPinned, isSpeculative });
        if (pair.isWeighed) expect(size).toBeLessThanOrEqual(MAX_ENTRY_SIZE);
      } else if (pair.isWeighed && size > MAX_ENTRY_SIZE) {
        expect(pair.told.filter((one) => one.reason === "size" || one.reason === "policy")).toEqual([]);
      }
      pair.settle(["replaced", "ttl", "policy", "size"]);
    };
  });

const demand = fc.record({ context, key, stale: fc.constantFrom(0, 5, Infinity) }).map(
  ({ context: space, key: name, stale }): Step =>
    (pair) => {
      const entry = pair.model.get(idOf(space, name));
      const outcome = pair.store.demand(name, space, stale);
      let expected = ABSENT;
      if (entry !== undefined) {
        if (pair.now < entry.expiresAt) expected = entry.isSpeculative ? FIRST_HIT : HIT;
        else if (pair.now < entry.keepUntil && pair.now < entry.expiresAt + stale) expected = STALE;
        else expected = EXPIRED;
      }
      expect(outcome).toBe(expected);
      if (entry !== undefined && expected >= STALE) {
        expect(pair.store.valueAt(pair.store.slot)).toBe(entry.value);
        entry.isSpeculative = false;
      } else expect(pair.store.slot).toBe(-1);
      pair.settle(["ttl"]);
    },
);

const find = fc.record({ context, key }).map(
  ({ context: space, key: name }): Step =>
    (pair) => {
      const entry = pair.model.get(idOf(space, name));
      const slot = pair.store.find(name, space);
      expect(slot >= 0).toBe(entry !== undefined && pair.now < entry.keepUntil);
      if (slot >= 0) {
        expect(pair.store.valueAt(slot)).toBe(entry?.value);
        expect(pair.store.isFresh(slot)).toBe(pair.now < (entry?.expiresAt as number));
        expect([...pair.store.tagsOf(slot)].sort()).toEqual([...new Set(entry?.tags)].sort());
      }
      pair.settle([]);
    },
);

const remove = fc.record({ context, key }).map(
  ({ context: space, key: name }): Step =>
    (pair) => {
      const entry = pair.model.get(idOf(space, name));
      const isLive = entry !== undefined && pair.now < entry.keepUntil;
      expect(pair.store.delete(name, space)).toBe(isLive);
      expect(pair.told.length).toBe(entry === undefined ? 0 : 1);
      pair.settle(isLive ? ["deleted"] : ["ttl"]);
    },
);

const removeTag = fc.record({ tag, context: fc.option(context, { nil: undefined }) }).map(
  (draw): Step =>
    (pair) => {
      const ids = [...pair.model].filter(([id, entry]) => {
        const isThere = draw.context === undefined || (JSON.parse(id) as [string, string])[0] === draw.context;
        return isThere && entry.tags.includes(draw.tag);
      });
      expect(pair.store.deleteTag(draw.tag, draw.context)).toBe(ids.length);
      expect(new Set(pair.told.map((one) => one.id))).toEqual(new Set(ids.map(([id]) => id)));
      pair.settle(["deleted"]);
    },
);

const clear = fc.option(context, { nil: undefined, freq: 4 }).map(
  (space): Step =>
    (pair) => {
      const ids = [...pair.model.keys()].filter((id) => space === undefined || JSON.parse(id)[0] === space);
      expect(pair.store.clear(space)).toBe(ids.length);
      expect(new Set(pair.told.map((one) => one.id))).toEqual(new Set(ids));
      pair.settle(["cleared"]);
    },
);

const purge = fc.constant<Step>((pair) => {
  const dead = [...pair.model.values()].filter((entry) => entry.keepUntil <= pair.now).length;
  expect(pair.store.purge()).toBe(dead);
  pair.settle(["ttl"]);
});

// Mostly to the very ends of times and windows.
const wait = fc.constantFrom(1, 5, 10, 10, 20, 20, 30, 37).map(
  (millis): Step =>
    (pair) => {
      pair.now += millis;
    },
);

const shed = fc.integer({ min: 0, max: 60 }).map(
  (bytes): Step =>
    (pair) => {
      const before = pair.store.countBytes();
      const freed = pair.store.shed(bytes);
      expect(freed).toBeGreaterThanOrEqual(Math.min(bytes, before));
      expect(pair.store.countBytes()).toBe(before - freed);
      // Nothing that was asked for goes while a speculation could have gone.
      const speculative = [...pair.model]
        .filter(([, entry]) => entry.isSpeculative && !entry.isPinned)
        .map(([id]) => id);
      const gone = new Set(pair.told.map((one) => one.id));
      if ([...gone].some((id) => !speculative.includes(id))) for (const id of speculative) expect(gone).toContain(id);
      pair.settle(["pressure"]);
    },
);

const budget = fc.constantFrom(1, 1, 0.5, 0.2, 0).map(
  (ratio): Step =>
    (pair) => {
      pair.ratio = ratio;
      pair.store.setBudgetRatio(ratio);
      pair.settle(["pressure"]);
    },
);

const entries = fc.constant<Step>((pair) => {
  const live = [...pair.model].filter(([, entry]) => entry.keepUntil > pair.now).map(([id]) => id);
  expect(
    pair.store
      .entries()
      .map((entry) => idOf(entry.context, entry.key))
      .sort(),
  ).toEqual(live.sort());
  pair.settle([]);
});

const step = fc.oneof(
  { weight: 12, arbitrary: put },
  { weight: 8, arbitrary: demand },
  { weight: 2, arbitrary: find },
  { weight: 2, arbitrary: remove },
  { weight: 1, arbitrary: removeTag },
  { weight: 1, arbitrary: clear },
  { weight: 1, arbitrary: purge },
  { weight: 4, arbitrary: wait },
  { weight: 3, arbitrary: shed },
  { weight: 1, arbitrary: budget },
  { weight: 1, arbitrary: entries },
);

describe("CacheStore against a naive store", () => {
  for (const policy of CACHE_POLICIES) {
    for (const isWeighed of [false, true]) {
      it(`C14 C15: ${policy.id}, limits in ${isWeighed ? "bytes and entries" : "entries"}`, () => {
        fc.assert(
          fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
            const pair = new Pair(policy, isWeighed);
            for (const one of steps) one(pair);
          }),
          { numRuns: runs(50) },
        );
      });
    }
  }
});
