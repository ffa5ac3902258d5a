// One run: a demand, a policy, a seed. Two arenas get the same demand, the acting one and, for a policy that compacts of its
// own accord, the shadow; time goes from row to row of the demand, with a tick each 500 ms in between. Everything in here is
// a pure function of its arguments.

import { CLASS_NAMES, type Demand, OP_FREE } from "../core/demand.ts";
import { assert, MempredError } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { RandomStream } from "../core/random.ts";
import { blockLength, HORIZON_MICROS, MICROS_PER_SECOND, TICK_MICROS } from "../core/units.ts";
import { CompactPredictor } from "../predictor/compact-predictor.ts";
import { ForecastScore } from "../predictor/forecast-score.ts";
import { GuardedForecaster } from "../predictor/guarded-forecaster.ts";
import { PressurePredictor } from "../predictor/pressure-predictor.ts";
import { watchdogStateBytes } from "../predictor/watchdog.ts";
import { Arena, type ArenaObserver, type ArenaOptions } from "./arena.ts";
import { AttackDirector } from "./attack-director.ts";
import { unshedHitRatio } from "./cache-tenant.ts";
import { type CompactionRunner, RUN_PROACTIVE } from "./compaction-runner.ts";
import { DEFAULT_COST, ZERO_COST } from "./cost-model.ts";
import { DecisionLog } from "./decisions.ts";
import { type DemandFacts, demandFacts } from "./demand-facts.ts";
import { FreeWatch, hearsOfFrees } from "./free-watch.ts";
import { freeDemand, NO_LIMITS } from "./free-world.ts";
import { Journal } from "./journal.ts";
import { defaultLimits, type Limiter } from "./limiter.ts";
import { type GuardedSignal, PASSIVE_POLICY, type Policy, type PolicyWorld } from "./policies/policy.ts";
import { type ResolvedPolicy, resolvePolicy } from "./policies/registry.ts";
import { OOM_CAUSES, type OomCause, type RunResult } from "./result.ts";
import type { RunRecorder } from "./run-recorder.ts";
import { SensorGuard } from "./sensor-guard.ts";
import { type SignalDefinition, signalNamed } from "./signals.ts";
import type { SimulateOptions, SimulateOutcome } from "./simulate-types.ts";
import { Usefulness } from "./usefulness.ts";

const DEFAULT_KEPT_DECISIONS = 20;
/** Of a default arena the predictor takes 0.66 %; arenas under some 13 KiB do without. */
const LARGEST_PREDICTOR_SHARE = 0.05;

/**
 * Simulates one run. Cost: about half a microsecond a request, more where compaction is frequent.
 * Errors: UNKNOWN_POLICY, INVALID_INPUT; an AssertionError is a defect of this program.
 */
export function simulate(options: SimulateOptions): SimulateOutcome {
  return new Run(options).execute();
}

/** Limiters that the arenas of several runs share, where they do. */
export interface SharedLimiters {
  readonly acting: Limiter;
  readonly shadow: Limiter;
}

/** A run that somebody drives: `simulate` row by row, a fleet in step with other runs. */
export class Run {
  readonly #options: SimulateOptions;
  readonly #shared: SharedLimiters | null;
  readonly #attacks: AttackDirector | null;
  readonly #demand: Demand;
  readonly #facts: DemandFacts;
  readonly #resolved: ResolvedPolicy;
  readonly #acting: Arena;
  readonly #shadow: Arena | null;
  readonly #usefulness: Usefulness | null;
  /** The network, where that is the signal: it has weights and learns. */
  readonly #predictor: PressurePredictor | null;
  /** Whose state is given back at the end. */
  readonly #kept: PressurePredictor | CompactPredictor | null;
  /** Bytes of the arena that the signal takes. */
  readonly #ownBytes: number;
  readonly #isGuarded: boolean;
  readonly #signal: GuardedSignal | null;
  /** Null unless the forecaster wants to hear of frees. */
  readonly #frees: FreeWatch | null;
  readonly #score: ForecastScore | null;
  readonly #log = new DecisionLog();
  readonly #recorder: RunRecorder | null;
  readonly #world: PolicyWorld;
  readonly #policy: Policy;
  readonly #notes: string[] = [];
  /** Four features and the anchor, of the last forecast that was written down. */
  readonly #networkInputs = new Float64Array(5);
  /** By the class that the demand gave them. */
  readonly #deniedByClass = new Float64Array(3);
  #lastProactiveMicros = -Infinity;
  #tick = 0;
  #nextTickMicros = 0;
  #fallbackTicks = 0;
  #trips = 0;
  #readmissions = 0;
  #wasTripped = false;

