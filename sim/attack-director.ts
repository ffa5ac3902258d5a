// Carries out a schedule of attacks on one run and takes down what became of each. It stands where the faults would come
// from: between predictor and watchdog for what the forecaster says, before the sensor guard for what it is told and when,
// behind the cost model for the compactor. Nothing that defends the run knows of it.

import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { WeightedForecaster } from "../predictor/guarded-forecaster.ts";
import type { Arena } from "./arena.ts";
import { ATTACK_KINDS, type Attack, type AttackKind, type AttackReport, checkAttacks } from "./attacks.ts";
import type { GuardedSignal } from "./policies/policy.ts";
import { CAUSE_FRAGMENTATION, CAUSE_LIMIT } from "./result.ts";
import type { CostModel } from "./simulate-types.ts";

const SLOW_FACTOR = 100;
const DRIFT = 0.5;
const SWING = 0.4;
const INPUT_DRIFT = 0.2;
const LEAST_JUMP_MICROS = MICROS_PER_SECOND;
const MOST_JUMP_MICROS = 60 * MICROS_PER_SECOND;
/** Between two jumps of the clock. */
const LEAST_JUMP_GAP_MICROS = 2 * MICROS_PER_SECOND;
const MOST_JUMP_GAP_MICROS = 8 * MICROS_PER_SECOND;
const HUGE_WEIGHT = 1e6;

/** One attack of the schedule and what has come of it so far. */
interface AttackRecord {
  readonly attack: Attack;
  readonly random: RandomStream;
  readonly sign: 1 | -1;
  /** The next attack's start, which ends the account of this one. */
  readonly untilMicros: number;
  isBegun: boolean;
  isEnded: boolean;
  readonly held: Float64Array; // first values of a stuck output or frozen inputs; NaN: none yet
  nextJumpMicros: number;
  oomsBefore: number;
  avoidableBefore: number;
  ooms: number;
  avoidable: number;
  readonly trips: string[];
  tripAfterMicros: number | null;
  safeModeTicks: number;
  wasIllAfterwards: boolean;
  recoveredAfterMicros: number | null;
}

export class AttackDirector {
  readonly #records: AttackRecord[];
  /** By kind: the attack under way. */
  readonly #active: (AttackRecord | null)[] = ATTACK_KINDS.map(() => null);
  #now = 0;
  #nextChange = -Infinity;
  #ticks = 0;
  #clockOffset = 0;
  #trips = 0;
  #arena: Arena | null = null;
  #weights: Float64Array | undefined;

