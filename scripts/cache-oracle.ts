// Replays every policy over every cell of ../shared/traces/oracles/hit-rates.json, over sizes between those, and over streams that
// nothing was tuned on; writes docs/cache-policies.md. `--quick` leaves out the two long traces and writes nothing.

import { writeFileSync } from "node:fs";
import type { RequestTrace } from "../cache/policies/policy.ts";
import { CACHE_POLICIES, cachePolicyIds, cachePolicyOrBound } from "../cache/policies/registry.ts";
import { replayCache } from "../cache/replay.ts";
import { commandKeys, hasOracle, ORACLE_NAMES, oracleCells, oracleKeys, sizedTrace } from "./cache/oracle-traces.ts";
import { SYNTHETIC_STREAMS } from "./cache/synthetic-streams.ts";

const LONG = /^(arc_OLTP|cache2k_orm-busy|lirs_loop)$/;
const PUBLISHED = "OLTP: Megiddo and Modha, FAST 2003";
const isQuick = process.argv.includes("--quick");

if (!hasOracle) throw new Error("../shared/traces is not there: nothing to compare with");
const keysOf = memo(oracleKeys);
const cells = oracleCells().filter((cell) => !isQuick || !LONG.test(cell.trace));
const perCell = cellTable();
const perPolicy = policyTable();
const heldOut = heldOutTable();
const text = `${head()}\n${perPolicy}\n${perCell}\n${heldOut}`;
if (isQuick) process.stdout.write(text);
else writeFileSync("docs/cache-policies.md", text);

function head(): string {
  const names = CACHE_POLICIES.map((policy) => `| \`${policy.id}\` | ${policy.title} | ${policy.source} |`).join("\n");
  return `# Cache policies: what each is, and what it finds

Written by \`npx tsx scripts/cache-oracle.ts\`; do not edit. Traces and reference figures are those of \`../shared/traces\`
(${PUBLISHED}). Hit rates in percent of all requests, from an empty cache, every entry one unit unless it says bytes.

| id | what | source |
|---|---|---|
${names}
`;
}

function rate(id: string, trace: RequestTrace, capacity: number): number {
  return 100 * replayCache(cachePolicyOrBound(id), trace, { capacity }).hitRatio;
}

function cellTable(): string {
  const lines: string[] = [];
  let gapSum = 0;
  let adaptiveSum = 0;
  let bestSum = 0;
  let lruSum = 0;
  let optSum = 0;
  let worst = { points: 0, cell: "" };
  let below = 0;
  for (const cell of cells) {
    const adaptive = rate("adaptive", { keys: keysOf(cell.trace) }, cell.size);
    const { lru, opt } = cell.rates as { lru: number; opt: number };
    const toLru = adaptive - lru;
    if (toLru < worst.points) worst = { points: toLru, cell: `${cell.trace} at ${cell.size}` };
    if (toLru < -1) below++;
    gapSum += cell.best - adaptive;
    adaptiveSum += adaptive;
    bestSum += cell.best;
    lruSum += lru;
    optSum += opt;
    const figures = [lru, adaptive, cell.best].map(two).join(" | ");
    lines.push(
      `| ${cell.trace} | ${cell.size} | ${figures} (${cell.bestName}) | ${two(opt)} | ${two(cell.best - adaptive)} | ${two(toLru)} |`,
    );
    console.error(cell.trace, cell.size, two(adaptive), two(cell.best - adaptive));
  }
  const n = cells.length;
  const means = [lruSum, adaptiveSum, bestSum, optSum, gapSum].map((sum) => two(sum / n));
  return `## \`adaptive\` on the ${n} cells

Mean: LRU ${means[0]}, \`adaptive\` ${means[1]}, the best of twelve chosen for each cell ${means[2]}, clairvoyant optimum ${means[3]}.
\`adaptive\` is ${means[4]} points below the best of twelve. Furthest below LRU: ${two(-worst.points)} points (${worst.cell || "none"});
more than one point below LRU on ${below} cells.

| trace | entries | lru | adaptive | best of twelve | opt | best − adaptive | adaptive − lru |
|---|---|---|---|---|---|---|---|
${lines.join("\n")}
`;
}

