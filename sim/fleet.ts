// Several arenas in one virtual time, zones of a machine or subsystems of a program: each has its own demand, predictor,
// watchdog and shadow, all share one limit on compaction. What differs is who gets the runs. First come, first served: each
// zone decides alone, in the order of its allocations. Coordinated: one loop ranks the zones by how soon the forecast of the
// last tick makes them critical and by how many of their recent requests would not fit now, lets the neediest decide first,
// and has every other leave two starts to each zone ahead of it (the limiter's spare starts do that, so a zone needs no
// knowledge of the others). Requests that wait are served first either way. Unlike ZonedHeap, which is one heap in parts, these share nothing but time and the limit.

import { OP_FREE } from "../core/demand.ts";
import { assert, MempredError } from "../core/errors.ts";
import { Digest } from "../core/hash.ts";
import { blockLength, HORIZON_MICROS, MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import type { Arena } from "./arena.ts";
import { defaultLimits, Limiter } from "./limiter.ts";
import type { RunResult } from "./result.ts";
import { Run } from "./simulate.ts";
import type { Limits, SimulateOptions, SimulateOutcome } from "./simulate-types.ts";

/** One zone: a run's options without the limits, which are the fleet's. */
export type ZoneRunOptions = Omit<SimulateOptions, "limits">;

export interface FleetOptions {
  readonly zones: readonly ZoneRunOptions[];
  /** Of the fleet as a whole; what is left out is as for one arena of the zones' total capacity. */
  readonly limits?: Partial<Limits>;
  /** Whether one loop gives out the runs. Default true. */
  readonly isCoordinated?: boolean;
}

export interface FleetOutcome {
  readonly zones: readonly SimulateOutcome[];
  /** Of all zones together, counted apart from the limiter. */
  readonly maxRunsInAnySecond: number;
  readonly runs: number;
  /** Digest over the zones' digests. */
  readonly hash: string;
}

/**
 * Runs a fleet. A fleet of one, coordinated or not, gives what `simulate` gives, to the byte.
 * Errors: as `simulate`; INVALID_INPUT without a zone or with demands of different duration. Cost: the zones' together.
 */
export function simulateFleet(options: FleetOptions): FleetOutcome {
  return new Fleet(options).execute();
}

/** How much a zone needs the next run. */
export interface ZoneNeed {
  /** Until pressure is critical by the upper bound of the forecast: 0 when it is, Infinity when it will not be. */
  readonly criticalInMicros: number;
  /** Share of the recent requests that the largest hole would not take, 0..1. */
  readonly misfitShare: number;
}

/** Sorts the neediest first: the soonest critical; of those, the one most of whose requests would not fit. */
export function compareNeeds(a: ZoneNeed, b: ZoneNeed): number {
  if (a.criticalInMicros !== b.criticalInMicros) return a.criticalInMicros < b.criticalInMicros ? -1 : 1;
  return b.misfitShare - a.misfitShare;
}

/** Recent requests that a zone's need is judged by. */
const WINDOW = 512;
/** Starts that a zone leaves to each zone in greater need. */
const STARTS_FOR_EACH_AHEAD = 2;

class Fleet {
  readonly #zones: Zone[];
  readonly #account: SharedLimiter;
  readonly #isCoordinated: boolean;
  readonly #endMicros: number;

  constructor(options: FleetOptions) {
    const { zones } = options;
    if (zones.length === 0) throw new MempredError("INVALID_INPUT", "a fleet has at least one zone");
    this.#endMicros = zones[0]!.demand.durationMicros;
    if (zones.some((zone) => zone.demand.durationMicros !== this.#endMicros)) {
      throw new MempredError("INVALID_INPUT", "the zones of a fleet have demands of equal duration");
    }
    const capacityBytes = zones.reduce((sum, zone) => sum + zone.demand.capacityBytes, 0);
    const limits = { ...defaultLimits(capacityBytes), ...options.limits };
    this.#isCoordinated = options.isCoordinated ?? true;
    this.#account = new SharedLimiter(limits);
    // The shadows live in a world of their own, in which nobody acts ahead, under the same limit.
    const shadows = new SharedLimiter(limits);
    this.#zones = zones.map((zone, index) => {
      const acting = new ZoneLimiter(this.#account, () => this.#startsToLeave(this.#zones[index]!));
      const shadow = new ZoneLimiter(shadows, () => 0);
      return new Zone(index, new Run(zone, { acting, shadow }), zone);
    });
  }

  execute(): FleetOutcome {
    const zones = this.#zones;
    const end = this.#endMicros;
    let nextTickMicros = 0;
    for (;;) {
      let next = zones[0]!;
      for (const zone of zones) if (zone.nextRowMicros < next.nextRowMicros) next = zone;
      const now = next.nextRowMicros;
      while (nextTickMicros <= now && nextTickMicros <= end) {
        this.#settleUntil(nextTickMicros);
        this.#tick(nextTickMicros);
        nextTickMicros += TICK_MICROS;
      }
      if (now === Infinity) break;
      this.#settleUntil(now);
      next.serveNext();
    }
    this.#settleUntil(end);
    for (const zone of zones) zone.run.close();
    this.#settleUntil(Infinity);
    const outcomes = zones.map((zone) => zone.run.finish());
    const digest = new Digest();
    for (const { result } of outcomes) {
      digest.addInteger(Number.parseInt(result.hash.slice(0, 8), 16));
      digest.addInteger(Number.parseInt(result.hash.slice(8), 16));
    }
    return {
      zones: outcomes,
      maxRunsInAnySecond: this.#account.maxRunsInAnySecond,
      runs: this.#account.runs,
      hash: digest.hex(),
    };
  }

  /** Lets happen what is due in any arena up to `limitMicros`, in order of time, so that the shared limit sees starts in order. */
  #settleUntil(limitMicros: number): void {
    for (;;) {
      let first: Arena | null = null;
      for (const { arenas } of this.#zones) {
        for (const arena of arenas) {
          if (arena.nextEventMicros <= limitMicros && arena.nextEventMicros < (first?.nextEventMicros ?? Infinity)) {
            first = arena;
          }
        }
      }
      if (first === null) return;
      first.advanceTo(first.nextEventMicros);
    }
  }

  /** All zones look and forecast, then all decide: the neediest first, where one loop decides. */
  #tick(nowMicros: number): void {
    for (const { run } of this.#zones) run.sample(nowMicros);
    let order = this.#zones;
    if (this.#isCoordinated) {
      for (const zone of order) zone.lookAhead(nowMicros);
      const ranked = order.map((zone) => ({ zone, need: zone.need() }));
      ranked.sort((a, b) => compareNeeds(a.need, b.need) || a.zone.index - b.zone.index);
      order = ranked.map(({ zone }) => zone);
    }
    for (const { run } of order) run.decide(nowMicros);
  }

  /** How many starts `zone` must leave to zones in greater need, as things stand at this moment. */
  #startsToLeave(zone: Zone): number {
    if (!this.#isCoordinated || this.#zones.length === 1) return 0;
    const need = zone.need();
    let ahead = 0;
    for (const other of this.#zones) if (other !== zone && compareNeeds(other.need(), need) < 0) ahead++;
    return ahead * STARTS_FOR_EACH_AHEAD;
  }
}

/** One zone of the fleet, and where it is in its demand. */
class Zone {
  readonly index: number;
  readonly run: Run;
  readonly arenas: readonly Arena[];
  nextRowMicros: number;
  readonly #options: ZoneRunOptions;
  readonly #recentBytes = new Uint32Array(WINDOW);
  #requests = 0;
  #row = 0;
  #criticalInMicros = Infinity;

  constructor(index: number, run: Run, options: ZoneRunOptions) {
    this.index = index;
    this.run = run;
    this.arenas = run.shadow === null ? [run.arena] : [run.arena, run.shadow];
    this.#options = options;
    this.nextRowMicros = options.demand.length === 0 ? Infinity : options.demand.timeMicros[0]!;
  }

  serveNext(): void {
    const { demand } = this.#options;
    if (demand.kind[this.#row] !== OP_FREE) {
      this.#recentBytes[this.#requests++ % WINDOW] = blockLength(demand.sizeBytes[this.#row]!);
    }
    this.run.serve(this.#row, this.nextRowMicros);
    this.#row++;
    this.nextRowMicros = this.#row < demand.length ? demand.timeMicros[this.#row]! : Infinity;
  }

  /** What the forecast says of the next seconds. A zone whose forecaster is out of use asks for nothing and comes last. */
  lookAhead(nowMicros: number): void {
    const { arena, signal } = this.run;
    this.#criticalInMicros = Infinity;
    if (signal === null || signal.isTripped) return;
    const { threshold } = arena.meter;
    const pressure = arena.pressureRatio();
    const upper = signal.forecast(nowMicros) + signal.upperMargin();
    if (!(upper >= threshold)) return;
    const share = pressure >= threshold ? 0 : (threshold - pressure) / (upper - pressure);
    this.#criticalInMicros = Math.round(share * HORIZON_MICROS);
  }

  /** As of the last look ahead and of the holes now. Cost: one pass over the recent requests. */
  need(): ZoneNeed {
    const count = Math.min(WINDOW, this.#requests);
    const hole = this.run.arena.heap.largestHole();
    let misfits = 0;
    for (let i = 0; i < count; i++) if (this.#recentBytes[i]! > hole) misfits++;
    return { criticalInMicros: this.#criticalInMicros, misfitShare: count === 0 ? 0 : misfits / count };
  }
}

/** The fleet's limiter, with an account of starts that does not trust it. */
class SharedLimiter extends Limiter {
  runs = 0;
  maxRunsInAnySecond = 0;
  readonly #recent: number[] = [];

  override noteStart(nowMicros: number): void {
    super.noteStart(nowMicros);
    this.runs++;
    const recent = this.#recent;
    assert(recent.length === 0 || nowMicros >= recent.at(-1)!, "starts come in order of time");
    recent.push(nowMicros);
    while (nowMicros - recent[0]! >= MICROS_PER_SECOND) recent.shift();
    this.maxRunsInAnySecond = Math.max(this.maxRunsInAnySecond, recent.length);
  }
}

/** The fleet's limiter as one zone sees it: of proactive starts it leaves some more, to zones in greater need. */
class ZoneLimiter extends Limiter {
  readonly #shared: Limiter;
  readonly #startsToLeave: () => number;

  constructor(shared: Limiter, startsToLeave: () => number) {
    super(shared.limits);
    this.#shared = shared;
    this.#startsToLeave = startsToLeave;
  }

  /** Whoever leaves no starts at all is a request that waits, or a rule that asks for none: it is not held back. */
  override nextAdmissionMicros(nowMicros: number, spareRuns = 0): number {
    return this.#shared.nextAdmissionMicros(nowMicros, spareRuns === 0 ? 0 : spareRuns + this.#startsToLeave());
  }

  override hasProactiveBudget(nowMicros: number): boolean {
    return this.#shared.hasProactiveBudget(nowMicros);
  }

  override noteStart(nowMicros: number): void {
    this.#shared.noteStart(nowMicros);
  }

  override noteMoved(nowMicros: number, bytes: number, isProactive: boolean): void {
    this.#shared.noteMoved(nowMicros, bytes, isProactive);
  }
}

/** Sums over the zones of a fleet. */
export function sumOverZones(outcome: FleetOutcome, pick: (result: RunResult) => number): number {
  return outcome.zones.reduce((sum, { result }) => sum + pick(result), 0);
}
