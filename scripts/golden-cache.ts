// Writes test/golden/cache-policies.json: hits of every policy on the synthetic streams, which pin the policies where the real traces
// are absent. Run it only when a policy is meant to change, and say why in the commit.

import { mkdirSync, writeFileSync } from "node:fs";
import { cachePolicyIds, cachePolicyOrBound } from "../cache/policies/registry.ts";
import { replayCache } from "../cache/replay.ts";
import { SYNTHETIC_STREAMS } from "./cache/synthetic-streams.ts";

const hits: Record<string, Record<string, number>> = {};
for (const stream of SYNTHETIC_STREAMS) {
  const keys = stream.keys();
  for (const capacity of stream.sizes) {
    const row: Record<string, number> = {};
    for (const id of cachePolicyIds()) row[id] = replayCache(cachePolicyOrBound(id), { keys }, { capacity }).hits;
    hits[`${stream.id}@${capacity}`] = row;
  }
}
mkdirSync("test/golden", { recursive: true });
writeFileSync("test/golden/cache-policies.json", `${JSON.stringify(hits, null, 2)}\n`);
