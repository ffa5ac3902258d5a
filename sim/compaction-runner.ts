// One compaction run in virtual time. A compactor knows what to move; the runner knows what it costs and when it has been
// paid for. Time is paid first, in slices, and the bytes move when their time is over: whoever may not wait sees, during a
// slice, the consistent state from before it.

import type { Compactor, CompactorKind } from "../allocator/compactor.ts";
import { assert } from "../core/errors.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { Limiter } from "./limiter.ts";
import type { CostModel } from "./simulate-types.ts";

export const RUN_REACTIVE = 0;
export const RUN_PROACTIVE = 1;

const PHASE_SETUP = 0; // the fixed start and the scan of the plan
const PHASE_MOVE = 1; // the next bytes are being paid for
const PHASE_SCAN = 2; // what the last step looked at, when nothing is left to move

export class CompactionRunner {
  readonly cost: CostModel;
  /** The present or last run. */
  compactorKind: CompactorKind = "slide";
  kind = RUN_REACTIVE;
  trigger = "";
  goalBytes = 0;
  startedMicros = 0;
  endedMicros = -1;
  movedBytes = 0;
  largestHoleBefore = 0;
  usableBefore = 0;
  isActive = false;
  /** When the present slice ends; Infinity when none runs. */
  sliceEndMicros = Infinity;

  runs = 0;
  proactiveRuns = 0;
  proactivePacks = 0;
  totalMovedBytes = 0;
  totalMicros = 0;
  maxSliceMicros = 0;
  maxRunMicros = 0;
  maxRunsInAnySecond = 0;

  readonly #limiter: Limiter;
  readonly #sliceBytes: number;
  #compactor: Compactor | null = null;
  #phase = PHASE_SETUP;
  #owedMicros = 0;
  #paidVisits = 0;
  #budgetBytes = 0;
  /** Start times, for an account of the limit that does not trust the limiter. */
  readonly #recentStarts: number[] = [];
  readonly #recentDemand: number[] = [];

  constructor(cost: CostModel, limiter: Limiter) {
    this.cost = cost;
    this.#limiter = limiter;
    this.#sliceBytes = Math.max(1, Math.floor(cost.copyBytesPerMicro * cost.sliceMicros));
  }

  /**
   * Starts a run now; the limiter has been asked. False when the compactor finds nothing to do: no run, nothing charged.
   * A run that costs nothing may be over when this returns.
   */
  start(
    compactor: Compactor,
    kind: number,
    trigger: string,
    goalBytes: number,
    budgetBytes: number,
    wishBytes: number,
    worthRatio: number | undefined,
    nowMicros: number,
  ): boolean {
    assert(!this.isActive, "one run at a time");
    const heap = compactor.heap;
    const largestHole = heap.largestHole();
    const usable = heap.usableBytes;
    if (!compactor.begin(goalBytes, budgetBytes, Math.max(goalBytes, wishBytes), worthRatio)) return false;
    this.#compactor = compactor;
    this.compactorKind = compactor.kind;
    this.#budgetBytes = budgetBytes;
    this.kind = kind;
    this.trigger = trigger;
    this.goalBytes = goalBytes;
    this.startedMicros = nowMicros;
    this.movedBytes = 0;
    this.largestHoleBefore = largestHole;
    this.usableBefore = usable;
    this.isActive = true;
    this.runs++;
    if (kind === RUN_PROACTIVE) {
      this.proactiveRuns++;
      if (compactor.kind === "pack") this.proactivePacks++;
    }
    this.#limiter.noteStart(nowMicros);
    this.#countStart(nowMicros);
    this.#phase = PHASE_SETUP;
    this.#paidVisits = compactor.visitedBlocks;
    this.#owe(this.cost.startMicros + this.#paidVisits * this.cost.scanMicrosPerBlock, nowMicros);
    return true;
  }

  /** Ends the slice that is over at `nowMicros`. True when the run ended with it. */
  advance(nowMicros: number): boolean {
    const compactor = this.#compactor;
    assert(
      this.isActive && compactor !== null && nowMicros === this.sliceEndMicros,
      "a slice ends when its time is over",
    );
    if (this.#owedMicros > 0) {
      this.#slice(nowMicros);
      return false;
    }
    if (this.#phase === PHASE_MOVE) {
      const moved = compactor.step(this.#sliceBytes);
      this.movedBytes += moved;
      this.#limiter.noteMoved(nowMicros, moved, this.kind === RUN_PROACTIVE);
    }
    const next =
      this.#phase === PHASE_SCAN || this.movedBytes >= this.#budgetBytes ? 0 : compactor.peek(this.#sliceBytes);
    const visits = compactor.visitedBlocks - this.#paidVisits;
    this.#paidVisits += visits;
    const scanMicros = visits * this.cost.scanMicrosPerBlock;
    if (next > 0) {
      this.#phase = PHASE_MOVE;
      this.#owe(next / this.cost.copyBytesPerMicro + scanMicros, nowMicros);
      return false;
    }
    if (scanMicros >= 1 && this.#phase !== PHASE_SCAN) {
      this.#phase = PHASE_SCAN;
      this.#owe(scanMicros, nowMicros);
      return false;
    }
    this.#end(compactor, nowMicros);
    return true;
  }

  #end(compactor: Compactor, nowMicros: number): void {
    if (compactor.isActive) compactor.abort();
    this.isActive = false;
    this.sliceEndMicros = Infinity;
    this.endedMicros = nowMicros;
    this.totalMovedBytes += this.movedBytes;
    const micros = nowMicros - this.startedMicros;
    this.totalMicros += micros;
    if (micros > this.maxRunMicros) this.maxRunMicros = micros;
  }

  #owe(micros: number, nowMicros: number): void {
    this.#owedMicros = Math.ceil(micros);
    this.#slice(nowMicros);
  }

  #slice(nowMicros: number): void {
    const micros = Math.min(this.cost.sliceMicros, this.#owedMicros);
    this.#owedMicros -= micros;
    this.sliceEndMicros = nowMicros + micros;
    if (micros > this.maxSliceMicros) this.maxSliceMicros = micros;
  }

  /** Runs that started within the last second. */
  recentStarts(nowMicros: number): number {
    return countSince(this.#recentStarts, nowMicros);
  }

  /** Those of them that a pending request started. */
  recentDemandStarts(nowMicros: number): number {
    return countSince(this.#recentDemand, nowMicros);
  }

  #countStart(nowMicros: number): void {
    const starts = this.#recentStarts;
    starts.push(nowMicros);
    while (nowMicros - starts[0]! >= MICROS_PER_SECOND) starts.shift();
    if (starts.length > this.maxRunsInAnySecond) this.maxRunsInAnySecond = starts.length;
    if (this.kind !== RUN_REACTIVE) return;
    const demand = this.#recentDemand;
    demand.push(nowMicros);
    while (nowMicros - demand[0]! >= MICROS_PER_SECOND) demand.shift();
  }
}

/** How many of the times, in order, lie within the second before `nowMicros`. */
function countSince(times: readonly number[], nowMicros: number): number {
  let first = times.length;
  while (first > 0 && nowMicros - times[first - 1]! < MICROS_PER_SECOND) first--;
  return times.length - first;
}
