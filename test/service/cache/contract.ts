// What every cache of preloaded lists must do, run over each: embedded, Redis, tiered. The model is a Map of key and value.

import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AssertionError } from "../../../core/errors.ts";
import {
  contextKey,
  keyOwner,
  type PreloadCache,
  TRENDING_KEY,
  userKey,
} from "../../../service/cache/preload-cache.ts";
import { CONTEXT_PATTERN } from "../../../service/item.ts";
import { runs } from "../../runs.ts";

export interface CacheSetting {
  /** An empty one, with room for all that the suite puts in. */
  open(): Promise<PreloadCache>;
  /** Whether time passes by itself, or by this. */
  advance(millis: number): Promise<void>;
  /** After each step of the model. */
  check?(cache: PreloadCache): void;
}

/** One is the beginning of the other, and one looks like a part of a key. */
export const USERS = ["a", "a-b", "ab", "recent", "c0ffee00-0000-4000-8000-000000000001"];
const CONTEXTS = ["work", "work-2", "recent", "context", "x_y"];
const text = fc.string({ unit: "grapheme", maxLength: 300 });

const aUser = fc.constantFrom(...USERS);
const aKey = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(aUser, fc.constantFrom("recent", "frequent", "important"))
      .map(([user, list]) => userKey(user, list)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(aUser, fc.constantFrom(...CONTEXTS)).map(([user, context]) => contextKey(user, context)),
  },
  { weight: 1, arbitrary: fc.constant(TRENDING_KEY) },
);
const aStep = fc.oneof(
  fc.record({ kind: fc.constant("write" as const), entries: fc.array(fc.tuple(aKey, text), { maxLength: 6 }) }),
  fc.record({ kind: fc.constant("read" as const), keys: fc.array(aKey, { maxLength: 8 }) }),
  fc.record({ kind: fc.constant("drop" as const), keys: fc.array(aKey, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant("dropUser" as const), user: aUser }),
);

export function describeCache(name: string, setting: CacheSetting): void {
  describe(name, () => {
    let cache: PreloadCache;
    afterEach(async () => {
      await cache.close();
    });

    it("does what a map does, and no user's change reaches another's lists (fast-check prints its seed)", async () => {
      cache = await setting.open();
      await fc.assert(
        fc.asyncProperty(fc.array(aStep, { minLength: 1, maxLength: 25 }), async (steps) => {
          for (const user of USERS) await cache.dropUser(user);
          await cache.drop([TRENDING_KEY]);
          const model = new Map<string, string>();
          for (const step of steps) {
            if (step.kind === "write") {
              await cache.write(step.entries.map(([key, value]) => ({ key, value, ttlSeconds: 1000 })));
              for (const [key, value] of step.entries) model.set(key, value);
            } else if (step.kind === "read") {
              expect(await cache.read(step.keys)).toEqual(step.keys.map((key) => model.get(key)));
            } else if (step.kind === "drop") {
              await cache.drop(step.keys);
              for (const key of step.keys) model.delete(key);
            } else {
              await cache.dropUser(step.user);
              for (const key of [...model.keys()]) if (keyOwner(key) === step.user) model.delete(key);
            }
            setting.check?.(cache);
          }
          const keys = [...model.keys()];
          expect(await cache.read(keys)).toEqual([...model.values()]);
          expect(cache.usage().keys).toBe(model.size);
          expect(cache.usage().bytes > 0).toBe(model.size > 0);
        }),
        { numRuns: runs(25) },
      );
    });

    it("gives nothing after its time, and the time of the latest writing counts", async () => {
      cache = await setting.open();
      const [short, long] = [userKey("a", "recent"), userKey("a", "frequent")];
      await cache.write([
        { key: short, value: "1", ttlSeconds: 1 },
        { key: long, value: "2", ttlSeconds: 1 },
      ]);
      await cache.write([{ key: long, value: "3", ttlSeconds: 100 }]);
      await setting.advance(1_100);
      await expect.poll(() => cache.read([short, long]), { timeout: 5_000 }).toEqual([undefined, "3"]);
      expect(cache.usage().keys).toBe(1);
    });

    it("reads and writes nothing at all, and gives the same key twice", async () => {
      cache = await setting.open();
      await cache.write([]);
      await cache.drop([]);
      expect(await cache.read([])).toEqual([]);
      await cache.write([{ key: TRENDING_KEY, value: "x", ttlSeconds: 9 }]);
      expect(await cache.read([TRENDING_KEY, TRENDING_KEY])).toEqual(["x", "x"]);
    });

    it("S19: an id or a context with a separator or a pattern in it reaches nobody's lists", async () => {
      cache = await setting.open();
      const mine = USERS.flatMap((user) => [userKey(user, "recent"), contextKey(user, "work")]);
      const before = mine.map((key) => `list of ${key}`);
      await cache.write(mine.map((key, index) => ({ key, value: before[index]!, ttlSeconds: 1000 })));
      const hostile = fc.oneof(
        fc.stringMatching(/^[a*?[\]\\:{}^\n-]{0,6}$/),
        fc.constantFrom(
          "*",
          "a*",
          "[a]",
          "a:recent",
          "a:context",
          "?",
          "\\a",
          "a-b:",
          "",
          "A",
          "a\0",
          "a\n",
          "__proto__",
        ),
        fc.string({ maxLength: 80 }),
      );
      await fc.assert(
        fc.asyncProperty(hostile, async (id) => {
          const isId = /^[a-z0-9-]{1,64}$/.test(id) && id.trim() === id;
          if (isId) expect(keyOwner(userKey(id, "recent"))).toBe(id);
          else {
            expect(() => userKey(id, "recent")).toThrow(AssertionError);
            await expect(cache.dropUser(id)).rejects.toBeInstanceOf(AssertionError);
          }
          if (CONTEXT_PATTERN.test(id)) expect(keyOwner(contextKey("zz", id))).toBe("zz");
          else expect(() => contextKey("zz", id)).toThrow(AssertionError);
          if (!USERS.includes(id)) expect(await cache.read(mine)).toEqual(before);
        }),
        { numRuns: runs(100) },
      );
      expect(await cache.read(mine)).toEqual(before);
      await cache.dropUser("a");
      expect(await cache.read(mine)).toEqual(before.map((text, i) => (keyOwner(mine[i]!) === "a" ? undefined : text)));
    });

    it("is up, and is unavailable once it is closed", async () => {
      cache = await setting.open();
      expect(cache.health()).toMatchObject({ state: "up", reason: "" });
      expect(Math.abs(cache.health().sinceMillis - Date.now())).toBeLessThan(60_000);
      await cache.close();
      await cache.close();
      const isUnavailable = { code: "BACKEND_UNAVAILABLE" };
      await expect(cache.read([TRENDING_KEY])).rejects.toMatchObject(isUnavailable);
      await expect(cache.write([{ key: TRENDING_KEY, value: "x", ttlSeconds: 9 }])).rejects.toMatchObject(
        isUnavailable,
      );
      await expect(cache.drop([TRENDING_KEY])).rejects.toMatchObject(isUnavailable);
      await expect(cache.dropUser("a")).rejects.toMatchObject(isUnavailable);
    });
  });
}