function policyTable(): string {
  const lines = Object.keys(ORACLE_NAMES).map((id) => {
    let equal = 0;
    let within = 0;
    let furthest = 0;
    let where = "";
    for (const cell of cells) {
      const difference =
        rate(id, { keys: keysOf(cell.trace) }, cell.size) - (cell.rates[ORACLE_NAMES[id] as string] as number);
      // The file has four decimals.
      if (Math.abs(difference) < 0.00006) equal++;
      if (Math.abs(difference) <= 1) within++;
      if (Math.abs(difference) <= Math.abs(furthest)) continue;
      furthest = difference;
      where = `${cell.trace} at ${cell.size}`;
    }
    console.error(id, equal, within, two(furthest), where);
    const far = Math.abs(furthest) < 0.00006 ? "none" : `${two(furthest)} (${where})`;
    return `| \`${id}\` | ${equal} | ${within} | ${far} |`;
  });
  return `## Against the reference figures, ${cells.length} cells

| policy | equal to the hit | within 1 point | furthest, points |
|---|---|---|---|
${lines.join("\n")}

W-TinyLFU's few far cells are traces that run back and forth over keys of equal count (\`backf\`, \`zigzag\`): there each admission is
a tie, and which ties are broken is up to collisions in the sketch, so to its hash function.
`;
}

/** Sizes between those of the file, and streams and traces that were not looked at while the policy was made. */
function heldOutTable(): string {
  const online = cachePolicyIds().filter((id) => id !== "adaptive" && !id.startsWith("opt"));
  const lines: string[] = [];
  let gapSum = 0;
  let worst = 0;
  const add = (name: string, trace: RequestTrace, capacity: number, unit: string): void => {
    const rates = online.map((id) => rate(id, trace, capacity));
    const best = Math.max(...rates);
    const adaptive = rate("adaptive", trace, capacity);
    const lru = rates[online.indexOf("lru")] as number;
    gapSum += best - adaptive;
    worst = Math.min(worst, adaptive - lru);
    const figures = [lru, adaptive, best].map(two).join(" | ");
    lines.push(
      `| ${name} | ${capacity}${unit} | ${figures} (${online[rates.indexOf(best)]}) | ${two(best - adaptive)} | ${two(adaptive - lru)} |`,
    );
    console.error("held out", name, capacity, two(best - adaptive));
  };
  for (const stream of SYNTHETIC_STREAMS)
    for (const size of stream.sizes) add(stream.what, { keys: stream.keys() }, size, "");
  for (const user of [1, 3, 4, 6])
    for (const size of [10, 40]) add(`unix-user${user}`, { keys: commandKeys(user) }, size, "");
  const sized = sizedTrace();
  for (const mib of [16, 64, 256]) add("cloudPhysicsIO", sized, mib * 2 ** 20, " B");
  const short = cells.filter((cell) => !LONG.test(cell.trace));
  for (const [index, cell] of short.entries()) {
    const next = short[index + 1];
    if (next?.trace !== cell.trace) continue;
    add(cell.trace, { keys: keysOf(cell.trace) }, Math.round(Math.sqrt(cell.size * next.size)), "");
  }
  return `## Held out

Streams and traces that no constant of \`adaptive\` was chosen on (this table had been seen when the last two were), and sizes half way between those of the file (short traces).
Here the best is of the ${online.length} policies of this project. Mean: \`adaptive\` is ${two(gapSum / lines.length)} points below the best
of each line; furthest below LRU ${two(-worst)} points.

| stream | capacity | lru | adaptive | best | best − adaptive | adaptive − lru |
|---|---|---|---|---|---|---|
${lines.join("\n")}
`;
}

function two(value: number): string {
  return value.toFixed(2);
}

/** Keeps the last trace: cells of one trace follow each other. */
function memo(read: (trace: string) => Uint32Array): (trace: string) => Uint32Array {
  let name = "";
  let keys: Uint32Array = new Uint32Array(0);
  return (trace) => {
    if (trace !== name) keys = read(trace);
    name = trace;
    return keys;
  };
}
