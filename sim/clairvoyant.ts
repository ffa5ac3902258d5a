// What the next moments would come to: the rows that a demand has in store are served on a copy of the heap, with the runs
// that a plan would start, and those that requests start themselves, at their cost and under their limits. `clairvoyant`
// chooses its runs by it. The copy is exact in what it places and moves; of time it knows the duration of whole runs, not
// their slices, and what a shrinker lets go meanwhile it does not know.

import { type Compactor, type CompactorKind, createCompactor } from "../allocator/compactor.ts";
import { Heap, NO_HANDLE } from "../allocator/heap.ts";
import {
  CLASS_ATOMIC,
  CLASS_BUDGET_MICROS,
  CLASS_WAIT,
  type Demand,
  FLAG_PINNED,
  OP_ALLOCATE,
  OP_FREE,
} from "../core/demand.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { Arena, Machinery, RunPlan } from "./arena.ts";
import { RUN_PROACTIVE } from "./compaction-runner.ts";
import { type DemandFacts, demandFacts } from "./demand-facts.ts";
import { copyHeap } from "./heap-copy.ts";

/** What a denial counts, and one for want of room, which no run can prevent. */
const DENIED_COST = 1;
const CAPACITY_COST = 0.5;
/** A request that still waits at the end of a rehearsal, or for the shrinker. */
const PENDING_COST = 0.02;
/** What work counts: enough to tell plans apart that deny the same, and no more. */
const RUN_COST = 1e-4;
const MOVED_BYTE_COST = 1e-9;
/** Bytes that a gathering has the time to move, and how often a run looks at each block at most. */
const GATHER_MOVES_BYTES = 20_000;
const LOOKS_PER_RUN = 3;
/** A rehearsed run makes room for what comes within this, where a byte of hole costs no more than so many moved. */
const REACH_MICROS = 200_000;
const WORTH_RATIO = 16;
/** A pack is there to make the longest hole that can be had: it moves everything anyway. */
export const PACK_WORTH_RATIO = 1000;
/** Content of a block's first payload word (sim/placement.ts): (id + 1) XOR this. */
const STAMP_SALT = 0x5ea1ed;
/** More than can wait within a rehearsal; whoever comes on top counts as denied. */
const MOST_PENDING = 64;

/** A run that a plan begins with. */
export interface PlannedRun extends RunPlan {
  readonly goalBytes: number;
}

/** What a rehearsal found. */
export interface Rehearsed {
  /** Denials, weighted, and a trifle for work. */
  cost: number;
  /** False: the run that it began with found nothing to do, or made no hole longer. */
  isGain: boolean;
  /** When the first run after that would start for a request, at the latest; Infinity: none. And that request's row. */
  nextRunMicros: number;
  nextRunRow: number;
}

export class Rehearsal {
  /** Rehearsals so far. */
  count = 0;
  readonly #arena: Arena;
  readonly #demand: Demand;
  readonly #facts: DemandFacts;
  readonly #heap: Heap;
  readonly #machinery: Machinery;
  readonly #compactors = new Map<CompactorKind, Compactor>();
  /** Handle of each id on the copy, valid where the epoch is the present one. */
  readonly #handles: Int32Array;
  readonly #epochs: Int32Array;
  #epoch = 0;
  /** When each start of the last second stops counting. */
  readonly #expiries: number[] = [];
  /** Rows that wait, and whether a run began for each. */
  readonly #pending = new Int32Array(MOST_PENDING);
  readonly #wasTried = new Uint8Array(MOST_PENDING);
  #pendingCount = 0;
  #beganMicros = 0;
  /** The end of the run under way, and when the next of its own accord may start. */
  #busyUntil = 0;
  #coolUntil = 0;
  readonly #out: Rehearsed = { cost: 0, isGain: true, nextRunMicros: Infinity, nextRunRow: -1 };

  constructor(arena: Arena, demand: Demand, machinery: Machinery) {
    this.#arena = arena;
    this.#demand = demand;
    this.#facts = demandFacts(demand);
    this.#machinery = machinery;
    const { capacityBytes, fit, zoneTag, referenceLengthBytes } = arena.heap;
    this.#heap = new Heap({ capacityBytes, fit, zoneTag, referenceLengthBytes });
    this.#handles = new Int32Array(demand.idCount);
    this.#epochs = new Int32Array(demand.idCount);
  }

