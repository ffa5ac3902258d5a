// METRIC lines of a cache replay, in the order of the rows: hits, evictions and the ratios, each with its policy, trace and size.

import type { CacheDocument } from "../cache-document.ts";
import { formatMetric } from "./format.ts";

/** All lines, each ending in a newline. */
export function cacheMetricLines({ rows }: CacheDocument): string {
  const lines: string[] = [];
  for (const row of rows) {
    const size = row.entries === null ? `bytes=${row.bytes}` : `entries=${row.entries}`;
    const labels = `policy=${row.policy} trace=${row.trace.replace(/\s+/g, "_")} ${size} requests=${row.requests}`;
    const values: [string, number][] = [
      ["cache_hit_ratio", row.hitRatio],
      ["cache_hits", row.hits],
      ["cache_misses", row.misses],
      ["cache_evictions", row.evictions],
    ];
    if (row.byteHitRatio !== undefined) values.push(["cache_byte_hit_ratio", row.byteHitRatio]);
    for (const [name, value] of values) lines.push(`METRIC ${name}=${formatMetric(value)} ${labels}\n`);
  }
  return lines.join("");
}
