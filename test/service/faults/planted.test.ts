// S19: what another program puts under our keys is never served: garbage, lists of another store, of another revision, of another
// user, of another list. The answers are those of the store, whatever lies in Redis.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { openPreloadCache } from "../../../service/cache/open.ts";
import { contextKey, type PreloadCache, TRENDING_KEY, userKey } from "../../../service/cache/preload-cache.ts";
import { Engine } from "../../../service/engine/engine.ts";
import type { Retrieval } from "../../../service/engine/preload-engine.ts";
import type { Identity, User } from "../../../service/identity.ts";
import type { ItemDraft } from "../../../service/item.ts";
import { SqliteItemStore } from "../../../service/store/sqlite-store.ts";
import { describeWithRedis, TestRedis } from "../../live/backends/redis-server.ts";
import { runs } from "../../runs.ts";

const patient = { commandTimeoutMillis: 10_000, connectTimeoutMillis: 10_000 };
const draft = (content: string, more: Partial<ItemDraft> = {}): ItemDraft => ({
  content,
  contexts: ["work"],
  importance: 0.9,
  isPinned: false,
  visibility: "private",
  ...more,
});
const identityOf = ({ id, organisationId, role }: User): Identity => ({
  tokenId: "t",
  userId: id,
  organisationId,
  role,
});