  constructor(options: SimulateOptions, shared: SharedLimiters | null = null) {
    const { demand, seed, attacks = [] } = options;
    checkOptions(options);
    this.#options = options;
    this.#shared = shared;
    this.#attacks = attacks.length === 0 ? null : new AttackDirector(attacks, seed);
    this.#demand = demand;
    this.#facts = demandFacts(demand);
    this.#resolved = resolvePolicy(options.policy);
    const { definition } = this.#resolved;
    const { journal, recorder = null } = options;
    this.#recorder = journal === undefined ? recorder : new Journal(journal, demand, seed, options.policy);
    this.#acting = this.#makeArena(true);
    this.#attacks?.watch(this.#acting);
    this.#shadow = definition.isProactive && options.shadow !== false ? this.#makeArena(false) : null;
    this.#usefulness = this.#shadow === null ? null : new Usefulness(this.#acting, demand.length);

    // A policy lives in the arena that pays for it; the shadow gives up the same, so that action alone tells them apart.
    const wanted = definition.signal === null ? null : signalNamed(definition.signal);
    const signalBytes = wanted?.stateBytes ?? 0;
    const stateBytes = signalBytes + (definition.stateBytes ?? 0);
    const isLame = !this.#hasRoomFor(stateBytes);
    this.#ownBytes = isLame ? 0 : stateBytes;
    let byteOffset = 0;
    if (this.#ownBytes > 0) {
      byteOffset = this.#acting.placeOwnBlock(stateBytes);
      this.#shadow?.placeOwnBlock(stateBytes);
    }
    const forecaster = wanted === null || isLame ? null : this.#makeForecaster(wanted, byteOffset);
    this.#predictor = forecaster instanceof PressurePredictor ? forecaster : null;
    this.#kept = this.#predictor ?? (forecaster instanceof CompactPredictor ? forecaster : null);
    this.#frees = hearsOfFrees(forecaster) ? new FreeWatch(demand, forecaster) : null;
    this.#isGuarded = wanted?.isGuarded === true && options.watchdog !== false;
    this.#signal = forecaster === null ? null : this.#guard(forecaster);
    const { threshold, exit } = this.#acting.meter;
    this.#score = forecaster === null ? null : new ForecastScore({ criticalThreshold: threshold, exitThreshold: exit });

    this.#observe();
    this.#world = {
      arena: this.#acting,
      demand,
      signal: this.#signal,
      random: new RandomStream(seed, `policy ${definition.id}`),
      log: this.#log,
      nextRow: 0,
      largestRecentBytes: this.#facts.largestBytes[0]!,
      isAutonomyOn: options.autonomy !== false,
      reserveBytes: options.reserveBytes ?? null,
      placeboRuns: options.placeboRuns ?? 0,
      placeboPacks: options.placeboPacks ?? 0,
      state: { buffer: this.#acting.heap.buffer, byteOffset: byteOffset + signalBytes },
      tuning: options.tuning ?? {},
    };
    this.#policy = isLame ? PASSIVE_POLICY : definition.create(this.#world);
  }

