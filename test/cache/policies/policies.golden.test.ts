// Hit counts that pin the policies: on seeded streams (committed), and on cells of the reference file where it is present. The whole
// of that file is compared by scripts/cache-oracle.ts, which writes docs/cache-policies.md.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cachePolicyIds, cachePolicyOrBound } from "../../../cache/policies/registry.ts";
import { replayCache } from "../../../cache/replay.ts";
import { packageRoot } from "../../../io/find-trace.ts";
import {
  hasOracle,
  ORACLE_NAMES,
  type OracleCell,
  oracleCells,
  oracleKeys,
} from "../../../scripts/cache/oracle-traces.ts";
import { SYNTHETIC_STREAMS } from "../../../scripts/cache/synthetic-streams.ts";

type Golden = Readonly<Record<string, Readonly<Record<string, number>>>>;
const GOLDEN = JSON.parse(readFileSync(join(packageRoot(), "test/golden/cache-policies.json"), "utf8")) as Golden;

/** Too long for a test. */
const LONG = /^(arc_OLTP|cache2k_orm-busy|lirs_loop|corda_vault)$/;
const EXACT = ["fifo", "lru", "clock", "lfu", "sieve", "opt", "opt-bypass"];
const WITHIN: readonly [string, number][] = [
  ["arc", 0.1],
  ["2q", 1],
  ["s3-fifo", 1],
  ["lirs", 1],
  ["w-tinylfu", 1],
  ["w-tinylfu-20", 1],
];
/** Ties of the sketch decide here; see docs/cache-policies.md. */
const TIES = /^lirs_(backf|zigzag)$/;

const shortCells = oracleCells().filter(
  ({ trace, size }) => !LONG.test(trace) || (trace === "lirs_loop" && size === 512),
);
const everySecondCell = shortCells.filter((_cell, index) => index % 2 === 0);
const keysByTrace = new Map<string, Uint32Array>();

function keysOf(trace: string): Uint32Array {
  const keys = keysByTrace.get(trace) ?? oracleKeys(trace);
  keysByTrace.set(trace, keys);
  return keys;
}

function rate(id: string, cell: OracleCell): number {
  return 100 * replayCache(cachePolicyOrBound(id), { keys: keysOf(cell.trace) }, { capacity: cell.size }).hitRatio;
}

describe("hits on seeded streams", () => {
  it.each(SYNTHETIC_STREAMS.map((stream) => [stream.id, stream] as const))("%s", (id, stream) => {
    const keys = stream.keys();
    for (const capacity of stream.sizes) {
      const row: Record<string, number> = {};
      for (const policy of cachePolicyIds())
        row[policy] = replayCache(cachePolicyOrBound(policy), { keys }, { capacity }).hits;
      expect(row).toEqual(GOLDEN[`${id}@${capacity}`]);
    }
  });

  it("adaptive never falls a point below LRU, and is within 2 of the best policy on the mean", () => {
    const points = (hits: number) => (100 * hits) / 60_000;
    let gap = 0;
    for (const [cell, row] of Object.entries(GOLDEN)) {
      const best = Math.max(...Object.entries(row).flatMap(([id, hits]) => (id.startsWith("opt") ? [] : [hits])));
      gap += points(best - (row.adaptive as number)) / Object.keys(GOLDEN).length;
      expect(points((row.adaptive as number) - (row.lru as number)), `${cell}, to LRU`).toBeGreaterThan(-1);
    }
    expect(gap).toBeLessThan(2);
  });
});

describe.skipIf(!hasOracle)("C29: the reference figures", () => {
  it.each(EXACT)("%s equals them to the hit", (id) => {
    for (const cell of everySecondCell) {
      const name = ORACLE_NAMES[id] as string;
      expect(rate(id, cell), `${id}, ${cell.trace} at ${cell.size}`).toBeCloseTo(cell.rates[name] as number, 3.9);
    }
  });

  it.each(WITHIN)("%s comes within %d points", (id, points) => {
    for (const cell of everySecondCell) {
      if (id.startsWith("w-tinylfu") && TIES.test(cell.trace)) continue;
      const difference = Math.abs(rate(id, cell) - (cell.rates[ORACLE_NAMES[id] as string] as number));
      expect(difference, `${id}, ${cell.trace} at ${cell.size}`).toBeLessThanOrEqual(points);
    }
  });

  it("adaptive: mean within 0.5 points of the best of twelve, nowhere 3 below LRU", () => {
    let gap = 0;
    for (const cell of shortCells) {
      const adaptive = rate("adaptive", cell);
      gap += cell.best - adaptive;
      expect(adaptive - (cell.rates.lru as number), `${cell.trace} at ${cell.size}`).toBeGreaterThan(-3);
    }
    expect(gap / shortCells.length).toBeLessThan(0.5);
  });

  it("adaptive: gli at 1000 and loop at 512", () => {
    const at = (trace: string, size: number) => rate("adaptive", { trace, size } as OracleCell);
    expect(at("lirs_gli", 1000)).toBeGreaterThanOrEqual(49.8);
    expect(at("lirs_loop", 512)).toBeGreaterThanOrEqual(48.9);
  });
});

if (!hasOracle)
  console.warn("SKIPPED: ../shared/traces is not there: policies are not compared with the reference figures");
