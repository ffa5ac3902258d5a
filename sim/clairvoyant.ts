// What the next moments would come to: the rows that a demand has in store are served on a copy of the heap, with the runs
// that a plan would start at their cost and under their limits. `clairvoyant` chooses its runs by it. The copy is exact in
// what it places and moves; of time it knows the duration of whole runs, not their slices.

import { type Compactor, type CompactorKind, createCompactor } from "../allocator/compactor.ts";
import { Heap, NO_HANDLE } from "../allocator/heap.ts";
import { CLASS_WAIT, type Demand, FLAG_PINNED, OP_ALLOCATE, OP_FREE } from "../core/demand.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { Arena } from "./arena.ts";
import { type DemandFacts, demandFacts } from "./demand-facts.ts";
import { copyHeap } from "./heap-copy.ts";

/** How long before a request its run starts: an evacuation takes some 300 µs. */
export const LEAD_MICROS = 700;
/** What a denial counts that compaction could not have prevented as things stand, beside an avoidable one's 1. */
const UNAVOIDABLE_COST = 0.5;
/** What work counts: enough to tell plans apart that deny the same, and no more. */
const RUN_COST = 1e-4;
const MOVED_BYTE_COST = 1e-8;
/** How far ahead a run makes room for all that comes, in µs; shorter ones are taken where a longer one cannot be had. */
const REACHES_MICROS = [200_000, 100_000, 60_000, 20_000];
/** Content of a block's first payload word (sim/placement.ts): (id + 1) XOR this. */
const STAMP_SALT = 0x5ea1ed;

/** A run that a plan begins with. */
export interface PlannedRun {
  readonly kind: CompactorKind;
  readonly goalBytes: number;
}

/** What a rehearsal found. */
export interface Rehearsed {
  /** Denials, weighted, and a trifle for work. */
  cost: number;
  /** The first run of its own accord, and when it would start; Infinity: none. */
  firstRunMicros: number;
  firstRunGoalBytes: number;
}

export class Rehearsal {
  readonly #arena: Arena;
  readonly #demand: Demand;
  readonly #facts: DemandFacts;
  readonly #heap: Heap;
  readonly #evacuation: Compactor;
  readonly #onDemand: Compactor;
  /** Handle of each id on the copy, valid where the epoch is the present one. */
  readonly #handles: Int32Array;
  readonly #epochs: Int32Array;
  #epoch = 0;
  readonly #starts: number[] = [];
  readonly #out: Rehearsed = { cost: 0, firstRunMicros: Infinity, firstRunGoalBytes: 0 };

