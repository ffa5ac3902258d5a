// What to do about a forecast; the forecast may come from any signal, or from none. All that compaction can prevent is that a
// request finds no hole although enough is free, so the controller looks at how likely that is: the share of recent requests
// that are longer than the largest hole and not longer than what is free (the exposure). Where it is over a threshold the
// hole is grown now, while nobody waits for it: by a few moves around it, or, when much is at stake, by a pack of the heap.
//
// The forecast sets the threshold. If its upper bound says that pressure will be critical in 5 s, little exposure is enough to
// act: there is still room to move blocks into, and later there will be less. If not, frees are about to do the work, and only
// great exposure is worth a run. Each run of the last second raises the threshold and what a run may move, since starts are
// scarce and the next one may be needed more. Tripped, it leaves compaction to the requests; cold, it expects the worst.

import { MempredError } from "../../core/errors.ts";
import { blockLength, HORIZON_MICROS, MICROS_PER_SECOND } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import { type Advice, DecisionLoop, type Stage } from "../decisions.ts";
import { REQUEST_SIZES_BYTES, RequestSizes } from "../request-sizes.ts";
import type { GuardedSignal, Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

const HORIZON_SECONDS = HORIZON_MICROS / MICROS_PER_SECOND;

/** What can be tuned; ratios, seconds, bytes and counts as named. */
export const CONTROLLER_PARAMETERS = {
  /**
   * How far ahead pressure has to become critical for the controller to act on it. The forecast is 5 s ahead; for another time
   * it goes by the line from the pressure now to the upper bound of the forecast. 0: by the pressure now.
   */
  lookaheadSeconds: HORIZON_SECONDS,
  /** Exposure from which a run is started when pressure is forecast to be critical, and none ran in the last second. */
  exposureRatio: 0.001,
  /** By how much each run of the last second raises it. */
  crowdFactor: 1.9,
  /** Exposure from which the whole heap is packed. */
  packExposureRatio: 0.022,
  /** How much higher the two have to be when no critical pressure is forecast. */
  calmFactor: 2,
  calmPackFactor: 2,
  /** Bytes that growing a hole may move in one run. */
  budgetBytes: 20_000,
  /** Bytes moved for each byte that a hole grows, and by how much each run of the last second raises that. */
  worthRatio: 4,
  worthFactor: 1.3,
  /** Starts in each second that proactive runs leave to requests, and so many more for each that one had in the last second. */
  spareRuns: 2,
  spareRunsPerDemand: 1,
  /** Share of the arena that is kept free by shedding reclaimable blocks when pressure is forecast to be critical, and when not. */
  shedCriticalRatio: 0.05,
  shedCalmRatio: 0.03,
} as const;
export type ControllerParameters = { readonly [K in keyof typeof CONTROLLER_PARAMETERS]: number };

/** Growing a hole by less is not worth a run. */
const LEAST_GAIN_BYTES = 64;
const MOST_WORTH_RATIO = 100;

/** The definition of a policy with this controller. */
export function controlled(
  policy: Pick<PolicyDefinition, "id" | "title" | "description" | "signal" | "isBound">,
): PolicyDefinition {
  return {
    ...policy,
    isProactive: true,
    compactsOnDemand: true,
    pairedWith: null,
    compactor: "quick",
    proactiveCompactor: "gather",
    stateBytes: REQUEST_SIZES_BYTES,
    parameters: CONTROLLER_PARAMETERS,
    create: (world) => new ForecastController(world),
  };
}

function checked(parameters: ControllerParameters): ControllerParameters {
  for (const [name, value] of Object.entries(parameters)) {
    if (value >= 0) continue;
    throw new MempredError("INVALID_INPUT", `${name} is ${value}`, { field: name, value, expected: "0 or more" });
  }
  return parameters;
}

type MutablePlan = { compactor: "gather" | "pack"; wishBytes: number; worthRatio: number };

export class ForecastController implements Policy {
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  readonly #signal: GuardedSignal | null;
  readonly #loop: DecisionLoop;
  readonly #threshold: number;
  readonly #sizes: RequestSizes;
  #parameters: ControllerParameters;
  readonly #plan: MutablePlan = { compactor: "gather", wishBytes: 0, worthRatio: 0 };
  #margin = 0;
  #confidence = 0;
  #isTripped = false;
  // The present exposure and what it is between.
  #exposure = 0;
  #upper = 1;
  #hole = 0;
  #wanted = 0;

  constructor(world: PolicyWorld) {
    this.#world = world;
    this.#arena = world.arena;
    this.#signal = world.signal;
    this.#threshold = world.arena.meter.threshold;
    this.#sizes = new RequestSizes(world.state.buffer, world.state.byteOffset);
    this.#parameters = checked({ ...CONTROLLER_PARAMETERS, ...world.tuning });
    const watchdog: Stage = { name: "watchdog", advise: () => this.#adviseWatchdog() };
    const autonomy: Stage = { name: "autonomy", advise: () => this.#adviseAutonomy() };
    const predictor: Stage = {
      name: "predictor",
      advise: (now) => (this.#hasForecast ? this.#act(this.#forecastCritical(now), now) : null),
    };
    const watermark: Stage = { name: "watermark", advise: (now) => this.#act(true, now) };
    this.#loop = new DecisionLoop([watchdog, autonomy, predictor, watermark], world.log);
  }

  /** From now on it goes by these; whatever is not named keeps its value. Errors: INVALID_INPUT below 0. Cold. */
  use(parameters: Partial<ControllerParameters>): void {
    this.#parameters = checked({ ...this.#parameters, ...parameters });
  }

  onTick(nowMicros: number): void {
    const signal = this.#signal;
    if (signal !== null) {
      this.#margin = signal.upperMargin();
      this.#confidence = signal.confidence();
      this.#isTripped = signal.isTripped;
    }
    this.#arena.spareHoleBytes = this.#sizes.largestBytes();
    if (this.#world.reserveBytes !== null) this.#steerReserve(nowMicros);
    if (this.#world.isAutonomyOn) this.#loop.decide(nowMicros);
  }

  onAllocation(nowMicros: number, lengthBytes: number): void {
    this.#sizes.add(lengthBytes);
    const isCritical = this.#forecastCritical(nowMicros); // asked at every allocation: what it says may trip the watchdog
    // A trip may fall between two ticks.
    if (this.#signal?.isTripped === true || this.#arena.runner.isActive || this.#arena.hasWaiting) return;
    if (!this.#isExposed()) return;
    const advice = this.#act(isCritical, nowMicros);
    if (advice.action === "hold") return;
    this.#world.log.record(
      nowMicros,
      this.#hasForecast ? "predictor" : "watermark",
      advice.action,
      advice.reason,
      false,
    );
  }

  get #hasForecast(): boolean {
    return this.#signal !== null && this.#confidence > 0;
  }

  #adviseWatchdog(): Advice | null {
    if (!this.#isTripped) return null;
    return {
      action: "fallback",
      reason: `${this.#signal?.trips.at(-1)?.reason ?? "tripped"}; compacting on demand only`,
    };
  }

  #adviseAutonomy(): Advice | null {
    if (this.#arena.runner.isActive) return { action: "hold", reason: "a run is under way" };
    if (this.#arena.hasWaiting) return { action: "hold", reason: "requests wait: they are served first" };
    return null;
  }

  /** Is there anything that a larger hole could bring? Cheap, and mostly the answer is no. */
  #isExposed(): boolean {
    const { heap, shrinker } = this.#arena;
    this.#hole = heap.largestHole();
    this.#wanted = Math.min(heap.freeBytes, this.#sizes.largestBytes());
    if (this.#wanted - this.#hole >= LEAST_GAIN_BYTES) return true;
    return shrinker.countBytes() > 0 && heap.freeBytes < this.#parameters.shedCriticalRatio * heap.capacityBytes;
  }

  #act(isCritical: boolean, nowMicros: number): Advice {
    const arena = this.#arena;
    const parameters = this.#parameters;
    const shed = this.#shed(isCritical, nowMicros);
    if (!this.#isExposed() || this.#wanted - this.#hole < LEAST_GAIN_BYTES) {
      return shed ?? { action: "hold", reason: "the hole is there already" };
    }
    this.#exposure = this.#sizes.shareAbove(this.#hole) - this.#sizes.shareAbove(this.#wanted);
    let least = isCritical ? parameters.exposureRatio : parameters.exposureRatio * parameters.calmFactor;
    let worth = parameters.worthRatio;
    // A run looks at every block, and meanwhile others wait: in an arena of many blocks it has to be worth more.
    const { startMicros, scanMicrosPerBlock } = arena.runner.cost;
    if (startMicros > 0) least *= 1 + (scanMicrosPerBlock * arena.heap.blockCount) / startMicros;
    for (let runs = arena.runner.recentStarts(nowMicros); runs > 0; runs--) {
      least *= parameters.crowdFactor;
      worth *= parameters.worthFactor;
    }
    if (this.#exposure < least) return shed ?? { action: "hold", reason: "hardly any request would need more" };
    const plan = this.#plan;
    plan.wishBytes = this.#wanted;
    plan.worthRatio = Math.min(MOST_WORTH_RATIO, worth);
    const isWorthPacking =
      this.#exposure >= parameters.packExposureRatio * (isCritical ? 1 : parameters.calmPackFactor);
    plan.compactor = isWorthPacking ? "pack" : "gather";
    const goal = this.#hole + LEAST_GAIN_BYTES;
    const budget = isWorthPacking ? Infinity : parameters.budgetBytes;
    const spare = parameters.spareRuns + parameters.spareRunsPerDemand * arena.runner.recentDemandStarts(nowMicros);
    const verdict = arena.startProactive("forecast", goal, budget, nowMicros, Math.floor(spare), plan);
    if (verdict === "started") return { action: "compact", reason: this.#reason() };
    return shed ?? { action: "hold", reason: verdict };
  }

  /** Lets reclaimable blocks go ahead of need: that takes time, so the forecast decides how much is kept free. */
  #shed(isCritical: boolean, nowMicros: number): Advice | null {
    const { heap, shrinker } = this.#arena;
    if (shrinker.countBytes() === 0) return null;
    const ratio = isCritical ? this.#parameters.shedCriticalRatio : this.#parameters.shedCalmRatio;
    const lacking = Math.ceil(ratio * heap.capacityBytes - heap.freeBytes);
    if (lacking <= 0) return null;
    this.#arena.shed(lacking, nowMicros);
    return { action: "shed", reason: `${lacking} B short of what is kept free` };
  }

  /** Does the upper bound of the forecast reach the critical threshold? Without a forecast the worst is expected. */
  #forecastCritical(nowMicros: number): boolean {
    if (!this.#hasForecast) return true;
    const forecast = this.#signal!.forecast(nowMicros);
    const bound = forecast + this.#margin;
    const now = this.#arena.pressureRatio();
    this.#upper = bound - (bound - now) * (1 - this.#parameters.lookaheadSeconds / HORIZON_SECONDS); // at 5 s the bound itself
    const context = this.#world.log.context;
    context.pressureRatio = now;
    context.forecast = forecast;
    context.upper = this.#upper;
    context.confidence = this.#confidence;
    return this.#upper >= this.#threshold;
  }

  /** Holds the reserve while pressure is forecast to be critical, lets it go otherwise (K19). */
  #steerReserve(nowMicros: number): void {
    const isCritical = !this.#isTripped && this.#forecastCritical(nowMicros);
    const bytes = isCritical ? (this.#world.reserveBytes ?? 0) : 0;
    if (bytes === this.#arena.reserveBytes) return;
    this.#arena.reserveBytes = bytes;
    this.#world.log.record(nowMicros, "predictor", "reserve", `reserve set to ${bytes} B`, false);
  }

  #reason(): string {
    const share = (100 * this.#exposure).toFixed(2);
    const ahead = this.#hasForecast
      ? `, upper bound ${(100 * this.#upper).toFixed(1)} % in ${this.#parameters.lookaheadSeconds} s`
      : "";
    return `${share} % of requests need over ${this.#hole} B and under ${blockLength(this.#wanted)} B${ahead}`;
  }
}