describeWithRedis("what another program plants", () => {
  const folder = mkdtempSync(join(tmpdir(), "mempred-planted-"));
  let redis: TestRedis;
  let store: SqliteItemStore;
  let cache: PreloadCache;
  let engine: Engine;
  let [ann, ben]: [User, User] = [] as never;
  let truth: { memories: string[]; relevant: string[]; trending: string[] };
  let number = 0;
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(async () => {
    await redis.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The service begins anew: nothing is warm but what lies in Redis. */
  async function begin(): Promise<void> {
    ({ cache } = await openPreloadCache({ redisUrl: redis.url, ...patient }));
    // As long as Redis takes: what it holds is to be looked at.
    engine = new Engine({ store, cache, cacheWaitMillis: 10_000 });
  }
  async function end(): Promise<void> {
    await engine.stop();
    await cache.close();
  }
  const textsOf = ({ items }: Retrieval) => items.map(({ item }) => `${item.ownerId}: ${item.content}`).sort();
  const readAll = async (user: User) => ({
    memories: textsOf(await engine.memories(identityOf(user), 100)),
    relevant: textsOf(await engine.relevant(identityOf(user), ["work", "home"], 100)),
    trending: textsOf(await engine.trending(identityOf(user), 100)),
  });

  beforeEach(async () => {
    await redis.command(["FLUSHALL"]);
    store = await SqliteItemStore.open(join(folder, `${number++}.db`));
    [ann, ben] = [
      await store.createUser({ organisationId: null, role: "user" }),
      await store.createUser({ organisationId: null, role: "user" }),
    ];
    for (let i = 0; i < 4; i++) {
      await store.insert(ann.id, draft(`a secret of ann ${i}`, { contexts: i % 2 === 0 ? ["work"] : ["home"] }));
      await store.insert(ben.id, draft(`a secret of ben ${i}`));
    }
    await begin();
  });
  afterEach(async () => {
    await end();
    await store.close();
  });

  const keysOf = (user: User): string[] => [
    userKey(user.id, "recent"),
    userKey(user.id, "frequent"),
    userKey(user.id, "important"),
    contextKey(user.id, "work"),
    contextKey(user.id, "home"),
  ];
  const get = (key: string) => redis.command(["GET", key]) as Promise<string | null>;
  const plant = (key: string, value: string) => redis.command(["SET", key, value, "EX", "1000"]);

  /** Warms both users, then begins anew. @returns what lies in Redis by key */
  async function warmAndRestart(): Promise<Map<string, string>> {
    truth = await readAll(ben);
    await readAll(ann);
    await expect.poll(async () => (await get(userKey(ben.id, "important"))) !== null, { timeout: 10_000 }).toBe(true);
    await expect.poll(() => get(TRENDING_KEY), { timeout: 10_000 }).not.toBeNull();
    await end();
    const held = new Map<string, string>();
    for (const key of [...keysOf(ann), ...keysOf(ben), TRENDING_KEY]) {
      const value = await get(key);
      if (value !== null) held.set(key, value);
    }
    await begin();
    return held;
  }

  it("lists that were left by a predecessor are used again", async () => {
    await warmAndRestart();
    expect((await engine.memories(identityOf(ben), 100)).servedFrom).toBe("preloaded");
    expect(await readAll(ben)).toEqual(truth);
  });

  it("garbage, lists of another store, revision, user or kind: the answers stay those of the store", async () => {
    const held = await warmAndRestart();
    const own = held.get(userKey(ben.id, "recent"))!;
    const anns = held.get(userKey(ann.id, "recent"))!;
    const { revision } = JSON.parse(own) as { revision: number };
    const changed = (text: string, changes: object) => JSON.stringify({ ...(JSON.parse(text) as object), ...changes });
    const planted = [
      "",
      "null",
      "[]",
      "{}",
      "{",
      "\u0000",
      "x".repeat(1_000_000),
      "[".repeat(100_000),
      own.slice(0, -10),
      changed(own, { store: "another" }),
      changed(own, { store: "" }),
      changed(own, { revision: revision - 1 }),
      changed(own, { revision: `${revision}` }),
      changed(own, { items: [{}] }),
      changed(own, { items: [null] }),
      changed(own, { items: "none" }),
      changed(own, { builtMillis: "x" }),
      changed(own, { contexts: [1] }),
      changed(own, { contexts: ["*", "a:b", "../x"] }),
      anns,
      changed(anns, { revision }),
      JSON.stringify({ ...(JSON.parse(own) as object), __proto__: { items: [] } }),
    ];
    const keys = [...keysOf(ben), TRENDING_KEY];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...planted)), { minLength: 1, maxLength: 6 }),
        async (all) => {
          await end();
          for (const [key, value] of held) await plant(key, value);
          for (const [key, value] of all) await plant(key, value);
          await begin();
          expect(await readAll(ben)).toEqual(truth);
        },
      ),
      { numRuns: runs(15) },
    );
  });

  it("a user's lists under other keys: nobody else sees them, not even as trending", async () => {
    // Of one moment, so that the revision of ann's items and that of what is public may be the same number.
    const open = await store.insert(ann.id, draft("ann shows this", { visibility: "public" }));
    await store.noteUses([{ itemId: open.id, count: 9, lastUsedMillis: Date.now() }], []);
    await store.update(open.id, ann.id, { content: "ann shows this now" });
    await engine.changed(ann.id);
    const held = await warmAndRestart();
    expect(truth.trending).toEqual([`${ann.id}: ann shows this now`]);
    const trending = JSON.parse(held.get(TRENDING_KEY)!) as { revision: number };
    const sources = [userKey(ann.id, "recent"), contextKey(ann.id, "work"), userKey(ben.id, "recent"), TRENDING_KEY];
    for (const [from, text] of [...held].filter(([key]) => sources.includes(key)))
      for (const to of [TRENDING_KEY, userKey(ben.id, "recent"), contextKey(ben.id, "work")]) {
        if (from === to || (from.includes(ben.id) && to !== TRENDING_KEY)) continue;
        await end();
        for (const [key, value] of held) await plant(key, value);
        const forged = JSON.stringify({ ...(JSON.parse(text) as object), revision: trending.revision });
        for (const value of [text, ...(to === TRENDING_KEY ? [forged] : [])]) {
          await plant(to, value);
          await begin();
          const seen = await readAll(ben);
          for (const text of [...seen.memories, ...seen.relevant, ...seen.trending])
            expect(text, `${from} under ${to}`).not.toContain("a secret of ann");
          expect(seen.memories, `${from} under ${to}`).toEqual(truth.memories);
          const ofOthers = [...seen.trending, ...seen.relevant].filter((one) => !one.startsWith(ben.id));
          for (const one of ofOthers) expect(one).toBe(truth.trending[0]);
          await end();
        }
        await begin();
      }
  });

  it("a changed item is never read as it was, in whatever order Redis and the store are asked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("read", "change", "restart"), { minLength: 1, maxLength: 8 }),
        async (steps) => {
          const made = await store.insert(ben.id, draft("version 0"));
          await engine.changed(ben.id);
          let version = 0;
          for (const step of steps) {
            if (step === "change") {
              await store.update(made.id, ben.id, { content: `version ${++version}` });
              await engine.changed(ben.id);
            }
            if (step === "restart") {
              await end();
              await begin();
            }
            const reads = await Promise.all([
              engine.memories(identityOf(ben), 100),
              engine.memories(identityOf(ben), 100),
            ]);
            for (const { items } of reads)
              expect(items.find(({ item }) => item.id === made.id)?.item.content).toBe(`version ${version}`);
          }
          await store.remove(made.id, ben.id);
          await engine.changed(ben.id);
        },
      ),
      { numRuns: runs(12) },
    );
  });
});
