// Benchmark of the component loader: a hundred templates in a folder, asked for with a skew (rank = 100 · u⁵), a variant each, a
// cache of a hundred entries, so that half of the templates and variants fit. Rows F24 and F25: how many requests read no file, and
// the 95th percentile of the time of those, measured and not inferred; a request that reads stands beside it.
//
//   npx tsx scripts/bench/components.ts [--smoke]

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { ComponentLoader } from "../../live/components/component-loader.ts";
import type { BenchRow } from "./bench-row.ts";

const TEMPLATES = 100;
/** Longer than a file's times are coarse: until then a file is read again at each look. */
const SETTLE_MILLIS = 60;

export async function benchComponents({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const requests = smoke ? 500 : 20_000;
  const root = await mkdtemp(join(tmpdir(), "mempred-bench-"));
  try {
    for (let i = 0; i < TEMPLATES; i++) await writeFile(join(root, `${i}.md`), `${"text ".repeat(200)} ${i} {user}\n`);
    await sleep(SETTLE_MILLIS);
    const components = new ComponentLoader({ root });
    const random = new RandomStream(1, "bench-components");
    const digest = new Digest();
    for (let i = 0; i < requests; i++) {
      const rank = Math.floor(TEMPLATES * random.next() ** 5);
      const text = await components.load(`${rank}.md`, { variables: { user: "Ada" } });
      digest.addInteger(text.length);
    }
    components.check();
    const { hits, hitRatio, hitMillis, loadMillis } = components.statistics();
    digest.addInteger(hits);
    const note = `${requests} requests for ${TEMPLATES} templates, 100 entries`;
    return [
      { name: "requests that read no file", value: 100 * hitRatio, unit: "%", mark: ">= 75", note },
      {
        name: "request that reads no file, p95",
        value: hitMillis.p95,
        unit: "ms",
        mark: "< 100",
        note: "of the last 1,000",
      },
      { name: "read of a file, p95", value: loadMillis.p95, unit: "ms", note: "of the last 1,000" },
      { name: "digest of texts and hits", value: 0, unit: "", note: digest.hex() },
    ];
  } finally {
    await rm(root, { recursive: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchComponents({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(3)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
