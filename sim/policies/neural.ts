// The 4→8→1 network and a controller. The network is asked at every allocation and every 500 ms: if the upper bound of its
// forecast says that pressure will be critical in 5 s, and the largest hole would not take the largest recent request, a
// hole is made now, while nobody waits for it. Cold, it leaves the decision to the watermark rule; tripped, to the requests.

import { assert } from "../../core/errors.ts";
import type { Arena } from "../arena.ts";
import type { Advice, Stage } from "../decisions.ts";
import { DecisionLoop } from "../decisions.ts";
import type { GuardedSignal, Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";
import { WatermarkStage } from "./watermark.ts";

/** Starts in each second that a proactive run leaves to requests that will need one. */
const SPARE_RUNS = 2;

export const neural: PolicyDefinition = {
  id: "neural",
  title: "neural",
  description: "the 4-8-1 network, trained online, and a controller that makes a hole ahead of need",
  isProactive: true,
  compactsOnDemand: true,
  usesNetwork: true,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create: (world) => new ForecastController(world),
};

/** What to do about a forecast; the forecast may come from any guarded signal. */
export class ForecastController implements Policy {
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  readonly #signal: GuardedSignal;
  readonly #loop: DecisionLoop;
  readonly #threshold: number;
  #margin = 0;
  #confidence = 0;
  #mayAct = false;

  constructor(world: PolicyWorld) {
    assert(world.signal !== null, "a forecast controller needs a signal");
    this.#world = world;
    this.#arena = world.arena;
    this.#signal = world.signal;
    this.#threshold = world.arena.meter.threshold;
    const watchdog: Stage = { name: "watchdog", advise: () => this.#adviseWatchdog() };
    const autonomy: Stage = { name: "autonomy", advise: () => this.#adviseAutonomy() };
    const predictor: Stage = { name: "predictor", advise: (now) => this.#advisePredictor(now) };
    this.#loop = new DecisionLoop([watchdog, autonomy, predictor, new WatermarkStage(world.arena)], world.log);
  }

  onTick(nowMicros: number): void {
    this.#margin = this.#signal.upperMargin();
    this.#confidence = this.#signal.confidence();
    this.#mayAct = !this.#signal.isTripped && this.#confidence > 0;
    if (this.#world.reserveBytes !== null) this.#steerReserve(nowMicros);
    if (this.#world.isAutonomyOn) this.#loop.decide(nowMicros);
  }

  onAllocation(nowMicros: number): void {
    const upper = this.#signal.forecast(nowMicros) + this.#margin;
    if (!this.#mayAct || this.#signal.isTripped || !(upper >= this.#threshold)) return; // a trip may fall between two ticks
    if (this.#arena.heap.largestHole() >= this.#goalBytes()) return;
    if (this.#arena.startProactive("forecast", this.#goalBytes(), Infinity, nowMicros, SPARE_RUNS) !== "started")
      return;
    this.#note(upper);
    this.#world.log.record(nowMicros, "predictor", "compact", this.#reason(upper), false);
  }

  /** A hole for the largest recent request, as far as there is room. */
  #goalBytes(): number {
    return Math.min(this.#world.largestRecentBytes, this.#arena.heap.freeBytes);
  }

  #adviseWatchdog(): Advice | null {
    if (!this.#signal.isTripped) return null;
    return {
      action: "fallback",
      reason: `${this.#signal.trips.at(-1)?.reason ?? "tripped"}; compacting on demand only`,
    };
  }

  #adviseAutonomy(): Advice | null {
    if (this.#arena.runner.isActive) return { action: "hold", reason: "a run is under way" };
    if (this.#arena.hasWaiting) return { action: "hold", reason: "requests wait: they are served first" };
    return null;
  }

  #advisePredictor(nowMicros: number): Advice | null {
    if (this.#confidence === 0) return null; // cold: it has not earned a say yet
    const heap = this.#arena.heap;
    const upper = this.#signal.forecast(nowMicros) + this.#margin;
    this.#note(upper);
    if (!(upper >= this.#threshold)) return { action: "hold", reason: "no critical pressure in 5 s" };
    const wantedFree = Math.max((1 - this.#arena.meter.exit) * heap.capacityBytes, this.#world.largestRecentBytes);
    if (this.#arena.shrinker.countBytes() > 0 && heap.freeBytes < wantedFree) {
      this.#arena.shed(wantedFree - heap.freeBytes, nowMicros);
      return { action: "shed", reason: `${this.#reason(upper)}; ${Math.ceil(wantedFree - heap.freeBytes)} B to shed` };
    }
    const goal = this.#goalBytes();
    if (heap.largestHole() >= goal) return { action: "hold", reason: "the hole is there already" };
    const verdict = this.#arena.startProactive("forecast", goal, Infinity, nowMicros, SPARE_RUNS);
    const reason = this.#reason(upper);
    return verdict === "started" ? { action: "compact", reason } : { action: "hold", reason: `${reason}: ${verdict}` };
  }

  /** Holds the reserve while pressure is forecast to be critical, lets it go otherwise (K19). */
  #steerReserve(nowMicros: number): void {
    const isCritical = this.#mayAct && this.#signal.forecast(nowMicros) + this.#margin >= this.#threshold;
    const bytes = isCritical ? (this.#world.reserveBytes ?? 0) : 0;
    if (bytes === this.#arena.reserveBytes) return;
    this.#arena.reserveBytes = bytes;
    this.#world.log.record(nowMicros, "predictor", "reserve", `reserve set to ${bytes} B`, false);
  }

  #note(upper: number): void {
    const context = this.#world.log.context;
    context.pressureRatio = this.#arena.pressureRatio();
    context.forecast = upper - this.#margin;
    context.upper = upper;
    context.confidence = this.#confidence;
  }

  #reason(upper: number): string {
    return `upper bound ${(100 * upper).toFixed(1)} % reaches ${(100 * this.#threshold).toFixed(1)} % in 5 s`;
  }
}