  /** Block lengths of all requests from `row` on that arrive by `untilMicros`, one at least, in bytes. */
  needBytes(row: number, untilMicros: number): number {
    const { timeMicros, kind, length } = this.#demand;
    let sum = 0;
    for (let r = row; r < length && (timeMicros[r]! <= untilMicros || sum === 0); r++) {
      if (kind[r] !== OP_FREE) sum += this.#facts.lengthBytes[r]!;
    }
    return sum;
  }

  /**
   * Serves the rows from `row` until `untilMicros`, beginning with `first` where that is given; then a run starts as late as
   * it can be before each request that will not wait for one of its own.
   * @param leavesWaiting false: requests that may wait get a run ahead of them, too
   * @returns valid until the next call
   */
  rehearse(
    row: number,
    nowMicros: number,
    untilMicros: number,
    first: PlannedRun | null,
    leavesWaiting: boolean,
  ): Rehearsed {
    const { timeMicros, kind, id, length } = this.#demand;
    const out = this.#out;
    this.#begin(nowMicros);
    if (first !== null) {
      const largest = this.#heap.largestHole();
      const { usableBytes } = this.#heap;
      const { compactor, goalBytes, wishBytes, worthRatio } = first;
      const isStarted = this.#run(compactor, goalBytes, Infinity, wishBytes, worthRatio, nowMicros, true);
      out.isGain = isStarted && (this.#heap.largestHole() > largest || this.#heap.usableBytes > usableBytes);
      if (!out.isGain) return out;
    }
    for (let r = row; r < length && timeMicros[r]! <= untilMicros; r++) {
      const now = timeMicros[r]!;
      if (this.#pendingCount > 0) this.#servePending(now);
      if (kind[r] === OP_FREE) this.#free(id[r]!);
      else if (!this.#place(r)) this.#serveLate(r, now, leavesWaiting);
    }
    out.cost += this.#pendingCount * PENDING_COST;
    return out;
  }

  /** Everything as it is in the arena now. */
  #begin(nowMicros: number): void {
    const { runner, limiter } = this.#arena;
    const { runsPerSecond, proactiveCooldownMicros } = limiter.limits;
    const out = this.#out;
    this.count++;
    this.#load();
    this.#expiries.length = 0;
    if (runsPerSecond !== Infinity) {
      for (let k = 0; k < runsPerSecond; k++) {
        const at = limiter.nextAdmissionMicros(nowMicros, k);
        if (at > nowMicros) this.#expiries.push(at);
      }
    }
    const isCooling = runner.kind === RUN_PROACTIVE && runner.endedMicros >= 0;
    this.#coolUntil = isCooling ? runner.endedMicros + proactiveCooldownMicros : nowMicros;
    this.#busyUntil = nowMicros;
    this.#beganMicros = nowMicros;
    this.#pendingCount = 0;
    out.cost = 0;
    out.isGain = true;
    out.nextRunMicros = Infinity;
    out.nextRunRow = -1;
  }

  #place(row: number): boolean {
    const { kind, id, sizeBytes, alignLog2, flags } = this.#demand;
    const heap = this.#heap;
    const who = id[row]!;
    if (kind[row] !== OP_ALLOCATE && this.#isLive(who)) {
      const handle = this.#handles[who]!;
      const isPinned = heap.isPinned(handle);
      if (isPinned) heap.setPinned(handle, false);
      const isResized = heap.resize(handle, sizeBytes[row]!);
      if (isPinned) heap.setPinned(handle, true);
      return isResized;
    }
    const handle = heap.allocate(sizeBytes[row]!, 1 << alignLog2[row]!, (flags[row]! & FLAG_PINNED) !== 0);
    if (handle === NO_HANDLE) return false;
    this.#handles[who] = handle;
    this.#epochs[who] = this.#epoch;
    return true;
  }

  #isLive(id: number): boolean {
    return this.#epochs[id] === this.#epoch && this.#handles[id] !== NO_HANDLE;
  }

