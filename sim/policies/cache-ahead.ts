// The cache among the tenants sheds ahead of need: the pressure governor (cache/pressure-governor.ts) listens to occupancy and to
// the forecast and says how many bytes are to be given back. `cache-ahead` compacts on demand only, so that beside
// `reactive:quick`, whose cache is shed when a request has failed, it shows what notice alone is worth; `cache-predictive`
// compacts ahead too, with the controller of `predictive`, whose own rule of shedding is switched off. Both pay for the
// forecaster's 48 bytes.

import { PressureGovernor } from "../../cache/pressure-governor.ts";
import { MICROS_PER_MILLI } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import { REQUEST_SIZES_BYTES } from "../request-sizes.ts";
import { ForecastController } from "./forecast-controller.ts";
import { type GuardedSignal, PASSIVE_POLICY, type Policy, type PolicyDefinition, type PolicyWorld } from "./policy.ts";

export const CACHE_AHEAD_PARAMETERS = {
  /** Share of the arena that is kept free of cache. */
  keepFreeRatio: 0.015,
  /** How much of the forecast's confidence counts; 0: the forecast is not heard. */
  forecastShare: 0.1,
} as const;
type Parameters = { readonly [K in keyof typeof CACHE_AHEAD_PARAMETERS]: number };

const COMMON = {
  isProactive: true,
  compactsOnDemand: true,
  signal: "compact",
  isBound: false,
  pairedWith: null,
  compactor: "quick",
  proactiveCompactor: "gather",
} as const;

export const cacheAhead: PolicyDefinition = {
  ...COMMON,
  id: "cache-ahead",
  title: "cache sheds ahead",
  description: "compacts on demand as reactive:quick does; the pressure governor sheds the cache ahead of need",
  parameters: CACHE_AHEAD_PARAMETERS,
  create: (world) => new CacheAhead(world, CACHE_AHEAD_PARAMETERS, PASSIVE_POLICY),
};

export const cachePredictive: PolicyDefinition = {
  ...COMMON,
  id: "cache-predictive",
  title: "cache and compaction ahead",
  description: "compacts as predictive does; the pressure governor sheds the cache ahead of need",
  stateBytes: REQUEST_SIZES_BYTES,
  parameters: CACHE_AHEAD_PARAMETERS,
  create: (world) => {
    const controller = new ForecastController({ ...world, tuning: { shedCriticalRatio: 0, shedCalmRatio: 0 } });
    return new CacheAhead(world, CACHE_AHEAD_PARAMETERS, controller);
  },
};

class CacheAhead implements Policy {
  readonly #world: PolicyWorld;
  /** Who compacts. */
  readonly #compaction: Policy;
  readonly #arena: Arena;
  readonly #signal: GuardedSignal | null;
  readonly #forecastShare: number;
  readonly #governor: PressureGovernor;
  readonly #reading = {
    atMillis: 0,
    usedBytes: 0,
    limitBytes: 0,
    pressureRatio: 0,
    forecastRatio: Number.NaN,
    upperRatio: Number.NaN,
    confidence: 0,
    horizonMillis: 5000,
  };

  constructor(world: PolicyWorld, defaults: Parameters, compaction: Policy) {
    const { keepFreeRatio, forecastShare } = { ...defaults, ...world.tuning };
    this.#world = world;
    this.#compaction = compaction;
    this.#arena = world.arena;
    this.#signal = world.signal;
    this.#forecastShare = forecastShare;
    // A heap that is meant to be nearly full: the levels lie around what is kept free.
    const enter = (freeShare: number) => 1 - keepFreeRatio * freeShare;
    const rule = (freeShare: number, budgetRatio: number, prefetchPrice: number) => ({
      enterRatio: enter(freeShare),
      exitRatio: enter(freeShare * 1.5),
      budgetRatio,
      prefetchPrice,
    });
    this.#governor = new PressureGovernor({
      rules: [
        { enterRatio: 0, exitRatio: 0, budgetRatio: 1, prefetchPrice: 0 },
        rule(2, 1, 1),
        rule(1, 1, Infinity),
        rule(0.5, 1, Infinity),
        rule(0.25, 1, Infinity),
      ],
      targetRatio: 1 - keepFreeRatio,
    });
  }

  onTick(nowMicros: number): void {
    const signal = this.#signal;
    const reading = this.#reading;
    reading.forecastRatio = Number.NaN;
    reading.confidence = 0;
    if (signal !== null && !signal.isTripped) {
      reading.forecastRatio = signal.forecast(nowMicros);
      reading.upperRatio = reading.forecastRatio + signal.upperMargin();
      reading.confidence = signal.confidence() * this.#forecastShare;
    }
    this.#shed(nowMicros);
    this.#compaction.onTick(nowMicros);
  }

  onAllocation(nowMicros: number, lengthBytes: number): void {
    this.#shed(nowMicros);
    this.#compaction.onAllocation(nowMicros, lengthBytes);
  }

  #shed(nowMicros: number): void {
    const arena = this.#arena;
    if (!this.#world.isAutonomyOn || arena.shrinker.countBytes() === 0) return;
    const reading = this.#reading;
    reading.atMillis = nowMicros / MICROS_PER_MILLI;
    reading.usedBytes = arena.heap.allocatedBytes;
    reading.limitBytes = arena.heap.capacityBytes;
    reading.pressureRatio = arena.occupancyRatio();
    const governor = this.#governor;
    governor.update(reading);
    if (governor.shedBytes === 0 || arena.shrinker.nextMicros !== Infinity) return;
    arena.shed(governor.shedBytes, nowMicros);
    this.#world.log.record(
      nowMicros,
      "predictor",
      "shed",
      `${governor.level}: ${governor.shedBytes} B over the target`,
      false,
    );
  }
}
