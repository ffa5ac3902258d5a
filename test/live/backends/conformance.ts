// What every backend must do, run over each of them. A harness opens one and makes time pass: by moving an injected clock, or,
// where a server has a clock of its own, by waiting.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import { type CacheBackend, MAX_KEY_BYTES, MAX_VALUE_BYTES, type StoredEntry } from "../../../live/backends/backend.ts";
import { collect, entryOf, textOf } from "./entries.ts";

export interface Harness {
  /** A backend that is empty and shares nothing with an earlier one. */
  open(onProblem: (problem: MempredError) => void): Promise<CacheBackend>;
  /** One with room for 2 to 9 MB. */
  openSmall(): Promise<CacheBackend>;
  /** Now, as the backend sees it. */
  now(): number;
  advance(millis: number): Promise<void>;
  /** Flips a bit in the value stored under the key; absent where values are not stored as bytes. */
  damage?(key: string): Promise<void>;
  /** Whether `size` knows. */
  readonly hasSize: boolean;
}

const ODD_KEYS = [
  "__proto__",
  "constructor",
  "toString",
  "a\0b",
  "a",
  "a\0",
  "\0",
  " ",
  "line\nbreak\r\n",
  "*",
  "?[a-z]\\*",
  "é",
  "e\u0301",
  "😀",
  "\ud83d",
  "\ude00",
  "\ud83d\ud83d\ude00",
  "\ufffd",
  "\uffff",
  "\ud7ff",
  "-1",
  "9007199254740993",
];

