// An arena in virtual time: one heap, the requests that wait for it, the compaction run that is under way, the shrinker and
// the limiter. It serves a demand row by row; whoever drives it calls `advanceTo` before each row. What starts a proactive
// run is not its business: a policy does, through `startProactive`. The acting arena and the shadow arena are two of these.

import { checkHeap } from "../allocator/check-heap.ts";
import { COMPACTOR_KINDS, type Compactor, type CompactorKind, createCompactor } from "../allocator/compactor.ts";
import { type FitKind, Heap, NO_HANDLE } from "../allocator/heap.ts";
import { CLASS_ATOMIC, CLASS_BUDGET_MICROS, CLASS_WAIT, type Demand, OP_FREE } from "../core/demand.ts";
import { assert } from "../core/errors.ts";
import { Digest } from "../core/hash.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import { CacheTenant } from "./cache-tenant.ts";
import { CompactionRunner, RUN_PROACTIVE, RUN_REACTIVE } from "./compaction-runner.ts";
import type { DemandFacts } from "./demand-facts.ts";
import { Limiter } from "./limiter.ts";
import { Placement } from "./placement.ts";
import { PressureMeter } from "./pressure-meter.ts";
import { ResponseMeter } from "./response-meter.ts";
import { CAUSE_CAPACITY, CAUSE_FRAGMENTATION, CAUSE_LIMIT, CAUSE_PINNED, CAUSE_RESERVE } from "./result.ts";
import { OWN_BLOCK_ID, type RunRecorder } from "./run-recorder.ts";
import { ColdestFirst, type ShedOrderName } from "./shed-order.ts";
import { Shrinker } from "./shrinker.ts";
import type { CostModel, Limits } from "./simulate-types.ts";
import { StallMeter } from "./stall-meter.ts";
import { WaitingRoom } from "./waiting-room.ts";

const RETRY_DELAY_MICROS = MICROS_PER_SECOND;
/** Back-off after a run without progress: doubles up to 64 times the least, as the kernel's COMPACT_MAX_DEFER_SHIFT = 6. */
const LEAST_BACKOFF_MICROS = 50_000;
const MOST_BACKOFF_MICROS = LEAST_BACKOFF_MICROS * 64;
/** How often a run looks at each block at most: its plan, its trials, the walk itself. */
const LOOKS_PER_RUN = 3;
/** Bytes that a run on demand may move for each byte of hole beyond what was asked for. */
const DEMAND_WORTH_RATIO = 16;
const OOM_EPISODE_GAP_MICROS = MICROS_PER_SECOND;

/**
 * What runs on demand with: one compactor for all, or `quick`: whoever has the time waits for a whole pack, whoever has not (a
 * `deadline` request has 500 µs) gets a hole gathered in the time that it has.
 */
export type Machinery = CompactorKind | "quick";

/** What a proactive run is to do beyond its goal, and with which compactor. */
export interface RunPlan {
  readonly compactor: CompactorKind;
  /** See Compactor.begin. */
  readonly wishBytes: number;
  readonly worthRatio: number;
}

/** Whoever wants to know of the rarer events. Not called for a request that is placed on arrival. */
export interface ArenaObserver {
  servedLate(row: number, nowMicros: number): void;
  denied(row: number, nowMicros: number): void;
  runEnded(runner: CompactionRunner): void;
}

export interface ArenaOptions {
  readonly demand: Demand;
  readonly facts: DemandFacts;
  readonly fit: FitKind;
  readonly compactor: Machinery;
  /** The compactor of proactive runs, where the policy names none. */
  readonly proactiveCompactor: CompactorKind;
  readonly compactsOnDemand: boolean;
  readonly limits: Limits;
  /** A limiter shared with other arenas in place of one of its own. */
  readonly limiter?: Limiter | undefined;
  readonly cost: CostModel;
  readonly retries: number;
  /** Which reclaimable block goes first; `coldest` needs a demand with lookups. Default `oldest`. */
  readonly shedOrder?: ShedOrderName | undefined;
  readonly verify: boolean;
  /** Keep the digest and the pressure meter: the acting arena. */
  readonly isMeasured: boolean;
  readonly recorder: RunRecorder | null;
}

