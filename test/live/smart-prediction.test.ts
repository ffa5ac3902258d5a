// SmartCache with its model: what it predicts and prefetches, that this trains nothing and counts as nothing, what comes of each
// prefetch, warming, and models in files, damaged ones included.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { TROUBLE_CHANNEL } from "../../live/cache-events.ts";
import { loadModelFile } from "../../live/model-file.ts";
import { SmartCache } from "../../live/smart-cache.ts";
import type { SmartCacheOptions } from "../../live/smart-cache-options.ts";
import type { PredictionOptions } from "../../live/smart-prediction.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-prediction-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Lab {
  readonly cache: SmartCache<string>;
  readonly loaded: string[];
  now: number;
}

function lab(prediction: PredictionOptions = {}, options: SmartCacheOptions<string> = {}): Lab {
  const loaded: string[] = [];
  const it: Lab = {
    loaded,
    now: 1000,
    cache: new SmartCache<string>({ max: 1000, prediction, nowMillis: () => it.now, ...options }),
  };
  it.cache.registerLoader("", (key) => {
    loaded.push(key);
    if (key.startsWith("bad")) throw new Error("cannot be loaded");
    return `value of ${key}`;
  });
  return it;
}

/** a, b, c, d, a, ... in one context. */
async function train(cache: SmartCache<string>, rounds: number, context = ""): Promise<void> {
  for (let i = 0; i < rounds * 4; i++) await cache.getOrSet("abcd"[i % 4], undefined, { context });
}

