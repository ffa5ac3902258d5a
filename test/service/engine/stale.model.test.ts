// S19, S22, S25: whatever happens to the cache and in whatever order, no answer holds what was not any more when it was asked for.
// Users change their items while others read, the cache fails, forgets, keeps what it was told to drop, comes back as it was some
// time ago; the service starts anew over it. A change counts from when `changed` has returned, as the API acknowledges it then.

import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { Engine } from "../../../service/engine/engine.ts";
import type { Identity } from "../../../service/identity.ts";
import type { Item } from "../../../service/item.ts";
import { MemoryItemStore } from "../../../service/store/memory-store.ts";
import { runs } from "../../runs.ts";
import { draft } from "../store/draft.ts";
import { type CacheMode, FakeCache, identityOf, watch } from "./fakes.ts";

const USERS = 4;
const ROUNDS = 150;
const CONTEXTS = ["a", "b", "c"];
const VISIBILITIES = ["private", "organisation", "public"] as const;
const MODES: readonly CacheMode[] = ["up", "up", "up", "down", "hanging", "throwing", "deaf"];

/** What is known of an item: versions that were acknowledged, and whether it may be gone or hidden by now. */
interface Known {
  item: Item;
  /** The change under way, if there is one: until it has returned either state is right. */
  isChanging: boolean;
  isGone: boolean;
}

async function play(seed: number): Promise<{ reads: number; changes: number; warm: number }> {
  const random = new RandomStream(seed, "stale");
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  let now = 1_700_000_000_000;
  const inner = new MemoryItemStore({ now: () => now });
  const watched = watch(inner);
  const delay = async () => {
    for (let turns = random.integer(4); turns > 0; turns--) await turn(); // answers overtake each other
  };
  watched.before = delay;
  watched.after = delay;
  const cache = new FakeCache();
  const make = () => {
    const options = {
      store: watched.store,
      cache,
      now: () => now,
      cacheWaitMillis: 1,
      rebuildMillis: random.integer(4),
    };
    return new Engine({ ...options, memoBytes: random.chance(0.3) ? 0 : 1e7 });
  };
  let engine = make();
  const organisation = await inner.createOrganisation("one");
  const identities: Identity[] = [];
  for (let i = 0; i < USERS; i++)
    identities.push(identityOf(await inner.createUser({ organisationId: organisation.id, role: "user" })));
  const known = new Map<string, Known>();
  const ownOf = (userId: string) => [...known.values()].filter(({ item }) => item.ownerId === userId);
  let reads = 0;
  let changes = 0;
  let warm = 0;

  async function change(identity: Identity): Promise<void> {
    changes++;
    const { userId } = identity;
    const free = ownOf(userId).filter((one) => !one.isChanging && !one.isGone);
    const what = free.length === 0 ? 0 : random.integer(free.length > 15 ? 8 : 4);
    const wanted = draft({
      content: `change ${changes}`,
      contexts: CONTEXTS.filter(() => random.chance(0.4)),
      visibility: pick(VISIBILITIES),
      isPinned: random.chance(0.3),
    });
    if (what <= 1) {
      const item = await watched.store.insert(userId, wanted);
      const one = { item, isChanging: true, isGone: false };
      known.set(item.id, one);
      await engine.changed(userId);
      one.isChanging = false;
      return;
    }
    const one = pick(free);
    one.isChanging = true;
    if (what === 2) one.item = (await watched.store.update(one.item.id, userId, wanted)) as Item;
    else {
      await watched.store.remove(one.item.id, userId);
      one.isGone = true;
    }
    await engine.changed(userId);
    one.isChanging = false;
  }

  async function read(identity: Identity): Promise<void> {
    reads++;
    // As it was acknowledged when the read began. What is changing then, or changes meanwhile, may be either.
    const certain = new Map([...known].filter(([, one]) => !one.isChanging).map(([id, one]) => [id, { ...one }]));
    const { userId } = identity;
    const kind = random.integer(3);
    const contexts = CONTEXTS.filter(() => random.chance(0.5));
    const found =
      kind === 0
        ? await engine.memories(identity, 100)
        : kind === 1
          ? await engine.relevant(identity, contexts, 100)
          : await engine.trending(identity, 100);
    if (found.servedFrom === "preloaded") warm++;
    const ids = new Set<string>();
    for (const { item } of found.items) {
      expect(ids.has(item.id), "an item is there once").toBe(false);
      ids.add(item.id);
      if (item.ownerId !== userId) expect(item.visibility, "another's item is public").toBe("public");
      const before = certain.get(item.id);
      if (before === undefined) continue;
      expect(before.isGone, `a removed item was served: ${item.content}`).toBe(false);
      expect(item.version, `an older version was served: ${item.content}`).toBeGreaterThanOrEqual(before.item.version);
      if (item.version === before.item.version) {
        expect(item.content).toBe(before.item.content);
        expect(item.visibility).toBe(before.item.visibility);
      }
    }
    if (kind === 2) return;
    // All are recent and there is room for all: none of the own ones is missing.
    for (const [id, { item, isGone }] of certain) {
      if (item.ownerId !== userId || isGone || known.get(id)!.item.version !== item.version) continue;
      if (known.get(id)!.isGone || known.get(id)!.isChanging) continue;
      const isWanted = kind === 0 || item.contexts.some((context) => contexts.includes(context));
      if (isWanted) expect(ids.has(id), `missing: ${item.content}`).toBe(true);
    }
  }

  let snapshot = new Map(cache.entries);
  for (let round = 0; round < ROUNDS; round++) {
    const steps: Promise<void>[] = [];
    const changing = new Set<Identity>();
    for (let count = 1 + random.integer(6); count > 0; count--) {
      const identity = pick(identities);
      if (random.chance(0.3) && !changing.has(identity)) {
        changing.add(identity);
        steps.push(change(identity));
      } else steps.push(read(identity));
    }
    await Promise.all(steps);
    const event = random.integer(30);
    if (event === 0) snapshot = new Map(cache.entries);
    if (event === 1) for (const [key, entry] of snapshot) cache.entries.set(key, entry); // as it was some time ago
    if (event === 2) cache.entries.clear();
    if (event <= 6) cache.mode = pick(MODES);
    if (event === 7) {
      const { mode } = cache;
      await engine.stop();
      cache.mode = mode;
      engine = make();
      if (random.chance(0.5)) engine.start();
    }
    if (event === 8) engine.configChanged();
    if (event === 9) engine.trigger("all");
    if (event === 10) await sleep(3); // rebuilds come through
    now += random.integer(60_000);
  }
  await engine.stop();
  return { reads, changes, warm };
}

it("S19, S22: nothing stale is served, whatever the cache does", async () => {
  const first = Number(process.env["SEED"] ?? Date.now() % 1e9);
  let warm = 0;
  for (let seed = first; seed < first + runs(3); seed++) {
    try {
      const counts = await play(seed);
      expect(counts.reads).toBeGreaterThan(150);
      expect(counts.changes).toBeGreaterThan(50);
      warm += counts.warm;
    } catch (error) {
      console.log(`stale.model: SEED=${seed}`);
      throw error;
    }
  }
  expect(warm).toBeGreaterThan(100); // it was not always the store that answered
  console.log(`stale.model: SEED=${first}`);
});