/** What became of the wish for a proactive run. */
export type ProactiveVerdict = "started" | "busy" | "pending" | "cooldown" | "back-off" | "limited" | "nothing to do";

export class Arena {
  readonly heap: Heap;
  readonly runner: CompactionRunner;
  readonly limiter: Limiter;
  readonly shrinker: Shrinker;
  readonly meter: PressureMeter;
  readonly stall = new StallMeter();
  readonly response = new ResponseMeter();
  readonly digest = new Digest();
  observer: ArenaObserver | null = null;
  /** A hole that runs on demand had better leave beside what was asked for; `quick` heeds it. */
  spareHoleBytes = 0;

  /** The earliest thing that happens by itself; Infinity when nothing is under way. */
  nextEventMicros = Infinity;

  readonly oomsByCause = new Float64Array(5);
  readonly oomsByClass = new Float64Array(3);
  oomTotal = 0;
  oomEpisodes = 0;
  deniedBytes = 0;
  refusedByLimiter = 0;
  retriesMade = 0;
  retriesRecovered = 0;
  /** When each row was served, −1 if it was not (yet). */
  readonly servedAtMicros: Float64Array;

  // Columns of the demand and of its facts, here since every request reads them.
  readonly #kind: Uint8Array;
  readonly #id: Uint32Array;
  readonly #size: Uint32Array;
  readonly #class: Uint8Array;
  readonly #length: Uint32Array;
  /** The meter and the digest: kept in the acting arena only, nobody asks the shadow for them. */
  readonly #isMeasured: boolean;
  readonly #compactors: Readonly<Record<CompactorKind, Compactor>>;
  readonly #machinery: Machinery;
  /** The compactor of proactive runs, where the policy names none. */
  readonly proactiveKind: CompactorKind;
  readonly #compactsOnDemand: boolean;
  readonly #retries: number;
  readonly #verify: boolean;
  readonly #recorder: RunRecorder | null;
  readonly #placement: Placement;
  /** The cache among the tenants, where the demand says what is asked of it and somebody wants to know. */
  readonly cache: CacheTenant | null = null;
  readonly #waiting = new WaitingRoom();
  readonly #demandPlan = { compactor: "gather" as CompactorKind, wishBytes: 0, worthRatio: DEMAND_WORTH_RATIO };
  /** Rows that come again in the closed-loop variant, first in first out, since the delay is the same for all. */
  readonly #retryQueue: { row: number; atMicros: number; left: number }[] = [];
  #wakeMicros = Infinity;
  #nowMicros = 0;
  #lastOomMicros = -Infinity;
  #reactiveBackoffMicros = 0;
  #reactiveDeferredUntil = -Infinity;
  #reactiveDeferredBytes = Infinity;
  #proactiveBackoffMicros = 0;
  #proactiveDeferredUntil = -Infinity;

