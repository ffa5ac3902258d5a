// Several arenas in one virtual time, zones of a machine or subsystems of a program: each has its own demand, predictor,
// watchdog and shadow, all share one limit on compaction. What differs is who gets the runs. First come, first served: each
// zone decides alone, in the order of its allocations. Coordinated: one loop ranks the zones at each tick by how soon and
// how badly they will need a run, decides for the neediest first, and holds back a start for each zone ahead of one (the
// limiter's spare starts do that, so a zone needs no knowledge of the others). Requests that wait are served first either
// way. Unlike ZonedHeap, which is one heap in parts, these share nothing but time and the limit.

import { assert, MempredError } from "../core/errors.ts";
import { Digest } from "../core/hash.ts";
import { MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
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
  /** Share of the largest recent request that the largest hole lacks, 0..1. */
  readonly missingRatio: number;
}

/** Sorts the neediest first: the soonest critical; of those, the one that lacks most of a hole. */
export function compareNeeds(a: ZoneNeed, b: ZoneNeed): number {
  if (a.criticalInMicros !== b.criticalInMicros) return a.criticalInMicros < b.criticalInMicros ? -1 : 1;
  return b.missingRatio - a.missingRatio;
}

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
      const acting = new ZoneLimiter(this.#account);
      return new Zone(index, new Run(zone, { acting, shadow: new ZoneLimiter(shadows) }), acting, zone);
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
      const ranked = order.map((zone) => ({ zone, need: zone.need(nowMicros) }));
      ranked.sort((a, b) => compareNeeds(a.need, b.need) || a.zone.index - b.zone.index);
      for (const [rank, { zone, need }] of ranked.entries()) {
        const ahead = ranked.filter((other) => compareNeeds(other.need, need) < 0).length;
        assert(ahead <= rank, "ranks follow needs");
        zone.limiter.heldBackStarts = ahead;
      }
      order = ranked.map(({ zone }) => zone);
    }
    for (const { run } of order) run.decide(nowMicros);
  }
}

/** One zone of the fleet, and where it is in its demand. */
class Zone {
  readonly index: number;
  readonly run: Run;
  readonly limiter: ZoneLimiter;
  readonly arenas: readonly Arena[];
  nextRowMicros: number;
  readonly #options: ZoneRunOptions;
  #row = 0;

  constructor(index: number, run: Run, limiter: ZoneLimiter, options: ZoneRunOptions) {
    this.index = index;
    this.run = run;
    this.limiter = limiter;
    this.arenas = run.shadow === null ? [run.arena] : [run.arena, run.shadow];
    this.#options = options;
    this.nextRowMicros = options.demand.length === 0 ? Infinity : options.demand.timeMicros[0]!;
  }

  serveNext(): void {
    const { demand } = this.#options;
    this.run.serve(this.#row, this.nextRowMicros);
    this.#row++;
    this.nextRowMicros = this.#row < demand.length ? demand.timeMicros[this.#row]! : Infinity;
  }

  /** What the forecast says of the next seconds. A zone whose forecaster is out of use comes last: it asks for nothing. */
  need(nowMicros: number): ZoneNeed {
    const { arena, signal } = this.run;
    const { threshold } = arena.meter;
    const pressure = arena.pressureRatio();
    const wanted = Math.min(this.run.largestRecentBytes, arena.heap.freeBytes);
    const missingRatio = wanted <= 0 ? 0 : Math.max(0, 1 - arena.heap.largestHole() / wanted);
    if (signal === null || signal.isTripped) return { criticalInMicros: Infinity, missingRatio };
    const upper = signal.forecast(nowMicros) + signal.upperMargin();
    if (!(upper >= threshold)) return { criticalInMicros: Infinity, missingRatio };
    if (pressure >= threshold) return { criticalInMicros: 0, missingRatio };
    const share = (threshold - pressure) / (upper - pressure);
    return { criticalInMicros: Math.round(share * 5 * MICROS_PER_SECOND), missingRatio };
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

/** The fleet's limiter as one zone sees it: of proactive starts it leaves so many more to those in greater need. */
class ZoneLimiter extends Limiter {
  heldBackStarts = 0;
  readonly #shared: Limiter;

  constructor(shared: Limiter) {
    super(shared.limits);
    this.#shared = shared;
  }

  override nextAdmissionMicros(nowMicros: number, spareRuns = 0): number {
    return this.#shared.nextAdmissionMicros(nowMicros, spareRuns === 0 ? 0 : spareRuns + this.heldBackStarts);
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