describe("SmartCache with prediction", () => {
  it("C06 C07 C08 C22: predictNext names up to five keys of this context's own sequence", async () => {
    const { cache } = lab();
    await train(cache, 20);
    for (let i = 0; i < 80; i++) await cache.getOrSet("adcb"[i % 4], undefined, { context: "other" });
    expect(cache.predictNext("", 1)[0].key).toBe("a");
    await cache.getOrSet("a");
    await cache.getOrSet("a", undefined, { context: "other" });
    expect(cache.predictNext()[0].key).toBe("b");
    expect(cache.predictNext("other")[0].key).toBe("d");
    expect(cache.predictNext().length).toBeLessThanOrEqual(5);
    expect(cache.predictNext("unknown")).toEqual([]);
    expect(new SmartCache().predictNext()).toEqual([]);
  });

  it("C09 C10: prefetching loads in batches, trains nothing and counts as no demand", async () => {
    const { cache, loaded } = lab();
    await train(cache, 20);
    const before = cache.predictNext();
    const { requests, hits, misses, prediction } = cache.stats();
    loaded.length = 0;
    const keys = Array.from({ length: 20 }, (_, i) => `new ${i}`);
    expect(await cache.prefetch([...keys, "a", "bad 1", "new 1"])).toEqual({
      loaded: 20,
      present: 1,
      failed: 1,
      skipped: 0,
    });
    expect(loaded.sort()).toEqual([...keys, "bad 1"].sort());
    expect(cache.predictNext()).toEqual(before);
    expect(cache.stats()).toMatchObject({ requests, hits, misses });
    expect(cache.stats().prediction?.observations).toBe(prediction?.observations);
    expect(cache.stats().prefetched.inserted).toBe(20);
    cache.check();
  });

  it("C09 C20: prefetchNext loads what pays; in time, late, wasted and failed are told apart", async () => {
    const { cache, loaded } = lab({ order: 1 });
    await train(cache, 30);
    for (const key of ["b", "c"]) cache.delete(key);
    await cache.getOrSet("a");
    loaded.length = 0;
    const report = await cache.prefetchNext();
    expect(loaded).toEqual(["b"]); // c is as cold as b, but not what follows a
    expect(report).toMatchObject({ loaded: 1, failed: 0 });
    cache.get("b");
    expect(cache.stats().prediction?.prefetches).toMatchObject({ inTime: 1, late: 0, wasted: 0, failed: 0 });
    // c is on its way when it is asked for.
    const under = cache.prefetchNext();
    expect(await cache.getOrSet("c")).toBe("value of c");
    await under;
    expect(cache.stats().prediction?.prefetches).toMatchObject({ inTime: 1, late: 1 });
    // d leaves before anybody asks.
    cache.delete("d");
    await cache.prefetchNext();
    cache.delete("d");
    expect(cache.stats().prediction?.prefetches).toMatchObject({ inTime: 1, late: 1, wasted: 1 });
    await cache.prefetch(["bad"]);
    const figures = cache.stats().prediction?.bySource;
    expect(Object.keys(figures ?? {}).sort()).toEqual(["model", "requested"]);
    expect(figures?.["requested"]).toMatchObject({ failed: 1 });
  });

  it("C20: accuracy is counted on the next demand in the context, the base rate beside it", async () => {
    const { cache } = lab();
    const counted = { top1: 0, top3: 0, count: 0 };
    const random = new RandomStream(1, "smart-prediction test");
    for (let i = 0; i < 800; i++) {
      const context = `c${random.integer(2)}`;
      const key = random.chance(0.7) ? `k${i % 6}` : `k${random.integer(9)}`;
      const predicted = cache.predictNext(context, 3).map((one) => one.key);
      counted.count++;
      if (predicted[0] === key) counted.top1++;
      if (predicted.includes(key)) counted.top3++;
      if (random.chance(0.2)) await cache.prefetch([`x${i}`], { context }); // changes nothing
      await cache.getOrSet(key, undefined, { context });
    }
    const accuracy = cache.stats().prediction!.accuracy;
    expect(accuracy.count).toBe(800);
    expect(accuracy.top1).toBeCloseTo(counted.top1 / 800, 12);
    expect(accuracy.top3).toBeCloseTo(counted.top3 / 800, 12);
    expect(accuracy.top3).toBeGreaterThan(accuracy.baseTop3);
  });

  it("automatic: misses become hits, and the price of memory stops it", async () => {
    const run = async (isAutomatic: boolean, price = 0) => {
      const { cache } = lab({ isAutomatic, order: 1 }, { max: 40, policy: "lru" });
      cache.setPrefetchPrice(price);
      // A ring longer than the cache: LRU alone misses always.
      for (let i = 0; i < 1500; i++) {
        await cache.getOrSet(`key ${i % 60}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await cache.shutdown();
      cache.check();
      return cache.stats();
    };
    const [off, on, dear] = [await run(false), await run(true), await run(true, Infinity)];
    expect(off.hitRatio).toBe(0);
    expect(on.hitRatio).toBeGreaterThan(0.8);
    expect(dear.hitRatio).toBe(0);
    const { inTime, wasted, precision } = on.prediction!.prefetches;
    expect(inTime).toBe(on.prefetched.used);
    expect(precision).toBeGreaterThan(0.9);
    expect(wasted).toBeLessThan(inTime / 9);
    expect(dear.prediction!.prefetches.allowed).toBe(0);
  });

  it("C01 C02 C03 C05: warms by patterns, by keys and by what was learned; .. is refused", async () => {
    const root = join(folder, "workspace");
    mkdirSync(join(root, "src"), { recursive: true });
    for (const path of ["a.md", "src/b.ts", "src/c.ts"]) writeFileSync(join(root, path), path);
    const { cache, loaded } = lab();
    const report = await cache.warm({ root, patterns: ["**/*.ts"], keys: ["one"], toKey: (path) => `file:${path}` });
    expect(report).toEqual({ loaded: 3, present: 0, failed: 0, skipped: 0, refused: [] });
    expect(loaded.sort()).toEqual(["file:src/b.ts", "file:src/c.ts", "one"]);
    await expect(cache.warm({ root, patterns: ["../*"] })).rejects.toMatchObject({ code: "OUTSIDE_ROOT" });
    // Learned: the hot keys of yesterday are there before anybody asks today.
    for (let i = 0; i < 200; i++)
      await cache.getOrSet(i % 3 === 0 ? `rare ${i}` : `hot ${i % 2}`, undefined, { context: "w" });
    cache.clear({ context: "w" });
    loaded.length = 0;
    const learned = await cache.warm({ context: "w", learned: 2 });
    expect(learned).toMatchObject({ loaded: 2, failed: 0 });
    expect(loaded.sort()).toEqual(["hot 0", "hot 1"]);
    cache.setPrefetchPrice(Infinity);
    expect(await cache.warm({ keys: ["two"], patienceMillis: 0 })).toMatchObject({ loaded: 0, skipped: 1 });
    // Without the option it still loads what it is told to.
    const plain = lab({}, { prediction: false });
    expect(await plain.cache.warm({ keys: ["x"] })).toMatchObject({ loaded: 1 });
    expect(plain.cache.stats().requests).toBe(0);
  });
});

describe("models in files", () => {
  it("C18 C22: shutdown saves the model, initialize goes on with it, bit by bit", async () => {
    const modelFile = join(folder, "model.json");
    const first = lab({ modelFile }).cache;
    await first.initialize(); // nothing there yet is no trouble
    await train(first, 20);
    const expected = first.predictNext();
    await first.shutdown();
    const second = lab({ modelFile }).cache;
    expect(second.predictNext()).toEqual([]);
    await second.initialize();
    expect(second.predictNext()).toEqual(expected);
    await second.saveModel(join(folder, "copy.json"));
    expect(readFileSync(join(folder, "copy.json"), "utf8")).toBe(readFileSync(modelFile, "utf8"));
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("INVALID_MODEL, NOT_FOUND, NOT_WRITABLE: told, and the cache goes on with the model it has", async () => {
    const { cache } = lab();
    await train(cache, 10);
    const expected = cache.predictNext();
    const path = join(folder, "damaged.json");
    await cache.saveModel(path);
    const whole = readFileSync(path);
    for (const damage of [
      whole.subarray(0, 500),
      Buffer.concat([whole.subarray(0, 900), whole.subarray(901)]),
      Buffer.alloc(0),
    ]) {
      writeFileSync(path, damage);
      await expect(cache.loadModel(path)).rejects.toMatchObject({ code: "INVALID_MODEL", details: { file: path } });
      expect(cache.predictNext()).toEqual(expected);
    }
    await expect(cache.loadModel(join(folder, "none.json"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(cache.loadModel(folder)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(cache.loadModel()).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(cache.saveModel(join(folder, "no", "folder.json"))).rejects.toMatchObject({ code: "NOT_WRITABLE" });
    await expect(cache.saveModel(folder)).rejects.toMatchObject({ code: "NOT_WRITABLE" });
    expect(await cache.getOrSet("still")).toBe("value of still");
  });

  it("a damaged file at the start is trouble, told on its channel, and no more than that", async () => {
    const modelFile = join(folder, "broken.json");
    writeFileSync(modelFile, '{"schema":"mempred.markov/1","crc32":"00000000","content":{}}');
    const told: unknown[] = [];
    const listen = (message: unknown) => told.push(message);
    subscribe(TROUBLE_CHANNEL, listen);
    const { cache } = lab({ modelFile });
    await cache.initialize();
    unsubscribe(TROUBLE_CHANNEL, listen);
    expect(told).toMatchObject([{ what: "model", error: { code: "INVALID_MODEL" } }]);
    await train(cache, 5);
    await cache.shutdown();
    expect((await loadModelFile(modelFile)).observations).toBe(20);
  });

  it.each([1, 2])("random damage to the bytes of a file, seed %i", async (seed) => {
    const random = new RandomStream(seed, "model file damage");
    const { cache } = lab({ contextCount: 2, keyCount: 8, nodeCount: 16 });
    await train(cache, 3);
    const path = join(folder, `fuzz-${seed}.json`);
    await cache.saveModel(path);
    const whole = readFileSync(path);
    const text = JSON.stringify(JSON.parse(whole.toString()));
    let refused = 0;
    for (let i = 0; i < 60; i++) {
      const bytes = Buffer.from(whole);
      for (let n = 0; n <= random.integer(3); n++) bytes[random.integer(bytes.length)] = random.integer(256);
      writeFileSync(path, bytes);
      try {
        await cache.loadModel(path);
        expect(JSON.stringify(JSON.parse(bytes.toString())), `seed ${seed}, case ${i}`).toBe(text);
      } catch (error) {
        expect((error as { code: string }).code, `seed ${seed}, case ${i}`).toBe("INVALID_MODEL");
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
    expect(cache.predictNext().length).toBeGreaterThan(0);
  });
});