  constructor(options: ArenaOptions) {
    const { demand } = options;
    this.#kind = demand.kind;
    this.#id = demand.id;
    this.#size = demand.sizeBytes;
    this.#class = demand.requestClass;
    this.#length = options.facts.lengthBytes;
    this.#isMeasured = options.isMeasured;
    this.#compactsOnDemand = options.compactsOnDemand;
    this.#retries = options.retries;
    this.#verify = options.verify;
    this.#recorder = options.recorder;
    this.heap = new Heap({ capacityBytes: demand.capacityBytes, fit: options.fit });
    this.#compactors = Object.fromEntries(
      COMPACTOR_KINDS.map((kind) => [kind, createCompactor(kind, this.heap)]),
    ) as Record<CompactorKind, Compactor>;
    this.#machinery = options.compactor;
    this.proactiveKind = options.proactiveCompactor;
    this.limiter = options.limiter ?? new Limiter(options.limits);
    this.runner = new CompactionRunner(options.cost, this.limiter);
    this.shrinker = new Shrinker(this.heap, demand.shedBytesPerSecond);
    this.meter = new PressureMeter(demand.capacityBytes, demand.pressureRatio);
    this.#placement = new Placement(demand, options.facts, this.heap, this.shrinker, {
      digest: options.isMeasured ? this.digest : null,
      recorder: options.recorder,
    });
    const isColdest = options.shedOrder === "coldest";
    if (demand.lookups !== undefined && (options.isMeasured || isColdest)) {
      this.cache = new CacheTenant(demand, demand.lookups, this.#placement);
      if (isColdest) this.shrinker.orderBy(new ColdestFirst(this.cache, this.heap, this.#placement.handles));
    }
    this.servedAtMicros = new Float64Array(demand.length).fill(-1);
    if (options.recorder !== null) {
      const recorder = options.recorder;
      this.heap.moveListener = (handle, from, to) => {
        const id = this.#placement.idOf(handle);
        recorder.move(this.#nowMicros, id < 0 ? OWN_BLOCK_ID : id, from, to);
      };
    }
  }

  /** Bytes that only atomic requests may use. */
  get reserveBytes(): number {
    return this.#placement.reserveBytes;
  }

  set reserveBytes(bytes: number) {
    this.#placement.reserveBytes = bytes;
  }

  /** Effective pressure P now. */
  pressureRatio(): number {
    return this.heap.effectivePressureRatio();
  }

  /** Occupancy U now. */
  occupancyRatio(): number {
    return this.heap.occupancyRatio();
  }

  /** True while a request waits. */
  get hasWaiting(): boolean {
    return this.#waiting.count > 0;
  }

  /**
   * Takes `bytes` of the arena for the policy itself, pinned, as the predictor's block.
   * @returns the offset of the payload in `heap.buffer`
   */
  placeOwnBlock(bytes: number): number {
    const handle = this.heap.allocate(bytes, 16, true);
    assert(handle !== NO_HANDLE, "the predictor's block fits an empty arena");
    const { heap } = this;
    const [at, length] = [heap.addressOf(handle), heap.lengthOf(handle)];
    this.#recorder?.place(0, OWN_BLOCK_ID, bytes, at, length, CLASS_WAIT, true, false, 0);
    return this.heap.payloadOffsetOf(handle);
  }

  /** Serves row `row` of the demand at its time `nowMicros`. `advanceTo(nowMicros)` came before. Hot. */
  apply(row: number, nowMicros: number): void {
    this.#nowMicros = nowMicros;
    if (this.#isMeasured) this.meter.hold(nowMicros, this.heap.allocatedBytes, this.heap.usableBytes);
    if (this.cache !== null) this.cache.arrive(row, nowMicros);
    if (this.#kind[row] === OP_FREE) {
      this.#freeId(this.#id[row]!, nowMicros);
    } else {
      if (this.#retryQueue.length > 0) this.#dropRetries(this.#id[row]!);
      const requestClass = this.#class[row]!;
      // Whoever may wait waits for the present slice; whoever may not is served from the state between slices. Requests on
      // one id are served in order, so nobody goes before one that waits.
      const isTried =
        (requestClass === CLASS_ATOMIC || !this.runner.isActive) &&
        (this.#waiting.count === 0 || !this.#isBehind(this.#id[row]!, this.#waiting.count));
      if (isTried && this.#placement.tryRow(row, nowMicros, nowMicros)) {
        this.response.addImmediate();
        this.servedAtMicros[row] = nowMicros;
      } else this.#arriveLate(row, nowMicros);
    }
    if (this.#verify) this.#check();
  }

  /** Lets everything happen that is due up to and including `nowMicros`. Cheap when `nextEventMicros` > now. */
  advanceTo(nowMicros: number): void {
    while (this.nextEventMicros <= nowMicros) {
      const now = this.nextEventMicros;
      this.#nowMicros = now;
      this.meter.hold(now, this.heap.allocatedBytes, this.heap.usableBytes);
      if (this.shrinker.nextMicros <= now) this.#shedOne(now);
      while (this.runner.sliceEndMicros <= now) if (this.runner.advance(now)) this.#runEnded(now);
      if (this.#wakeMicros <= now) this.#wakeMicros = Infinity;
      while (this.#retryQueue.length > 0 && this.#retryQueue[0]!.atMicros <= now) this.#retryOne(now);
      this.#settle(now);
      this.#schedule();
      if (this.#verify) this.#check();
    }
  }

  /** Block lengths placed so far, and what blocks grew by. */
  get allocatedBytesTotal(): number {
    return this.#placement.allocatedBytesTotal;
  }

  /** Brings the meters up to `nowMicros`. */
  holdUntil(nowMicros: number): void {
    this.cache?.advanceTo(nowMicros);
    this.meter.hold(nowMicros, this.heap.allocatedBytes, this.heap.usableBytes);
  }

  /** Sets the reference request of the effective pressure. Cost: one pass over the holes when it changes. */
  setReferenceLength(lengthBytes: number): void {
    if (lengthBytes !== this.heap.referenceLengthBytes) this.heap.setReferenceLength(lengthBytes);
  }

  /**
   * Starts a proactive run if nothing speaks against it: no run under way, nobody waiting, the cooldown over, no back-off,
   * and the limiter leaves `spareRuns` starts for requests that will need one.
   */
  startProactive(
    trigger: string,
    goalBytes: number,
    budgetBytes: number,
    nowMicros: number,
    spareRuns: number,
    plan: RunPlan | null = null,
  ): ProactiveVerdict {
    if (goalBytes <= 0) return "nothing to do"; // a full arena: there is nothing to make a hole of
    if (this.runner.isActive) return "busy";
    if (this.#waiting.count > 0) return "pending";
    if (
      this.runner.kind === RUN_PROACTIVE &&
      nowMicros - this.runner.endedMicros < this.limiter.limits.proactiveCooldownMicros &&
      this.runner.endedMicros >= 0
    ) {
      return "cooldown";
    }
    if (nowMicros < this.#proactiveDeferredUntil) return "back-off";
    if (
      this.limiter.nextAdmissionMicros(nowMicros, spareRuns) > nowMicros ||
      !this.limiter.hasProactiveBudget(nowMicros)
    ) {
      this.refusedByLimiter++;
      return "limited";
    }
    this.meter.hold(nowMicros, this.heap.allocatedBytes, this.heap.usableBytes);
    this.#nowMicros = nowMicros;
    const compactor = this.#compactors[plan?.compactor ?? this.proactiveKind];
    if (!this.#startRun(compactor, RUN_PROACTIVE, trigger, goalBytes, budgetBytes, plan, nowMicros)) {
      this.#deferProactive(nowMicros);
      return "nothing to do";
    }
    this.#schedule();
    return "started";
  }

  /** Asks the shrinker to let `bytes` go. */
  shed(bytes: number, nowMicros: number): void {
    this.shrinker.shed(bytes, nowMicros);
    this.#schedule();
  }

  /** Lets whoever still waits have an answer, then walks the heap and the id tables: AssertionError on the first violation. */
  finish(): void {
    while (this.nextEventMicros !== Infinity) this.advanceTo(this.nextEventMicros);
    assert(this.#waiting.count === 0, "nobody waits at the end");
    this.#check();
    this.#placement.check();
  }

  #freeId(id: number, nowMicros: number): void {
    if (this.#waiting.count > 0) {
      for (let w = 0; w < this.#waiting.count; w++) {
        if (this.#id[this.#waiting.row[w]!] === id) this.#waiting.isAbandoned[w] = 1;
      }
    }
    if (this.#retryQueue.length > 0) this.#dropRetries(id);
    // Freeing an id that was denied, or shed, does nothing.
    if (this.#placement.isLive(id)) this.#placement.release(id, nowMicros, false);
  }

  // --- waiting ---

  /** A request that was not placed on arrival: it waits if its class and its means allow, or is denied. */
  #arriveLate(row: number, nowMicros: number): void {
    const requestClass = this.#class[row]!;
    const w = this.#waiting.add(row, nowMicros, nowMicros + CLASS_BUDGET_MICROS[requestClass]!, this.#retries, 0);
    if (requestClass === CLASS_ATOMIC) {
      this.#deny(w, nowMicros);
      return;
    }
    // Behind a slice it has not been tried yet; the end of the slice will.
    if (!this.runner.isActive && !this.#settleOne(w, nowMicros)) {
      this.stall.begin(nowMicros);
    } else if (this.#waiting.count > 0) this.stall.begin(nowMicros);
    this.#schedule();
  }

  /** Does a request on the same id wait before index `w`? */
  #isBehind(id: number, w: number): boolean {
    for (let i = 0; i < w; i++) if (this.#id[this.#waiting.row[i]!] === id) return true;
    return false;
  }

  /** Tries everyone who waits, in order of arrival, then sends away those whose time is over. */
  #settle(nowMicros: number): void {
    const waiting = this.#waiting;
    let w = 0;
    while (w < waiting.count) {
      if (this.#settleOne(w, nowMicros)) continue;
      if (waiting.deadlineMicros[w]! <= nowMicros) this.#deny(w, nowMicros);
      else w++;
    }
    if (waiting.count === 0) this.stall.end(nowMicros);
  }

  /** True when the request at index w is gone: served, or denied since its means are used up. */
  #settleOne(w: number, nowMicros: number): boolean {
    const waiting = this.#waiting;
    const row = waiting.row[w]!;
    if (this.#isBehind(this.#id[row]!, w)) {
      waiting.wasHindered[w] = 1;
      return false;
    }
    for (;;) {
      if (this.#placement.tryRow(row, nowMicros, waiting.arrivalMicros[w]!)) {
        this.#serve(w, row, nowMicros);
        return true;
      }
      const runsBefore = this.runner.runs;
      if (!this.#hasMeans(w, row, nowMicros)) {
        this.#deny(w, nowMicros);
        return true;
      }
      // A run that costs nothing is over already: try again.
      if (this.runner.runs === runsBefore || this.runner.isActive) return false;
    }
  }

  #serve(w: number, row: number, nowMicros: number): void {
    const waiting = this.#waiting;
    if (waiting.isRetry[w] === 1) this.retriesRecovered++;
    else this.response.addWaited(nowMicros - waiting.arrivalMicros[w]!);
    this.digest.addInteger(nowMicros); // a request placed on arrival is placed at its row's time
    const isAbandoned = waiting.isAbandoned[w] === 1;
    waiting.remove(w);
    this.servedAtMicros[row] = nowMicros;
    this.observer?.servedLate(row, nowMicros);
    if (isAbandoned) this.#placement.release(this.#id[row]!, nowMicros, false);
  }

  /** Is there anything worth waiting for: the present run, reclaim, a new run, the limiter? Starts what it needs. */
  #hasMeans(w: number, row: number, nowMicros: number): boolean {
    const waiting = this.#waiting;
    const heap = this.heap;
    const length = this.#length[row]!;
    if (waiting.deadlineMicros[w]! <= nowMicros) return false;
    if (length > heap.freeBytes) {
      if (this.shrinker.countBytes() <= 0) return false;
      this.shrinker.shed(length - heap.freeBytes, nowMicros);
      return this.shrinker.nextMicros !== Infinity;
    }
    if (this.reserveBytes > 0 && heap.freeBytes - length < this.reserveBytes) return false;
    if (!this.#compactsOnDemand && !this.runner.isActive) return false;
    if (this.runner.isActive) {
      if (this.runner.startedMicros < waiting.arrivalMicros[w]!) waiting.wasHindered[w] = 1;
      return true;
    }
    if (waiting.wasTried[w] === 1) return false;
    if (nowMicros < this.#reactiveDeferredUntil && length >= this.#reactiveDeferredBytes) {
      waiting.wasHindered[w] = 1;
      return false;
    }
    const admitted = this.limiter.nextAdmissionMicros(nowMicros);
    if (admitted > nowMicros) {
      waiting.wasHindered[w] = 1;
      this.refusedByLimiter++;
      if (admitted < this.#wakeMicros) this.#wakeMicros = admitted;
      return admitted < waiting.deadlineMicros[w]!;
    }
    return this.#startOnDemand(length, waiting.deadlineMicros[w]! - nowMicros, nowMicros);
  }

  #deny(w: number, nowMicros: number): void {
    const waiting = this.#waiting;
    const row = waiting.row[w]!;
    const requestClass = this.#class[row]!;
    const left = waiting.retriesLeft[w]!;
    const isAbandoned = waiting.isAbandoned[w] === 1;
    if (waiting.isRetry[w] === 0) {
      const cause = this.#causeOf(row, waiting.wasHindered[w] === 1 && requestClass !== CLASS_ATOMIC);
      this.oomTotal++;
      this.oomsByCause[cause]!++;
      this.oomsByClass[requestClass]!++;
      this.deniedBytes += this.#size[row]!;
      if (nowMicros - this.#lastOomMicros >= OOM_EPISODE_GAP_MICROS) this.oomEpisodes++;
      this.#lastOomMicros = nowMicros;
      if (cause === CAUSE_FRAGMENTATION) this.meter.noteFragmentationOom();
      this.digest.addInteger(-1 - row);
      this.digest.addInteger(cause + nowMicros * 64);
      this.#recorder?.deny(nowMicros, this.#id[row]!, this.#size[row]!, requestClass, cause);
      this.observer?.denied(row, nowMicros);
    }
    waiting.remove(w);
    if (waiting.count === 0) this.stall.end(nowMicros);
    if (left > 0 && !isAbandoned && !this.#isBehind(this.#id[row]!, waiting.count)) {
      this.#retryQueue.push({ row, atMicros: nowMicros + RETRY_DELAY_MICROS, left: left - 1 });
      this.#schedule();
    }
  }

  /** The first cause that applies (DESIGN section 3). Cost: a dry run of the slide unless capacity is the cause. */
  #causeOf(row: number, wasHindered: boolean): number {
    const heap = this.heap;
    const length = this.#length[row]!;
    if (length > heap.freeBytes) return CAUSE_CAPACITY;
    if (heap.largestHoleAfterSlide() < length) return CAUSE_PINNED;
    if (this.reserveBytes > 0 && this.#class[row] !== CLASS_ATOMIC && heap.freeBytes - length < this.reserveBytes) {
      return CAUSE_RESERVE;
    }
    return wasHindered ? CAUSE_LIMIT : CAUSE_FRAGMENTATION;
  }

  /** The id was freed, or asked for again: what was denied before is not wanted any more. */
  #dropRetries(id: number): void {
    for (let at = this.#retryQueue.length - 1; at >= 0; at--) {
      if (this.#id[this.#retryQueue[at]!.row] === id) this.#retryQueue.splice(at, 1);
    }
  }

  #retryOne(nowMicros: number): void {
    const { row, left } = this.#retryQueue.shift()!;
    this.retriesMade++;
    const budget = CLASS_BUDGET_MICROS[this.#class[row]!]!;
    // `settle` follows and tries it; an atomic request's budget of 0 sends it away there at once.
    this.#waiting.add(row, nowMicros, nowMicros + budget, left, 1);
    this.stall.begin(nowMicros);
  }

  // --- runs ---

  /** A run for a pending request of `length` bytes that may wait for another `leftMicros`. */
  #startOnDemand(length: number, leftMicros: number, nowMicros: number): boolean {
    if (this.#machinery !== "quick") {
      const compactor = this.#compactors[this.#machinery];
      return this.#startRun(compactor, RUN_REACTIVE, "request", length, Infinity, null, nowMicros);
    }
    const budget = this.#affordableBytes(leftMicros);
    if (budget <= 0) return false;
    const kind = budget >= this.heap.allocatedBytes ? "pack" : "gather";
    // Room beside what was asked for, so that the next request finds some too.
    this.#demandPlan.wishBytes = length + this.spareHoleBytes;
    return this.#startRun(this.#compactors[kind], RUN_REACTIVE, "request", length, budget, this.#demandPlan, nowMicros);
  }

  /** Bytes that a run of so many µs can move, its start and its looks at the blocks (plan, trials, slices) taken off. */
  #affordableBytes(micros: number): number {
    const { startMicros, scanMicrosPerBlock, copyBytesPerMicro } = this.runner.cost;
    const left = micros - startMicros - LOOKS_PER_RUN * this.heap.blockCount * scanMicrosPerBlock;
    return left <= 0 ? 0 : left * copyBytesPerMicro;
  }

  #startRun(
    compactor: Compactor,
    kind: number,
    trigger: string,
    goalBytes: number,
    budgetBytes: number,
    plan: RunPlan | null,
    nowMicros: number,
  ): boolean {
    const runner = this.runner;
    const wishBytes = plan === null ? goalBytes : plan.wishBytes;
    if (!runner.start(compactor, kind, trigger, goalBytes, budgetBytes, wishBytes, plan?.worthRatio, nowMicros)) {
      return false;
    }
    this.#recorder?.compact(nowMicros, runner.runs, kind === RUN_PROACTIVE, trigger, "start", 0);
    while (runner.sliceEndMicros <= nowMicros) if (runner.advance(nowMicros)) this.#runEnded(nowMicros);
    return true;
  }

  #runEnded(nowMicros: number): void {
    const runner = this.runner;
    const heap = this.heap;
    const isProactive = runner.kind === RUN_PROACTIVE;
    this.#recorder?.compact(nowMicros, runner.runs, isProactive, runner.trigger, "end", runner.movedBytes);
    this.digest.addInteger(-2);
    this.digest.addInteger(runner.movedBytes * 64 + runner.kind);
    const waiting = this.#waiting;
    const isWhole = runner.compactorKind === "slide" || runner.compactorKind === "pack";
    const reach = isWhole ? Infinity : runner.goalBytes;
    for (let w = 0; w < waiting.count; w++) {
      if (runner.startedMicros >= waiting.arrivalMicros[w]! && this.#length[waiting.row[w]!]! <= reach) {
        waiting.wasTried[w] = 1;
      }
    }
    const madeProgress = heap.largestHole() > runner.largestHoleBefore || heap.usableBytes > runner.usableBefore;
    if (runner.kind === RUN_PROACTIVE) {
      if (madeProgress) this.#proactiveBackoffMicros = 0;
      else this.#deferProactive(nowMicros);
    } else if (madeProgress || heap.largestHole() >= runner.goalBytes) {
      this.#reactiveBackoffMicros = 0;
      this.#reactiveDeferredBytes = Infinity;
    } else {
      this.#reactiveBackoffMicros = nextBackoff(this.#reactiveBackoffMicros);
      this.#reactiveDeferredUntil = nowMicros + this.#reactiveBackoffMicros;
      this.#reactiveDeferredBytes = runner.goalBytes;
    }
    this.observer?.runEnded(runner);
  }

  #deferProactive(nowMicros: number): void {
    this.#proactiveBackoffMicros = nextBackoff(this.#proactiveBackoffMicros);
    this.#proactiveDeferredUntil = nowMicros + this.#proactiveBackoffMicros;
  }

  #shedOne(nowMicros: number): void {
    const id = this.shrinker.take(this.#placement.handles);
    if (id < 0) {
      this.shrinker.stop();
      return;
    }
    const length = this.heap.lengthOf(this.#placement.handles[id]!);
    this.#placement.release(id, nowMicros, true);
    this.shrinker.noteShed(length, nowMicros);
    this.cache?.noteShed(id);
  }

  #schedule(): void {
    let next = Math.min(this.runner.sliceEndMicros, this.shrinker.nextMicros);
    if (this.#waiting.count > 0) next = Math.min(next, this.#wakeMicros, this.#waiting.earliestDeadlineMicros());
    if (this.#retryQueue.length > 0) next = Math.min(next, this.#retryQueue[0]!.atMicros);
    this.nextEventMicros = next;
  }

  #check(): void {
    const violations = checkHeap(this.heap);
    assert(violations.length === 0, violations.length === 0 ? "" : `heap: ${violations[0]!.message}`);
  }
}

function nextBackoff(backoffMicros: number): number {
  return Math.min(MOST_BACKOFF_MICROS, backoffMicros === 0 ? LEAST_BACKOFF_MICROS : backoffMicros * 2);
}
