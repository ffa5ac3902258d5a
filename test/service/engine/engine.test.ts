// S01-S26, S28: what the engine keeps warm, how it is served, and that it goes on, slower, without its cache.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { PressureGovernor } from "../../../cache/pressure-governor.ts";
import { MempredError } from "../../../core/errors.ts";
import { TRENDING_KEY, userKey } from "../../../service/cache/preload-cache.ts";
import { Engine, type EngineOptions } from "../../../service/engine/engine.ts";
import { DAY_MILLIS, relevance } from "../../../service/engine/relevance.ts";
import type { Identity } from "../../../service/identity.ts";
import { MemoryItemStore } from "../../../service/store/memory-store.ts";
import { draft } from "../store/draft.ts";
import { type CacheMode, FakeCache, identityOf, runEnds, until, watch } from "./fakes.ts";

const START = 1_700_000_000_000;

/** Users with items of four kinds: recent ones, used ones, important ones, and old ones of a context. */
async function setUp(users = 1, options: Partial<EngineOptions> = {}) {
  const clock = { now: START };
  const inner = new MemoryItemStore({ now: () => clock.now });
  const organisation = await inner.createOrganisation("one");
  const identities: Identity[] = [];
  for (let i = 0; i < users; i++) {
    const user = await inner.createUser({ organisationId: organisation.id, role: "user" });
    identities.push(identityOf(user));
    const uses = [];
    for (let k = 0; k < 12; k++) {
      clock.now = START - (k < 3 ? 1 : 20) * DAY_MILLIS;
      const item = await inner.insert(
        user.id,
        draft({
          content: `item ${k} of ${i}`,
          contexts: k >= 9 ? ["garden"] : k % 2 === 0 ? ["work", "home"] : [],
          importance: k >= 6 && k < 8 ? 0.9 : 0.1,
          isPinned: k === 8,
          visibility: k === 4 ? "public" : "private",
        }),
      );
      if (k >= 3 && k < 6) uses.push({ itemId: item.id, count: 5 + k, lastUsedMillis: clock.now });
    }
    clock.now = START;
    await inner.noteUses(uses, [{ userId: user.id, lastActiveMillis: START + i }]);
  }
  const watched = watch(inner);
  const cache = new FakeCache();
  const engineOptions = { store: watched.store, cache, now: () => clock.now, rebuildMillis: 1, ...options };
  const make = () => new Engine(engineOptions);
  return { clock, inner, watched, cache, make, engine: make(), identities, identity: identities[0]!, organisation };
}
const contents = (found: { readonly items: readonly { readonly item: { readonly content: string } }[] }) =>
  found.items.map(({ item }) => item.content);