  #free(id: number): void {
    for (let w = this.#pendingCount - 1; w >= 0; w--) if (this.#demand.id[this.#pending[w]!] === id) this.#remove(w);
    if (!this.#isLive(id)) return;
    this.#heap.free(this.#handles[id]!);
    this.#handles[id] = NO_HANDLE;
  }

  /** A request that found no hole on arrival. */
  #serveLate(row: number, now: number, leavesWaiting: boolean): void {
    const heap = this.#heap;
    const out = this.#out;
    const need = this.#facts.lengthBytes[row]!;
    const requestClass = this.#demand.requestClass[row]!;
    if (need > heap.freeBytes) {
      const mayReclaim = requestClass !== CLASS_ATOMIC && this.#arena.shrinker.countBytes() > 0;
      out.cost += mayReclaim ? PENDING_COST : CAPACITY_COST;
      return;
    }
    if (requestClass !== CLASS_WAIT || !leavesWaiting) {
      this.#runAhead(row, need, now);
      if (this.#busyUntil <= now && this.#place(row)) return;
    }
    if (requestClass === CLASS_ATOMIC) this.#out.cost += DENIED_COST;
    else if (this.#pendingCount === MOST_PENDING) this.#out.cost += DENIED_COST;
    else {
      this.#wasTried[this.#pendingCount] = 0;
      this.#pending[this.#pendingCount++] = row;
      this.#serveOne(this.#pendingCount - 1, now);
    }
  }

  /** A run of its own accord for `row`, as late as it can be: a gathering, or if that cannot make the hole a pack. */
  #runAhead(row: number, need: number, now: number): void {
    const out = this.#out;
    const bound = Math.max(this.#beganMicros, this.#coolUntil, this.#busyUntil);
    const packStart = now - this.packMicros();
    const gatherStart = now - this.gatherMicros();
    if (out.nextRunMicros === Infinity) {
      out.nextRunMicros = Math.max(this.#beganMicros, packStart);
      out.nextRunRow = row;
    }
    const start = Math.max(bound, gatherStart);
    if (start > gatherStart || !this.#isAdmitted(start)) return;
    const wish = Math.max(need, this.needBytes(row, now + REACH_MICROS));
    if (this.#run("gather", need, GATHER_MOVES_BYTES, wish, WORTH_RATIO, start, true)) return;
    if (packStart >= bound) this.#run("pack", need, Infinity, this.#heap.freeBytes, PACK_WORTH_RATIO, packStart, true);
  }

  /** How long a pack of the whole heap takes at most, and how long a gathering is given, in µs. */
  packMicros(): number {
    return this.#micros(this.#heap.allocatedBytes);
  }

  gatherMicros(): number {
    return this.#micros(GATHER_MOVES_BYTES);
  }

  #micros(bytes: number): number {
    const { startMicros, scanMicrosPerBlock, copyBytesPerMicro } = this.#arena.runner.cost;
    const scan = LOOKS_PER_RUN * this.#arena.heap.blockCount * scanMicrosPerBlock;
    return Math.ceil(startMicros + scan + bytes / copyBytesPerMicro) + 10;
  }

  /** Whoever waits, in order of arrival. */
  #servePending(now: number): void {
    for (let w = 0; w < this.#pendingCount; ) {
      const before = this.#pendingCount;
      this.#serveOne(w, now);
      if (this.#pendingCount === before) w++;
    }
  }

  #serveOne(w: number, now: number): void {
    const row = this.#pending[w]!;
    const { timeMicros, requestClass } = this.#demand;
    const deadline = timeMicros[row]! + CLASS_BUDGET_MICROS[requestClass[row]!]!;
    if (this.#busyUntil > now && this.#busyUntil <= deadline) return;
    const at = Math.max(timeMicros[row]!, Math.min(this.#busyUntil, now));
    if (at <= deadline && this.#busyUntil <= now && this.#place(row)) {
      this.#remove(w);
      return;
    }
    const need = this.#facts.lengthBytes[row]!;
    const admitted = this.#admissionMicros(at);
    if (at > deadline || admitted > deadline || this.#wasTried[w] === 1 || need > this.#heap.freeBytes) {
      this.#remove(w);
      this.#out.cost += DENIED_COST;
      return;
    }
    if (admitted > now) return;
    this.#wasTried[w] = 1;
    if (!this.#runOnDemand(need, deadline - admitted, admitted)) {
      this.#remove(w);
      this.#out.cost += DENIED_COST;
    } else if (this.#busyUntil <= deadline && this.#place(row)) this.#remove(w); // nobody else gets in between
  }

  #remove(w: number): void {
    this.#pendingCount--;
    this.#pending.copyWithin(w, w + 1, this.#pendingCount + 1);
    this.#wasTried.copyWithin(w, w + 1, this.#pendingCount + 1);
  }

  /** As the arena does it for a request with `leftMicros` to wait. */
  #runOnDemand(need: number, leftMicros: number, now: number): boolean {
    if (this.#machinery !== "quick") {
      return this.#run(this.#machinery, need, Infinity, need, WORTH_RATIO, now, false);
    }
    const { copyBytesPerMicro } = this.#arena.runner.cost;
    const budget = (leftMicros - this.#micros(0) + 10) * copyBytesPerMicro;
    if (budget <= 0) return false;
    const kind = budget >= this.#heap.allocatedBytes ? "pack" : "gather";
    return this.#run(kind, need, budget, need + this.#arena.spareHoleBytes, WORTH_RATIO, now, false);
  }

  #isAdmitted(atMicros: number): boolean {
    const { runsPerSecond } = this.#arena.limiter.limits;
    let recent = 0;
    for (const expiry of this.#expiries) if (expiry > atMicros) recent++;
    return recent < runsPerSecond;
  }

  /** The earliest time from `atMicros` on at which a run may start. */
  #admissionMicros(atMicros: number): number {
    if (this.#isAdmitted(atMicros)) return atMicros;
    let earliest = Infinity;
    for (const expiry of this.#expiries) if (expiry > atMicros && expiry < earliest) earliest = expiry;
    return earliest;
  }

  /** Runs a compactor to its end on the copy, at once; the time it takes is noted. False: nothing to do. */
  #run(
    kind: CompactorKind,
    goalBytes: number,
    budgetBytes: number,
    wishBytes: number,
    worthRatio: number,
    startMicros: number,
    isProactive: boolean,
  ): boolean {
    let compactor = this.#compactors.get(kind);
    if (compactor === undefined) {
      compactor = createCompactor(kind, this.#heap);
      this.#compactors.set(kind, compactor);
    }
    if (!compactor.begin(goalBytes, budgetBytes, Math.max(goalBytes, wishBytes), worthRatio)) return false;
    let moved = 0;
    while (compactor.isActive && moved < budgetBytes) moved += compactor.step(Infinity);
    if (compactor.isActive) compactor.abort();
    const { startMicros: fixed, scanMicrosPerBlock, copyBytesPerMicro } = this.#arena.runner.cost;
    const micros = fixed + compactor.visitedBlocks * scanMicrosPerBlock + moved / copyBytesPerMicro;
    this.#out.cost += RUN_COST + moved * MOVED_BYTE_COST;
    this.#expiries.push(startMicros + MICROS_PER_SECOND);
    this.#busyUntil = startMicros + Math.ceil(micros) + 3;
    // After a run on demand there is no cooldown.
    this.#coolUntil = isProactive
      ? this.#busyUntil + this.#arena.limiter.limits.proactiveCooldownMicros
      : this.#busyUntil;
    return true;
  }

  /** Brings the copy up to date. */
  #load(): void {
    const heap = this.#heap;
    copyHeap(this.#arena.heap, heap);
    this.#epoch++;
    const { idCount } = this.#demand;
    heap.forEachBlock((_address, _length, handle) => {
      if (handle === NO_HANDLE) return;
      const who = (heap.words[heap.payloadOffsetOf(handle) >> 2]! ^ STAMP_SALT) - 1;
      if (who < 0 || who >= idCount) return;
      this.#handles[who] = handle;
      this.#epochs[who] = this.#epoch;
    });
  }
}
