// Benchmark of the ring, and what decides where it is used (P50): four threads, two of which send numbered items to the other two,
// by the ring and by message ports, one by one and in batches; the same ring in one thread against a plain array; and one item
// there and back between threads that sleep. Every item of every round is accounted for. Times are the fastest of rounds that
// alternate, as the machine may be shared; in one thread CPU time.
//
//   npx tsx scripts/bench/ring.ts [--smoke]

import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { IntRing } from "../../preload/ring/int-ring.ts";
import type { BenchRow } from "./bench-row.ts";
import { RingCrew, type Round } from "./ring-crew.ts";

const BATCHES = [1, 64, 1024];
/** Pushes before as many pops, in one thread. */
const BURST = 64;
/** A message for each of ten million items would fill the memory before it is read. */
const MOST_SINGLE_MESSAGES = 200_000;

interface Totals {
  items: number;
  wrong: number;
}

export async function benchRing({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const items = smoke ? 40_000 : 10_000_000;
  const rounds = smoke ? 1 : 3;
  const crew = new RingCrew(4);
  const digest = new Digest();
  const ringTotals: Totals = { items: 0, wrong: 0 };
  const portTotals: Totals = { items: 0, wrong: 0 };
  try {
    const rates = { ring: new Map<number, number>(), ports: new Map<number, number>() };
    const trips = { ring: Infinity, ports: Infinity };
    const busy = { feed: Infinity, ports: Infinity };
    const tripCount = smoke ? 200 : 20_000;
    for (let i = 0; i < rounds; i++) {
      for (const batch of BATCHES) {
        for (const way of ["ring", "ports"] as const) {
          const count = way === "ports" && batch === 1 ? Math.min(items, MOST_SINGLE_MESSAGES) : items;
          const rate = await measure(
            crew,
            { senders: 2, receivers: 2, items: count, way, batch },
            way === "ring" ? ringTotals : portTotals,
            digest,
          );
          rates[way].set(batch, Math.max(rates[way].get(batch) ?? 0, rate));
        }
      }
      for (const way of ["ring", "ports"] as const) {
        const { millis, disordered } = await crew.runRoundTrips(tripCount, way);
        digest.addInteger(disordered);
        trips[way] = Math.min(trips[way], (1000 * millis) / tripCount);
      }
      for (const way of ["feed", "ports"] as const) {
        const { busyMicros, sum } = await crew.runTelling(smoke ? 500 : 50_000, way);
        digest.addInteger(sum);
        busy[way] = Math.min(busy[way], busyMicros);
      }
    }
    const oneThread = inOneThread(smoke ? 20_000 : 4_000_000, rounds + 1, digest);
    const rate = (way: "ring" | "ports", batch: number) => rates[way].get(batch) as number;
    const how = `2 threads to 2, ${items.toLocaleString("en")} items a round`;
    const rows: BenchRow[] = [];
    for (const batch of BATCHES) {
      const size = batch === 1 ? "one by one" : `batches of ${batch}`;
      // The mark is of whoever cares for speed: a batch is what there are batches for.
      const mark = batch === 64 ? { mark: ">= 5" } : {};
      rows.push({ name: `ring, ${size}`, value: rate("ring", batch), unit: "M items/s", ...mark, note: how });
      const fewer = batch === 1 ? `, ${Math.min(items, MOST_SINGLE_MESSAGES).toLocaleString("en")} items` : "";
      const note = `the same by message ports${fewer}`;
      rows.push({ name: `port, ${size}`, value: rate("ports", batch), unit: "M items/s", note });
    }
    for (const batch of BATCHES) {
      const size = batch === 1 ? "one by one" : `batches of ${batch}`;
      rows.push({ name: `ring against port, ${size}`, value: rate("ring", batch) / rate("ports", batch), unit: "x" });
    }
    rows.push(
      {
        name: "items lost, doubled or out of order, ring",
        value: ringTotals.wrong,
        unit: "items",
        mark: "= 0",
        note: `of ${ringTotals.items.toLocaleString("en")} in all rounds`,
      },
      {
        name: "items lost, doubled or out of order, port",
        value: portTotals.wrong,
        unit: "items",
        note: `of ${portTotals.items.toLocaleString("en")}`,
      },
      {
        name: "ring in one thread, one by one",
        value: oneThread.ring,
        unit: "ns/item",
        note: `push and pop, bursts of ${BURST}, CPU time`,
      },
      { name: "ring in one thread, batches", value: oneThread.batches, unit: "ns/item", note: `of ${BURST}` },
      { name: "array in one thread", value: oneThread.array, unit: "ns/item", note: "push and shift, the same bursts" },
      {
        name: "ring against array in one thread",
        value: oneThread.ring / oneThread.array,
        unit: "x",
        note: "time: over 1, the array wins",
      },
      {
        name: "there and back, ring and Atomics.wait",
        value: trips.ring,
        unit: "µs",
        note: "one item, both threads asleep",
      },
      { name: "there and back, port", value: trips.ports, unit: "µs" },
      {
        name: "request told to the learner, feed",
        value: busy.feed,
        unit: "µs",
        note: "3 threads tell; of the learner's event loop, names decoded",
      },
      { name: "request told to the learner, port", value: busy.ports, unit: "µs" },
      { name: "feed against port", value: busy.ports / busy.feed, unit: "x" },
      { name: "digest of the accounts", value: 0, unit: "", note: digest.hex() },
    );
    return rows;
  } finally {
    await crew.end();
  }
}

/** @returns millions of items a second */
async function measure(crew: RingCrew, round: Round, totals: Totals, digest: Digest): Promise<number> {
  const { items, lost, doubled, disordered, left, millis } = await crew.run(round);
  totals.items += items;
  totals.wrong += lost + doubled + disordered + left;
  for (const value of [items, lost, doubled, disordered, left]) digest.addInteger(value);
  return items / millis / 1000;
}

/** CPU nanoseconds an item. */
function inOneThread(count: number, rounds: number, digest: Digest): { ring: number; batches: number; array: number } {
  const ring = IntRing.create(1024);
  const block = new Int32Array(BURST);
  const queue: number[] = [];
  const ways = {
    ring(first: number): number {
      let sum = 0;
      for (let i = 0; i < BURST; i++) ring.tryPush(first + i);
      for (let i = 0; i < BURST; i++) sum += ring.tryPop() as number;
      return sum;
    },
    batches(first: number): number {
      let sum = 0;
      for (let i = 0; i < BURST; i++) block[i] = first + i;
      ring.pushMany(block);
      ring.popMany(block);
      for (let i = 0; i < BURST; i++) sum += block[i] as number;
      return sum;
    },
    array(first: number): number {
      let sum = 0;
      for (let i = 0; i < BURST; i++) queue.push(first + i);
      for (let i = 0; i < BURST; i++) sum += queue.shift() as number;
      return sum;
    },
  };
  const best = { ring: Infinity, batches: Infinity, array: Infinity };
  for (let round = 0; round < rounds; round++) {
    for (const way of ["ring", "batches", "array"] as const) {
      const before = process.cpuUsage();
      let sum = 0;
      for (let first = 0; first < count; first += BURST) sum += ways[way](first);
      const { user, system } = process.cpuUsage(before);
      digest.addInteger(sum % 2 ** 31);
      best[way] = Math.min(best[way], ((user + system) * 1000) / count);
    }
  }
  return best;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchRing({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(3)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