export function describeBackend(name: string, harness: Harness): void {
  describe(`${name}: what every backend does (C23, C24, C25)`, () => {
    let backend: CacheBackend;
    let problems: MempredError[];
    beforeEach(async () => {
      problems = [];
      backend = await harness.open((problem) => problems.push(problem));
    });
    afterEach(async () => {
      await backend.close();
    });

    it("gives back what was stored, with its times and tags", async () => {
      expect(await backend.get("a")).toBeNull();
      const now = harness.now();
      const entry = entryOf("value", {
        storedAtMillis: now - 1,
        expiresAtMillis: now + 60_000,
        keepUntilMillis: now + 90_000,
        tags: ["red", "green"],
      });
      await backend.set("a", entry);
      const found = await backend.get("a");
      expect({ ...found, bytes: textOf(found) }).toEqual({ ...entry, bytes: "value" });
      await backend.set("a", entryOf("another"));
      expect(textOf(await backend.get("a"))).toBe("another");
      expect((await backend.get("a"))!.tags).toEqual([]);
    });

    it("holds values of no bytes, of all bytes and of several MB", async () => {
      const large = new Uint8Array(5_000_000);
      for (let i = 0; i < large.length; i++) large[i] = (i * 31) >> 3;
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      await backend.set("none", entryOf(""));
      await backend.set("large", entryOf(large));
      await backend.set("all", entryOf(all));
      expect((await backend.get("none"))!.bytes.length).toBe(0);
      expect(Buffer.compare((await backend.get("large"))!.bytes, large)).toBe(0);
      expect(Buffer.compare((await backend.get("all"))!.bytes, all)).toBe(0);
    });

    it("tells apart keys of any kind, up to 1 MB", async () => {
      const long = "k".repeat(MAX_KEY_BYTES);
      const keys = [...ODD_KEYS, long, `${long.slice(1)}l`, "漢".repeat(300_000)];
      for (const [index, key] of keys.entries()) await backend.set(key, entryOf(`value ${index}`));
      for (const [index, key] of keys.entries()) expect(textOf(await backend.get(key))).toBe(`value ${index}`);
      expect((await collect(backend.keys())).sort()).toEqual([...keys].sort());
      for (const key of keys) expect(await backend.delete(key)).toBe(true);
      expect(await collect(backend.keys())).toEqual([]);
    });

    it("refuses keys and entries that it cannot hold, and changes nothing", async () => {
      await backend.set("kept", entryOf("kept"));
      const badKeys = ["", "k".repeat(MAX_KEY_BYTES + 1), "漢".repeat(350_000), undefined as unknown as string];
      for (const key of badKeys) {
        await expect(backend.get(key)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
        await expect(backend.set(key, entryOf(""))).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
        await expect(backend.delete(key)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
        await expect(backend.lease(key, 10)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
        await expect(backend.deleteTag(key)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
      }
      const badEntries: Partial<StoredEntry>[] = [
        { storedAtMillis: Number.NaN },
        { expiresAtMillis: Number.NaN },
        { keepUntilMillis: Number.NaN },
        { expiresAtMillis: 1.5 },
        { expiresAtMillis: 2_000_000_000_000, keepUntilMillis: 1_900_000_000_000 },
        { bytes: "text" as unknown as Uint8Array },
        { bytes: new Uint8Array(MAX_VALUE_BYTES + 1) },
        { tags: [""] },
      ];
      for (const bad of badEntries) {
        await expect(backend.set("kept", entryOf("", bad))).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
        const many = new Map([
          ["fine", entryOf("fine")],
          ["bad", entryOf("", bad)],
        ]);
        await expect(backend.setMany(many)).rejects.toMatchObject({ code: "INVALID_CACHE_ENTRY" });
      }
      expect(textOf(await backend.get("kept"))).toBe("kept");
      expect(await collect(backend.keys())).toEqual(["kept"]);
    });

    it("reads and writes many at once, in order", async () => {
      const entries = new Map(Array.from({ length: 100 }, (_, i) => [`key ${i}`, entryOf(`value ${i}`)]));
      await backend.setMany(entries);
      const found = await backend.getMany(["key 99", "absent", ...entries.keys(), "key 99"]);
      const expected = ["value 99", null, ...Array.from({ length: 100 }, (_, i) => `value ${i}`), "value 99"];
      expect(found.map(textOf)).toEqual(expected);
      expect(await backend.getMany([])).toEqual([]);
      await backend.setMany(new Map());
    });

    it("keeps copies: a change of an array reaches nobody", async () => {
      const bytes = new Uint8Array([1, 2, 3]);
      await backend.set("a", entryOf(bytes));
      bytes[0] = 9;
      const first = await backend.get("a");
      first!.bytes[1] = 9;
      expect([...(await backend.get("a"))!.bytes]).toEqual([1, 2, 3]);
    });

    it("deletes, and says whether there was one", async () => {
      await backend.set("a", entryOf("1"));
      expect(await backend.delete("a")).toBe(true);
      expect(await backend.delete("a")).toBe(false);
      expect(await backend.get("a")).toBeNull();
    });

    it("deletes by tag what carries the tag now", async () => {
      const tagsOf = (i: number) => ({ tags: ["red", `odd ${i % 2}`] });
      await backend.setMany(new Map(Array.from({ length: 500 }, (_, i) => [`red ${i}`, entryOf("", tagsOf(i))])));
      await backend.set("green", entryOf("", { tags: ["green"] }));
      await backend.set("red 0", entryOf("no tag any more"));
      await backend.set("red 1", entryOf("", { tags: ["green", "green"] }));
      expect(await backend.delete("red 2")).toBe(true);
      await backend.set("red 2", entryOf("came back without"));
      expect(await backend.deleteTag("red")).toBe(497);
      expect(await backend.deleteTag("red")).toBe(0);
      expect(await backend.deleteTag("odd 0")).toBe(0);
      expect((await collect(backend.keys())).sort()).toEqual(["green", "red 0", "red 1", "red 2"]);
      expect(await backend.deleteTag("green")).toBe(2);
    });

    it("takes any string as a tag", async () => {
      for (const [index, tag] of ODD_KEYS.entries()) await backend.set(`key ${index}`, entryOf("", { tags: [tag] }));
      for (const [index, tag] of ODD_KEYS.entries()) {
        expect(await backend.deleteTag(tag)).toBe(1);
        expect(await backend.get(`key ${index}`)).toBeNull();
      }
    });

    it("keeps an entry while it is stale and not longer (C11)", async () => {
      const now = harness.now();
      await backend.set("stale", entryOf("stale", { expiresAtMillis: now + 1, keepUntilMillis: now + 60_000 }));
      await backend.set("over", entryOf("over", { expiresAtMillis: now + 40, keepUntilMillis: now + 40, tags: ["t"] }));
      await backend.set("endless", entryOf("endless", { tags: ["t"] }));
      await harness.advance(60);
      expect(textOf(await backend.get("stale"))).toBe("stale");
      expect(await backend.get("over")).toBeNull();
      expect((await backend.getMany(["over", "endless"])).map(textOf)).toEqual([null, "endless"]);
      expect((await collect(backend.keys())).sort()).toEqual(["endless", "stale"]);
      expect(await backend.delete("over")).toBe(false);
      expect(await backend.deleteTag("t")).toBe(1);
      // Stored too late: it is not there, and what it replaces is not there either.
      const past = harness.now() - 1_000;
      await backend.set("stale", entryOf("late", { expiresAtMillis: past, keepUntilMillis: past }));
      expect(await backend.get("stale")).toBeNull();
    });

    it("lists all keys page by page, clears them and counts them", async () => {
      const entries = new Map(Array.from({ length: 1_234 }, (_, i) => [`key ${i}`, entryOf("four", { tags: ["t"] })]));
      await backend.setMany(entries);
      expect(new Set(await collect(backend.keys()))).toEqual(new Set(entries.keys()));
      expect(await backend.size()).toEqual(
        harness.hasSize ? { entries: 1_234, bytes: 4_936 } : { entries: Number.NaN, bytes: Number.NaN },
      );
      expect(await backend.clear()).toBe(1_234);
      expect(await collect(backend.keys())).toEqual([]);
      expect(await backend.clear()).toBe(0);
      await backend.set("key 1", entryOf("again"));
      expect(await backend.deleteTag("t")).toBe(0);
    });

    it("gives the right to load a key to one, until it is given back or runs out", async () => {
      const first = await backend.lease("a", 60_000);
      expect(first).not.toBeNull();
      expect(await backend.lease("a", 60_000)).toBeNull();
      const other = await backend.lease("b", 60_000);
      expect(other).not.toBeNull();
      await first!.release();
      await first!.release();
      const second = await backend.lease("a", 30);
      expect(second).not.toBeNull();
      await first!.release(); // no longer its own
      expect(await backend.lease("a", 60_000)).toBeNull();
      await harness.advance(50);
      const third = await backend.lease("a", 60_000);
      expect(third).not.toBeNull();
      await second!.release(); // ran out, and is another's by now
      expect(await backend.lease("a", 60_000)).toBeNull();
      await backend.set("a", entryOf("a lease is no entry"));
      expect(await collect(backend.keys())).toEqual(["a"]);
      await backend.clear();
      expect(await backend.lease("a", 60_000)).toBeNull();
      await expect(backend.lease("a", 0)).rejects.toThrow(/whole number of ms/);
    });

    it("answers concurrent calls each with its own", async () => {
      const keys = Array.from({ length: 200 }, (_, i) => `key ${i % 20}`);
      const calls = keys.map(async (key, index) => {
        await backend.set(key, entryOf(`${key} ${index}`));
        return textOf(await backend.get(key));
      });
      for (const [index, text] of (await Promise.all(calls)).entries()) expect(text).toMatch(`${keys[index]} `);
      expect((await collect(backend.keys())).length).toBe(20);
    });

    it("says BACKEND_FULL when it is, still reads, and takes entries again when there is room", async () => {
      const small = await harness.openSmall();
      try {
        const megabyte = new Uint8Array(1_000_000).fill(7);
        const stored: string[] = [];
        let problem: unknown;
        for (let i = 0; i < 12 && problem === undefined; i++) {
          await small.set(`key ${i}`, entryOf(megabyte)).then(
            () => stored.push(`key ${i}`),
            (error: unknown) => (problem = error),
          );
        }
        expect(problem).toMatchObject({ code: "BACKEND_FULL" });
        expect(stored.length).toBeGreaterThanOrEqual(1);
        for (const key of stored) expect((await small.get(key))!.bytes.length).toBe(1_000_000);
        await expect(small.set(stored[0]!, entryOf(new Uint8Array(9_000_000)))).rejects.toMatchObject({
          code: "BACKEND_FULL",
        });
        expect((await small.get(stored[0]!))!.bytes.length).toBe(1_000_000);
        for (const key of stored) expect(await small.delete(key)).toBe(true);
        // Redis holds on to the room that it made for the large command for some two seconds.
        await expect
          .poll(() => small.set("again", entryOf(megabyte)).then(() => "stored"), { timeout: 30_000 })
          .toBe("stored");
        expect((await small.get("again"))!.bytes.length).toBe(1_000_000);
      } finally {
        await small.close();
      }
    });

    const { damage } = harness;
    if (damage !== undefined)
      it("drops a damaged entry, tells it, and goes on", async () => {
        await backend.set("a", entryOf("value that gets damaged", { tags: ["t"] }));
        await backend.set("b", entryOf("untouched"));
        await damage("a");
        expect((await backend.getMany(["a", "b"])).map(textOf)).toEqual([null, "untouched"]);
        expect(problems.map((problem) => problem.code)).toEqual(["BACKEND_DAMAGED"]);
        expect(await backend.get("a")).toBeNull();
        expect(problems.length).toBe(1);
        expect(await collect(backend.keys())).toEqual(["b"]);
        await backend.set("a", entryOf("new"));
        expect(textOf(await backend.get("a"))).toBe("new");
      });

    it("is BACKEND_UNAVAILABLE once closed", async () => {
      await backend.set("a", entryOf("1"));
      await backend.close();
      await backend.close();
      const calls: (() => Promise<unknown>)[] = [
        () => backend.get("a"),
        () => backend.getMany(["a"]),
        () => backend.set("a", entryOf("2")),
        () => backend.setMany(new Map([["a", entryOf("2")]])),
        () => backend.delete("a"),
        () => backend.deleteTag("a"),
        () => backend.clear(),
        () => collect(backend.keys()),
        () => backend.size(),
        () => backend.lease("a", 10),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    });

    it.each([1, 2])("does what a Map does, seed %i", async (seed) => {
      const random = new RandomStream(seed, "backend-model");
      const model = new Map<string, StoredEntry>();
      const trail: string[] = [];
      const randomKey = () => `key ${random.integer(12)}`;
      const randomEntry = () =>
        entryOf(`${random.integer(1_000)}`, { tags: ["x", "y", "z"].filter(() => random.chance(0.3)) });
      for (let step = 0; step < 200; step++) {
        const key = randomKey();
        const what = random.integer(100);
        trail.push(`${what} ${key}`);
        if (what < 40) {
          const entry = randomEntry();
          await backend.set(key, entry);
          model.set(key, entry);
        } else if (what < 50) {
          const entries = new Map([1, 2, 3].map(() => [randomKey(), randomEntry()]));
          await backend.setMany(entries);
          for (const [each, entry] of entries) model.set(each, entry);
        } else if (what < 65) expect(await backend.delete(key), trail.join("; ")).toBe(model.delete(key));
        else if (what < 72) {
          const tag = ["x", "y", "z"][random.integer(3)]!;
          const tagged = [...model].filter(([, entry]) => entry.tags.includes(tag)).map(([each]) => each);
          expect(await backend.deleteTag(tag), trail.join("; ")).toBe(tagged.length);
          for (const each of tagged) model.delete(each);
        } else if (what < 74) {
          expect(await backend.clear(), trail.join("; ")).toBe(model.size);
          model.clear();
        } else {
          const [found] = await backend.getMany([key]);
          expect(textOf(found!), trail.join("; ")).toBe(textOf(model.get(key) ?? null));
          expect(found?.tags ?? [], trail.join("; ")).toEqual(model.get(key)?.tags ?? []);
        }
      }
      expect((await collect(backend.keys())).sort()).toEqual([...model.keys()].sort());
      expect(problems).toEqual([]);
    });
  });
}