  execute(): SimulateOutcome {
    this.advance(this.#demand.durationMicros);
    this.close();
    return this.finish();
  }

  /** Serves the demand up to a moment, ticks included. In how many calls the end is reached makes no difference. */
  advance(untilMicros: number): void {
    const { timeMicros, length } = this.#demand;
    let row = this.#world.nextRow;
    for (; row < length && timeMicros[row]! <= untilMicros; row++) {
      const now = timeMicros[row]!;
      this.#tickUntil(now);
      this.serve(row, now);
    }
    this.#tickUntil(untilMicros);
  }

  #tickUntil(nowMicros: number): void {
    while (this.#nextTickMicros <= nowMicros) {
      this.sample(this.#nextTickMicros);
      this.decide(this.#nextTickMicros);
      this.#nextTickMicros += TICK_MICROS;
    }
  }

  /** The acting arena. */
  get arena(): Arena {
    return this.#acting;
  }

  get shadow(): Arena | null {
    return this.#shadow;
  }

  /** The forecaster with its guards; null for a policy that forecasts nothing. */
  get signal(): GuardedSignal | null {
    return this.#signal;
  }

  /** Serves row `row` of the demand at its time, in both arenas. Ticks up to then came before. Hot. */
  serve(row: number, nowMicros: number): void {
    const acting = this.#acting;
    const shadow = this.#shadow;
    this.#attacks?.advanceTo(nowMicros);
    this.#wakeUntil(nowMicros);
    if (acting.nextEventMicros <= nowMicros) acting.advanceTo(nowMicros);
    if (this.#policy.beforeRow !== undefined) this.#policy.beforeRow(row, nowMicros);
    acting.apply(row, nowMicros);
    if (shadow !== null) {
      if (shadow.nextEventMicros <= nowMicros) shadow.advanceTo(nowMicros);
      shadow.apply(row, nowMicros);
    }
    this.#world.nextRow = row + 1;
    const length = this.#facts.lengthBytes[row]!;
    this.#frees?.take(row, nowMicros, length);
    if (this.#demand.kind[row] === OP_FREE) return;
    const watched = shadow ?? acting;
    if (this.#signal !== null) {
      const { requestClass, tenant } = this.#demand;
      this.#signal.observeRequest?.(nowMicros, length, requestClass[row]!, tenant[row]!);
      this.#signal.observe(nowMicros, watched.occupancyRatio(), watched.pressureRatio());
    }
    this.#policy.onAllocation(nowMicros, length);
  }

  /** Everything until the end of the demand has happened: the meters stop. */
  close(): void {
    const end = this.#demand.durationMicros;
    this.#attacks?.advanceTo(end);
    this.#acting.advanceTo(end);
    this.#acting.holdUntil(end);
  }

  /** Whoever still waits gets an answer; no tick and no new demand from here on. The last call. */
  finish(): SimulateOutcome {
    this.#acting.finish();
    this.#shadow?.finish();
    return {
      result: this.#report(),
      forecastCounts: this.#score === null ? null : this.#score.counts,
      decisions: this.#log.all,
      predictorState: this.#kept === null ? null : this.#kept.bytes.slice(),
    };
  }

  /** Lets the policy have the moments up to `nowMicros` that it asked for. */
  #wakeUntil(nowMicros: number): void {
    const policy = this.#policy;
    while (policy.wakeMicros !== undefined && policy.wakeMicros <= nowMicros) {
      const wake = policy.wakeMicros;
      if (this.#acting.nextEventMicros <= wake) this.#acting.advanceTo(wake);
      policy.onWake?.(wake);
      assert(policy.wakeMicros > wake, "a policy that was woken asks for a later moment");
    }
  }

  /** Who is told of what. The forecaster hears of compactions in the arena that it watches. */
  #observe(): void {
    const observer: ArenaObserver = {
      servedLate: (row, now) => this.#usefulness?.servedLate(row, now),
      denied: (row) => {
        this.#deniedByClass[this.#demand.requestClass[row]!]!++;
      },
      runEnded: (runner) => {
        this.#runEnded(runner);
        if (this.#shadow === null) this.#signal?.noteCompaction(runner.endedMicros);
      },
    };
    this.#acting.observer = observer;
    if (this.#shadow === null) return;
    this.#shadow.observer = {
      servedLate() {},
      denied: (row) => this.#usefulness?.deniedInShadow(row),
      runEnded: (runner) => this.#signal?.noteCompaction(runner.endedMicros),
    };
  }

  /** A predictor that would take more than its share of the arena costs more than it can bring: such a run is reactive. */
  #hasRoomFor(stateBytes: number): boolean {
    if (stateBytes === 0) return true;
    const { capacityBytes } = this.#demand;
    const length = blockLength(stateBytes);
    if (length <= capacityBytes * LARGEST_PREDICTOR_SHARE) return true;
    this.#notes.push(
      `the predictor's ${length} B are over ${100 * LARGEST_PREDICTOR_SHARE} % of this arena (${capacityBytes} B): the run compacts on demand only`,
    );
    return false;
  }

  /** The forecaster as the policy hears it: attacks at their places, the watchdog, and the check of what it reads. */
  #guard(forecaster: Forecaster): GuardedSignal {
    const heard = this.#attacks?.forecaster(forecaster) ?? forecaster;
    const guard = new SensorGuard(this.#isGuarded ? new GuardedForecaster(heard) : unguarded(heard));
    return this.#attacks?.signal(guard) ?? guard;
  }

  #makeForecaster(signal: SignalDefinition, byteOffset: number): Forecaster {
    const { seed, weights, referenceLengthBytes = null } = this.#options;
    return signal.create({
      buffer: this.#acting.heap.buffer,
      byteOffset,
      seed,
      weights,
      passive: {
        arena: { ...this.#arenaOptions(false), limiter: undefined },
        referenceLengthBytes,
        ownBytes: this.#ownBytes,
      },
    });
  }

  #makeArena(isActing: boolean): Arena {
    return new Arena(this.#arenaOptions(isActing));
  }

  #arenaOptions(isActing: boolean): ArenaOptions {
    const { options, resolved } = { options: this.#options, resolved: this.#resolved };
    const isFree = resolved.definition.isFreeOfCost === true;
    const cost = isFree ? ZERO_COST : { ...DEFAULT_COST, ...options.cost };
    return {
      demand: isFree ? freeDemand(this.#demand) : this.#demand,
      facts: this.#facts,
      fit: options.fit ?? "segregated",
      compactor: resolved.compactor,
      proactiveCompactor: resolved.proactiveCompactor,
      compactsOnDemand: resolved.definition.compactsOnDemand,
      limits: isFree ? NO_LIMITS : { ...defaultLimits(this.#demand.capacityBytes), ...options.limits },
      limiter: isFree ? undefined : isActing ? this.#shared?.acting : this.#shared?.shadow,
      cost: this.#attacks?.cost(cost) ?? cost,
      retries: options.retries ?? 0,
      shedOrder: options.shedOrder,
      verify: options.verify ?? false,
      isMeasured: isActing,
      recorder: isActing ? this.#recorder : null,
    };
  }

  /** First half of the 500 ms tick: sample, score, learn. */
  sample(nowMicros: number): void {
    this.#attacks?.advanceTo(nowMicros);
    this.#wakeUntil(nowMicros);
    const acting = this.#acting;
    const shadow = this.#shadow;
    if (acting.nextEventMicros <= nowMicros) acting.advanceTo(nowMicros);
    if (shadow !== null && shadow.nextEventMicros <= nowMicros) shadow.advanceTo(nowMicros);
    const reference = this.#options.referenceLengthBytes ?? this.#facts.referenceBytes[this.#tick]!;
    acting.holdUntil(nowMicros);
    acting.setReferenceLength(reference);
    shadow?.setReferenceLength(reference);
    this.#world.largestRecentBytes = this.#facts.largestBytes[this.#tick]!;
    const pressure = acting.pressureRatio();
    this.#log.context.pressureRatio = pressure;
    this.#recorder?.sample(nowMicros, acting.occupancyRatio(), pressure);
    if (this.#signal !== null) this.#forecastTick(this.#signal, nowMicros);
  }

  /** Second half: decide. */
  decide(nowMicros: number): void {
    if (this.#attacks?.losesTick !== true) this.#policy.onTick(nowMicros);
    this.#attacks?.noteTick(nowMicros, this.#signal);
    this.#tick++;
  }

  #forecastTick(signal: GuardedSignal, nowMicros: number): void {
    const watched = this.#shadow ?? this.#acting;
    const occupancy = watched.occupancyRatio();
    const pressure = watched.pressureRatio();
    // Without a shadow the label of a window with a proactive run in it says what was done and not what would have been.
    const isMasked = this.#shadow === null && nowMicros - this.#lastProactiveMicros <= HORIZON_MICROS;
    this.#score!.mature(this.#tick, occupancy, pressure);
    signal.sampleHeap?.(watched.heap.largestHole(), watched.heap.holeCount, watched.heap.referenceLengthBytes);
    signal.tick(nowMicros, occupancy, pressure, isMasked);
    if (this.#predictor !== null) this.#options.samples?.tick(this.#predictor, nowMicros, pressure, isMasked);
    const forecast = signal.forecast(nowMicros);
    const upper = forecast + signal.upperMargin();
    const confidence = signal.confidence();
    this.#score!.issue(this.#tick, forecast, upper, occupancy);
    const context = this.#log.context;
    context.forecast = forecast;
    context.upper = upper;
    context.confidence = confidence;
    if (signal.isTripped) this.#fallbackTicks++;
    else if (this.#wasTripped) this.#readmissions++;
    this.#wasTripped = signal.isTripped;
    if (this.#recorder !== null) this.#writeForecast(this.#recorder, nowMicros, pressure, forecast, upper);
    while (this.#trips < signal.trips.length) {
      const trip = signal.trips[this.#trips++]!;
      this.#recorder?.watchdog(nowMicros, trip.reason);
    }
  }

  #writeForecast(recorder: RunRecorder, nowMicros: number, watched: number, forecast: number, upper: number): void {
    if (this.#kept !== null) {
      this.#kept.readFeatures(nowMicros, this.#networkInputs);
      recorder.network(nowMicros, this.#kept.weights, this.#networkInputs);
    }
    recorder.forecast(nowMicros, watched, forecast, upper, this.#signal!.confidence());
  }

  #runEnded(runner: CompactionRunner): void {
    if (runner.kind === RUN_PROACTIVE) {
      this.#lastProactiveMicros = runner.endedMicros;
      this.#log.noteOutcome(
        `${runner.movedBytes} B moved, largest hole ${runner.largestHoleBefore} to ${this.#acting.heap.largestHole()} B`,
      );
    }
    this.#usefulness?.runEnded(runner.kind, runner.endedMicros);
  }

  #report(): RunResult {
    const acting = this.#acting;
    const demand = this.#demand;
    const { runner, meter } = acting;
    const capacity = demand.capacityBytes;
    const seconds = demand.durationMicros / MICROS_PER_SECOND;
    const byCause = Object.fromEntries(OOM_CAUSES.map((cause, i) => [cause, acting.oomsByCause[i]!])) as Record<
      OomCause,
      number
    >;
    const byClass = Object.fromEntries(CLASS_NAMES.map((name, i) => [name, this.#deniedByClass[i]!])) as {
      atomic: number;
      deadline: number;
      wait: number;
    };
    const [atomic, deadline, wait] = this.#facts.requests.byClass;
    const { digest } = acting;
    digest.addInteger(runner.runs);
    digest.addInteger(acting.oomTotal);
    return {
      scenario: demand.name,
      pressureRatio: demand.pressureRatio,
      seed: this.#options.seed,
      policy: this.#options.policy,
      compactor:
        this.#resolved.compactor === this.#resolved.proactiveCompactor || !this.#resolved.definition.isProactive
          ? this.#resolved.compactor
          : `${this.#resolved.compactor}+${this.#resolved.proactiveCompactor}`,
      fit: this.#options.fit ?? "segregated",
      capacityBytes: capacity,
      durationSeconds: seconds,
      timing: demand.timing,
      mix: demand.mix,
      demandLevel: {
        mean: this.#facts.levels.meanBytes / capacity,
        peak: this.#facts.levels.peakBytes / capacity,
      },
      requests: { total: this.#facts.requests.total, atomic, deadline, wait, served: acting.response.served },
      ooms: {
        total: acting.oomTotal,
        avoidable: byCause.limit + byCause.fragmentation,
        byCause,
        byClass,
        deniedBytes: acting.deniedBytes,
        episodes: acting.oomEpisodes,
      },
      compaction: {
        runs: runner.runs,
        proactive: runner.proactiveRuns,
        proactivePacks: runner.proactivePacks,
        reactive: runner.runs - runner.proactiveRuns,
        useful: this.#usefulness === null ? null : this.#usefulness.useful,
        movedBytes: runner.totalMovedBytes,
        allocatedBytes: acting.allocatedBytesTotal,
        meanMicros: runner.runs === 0 ? 0 : runner.totalMicros / runner.runs,
        maxPauseMicros: runner.maxSliceMicros,
        maxRunMicros: runner.maxRunMicros,
        dutyRatio: demand.durationMicros === 0 ? 0 : runner.totalMicros / demand.durationMicros,
        maxRunsInAnySecond: runner.maxRunsInAnySecond,
        refusedByLimiter: acting.refusedByLimiter,
      },
      pressure: {
        peakOccupancy: meter.peakAllocatedBytes / capacity,
        meanOccupancy: meter.meanOccupancyRatio(),
        peakEffective: 1 - meter.leastUsableBytes / capacity,
        meanEffective: meter.meanEffectiveRatio(),
        criticalThreshold: meter.threshold,
        criticalExit: meter.exit,
        criticalEpisodes: meter.episodes,
        criticalRatio: meter.criticalRatio(),
        peakStallRatio: acting.stall.peakRatio,
        meanStallRatio: demand.durationMicros === 0 ? 0 : acting.stall.totalMicros / demand.durationMicros,
      },
      responseMicros: acting.response.report(),
      reclaim: {
        sheds: acting.shrinker.sheds,
        shedBytes: acting.shrinker.shedBytes,
        shedBlocks: acting.shrinker.shedBlocks,
      },
      ...(acting.cache === null ? {} : { cache: acting.cache.report(unshedHitRatio(demand)) }),
      closedLoop: { retries: acting.retriesMade, recovered: acting.retriesRecovered },
      forecast: this.#score === null ? null : this.#score.report(),
      predictor:
        this.#ownBytes === 0
          ? null
          : {
              stateBytes: this.#ownBytes,
              watchdogBytes: this.#isGuarded ? watchdogStateBytes : 0,
              trainedLabels: this.#predictor?.trainedLabels ?? 0,
            },
      watchdog: {
        trips: this.#signal === null ? [] : this.#signal.trips.map(({ atMicros, reason }) => ({ atMicros, reason })),
        fallbackTicks: this.#fallbackTicks,
        readmissions: this.#readmissions,
      },
      attacks: this.#attacks?.report() ?? null,
      autonomy: this.#log.report(
        this.#options.autonomy !== false && this.#resolved.definition.isProactive,
        this.#score === null ? 0 : this.#tick,
        demand.durationMicros,
        this.#options.keepDecisions ?? DEFAULT_KEPT_DECISIONS,
      ),
      notes: this.#notes,
      hash: digest.hex(),
    };
  }
}

/** The forecaster as it is, for a run without a watchdog. */
function unguarded(forecaster: Forecaster): GuardedSignal {
  return {
    guarded: forecaster,
    id: forecaster.id,
    stateBytes: forecaster.stateBytes,
    isTripped: false,
    trips: [],
    observeRequest: (now, length, requestClass, tenant) =>
      forecaster.observeRequest?.(now, length, requestClass, tenant),
    sampleHeap: (largest, holes, reference) => forecaster.sampleHeap?.(largest, holes, reference),
    observe: (now, occupancy, pressure) => forecaster.observe(now, occupancy, pressure),
    noteCompaction: (now) => forecaster.noteCompaction(now),
    forecast: (now) => forecaster.forecast(now),
    tick: (now, occupancy, pressure, isMasked) => forecaster.tick(now, occupancy, pressure, isMasked),
    upperMargin: () => forecaster.upperMargin(),
    confidence: () => forecaster.confidence(),
  };
}

function checkOptions(options: SimulateOptions): void {
  const { seed, retries = 0, placeboRuns = 0, placeboPacks = 0, reserveBytes = 0, demand } = options;
  const isCount = (n: number) => Number.isInteger(n) && n >= 0;
  if (options.journal !== undefined && options.recorder !== undefined)
    throw new MempredError("INVALID_INPUT", "a run has a journal or a recorder, not both");
  if (!isCount(seed)) throw new MempredError("INVALID_INPUT", `a seed is an integer ≥ 0, not ${seed}`);
  if (!isCount(retries) || retries > 255) throw new MempredError("INVALID_INPUT", `retries are 0..255, not ${retries}`);
  if (!isCount(placeboRuns)) throw new MempredError("INVALID_INPUT", `placeboRuns is a count, not ${placeboRuns}`);
  if (!isCount(placeboPacks)) throw new MempredError("INVALID_INPUT", `placeboPacks is a count, not ${placeboPacks}`);
  if (!isCount(reserveBytes) || reserveBytes >= demand.capacityBytes) {
    throw new MempredError("INVALID_INPUT", `a reserve of ${reserveBytes} B does not fit ${demand.capacityBytes} B`);
  }
}