  constructor(arena: Arena, demand: Demand, onDemand: CompactorKind) {
    this.#arena = arena;
    this.#demand = demand;
    this.#facts = demandFacts(demand);
    const { capacityBytes, fit, zoneTag, referenceLengthBytes } = arena.heap;
    this.#heap = new Heap({ capacityBytes, fit, zoneTag, referenceLengthBytes });
    this.#evacuation = createCompactor("evacuate", this.#heap);
    this.#onDemand = createCompactor(onDemand, this.#heap);
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

  /** Could an evacuation make a hole of `goalBytes` in the arena as it is? */
  isFeasible(trial: Compactor, goalBytes: number): boolean {
    const { heap } = trial;
    if (goalBytes > heap.freeBytes || heap.largestHole() >= goalBytes || !trial.begin(goalBytes, Infinity))
      return false;
    trial.abort();
    return true;
  }

  /** Goals worth trying for a run that is wanted for the request of `row`, largest first. */
  goals(row: number, nowMicros: number): number[] {
    const own = this.#facts.lengthBytes[row]!;
    const goals: number[] = [];
    for (const reach of REACHES_MICROS) {
      const goal = this.needBytes(row, nowMicros + reach);
      if (goal > own && goal !== goals.at(-1)) goals.push(goal);
    }
    goals.push(own);
    return goals;
  }

  /**
   * Serves the rows from `row` until `untilMicros`, beginning with `first` where that is given.
   * @param starts when the runs of the last second started
   * @param leavesWaiting requests that may wait get no run ahead of them: they start their own
   * @returns valid until the next call
   */
  rehearse(
    row: number,
    nowMicros: number,
    untilMicros: number,
    starts: readonly number[],
    first: PlannedRun | null,
    leavesWaiting: boolean,
  ): Rehearsed {
    const { timeMicros, kind, id, sizeBytes, alignLog2, requestClass, flags, length } = this.#demand;
    const { lengthBytes } = this.#facts;
    const { proactiveCooldownMicros } = this.#arena.limiter.limits;
    const heap = this.#heap;
    const out = this.#out;
    this.#load();
    this.#starts.length = 0;
    for (const start of starts) this.#starts.push(start);
    out.cost = 0;
    out.firstRunMicros = Infinity;
    out.firstRunGoalBytes = 0;
    const { runner } = this.#arena;
    /** The end of the run under way, and when the next of its own accord may start. */
    let busyUntil = nowMicros;
    let coolUntil =
      runner.endedMicros >= 0 && runner.kind === 1 ? runner.endedMicros + proactiveCooldownMicros : nowMicros;
    if (first !== null) {
      const compactor = first.kind === "evacuate" ? this.#evacuation : this.#onDemand;
      this.#starts.push(nowMicros);
      out.firstRunMicros = nowMicros;
      out.firstRunGoalBytes = first.goalBytes;
      busyUntil = nowMicros + this.#run(compactor, first.goalBytes);
      coolUntil = busyUntil + proactiveCooldownMicros;
    }
    for (let r = row; r < length && timeMicros[r]! <= untilMicros; r++) {
      const now = timeMicros[r]!;
      const who = id[r]!;
      const isLive = this.#epochs[who] === this.#epoch && this.#handles[who] !== NO_HANDLE;
      if (kind[r] === OP_FREE) {
        if (isLive) {
          heap.free(this.#handles[who]!);
          this.#handles[who] = NO_HANDLE;
        }
        continue;
      }
      const isGrowth = isLive && kind[r] !== OP_ALLOCATE;
      const isPinned = (flags[r]! & FLAG_PINNED) !== 0;
      const place = (): boolean => {
        if (isGrowth) return heap.resize(this.#handles[who]!, sizeBytes[r]!);
        const handle = heap.allocate(sizeBytes[r]!, 1 << alignLog2[r]!, isPinned);
        if (handle === NO_HANDLE) return false;
        this.#handles[who] = handle;
        this.#epochs[who] = this.#epoch;
        return true;
      };
      if (place()) continue;
      const need = lengthBytes[r]!;
      const mayWait = requestClass[r] === CLASS_WAIT;
      // A run of its own accord, as late as it can be.
      const start = Math.max(nowMicros, now - LEAD_MICROS, coolUntil, busyUntil);
      if (!(mayWait && leavesWaiting) && start < now && need <= heap.freeBytes && this.#isAdmitted(start)) {
        const goal = this.goals(r, start).find((wanted) => this.isFeasible(this.#evacuation, wanted));
        if (goal !== undefined) {
          this.#starts.push(start);
          if (out.firstRunMicros === Infinity) {
            out.firstRunMicros = start;
            out.firstRunGoalBytes = goal;
          }
          busyUntil = start + this.#run(this.#evacuation, goal);
          coolUntil = busyUntil + proactiveCooldownMicros;
          if (busyUntil <= now && place()) continue;
        }
      }
      const canBePlaced = need <= heap.freeBytes && heap.largestHoleAfterSlide() >= need;
      if (requestClass[r] !== 0 && need <= heap.freeBytes && this.#isAdmitted(now) && busyUntil <= now) {
        // It starts a run, whether or not it can wait for the end of it.
        if (this.#onDemand.begin(need, Infinity)) {
          this.#onDemand.abort();
          this.#starts.push(now);
          busyUntil = now + this.#run(this.#onDemand, need);
        }
        if (mayWait && place()) continue;
      } else if (mayWait && canBePlaced) {
        out.cost += 0.5; // it may be served within its second
        continue;
      }
      out.cost += canBePlaced ? 1 : UNAVOIDABLE_COST;
    }
    return out;
  }

  #isAdmitted(atMicros: number): boolean {
    const { runsPerSecond } = this.#arena.limiter.limits;
    let recent = 0;
    for (const start of this.#starts) if (start > atMicros - MICROS_PER_SECOND) recent++;
    return recent < runsPerSecond;
  }

  /** Runs a compactor to its end on the copy; returns how long it takes, in µs. */
  #run(compactor: Compactor, goalBytes: number): number {
    const { startMicros, scanMicrosPerBlock, copyBytesPerMicro } = this.#arena.runner.cost;
    let moved = 0;
    if (compactor.begin(goalBytes, Infinity)) while (compactor.isActive) moved += compactor.step(Infinity);
    this.#out.cost += RUN_COST + moved * MOVED_BYTE_COST;
    return Math.ceil(startMicros + compactor.visitedBlocks * scanMicrosPerBlock + moved / copyBytesPerMicro);
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