  /** @param seed of the streams "attack 0 nan", "attack 1 drift", ... Throws INVALID_INPUT on a bad schedule. */
  constructor(attacks: readonly Attack[], seed: number) {
    checkAttacks(attacks);
    const ordered = [...attacks].sort((a, b) => a.fromMicros - b.fromMicros || a.toMicros - b.toMicros);
    this.#records = ordered.map((attack, i) => {
      const random = new RandomStream(seed, `attack ${i} ${attack.kind}`);
      const next = ordered.find((other) => other.fromMicros >= attack.toMicros);
      return {
        attack,
        random,
        sign: random.chance(0.5) ? 1 : -1,
        untilMicros: next?.fromMicros ?? Infinity,
        isBegun: false,
        isEnded: false,
        held: new Float64Array(3).fill(NaN),
        nextJumpMicros: attack.fromMicros,
        oomsBefore: 0,
        avoidableBefore: 0,
        ooms: 0,
        avoidable: 0,
        trips: [],
        tripAfterMicros: null,
        safeModeTicks: 0,
        wasIllAfterwards: false,
        recoveredAfterMicros: null,
      };
    });
  }

  /** The arena whose denials are counted. */
  watch(arena: Arena): void {
    this.#arena = arena;
  }

  /** The run is at `nowMicros`: attacks begin and end. Cheap between two changes. */
  advanceTo(nowMicros: number): void {
    this.#now = nowMicros;
    if (nowMicros >= this.#nextChange) this.#change();
  }

  /** Does the 500 ms loop not run now? */
  get losesTick(): boolean {
    return this.#of("lost-ticks") !== null;
  }

  /** The forecaster as the attacker lets it be heard: goes between it and its watchdog. */
  forecaster(inner: WeightedForecaster): WeightedForecaster {
    this.#weights = inner.weights;
    return {
      id: inner.id,
      stateBytes: inner.stateBytes,
      weights: inner.weights,
      observe: (now, occupancy, pressure) => inner.observe(now, occupancy, pressure),
      observeRequest: (now, length, requestClass, tenant) => inner.observeRequest?.(now, length, requestClass, tenant),
      sampleHeap: (largest, holes, reference) => inner.sampleHeap?.(largest, holes, reference),
      noteCompaction: (now) => inner.noteCompaction(now),
      forecast: (now) => this.#output(inner.forecast(now)),
      tick: (now, occupancy, pressure, isMasked) => inner.tick(now, occupancy, pressure, isMasked),
      upperMargin: () => inner.upperMargin(),
      confidence: () => inner.confidence(),
    };
  }

  /** The signal as the attacker feeds it: goes before its sensor guard. Trips are told in the time that really passes. */
  signal(inner: GuardedSignal): GuardedSignal {
    const trips: { atMicros: number; reason: string }[] = [];
    const noteTrips = (now: number): void => {
      for (let i = trips.length; i < inner.trips.length; i++)
        trips.push({ atMicros: now, reason: inner.trips[i]!.reason });
    };
    const attacked: GuardedSignal = {
      guarded: inner.guarded,
      id: inner.id,
      stateBytes: inner.stateBytes,
      get isTripped() {
        return inner.isTripped;
      },
      trips,
      observe: (now, occupancy, pressure) => {
        inner.observe(this.#clock(now), this.#input(0, occupancy), this.#input(1, pressure));
        noteTrips(now);
      },
      observeRequest: (now, length, requestClass, tenant) =>
        inner.observeRequest?.(this.#clock(now), length, requestClass, tenant),
      sampleHeap: (largest, holes, reference) => inner.sampleHeap?.(largest, holes, reference),
      noteCompaction: (now) => inner.noteCompaction(now + this.#clockOffset),
      forecast: (now) => {
        const forecast = inner.forecast(this.#clock(now));
        noteTrips(now);
        return forecast;
      },
      tick: (now, occupancy, pressure, isMasked) => {
        if (this.losesTick) return;
        inner.tick(this.#clock(now), this.#input(0, occupancy), this.#input(1, pressure), isMasked);
        noteTrips(now);
      },
      upperMargin: () => inner.upperMargin(),
      confidence: () => inner.confidence(),
    };
    return attacked;
  }

  /** The cost model as the attacker makes it. */
  cost(inner: CostModel): CostModel {
    const factor = () => (this.#of("slow-compactor") === null ? 1 : SLOW_FACTOR);
    const stalledFor = () => {
      const stall = this.#of("stalled-compactor");
      return stall === null ? 0 : Math.max(0, stall.attack.toMicros - this.#now);
    };
    return {
      get startMicros() {
        return inner.startMicros * factor() + stalledFor();
      },
      get scanMicrosPerBlock() {
        return inner.scanMicrosPerBlock * factor();
      },
      get copyBytesPerMicro() {
        return inner.copyBytesPerMicro / factor();
      },
      sliceMicros: inner.sliceMicros,
    };
  }

  /** After each tick of the run: safe mode and recovery, attack by attack. */
  noteTick(nowMicros: number, signal: GuardedSignal | null): void {
    this.#ticks++;
    const runner = this.#arena?.runner;
    const isTripped = signal?.isTripped ?? false;
    const fresh = signal === null ? [] : signal.trips.slice(this.#trips);
    this.#trips += fresh.length;
    for (const record of this.#records) {
      const { fromMicros, toMicros } = record.attack;
      for (const { atMicros, reason } of fresh) {
        if (atMicros < fromMicros || atMicros >= record.untilMicros) continue;
        record.trips.push(reason);
        record.tripAfterMicros ??= atMicros - fromMicros;
      }
      if (nowMicros < fromMicros || nowMicros >= record.untilMicros) continue;
      if (isTripped) record.safeModeTicks++;
      if (nowMicros < toMicros || record.recoveredAfterMicros !== null) continue;
      const isRunOld = runner?.isActive === true && runner.startedMicros < toMicros;
      if (isTripped || isRunOld) record.wasIllAfterwards = true;
      // Ticks fall where they fall: whoever is well at the first one after the end was well at the end.
      else record.recoveredAfterMicros = record.wasIllAfterwards ? nowMicros - toMicros : 0;
    }
  }

  report(): AttackReport {
    return {
      outcomes: this.#records.map((record) => ({
        ...record.attack,
        trips: record.trips,
        tripAfterMicros: record.tripAfterMicros,
        safeModeTicks: record.safeModeTicks,
        recoveredAfterMicros: record.recoveredAfterMicros,
        ooms: { total: record.ooms, avoidable: record.avoidable },
      })),
    };
  }

  #of(kind: AttackKind): AttackRecord | null {
    return this.#active[ATTACK_KINDS.indexOf(kind)]!;
  }

  #change(): void {
    let next = Infinity;
    const arena = this.#arena;
    const total = arena?.oomTotal ?? 0;
    const avoidable = arena === null ? 0 : arena.oomsByCause[CAUSE_LIMIT]! + arena.oomsByCause[CAUSE_FRAGMENTATION]!;
    for (const record of this.#records) {
      const { kind, fromMicros, toMicros } = record.attack;
      const place = ATTACK_KINDS.indexOf(kind);
      if (!record.isBegun && this.#now >= fromMicros) {
        record.isBegun = true;
        record.oomsBefore = total;
        record.avoidableBefore = avoidable;
        this.#active[place] = record;
        if (kind === "weights") this.#damage(record);
      }
      if (record.isBegun && !record.isEnded && this.#now >= toMicros) {
        record.isEnded = true;
        record.ooms = total - record.oomsBefore;
        record.avoidable = avoidable - record.avoidableBefore;
        if (this.#active[place] === record) this.#active[place] = null;
      }
      if (!record.isBegun) next = Math.min(next, fromMicros);
      else if (!record.isEnded) next = Math.min(next, toMicros);
    }
    this.#nextChange = next;
  }

  #output(forecast: number): number {
    let value = forecast;
    const stuck = this.#of("stuck");
    if (stuck !== null) {
      if (Number.isNaN(stuck.held[0]!)) stuck.held[0] = value;
      value = stuck.held[0]!;
    }
    const drift = this.#of("drift");
    if (drift !== null) value = clamp(value + drift.sign * DRIFT * this.#progress(drift));
    if (this.#of("flip") !== null) value = 1 - value;
    if (this.#of("flip-flop") !== null) value = clamp(value + (this.#ticks % 2 === 0 ? SWING : -SWING));
    const outside = this.#of("out-of-bounds");
    if (outside !== null) value = outside.sign > 0 ? 1 + value : value - 1.5;
    const infinite = this.#of("infinite");
    if (infinite !== null) value = infinite.sign * Infinity;
    return this.#of("nan") === null ? value : NaN;
  }

  /** @param which 0 occupancy, 1 pressure */
  #input(which: 0 | 1, reading: number): number {
    let value = reading;
    const freeze = this.#of("input-freeze");
    if (freeze !== null) {
      if (Number.isNaN(freeze.held[which]!)) freeze.held[which] = value;
      value = freeze.held[which]!;
    }
    const drift = this.#of("input-drift");
    if (drift !== null) value = clamp(value + drift.sign * INPUT_DRIFT * this.#progress(drift));
    if (this.#of("input-flip") !== null) value = 1 - value;
    return this.#of("input-nan") === null ? value : NaN;
  }

  /** The time that forecaster and watchdog are told. A clock that has jumped stays where it is. */
  #clock(nowMicros: number): number {
    this.#jump("clock-jump", 1);
    this.#jump("clock-back", -1);
    return nowMicros + this.#clockOffset;
  }

  #jump(kind: AttackKind, direction: 1 | -1): void {
    const record = this.#of(kind);
    if (record === null || this.#now < record.nextJumpMicros) return;
    this.#clockOffset += direction * record.random.between(LEAST_JUMP_MICROS, MOST_JUMP_MICROS);
    record.nextJumpMicros = this.#now + record.random.between(LEAST_JUMP_GAP_MICROS, MOST_JUMP_GAP_MICROS);
  }

  #damage({ random }: AttackRecord): void {
    const weights = this.#weights;
    if (weights === undefined) return; // a forecaster without weights has none to damage
    const way = random.integer(4);
    for (let i = 0; i < weights.length; i++) {
      if (way === 0) weights[i] = NaN;
      else if (way === 1) weights[i] = HUGE_WEIGHT * (random.next() - 0.5);
      else if (way === 2) weights[i] = -weights[i]!;
      else weights[i] = 4 * (random.next() - 0.5);
    }
  }

  #progress({ attack }: AttackRecord): number {
    return (this.#now - attack.fromMicros) / (attack.toMicros - attack.fromMicros);
  }
}

function clamp(ratio: number): number {
  return Math.min(1, Math.max(0, ratio));
}