describe("what is kept warm", () => {
  it("S01: after the startup preload answers need nothing from the store", async () => {
    const { engine, watched, identities } = await setUp(20);
    engine.start();
    const run = await runEnds(engine);
    expect(run).toMatchObject({ reason: "startup", state: "done", stoppedBy: null, items: 20 * 12 });
    expect(run.users).toEqual({ planned: 20, done: 20, failed: 0, skipped: 0 });
    watched.calls.clear();
    for (const identity of identities) {
      expect((await engine.memories(identity, 50)).servedFrom).toBe("preloaded");
      expect((await engine.relevant(identity, ["garden"], 50)).servedFrom).toBe("preloaded");
    }
    watched.calls.delete("publicRevision"); // a number, to see that trending is what it was
    expect([...watched.calls]).toEqual([]);
    expect(engine.status().retrievals).toEqual({ preloaded: 40, store: 0, both: 0 });
    await engine.stop();
  });

  it("S03-S07: each strategy brings its own, each item is there once, the most relevant first", async () => {
    const { engine, identity } = await setUp();
    const { items, servedFrom } = await engine.memories(identity, 50);
    expect(servedFrom).toBe("store");
    const by = (strategy: string) =>
      items
        .filter((one) => one.strategy === strategy)
        .map(({ item }) => Number(item.content.split(" ")[1]))
        .sort((a, b) => a - b);
    expect(by("recent")).toEqual([0, 1, 2]);
    expect(by("frequent")).toEqual([3, 4, 5]);
    expect(by("important")).toEqual([6, 7, 8]);
    expect(by("context")).toEqual([9, 10, 11]);
    expect(items.map((one) => one.relevance)).toEqual(items.map(({ item }) => relevance(item, START)));
    for (let i = 1; i < items.length; i++) expect(items[i]!.relevance).toBeLessThanOrEqual(items[i - 1]!.relevance);
    expect((await engine.memories(identity, 10)).items.filter((one) => one.strategy === "recent").length).toBe(3);
    expect((await engine.memories(identity, 4)).items.length).toBe(4);
    await engine.stop();
  });

  it("S08, S09, S10, S11: under exactly these keys, for exactly these times", async () => {
    const { engine, cache, identity } = await setUp();
    engine.start();
    await runEnds(engine);
    const hours = Object.fromEntries([...cache.entries].map(([key, { ttlSeconds }]) => [key, ttlSeconds / 3600]));
    expect(hours).toEqual({
      [`preload:${identity.userId}:recent`]: 2,
      [`preload:${identity.userId}:frequent`]: 4,
      [`preload:${identity.userId}:important`]: 6,
      [`preload:${identity.userId}:context:garden`]: 2,
      [`preload:${identity.userId}:context:home`]: 2,
      [`preload:${identity.userId}:context:work`]: 2,
      "preload:global:trending": 1,
    });
    await engine.stop();
  });

  it("S15, S16: warm answers are those of a cold engine, from this process and from the cache", async () => {
    const { engine, make, inner, clock, identity } = await setUp(3);
    engine.start();
    await runEnds(engine);
    const restarted = make(); // nothing in this process, the cache as it was
    const cold = new Engine({ store: inner, cache: new FakeCache(), now: () => clock.now });
    for (const limit of [3, 10, 100]) {
      const wanted = await cold.memories(identity, limit);
      for (const one of [engine, restarted]) {
        const found = await one.memories(identity, limit);
        expect(found.items).toEqual(wanted.items);
        expect(found.servedFrom).toBe("preloaded");
      }
      for (const contexts of [["garden"], ["work", "garden"], ["nothing"], ["home"]]) {
        const answer = await cold.relevant(identity, contexts, limit);
        for (const one of [engine, restarted])
          expect((await one.relevant(identity, contexts, limit)).items).toEqual(answer.items);
      }
    }
    expect(contents(await cold.relevant(identity, ["work"], 1))).toEqual(["item 2 of 0"]);
    await Promise.all([engine.stop(), restarted.stop(), cold.stop()]);
  });

  it("S16: a context without a list is read once, and is warm afterwards; other users' public items suit too", async () => {
    const { engine, watched, inner, identity, identities, clock } = await setUp(2);
    clock.now = START + 1;
    await inner.insert(identities[1]!.userId, draft({ content: "shared", contexts: ["sea"], visibility: "public" }));
    await inner.insert(
      identities[1]!.userId,
      draft({ content: "hidden", contexts: ["sea"], visibility: "organisation" }),
    );
    engine.start();
    await runEnds(engine);
    const first = await engine.relevant(identity, ["sea"], 9);
    expect(contents(first)).toEqual(["shared"]);
    expect(first.items[0]!.strategy).toBe("trending");
    expect(first.servedFrom).toBe("both");
    watched.calls.clear();
    expect((await engine.relevant(identity, ["sea"], 9)).servedFrom).toBe("preloaded");
    expect(watched.calls.size).toBe(0);
    await engine.stop();
  });

  it("S02: lists grow old: they are made anew in the background, and end with their time", async () => {
    const { engine, watched, clock, identity } = await setUp();
    await engine.memories(identity, 9);
    clock.now += 31 * 60_000;
    watched.calls.clear();
    expect((await engine.memories(identity, 9)).servedFrom).toBe("preloaded");
    await until(() => watched.calls.get("recent") === 1);
    clock.now += 2 * 3_600_000;
    expect((await engine.memories(identity, 9)).servedFrom).toBe("store");
    await engine.stop();
  });

  it("S25: a damaged list, another store's and another user's items count as not there", async () => {
    const { engine, make, cache, identity, identities } = await setUp(2);
    engine.start();
    await runEnds(engine);
    const key = userKey(identity.userId, "recent");
    const good = cache.entries.get(key)!;
    const foreign = cache.entries.get(userKey(identities[1]!.userId, "recent"))!.value;
    const bad = ["", "{", "null", '{"items":[]}', foreign, good.value.replace(/"store":"[^"]+"/, '"store":"other"')];
    const { store, revision, config, builtMillis } = JSON.parse(good.value) as Record<string, unknown>;
    const items = (JSON.parse(foreign) as { items: unknown[] }).items;
    bad.push(JSON.stringify({ store, revision, config, builtMillis, items }));
    bad.push(JSON.stringify({ store, revision, config, builtMillis, items: [{ id: 1 }] }));
    for (const value of bad) {
      cache.entries.set(key, { value, ttlSeconds: 7200 });
      const restarted = make();
      const found = await restarted.memories(identity, 50);
      expect(found.servedFrom).toBe("store");
      expect(found.items.every(({ item }) => item.ownerId === identity.userId)).toBe(true);
      await restarted.stop();
    }
    await engine.stop();
  });
});

describe("settings", () => {
  it("S17, S18: user over organisation over global, from the moment that it is told", async () => {
    const { engine, inner, identity, organisation } = await setUp();
    const count = async () => {
      engine.configChanged();
      return (await engine.memories(identity, 99)).items.length;
    };
    expect(await count()).toBe(12);
    await inner.setConfig({ kind: "global" }, { itemsPerUser: 6, recentDays: 0.5 });
    expect(await count()).toBe(6);
    await inner.setConfig({ kind: "organisation", id: organisation.id }, { itemsPerUser: 4 });
    expect(await count()).toBe(4);
    await inner.setConfig({ kind: "user", id: identity.userId }, { itemsPerUser: 2 });
    expect(await count()).toBe(2);
    const strategies = (await engine.memories(identity, 99)).items.map((one) => one.strategy);
    expect(strategies).not.toContain("recent"); // the global setting still counts where no narrower one speaks
    await inner.setConfig({ kind: "user", id: identity.userId }, {});
    expect(await count()).toBe(4);
    await engine.stop();
  });

  it("S17: who is not to be preloaded is skipped, and served from the store", async () => {
    const { engine, inner, cache, identity } = await setUp(2);
    await inner.setConfig({ kind: "user", id: identity.userId }, { isEnabled: false });
    engine.start();
    expect((await runEnds(engine)).users).toEqual({ planned: 2, done: 1, failed: 0, skipped: 1 });
    expect((await engine.memories(identity, 9)).servedFrom).toBe("store");
    expect((await engine.memories(identity, 9)).servedFrom).toBe("store");
    expect([...cache.entries.keys()].some((key) => key.includes(identity.userId))).toBe(false);
    await engine.stop();
  });

  it("S20: never more bytes of one user than set", async () => {
    const { engine, inner, cache, identity } = await setUp();
    await inner.setConfig({ kind: "global" }, { bytesPerUser: 1_500 });
    engine.start();
    const run = await runEnds(engine);
    expect(run.bytes).toBeLessThanOrEqual(1_500);
    expect(run.items).toBeGreaterThan(2);
    expect(run.items).toBeLessThan(12);
    let bytes = 0;
    for (const [key, { value }] of cache.entries)
      if (key.includes(identity.userId))
        for (const item of (JSON.parse(value) as { items: unknown[] }).items) bytes += JSON.stringify(item).length;
    expect(bytes).toBeLessThanOrEqual(1_500);
    await engine.stop();
  });
});

describe("trending", () => {
  it("S10, S19: is looked at again as it is read: what was hidden, changed or removed is not served as it was", async () => {
    const { engine, inner, cache, identities } = await setUp(3);
    const reader = identities[2]!;
    const read = () => engine.trending(reader, 50);
    const used = (await inner.list(identities[0]!.userId, 50)).items.find((item) => item.visibility === "public")!;
    await inner.noteUses([{ itemId: used.id, count: 99, lastUsedMillis: START }], []);
    const first = await inner.insert(identities[0]!.userId, draft({ content: "shown", visibility: "public" }));
    expect((await read()).servedFrom).toBe("store");
    expect(contents(await read()).sort()).toEqual(["item 4 of 0", "shown"]);
    expect((await read()).servedFrom).toBe("preloaded");
    const before = cache.entries.get(TRENDING_KEY)!;

    await inner.update(first.id, first.ownerId, { content: "mended" });
    await engine.changed(first.ownerId);
    const checked = await read();
    expect(checked.servedFrom).toBe("both");
    expect(contents(checked).sort()).toEqual(["item 4 of 0", "mended"]);

    await inner.update(first.id, first.ownerId, { visibility: "organisation" });
    await engine.changed(first.ownerId);
    cache.entries.set(TRENDING_KEY, before); // as if the drop had been lost
    expect(contents(await read())).toEqual(["item 4 of 0"]);
    const restarted = new Engine({ store: inner, cache, now: () => START });
    cache.entries.set(TRENDING_KEY, before);
    expect(contents(await restarted.trending(reader, 50))).toEqual(["item 4 of 0"]);
    await inner.remove(used.id, used.ownerId);
    await engine.changed(used.ownerId);
    expect(contents(await read())).toEqual([]);
    await Promise.all([engine.stop(), restarted.stop()]);
  });
});

describe("when something is missing", () => {
  it.each<CacheMode>(["down", "hanging", "throwing", "deaf"])(
    "S22: with a cache that is %s everything works",
    async (mode) => {
      const { engine, inner, cache, identity } = await setUp(1, { cacheWaitMillis: 5 });
      cache.mode = mode;
      expect((await engine.memories(identity, 50)).items.length).toBe(12);
      expect((await engine.relevant(identity, ["garden"], 50)).items.length).toBe(3);
      expect((await engine.trending(identity, 50)).items.length).toBe(0);
      const item = await inner.insert(identity.userId, draft({ content: "new" }));
      await engine.changed(identity.userId);
      expect(contents(await engine.memories(identity, 50))).toContain("new");
      await inner.remove(item.id, identity.userId);
      await engine.changed(identity.userId);
      expect(contents(await engine.memories(identity, 50))).not.toContain("new");
      expect(engine.status().health.map(({ part }) => part)).toEqual(["store", "fake"]);
      cache.mode = "up";
      await engine.stop();
    },
  );

  it("S22: a cache that takes nothing ends a run, which is taken up again", async () => {
    const { engine, cache } = await setUp(40);
    cache.mode = "down";
    engine.start();
    expect(await runEnds(engine)).toMatchObject({ state: "stopped", stoppedBy: "cache" });
    cache.mode = "up";
    await until(() => engine.status().runs.length === 2 && engine.status().runs[0]!.state === "done");
    expect(engine.status().runs[0]!.users.done).toBeGreaterThan(0);
    await engine.stop();
  });

  it("without the store: what is warm is served, the rest is BACKEND_UNAVAILABLE, and uses wait", async () => {
    const { engine, watched, inner, identities } = await setUp(2);
    await engine.memories(identities[0]!, 50);
    watched.before = () => {
      throw new MempredError("BACKEND_UNAVAILABLE", "locked");
    };
    expect((await engine.memories(identities[0]!, 50)).servedFrom).toBe("preloaded");
    await expect(engine.memories(identities[1]!, 50)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    const [item] = (await inner.list(identities[0]!.userId, 1)).items;
    engine.noteUse(item!.id, identities[0]!.userId);
    engine.noteUse(item!.id, identities[0]!.userId);
    watched.before = () => undefined;
    expect((await engine.memories(identities[1]!, 50)).items.length).toBe(12);
    await engine.stop(); // writes what was counted
    expect((await inner.get(item!.id))!.useCount).toBe(item!.useCount + 2);
  });

  it("a store that was lost and is back may have been changed by others: nothing that was known counts", async () => {
    const { inner, cache, clock, identity } = await setUp();
    let openings = 1;
    const store = Object.create(inner, { openings: { get: () => openings } }) as MemoryItemStore;
    const bound = new Proxy(store, {
      get: (target, name) => {
        if (name === "openings") return openings;
        const value = Reflect.get(inner, name, inner) as unknown;
        return typeof value === "function" ? value.bind(inner) : (value ?? Reflect.get(target, name));
      },
    });
    const engine = new Engine({ store: bound, cache, now: () => clock.now });
    await engine.memories(identity, 50);
    await sleep(5);
    await inner.insert(identity.userId, draft({ content: "by another process" })); // and nobody calls `changed`
    openings++;
    expect(contents(await engine.memories(identity, 50))).toContain("by another process");
    await engine.stop();
  });
});

describe("runs", () => {
  it("S21: requests are answered while the startup preload is under way", async () => {
    const { engine, watched, identities } = await setUp(60);
    const slow = new Set(["recent", "frequent", "important", "contextsOf"]);
    watched.before = (method) => (slow.has(method) ? sleep(5) : undefined);
    engine.start();
    expect(engine.status().runs[0]).toMatchObject({ state: "running" });
    const last = identities[0]!; // the least recently active: the last to be preloaded
    expect((await engine.memories(last, 50)).servedFrom).toBe("store");
    expect(engine.status().runs[0]).toMatchObject({ state: "running" });
    expect(engine.trigger("all").id).toBe(engine.status().runs[0]!.id); // one at a time
    await runEnds(engine);
    await engine.stop();
  });

  it("S01: the most recently active users come first, the inactive ones not at all", async () => {
    const { engine, inner, watched, clock, identities } = await setUp(6, { concurrency: 1, activeDays: 30 });
    clock.now = START + 40 * DAY_MILLIS;
    const active = [3, 1, 4].map((index) => identities[index]!.userId);
    for (let i = 0; i < active.length; i++)
      await inner.noteUses([], [{ userId: active[i]!, lastActiveMillis: clock.now - i }]);
    const asked: string[] = [];
    const store = new Proxy(watched.store, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (name !== "recent") return value;
        return (userId: string, ...rest: unknown[]) => {
          asked.push(userId);
          return (value as (...words: unknown[]) => unknown)(userId, ...rest);
        };
      },
    });
    const other = new Engine({ store, cache: new FakeCache(), now: () => clock.now, concurrency: 1 });
    other.start();
    await runEnds(other);
    expect(asked).toEqual(active);
    await Promise.all([engine.stop(), other.stop()]);
  });

  it("S25: ends at its deadline, with a store that does not answer", async () => {
    const { engine, watched } = await setUp(30, { deadlineMillis: 60 });
    watched.before = (method) => (method === "recent" ? new Promise(() => undefined) : undefined);
    engine.start();
    const run = await runEnds(engine);
    expect(run).toMatchObject({ state: "stopped", stoppedBy: "deadline" });
    expect(run.users).toMatchObject({ planned: 30, done: 0 });
    await engine.stop();
  });

  it("S20: ends when the cache holds what it may, and goes on when there is room", async () => {
    const { engine, cache, clock } = await setUp(40, { limitBytes: 40_000, concurrency: 1 });
    engine.start();
    // Bytes are counted once a second of the engine's clock.
    while (engine.status().runs[0]!.state === "running") {
      clock.now += 400;
      await sleep(1);
    }
    const run = await runEnds(engine);
    expect(run).toMatchObject({ state: "stopped", stoppedBy: "memory" });
    expect(run.users.done).toBeLessThan(40);
    expect(cache.usage().bytes).toBeLessThan(80_000);
    await engine.stop();
  });

  it("S20: stops at HIGH pressure, goes on by itself with those that are left when it is over", async () => {
    const governor = new PressureGovernor({ holdMillis: 0, cooldownMillis: 0 });
    const { engine, watched } = await setUp(60, { governor });
    watched.before = (method) => (method === "recent" ? sleep(3) : undefined);
    const press = (pressureRatio: number, atMillis: number) =>
      governor.update({
        atMillis,
        usedBytes: 0,
        limitBytes: 1,
        pressureRatio,
        forecastRatio: Number.NaN,
        upperRatio: Number.NaN,
        confidence: 0,
        horizonMillis: 0,
      });
    press(0.1, 0);
    engine.start();
    await until(() => engine.status().runs[0]!.users.done > 3);
    press(0.9, 1);
    const first = await runEnds(engine);
    expect(first).toMatchObject({ state: "stopped", stoppedBy: "memory" });
    expect(first.users.done).toBeLessThan(60);
    expect(engine.status().pressure).toEqual({ level: "HIGH", ratio: 0.9 });
    for (let i = 2; i < 8; i++) press(0.1, i);
    await until(() => engine.status().runs.length > 1);
    await runEnds(engine);
    const { runs } = engine.status();
    expect(runs[0]).toMatchObject({ state: "done", reason: "refresh" });
    const { done, skipped } = runs[0]!.users; // skipped: were in hand when the first run ended
    expect(done + skipped + first.users.done).toBeGreaterThanOrEqual(60);
    await engine.stop();
  });

  it("S12, S13: triggered for some; told when stopped; counts nothing twice", async () => {
    const { engine, identities } = await setUp(4);
    const [a, b] = identities.map(({ userId }) => userId) as [string, string];
    const begun = engine.trigger([a, b, a]);
    expect(begun).toMatchObject({ reason: "trigger", state: "running", endedMillis: null });
    expect((await runEnds(engine)).users).toEqual({ planned: 2, done: 2, failed: 0, skipped: 0 });
    await engine.stop();
    expect(engine.trigger("all")).toMatchObject({ state: "stopped", stoppedBy: "shutdown" });
  });

  it("stop ends a run at once", async () => {
    const { engine, watched } = await setUp(50);
    watched.before = (method) => (method === "recent" ? new Promise(() => undefined) : undefined);
    engine.start();
    await until(() => watched.calls.get("recent") === 8);
    await engine.stop();
    expect(engine.status().runs[0]).toMatchObject({ state: "stopped", stoppedBy: "shutdown" });
  });

  it("S28: 1,000 users at once, cold: each gets its own items, each user's lists are made once", async () => {
    const { engine, watched, identities } = await setUp(1_000);
    watched.before = () => sleep(1);
    const answers = await Promise.all(
      [...identities, ...identities, ...identities].map(async (identity) => {
        const found = await engine.memories(identity, 50);
        return found.items.length === 12 && found.items.every(({ item }) => item.ownerId === identity.userId);
      }),
    );
    expect(answers.length).toBe(3_000);
    expect(answers.every(Boolean)).toBe(true);
    expect(watched.calls.get("recent")).toBe(1_000);
    await engine.stop();
  });
});
