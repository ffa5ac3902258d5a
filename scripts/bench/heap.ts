// Benchmark of the heap: cost of allocate and free at a level of 85 %, against two other allocators for typed arrays on
// the same tape; refusals; a whole slide; garbage. Times are CPU time, the fastest of several rounds, as the machine may be
// shared; ratios compare rounds that alternate within one run. An operation is one allocate or one free, the replay's own
// loop included.
//
//   npx tsx scripts/bench/heap.ts [--smoke]

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { MemPool } from "@thi.ng/malloc";
import { createCompactor } from "../../allocator/compactor.ts";
import { type FitKind, Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { Digest } from "../../core/hash.ts";
import { DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";
import type { BenchRow } from "./bench-row.ts";
import { levelTape, type Tape } from "./tape.ts";

const LEVEL_RATIO = 0.85;
const LARGE_CAPACITY_BYTES = 16 * 1024 * 1024;
const REFERENCE_BYTES = 528;
const SLIDE_LEVEL_RATIO = 0.95;

/** What a replay needs; 0 from `allocate` is a refusal. */
interface Allocator {
  allocate(sizeBytes: number): number;
  free(block: number): unknown;
}

interface Candidate {
  readonly name: string;
  make(capacityBytes: number): Allocator;
}

const NpmMalloc = createRequire(import.meta.url)("malloc") as new (
  buffer: ArrayBuffer,
) => { alloc(sizeBytes: number): number; free(address: number): number };

function heapCandidate(fit: FitKind): Candidate {
  return {
    name: `heap, ${fit} fit`,
    make: (capacityBytes) => new Heap({ capacityBytes, fit, referenceLengthBytes: REFERENCE_BYTES }),
  };
}

const THING: Candidate = {
  name: "@thi.ng/malloc",
  make: (capacityBytes) => {
    const pool = new MemPool({ size: capacityBytes, align: 16 });
    return { allocate: (sizeBytes) => pool.malloc(sizeBytes), free: (block) => pool.free(block) };
  },
};

const NPM_MALLOC: Candidate = {
  name: "npm malloc",
  make: (capacityBytes) => {
    const allocator = new NpmMalloc(new ArrayBuffer(capacityBytes));
    return { allocate: (sizeBytes) => allocator.alloc(sizeBytes), free: (block) => allocator.free(block) };
  },
};

/** Replays a filled allocator over the first `pairs` pairs of the tape. Returns the number of refusals. */
function replay(allocator: Allocator, tape: Tape, blocks: Float64Array, pairs: number): number {
  const { victims, sizes } = tape;
  let refused = 0;
  for (let i = 0; i < pairs; i++) {
    const id = victims[i]!;
    const old = blocks[id]!;
    if (old !== 0) allocator.free(old);
    const block = allocator.allocate(sizes[i]!);
    if (block === 0) refused++;
    blocks[id] = block;
  }
  return refused;
}

/** The heap's own replay: handles in an Int32Array, and the pressure read after every pair. A function of its own keeps its calls monomorphic. */
function replayHeap(heap: Heap, tape: Tape, handles: Int32Array, pairs: number): { refused: number; pressure: number } {
  const { victims, sizes } = tape;
  let refused = 0;
  let pressure = 0;
  for (let i = 0; i < pairs; i++) {
    const id = victims[i]!;
    const old = handles[id]!;
    if (old !== NO_HANDLE) heap.free(old);
    const handle = heap.allocate(sizes[i]!);
    if (handle === NO_HANDLE) refused++;
    handles[id] = handle;
    pressure += heap.effectivePressureRatio();
  }
  return { refused, pressure };
}

function nanosSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) * 1000;
}

interface Timing {
  /** ns per operation, fastest round. */
  nanos: number;
  refused: number;
}

function timeHeap(fit: FitKind, capacityBytes: number, tape: Tape, pairs: number, digest: Digest): Timing {
  const heap = heapCandidate(fit).make(capacityBytes) as Heap;
  const handles = Int32Array.from(tape.fill, (size) => heap.allocate(size));
  const start = process.cpuUsage();
  const { refused, pressure } = replayHeap(heap, tape, handles, pairs);
  const nanos = nanosSince(start) / (2 * pairs);
  digest.addInteger(refused);
  digest.addInteger(Math.round(pressure * 1000));
  for (const handle of handles) digest.addInteger(handle === NO_HANDLE ? -1 : heap.addressOf(handle));
  return { nanos, refused };
}

