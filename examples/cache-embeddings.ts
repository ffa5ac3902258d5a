// Embeddings are costly to make and small to keep: they are cached by bytes for an hour, and a restart of the program begins with
// what the last one knew.
//
// npx tsx examples/cache-embeddings.ts

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SmartCache } from "mempred/cache";

const folder = await mkdtemp(join(tmpdir(), "mempred-example-"));
let computed = 0;

/** A stand-in for a model: any text becomes 256 numbers. */
function embed(text: string): Float32Array {
  computed++;
  const vector = new Float32Array(256);
  for (let i = 0; i < text.length; i++) vector[(text.charCodeAt(i) * (i + 1)) % 256] += 1;
  return vector;
}

const open = async () => {
  const cache = new SmartCache<Float32Array>({
    maxSize: 512 * 1024,
    sizeCalculation: (vector, text) => vector.byteLength + 2 * text.length,
    snapshotFile: join(folder, "embeddings.snapshot"),
  });
  await cache.initialize();
  return cache;
};
const texts = Array.from({ length: 400 }, (_, i) => `sentence number ${i}`);
const embedAll = async (cache: SmartCache<Float32Array>) => {
  const before = computed;
  for (const text of texts) await cache.getOrSet(text, embed, { type: "embedding" });
  return computed - before;
};

const first = await open();
console.log(
  `first run: ${await embedAll(first)} computed; again: ${await embedAll(first)}; ${first.calculatedSize} bytes`,
);
await first.shutdown();

const second = await open();
console.log(`after a restart: ${second.size} known, ${await embedAll(second)} computed`);
const [same, fresh] = [second.get("sentence number 7"), embed("sentence number 7")];
console.log(`equal to the bit: ${same?.every((value, i) => value === fresh[i])}`);
await second.shutdown();
await rm(folder, { recursive: true });
