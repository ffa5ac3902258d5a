// What prefetching by the model gains on real cache traces, and what the gate makes of it: the same demand on the same store, without
// prefetching, with everything that the model names, and with what the gate allows. A prefetched key is there at the next
// access (loads take no time here), so gains are upper bounds and "wasted" is exact.
//
//   npx tsx scripts/prefetch-gain.ts TRACE.vb.br ENTRIES [--price BYTE_SECOND_PRICE] [--most ACCESSES]

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { plainAttributes } from "../cache/entry-table.ts";
import { KeyPredictions, MarkovModel } from "../cache/markov-model.ts";
import { cachePolicy } from "../cache/policies/registry.ts";
import { PrefetchGate } from "../cache/prefetch-gate.ts";
import { CacheStore, FIRST_HIT, STALE } from "../cache/store.ts";

type Mode = "none" | "ungated" | "gated";

/** Keys in order: LEB128. */
function readKeys(path: string, most: number): Int32Array {
  const bytes = brotliDecompressSync(readFileSync(path));
  const keys = new Int32Array(Math.min(most, bytes.length));
  let [count, value, factor] = [0, 0, 1];
  for (let i = 0; i < bytes.length && count < keys.length; i++) {
    value += (bytes[i]! & 127) * factor;
    factor *= 128;
    if (bytes[i]! >= 128) continue;
    keys[count++] = value;
    [value, factor] = [0, 1];
  }
  return keys.subarray(0, count);
}

function replay(keys: Int32Array, entries: number, mode: Mode, price: number) {
  let now = 0;
  const gate = new PrefetchGate({ residenceSeconds: 1, entryBytes: 4096 });
  gate.price = price;
  const promised = new Map<string, { probability: number; at: number }>();
  const settle = (key: string, outcome: "in-time" | "wasted"): void => {
    const one = promised.get(key);
    if (one === undefined) return;
    promised.delete(key);
    gate.settle("model", outcome, one.probability, (now - one.at) / 1000);
  };
  const store = new CacheStore<number>({
    policy: cachePolicy("lru"),
    maxEntries: entries,
    nowMillis: () => now,
    onRemove: (key) => settle(key, "wasted"),
  });
  const model = new MarkovModel({ contextCount: 1, keyCount: 65_536, nodeCount: 1 << 17, successorCount: 6 });
  const out = new KeyPredictions();
  const attributes = plainAttributes();
  let hits = 0;
  for (const number of keys) {
    now++;
    const key = String(number);
    const outcome = store.demand(key, "", 0);
    if (outcome >= STALE) hits++;
    else store.put(key, 1, "", Object.assign(attributes, plainAttributes()));
    if (outcome === FIRST_HIT) settle(key, "in-time");
    if (mode === "none") continue;
    model.observe("", key);
    model.predict("", 3, out);
    for (let i = 0; i < out.count; i++) {
      const next = out.keys[i]!;
      if (store.find(next, "") >= 0) continue;
      const probability = out.probabilities[i]!;
      if (mode === "gated" && !gate.allow({ source: "model", probability })) continue;
      if (store.put(next, 1, "", { ...plainAttributes(), isSpeculative: true, protectUntil: now + 100 })) {
        promised.set(next, { probability, at: now });
      }
    }
  }
  const figures = gate.figures("model");
  return { hitRatio: hits / keys.length, prefetches: figures.inTime + figures.wasted, precision: figures.precision };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { price: { type: "string", default: "0" }, most: { type: "string", default: "300000" } },
});
const [path, entries] = positionals;
if (path === undefined || entries === undefined) {
  process.stderr.write("usage: prefetch-gain.ts TRACE.vb.br ENTRIES\n");
  process.exitCode = 2;
} else {
  const keys = readKeys(path, Number(values.most));
  process.stdout.write(`${basename(path)}, ${entries} entries, LRU, ${keys.length} accesses\n`);
  for (const mode of ["none", "ungated", "gated"] as const) {
    const { hitRatio, prefetches, precision } = replay(keys, Number(entries), mode, Number(values.price));
    const wasted = Number.isNaN(precision) ? "" : `, ${(100 * (1 - precision)).toFixed(1)} % wasted`;
    process.stdout.write(
      `${mode.padEnd(8)} ${(100 * hitRatio).toFixed(2)} % hits, ${prefetches} prefetches${wasted}\n`,
    );
  }
}
