// Contents of files, cached by size in bytes: each folder is a tag, so that one call drops all that was cached of it. A file that
// is too large for the cache is read each time and pushes nothing out.
//
// npx tsx examples/cache-files.ts

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { SmartCache } from "mempred/cache";

const root = await mkdtemp(join(tmpdir(), "mempred-example-"));
for (const folder of ["docs", "logs"]) {
  await mkdir(join(root, folder));
  for (let i = 0; i < 5; i++) await writeFile(join(root, folder, `${i}.txt`), `${folder} ${i} `.repeat(100));
}
await writeFile(join(root, "huge.bin"), Buffer.alloc(100_000));

let reads = 0;
const files = new SmartCache<Buffer>({ maxSize: 50_000, sizeCalculation: (content) => content.length });
files.registerLoader(
  "",
  (name) => {
    reads++;
    return readFile(join(root, name));
  },
  { type: "file", tags: (_content, name) => [dirname(name)] },
);

async function readAll(): Promise<number> {
  const before = reads;
  for (const folder of ["docs", "logs"]) for (let i = 0; i < 5; i++) await files.getOrSet(`${folder}/${i}.txt`);
  return reads - before;
}

console.log(
  `first time: ${await readAll()} reads; second time: ${await readAll()} reads; ${files.calculatedSize} bytes`,
);
console.log(`docs changed: ${files.deleteTag("docs")} entries dropped, ${await readAll()} reads`);

for (let i = 0; i < 3; i++) await files.getOrSet("huge.bin");
console.log(`too large: refused ${files.stats().refused.oversize} times, evicted ${files.stats().removed.size}`);
const missing = await files.getOrSet("docs/none.txt").catch((error: Error) => `${error.message}`);
console.log(
  `not there: ${String(missing).includes("docs/none.txt")}, and not remembered: ${!files.has("docs/none.txt")}`,
);

await files.shutdown();
await rm(root, { recursive: true });