function timeOther(candidate: Candidate, capacityBytes: number, tape: Tape, pairs: number): Timing {
  const allocator = candidate.make(capacityBytes);
  const blocks = Float64Array.from(tape.fill, (size) => allocator.allocate(size));
  const start = process.cpuUsage();
  const refused = replay(allocator, tape, blocks, pairs);
  return { nanos: nanosSince(start) / (2 * pairs), refused };
}

/** Fastest of `rounds`, candidates alternating, so that a slow spell of the machine meets all of them. */
function fastest(rounds: number, runs: (() => Timing)[]): Timing[] {
  const best = runs.map(() => ({ nanos: Infinity, refused: 0 }));
  for (let round = 0; round < rounds; round++)
    runs.forEach((run, i) => {
      const timing = run();
      if (timing.nanos < best[i]!.nanos) best[i] = timing;
    });
  return best;
}

/** A heap kept at the brim for a while and brought to 95 %, and the state to set it back to. */
class SlideBench {
  readonly heap = new Heap({ referenceLengthBytes: REFERENCE_BYTES });
  readonly #saved: { words: Int32Array; slots: Int32Array; heads: Int32Array; bitmap: Int32Array; counts: number[] };

  constructor(seed: number) {
    const { heap } = this;
    const tape = levelTape(heap.capacityBytes, 1, 20_000, seed);
    const handles = Int32Array.from(tape.fill, (size) => heap.allocate(size));
    replayHeap(heap, tape, handles, tape.sizes.length);
    // What was refused leaves it below the brim: requests from the tape fill the gaps, as far as they fit.
    for (let i = 0; heap.occupancyRatio() < SLIDE_LEVEL_RATIO; i++) heap.allocate(tape.sizes[i]!);
    for (let i = 0; heap.occupancyRatio() > SLIDE_LEVEL_RATIO; i++) {
      const id = tape.victims[i]!;
      if (handles[id] !== NO_HANDLE) heap.free(handles[id]!);
      handles[id] = NO_HANDLE;
    }
    this.#saved = {
      words: heap.words.slice(),
      slots: heap.slots.slice(),
      heads: heap.lists!.heads.slice(),
      bitmap: heap.lists!.bitmap.slice(),
      counts: [heap.holeCount, heap.usableBytes],
    };
  }

  /** Sets the heap back to the state before the slide: a slide changes neither the live blocks nor the free slots. */
  restore(): void {
    const { heap } = this;
    heap.words.set(this.#saved.words);
    heap.slots.set(this.#saved.slots);
    heap.lists!.heads.set(this.#saved.heads);
    heap.lists!.bitmap.set(this.#saved.bitmap);
    heap.holeCount = this.#saved.counts[0]!;
    heap.usableBytes = this.#saved.counts[1]!;
  }
}

function benchSlide(repeats: number, digest: Digest): BenchRow[] {
  const bench = new SlideBench(1);
  const compactor = createCompactor("slide", bench.heap);
  const { occupancyRatio, holeCount } = {
    occupancyRatio: bench.heap.occupancyRatio(),
    holeCount: bench.heap.holeCount,
  };
  const micros: number[] = [];
  for (let i = 0; i < repeats; i++) {
    bench.restore();
    const start = process.hrtime.bigint();
    compactor.begin(1, Infinity);
    compactor.step(Infinity);
    compactor.abort();
    micros.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  digest.addInteger(compactor.movedBytes);
  digest.addInteger(bench.heap.largestHole());
  micros.sort((a, b) => a - b);
  return [
    {
      name: "whole slide of a 95 % full 100 KiB heap",
      value: micros[Math.floor(micros.length / 2)]!,
      unit: "µs",
      mark: "<= 12",
      note: `median of ${repeats}, ${(100 * occupancyRatio).toFixed(1)} % full, ${holeCount} holes, ${bench.heap.blockCount} blocks, ${compactor.movedBytes} bytes moved, handles and statistics included`,
    },
  ];
}

/** Bytes of heap memory of the engine taken per operation: what is left over when nothing collects in between. */
function benchGarbage(pairs: number): BenchRow {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const tape = levelTape(DEFAULT_CAPACITY_BYTES, LEVEL_RATIO, 100_000, 3);
  const heap = new Heap({ referenceLengthBytes: REFERENCE_BYTES });
  const handles = Int32Array.from(tape.fill, (size) => heap.allocate(size));
  replayHeap(heap, tape, handles, tape.sizes.length);
  collect();
  const before = process.memoryUsage().heapUsed;
  const repeats = Math.ceil(pairs / tape.sizes.length);
  for (let i = 0; i < repeats; i++) replayHeap(heap, tape, handles, tape.sizes.length);
  const operations = 2 * repeats * tape.sizes.length;
  const bytes = Math.max(0, process.memoryUsage().heapUsed - before) / operations;
  return { name: "garbage", value: bytes, unit: "B/op", mark: "< 1", note: `${operations} operations` };
}

/** Runs it all; `smoke` shortens each part to a moment and keeps the digest meaningful, though not equal to the full run's. */
export async function benchHeap(options: { smoke: boolean }): Promise<BenchRow[]> {
  const { smoke } = options;
  const digest = new Digest();
  const rows: BenchRow[] = [];
  const rounds = smoke ? 1 : 9;
  for (const [label, capacityBytes, mark, stretch, thingMark, thingPairs, pairs] of [
    ["100 KiB", DEFAULT_CAPACITY_BYTES, 45, 30, 25, 100_000, 500_000],
    ["16 MiB", LARGE_CAPACITY_BYTES, 80, 50, 1000, 1_000, 500_000],
  ] as const) {
    const count = smoke ? 1_000 : pairs;
    const tape = levelTape(capacityBytes, LEVEL_RATIO, count, 1);
    const slowCount = Math.min(count, smoke ? 50 : thingPairs);
    const digests = [new Digest(), new Digest()];
    const [segregated, best, npm] = fastest(rounds, [
      () => timeHeap("segregated", capacityBytes, tape, count, (digests[0] = new Digest())),
      () => timeHeap("best", capacityBytes, tape, count, (digests[1] = new Digest())),
      () => timeOther(NPM_MALLOC, capacityBytes, tape, Math.min(count, 100_000)),
    ]);
    const [thing] = fastest(Math.min(rounds, 3), [() => timeOther(THING, capacityBytes, tape, slowCount)]);
    for (const part of digests) digest.addText(part.hex());
    const at = `${label}, ${(100 * tape.meanLevelRatio).toFixed(1)} % live, ${tape.fill.length} blocks`;
    rows.push(
      {
        name: `segregated fit, ${label}`,
        value: segregated!.nanos,
        unit: "ns/op",
        mark: `<= ${mark}`,
        note: `${at}, stretch <= ${stretch}`,
      },
      { name: `best fit, ${label}`, value: best!.nanos, unit: "ns/op", note: at },
      {
        name: `@thi.ng/malloc over segregated fit, ${label}`,
        value: thing!.nanos / segregated!.nanos,
        unit: "x",
        mark: `>= ${thingMark}`,
        note: `${thing!.nanos.toFixed(0)} ns/op over the first ${slowCount} pairs`,
      },
      {
        name: `npm malloc over segregated fit, ${label}`,
        value: npm!.nanos / segregated!.nanos,
        unit: "x",
        mark: ">= 3",
        note: `${npm!.nanos.toFixed(0)} ns/op`,
      },
      {
        name: `refusals, segregated fit, ${label}`,
        value: (100 * segregated!.refused) / count,
        unit: "%",
        mark: "<= 0.5",
        note: `${count} requests, no compaction`,
      },
      {
        name: `refusals, best fit, ${label}`,
        value: (100 * best!.refused) / count,
        unit: "%",
        mark: "<= 0.5",
        note: `${count} requests, no compaction`,
      },
    );
  }
  rows.push(...benchSlide(smoke ? 20 : 5_001, digest));
  rows.push(benchGarbage(smoke ? 10_000 : 5_000_000));
  rows.push({ name: "digest of the heap's results", value: 0, unit: "", note: digest.hex() });
  return rows;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchHeap({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
