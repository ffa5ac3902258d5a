// When a garbage collector starts a cycle, on this heap. ZGC (zDirector.cpp, rule_allocation_rate) starts when
//     free / (allocation rate + margin · σ) − duration of a cycle − sample interval ≤ 0,
// with mean and deviation of the rate taken from recent samples; Shenandoah's adaptive heuristics
// (shenandoahAdaptiveHeuristics.cpp) let the margin grow with each cycle that came too late and shrink a little while all
// is well. What runs out here is usable memory, and a failure is an avoidable OOM. Since blocks are freed all the time, the
// rate is the one at which usable memory goes down on balance, not that of allocations alone.
//
// Units: bytes, µs, bytes/µs; the margin is a number of standard deviations.

import { MICROS_PER_MILLI } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import { CAUSE_FRAGMENTATION, CAUSE_LIMIT } from "../result.ts";
import type { Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

export const RATE_SAMPLE_MICROS = 100 * MICROS_PER_MILLI;
/** Weight of a new sample in mean and variance of the rate: some 2 s. */
const SAMPLE_SHARE = 0.05;
/** Deviations that a failure adds, the share that each sample takes away, and the bounds. ZGC's fixed margin is 3.29. */
const FAILURE_DEVIATIONS = 0.5;
const DECAY = 0.998;
const LEAST_MARGIN = 0.5;
const MOST_MARGIN = 8;
const FIRST_MARGIN = 2;
const SPARE_RUNS = 2;

export const rateMargin: PolicyDefinition = {
  id: "rate-margin",
  title: "rate and margin",
  description: "ZGC and Shenandoah style: usable memory over its rate of loss and a margin that failures raise",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create: (world) => new RateMarginPolicy(world),
};

class RateMarginPolicy implements Policy {
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  /** Mean and variance of the loss of usable memory, bytes/µs. */
  #meanRate = 0;
  #rateVariance = 0;
  #margin = FIRST_MARGIN;
  #failures = 0;
  #usableBytes: number;
  #runs = 0;
  #sampledMicros = 0;

  constructor(world: PolicyWorld) {
    this.#world = world;
    this.#arena = world.arena;
    this.#usableBytes = world.arena.heap.usableBytes;
  }

  onTick(nowMicros: number): void {
    this.#sample(nowMicros);
  }

  onAllocation(nowMicros: number): void {
    this.#sample(nowMicros);
  }

  #sample(nowMicros: number): void {
    const elapsed = nowMicros - this.#sampledMicros;
    if (elapsed < RATE_SAMPLE_MICROS) return;
    this.#sampledMicros = nowMicros;
    const { heap, runner, oomsByCause } = this.#arena;
    const rate = (this.#usableBytes - heap.usableBytes) / elapsed;
    this.#usableBytes = heap.usableBytes;
    // A run in between has made memory usable: what such an interval lost by itself is not known.
    if (runner.runs === this.#runs && !runner.isActive) {
      const off = rate - this.#meanRate;
      this.#meanRate += SAMPLE_SHARE * off;
      this.#rateVariance = (1 - SAMPLE_SHARE) * (this.#rateVariance + SAMPLE_SHARE * off * off);
    }
    this.#runs = runner.runs;
    const failures = oomsByCause[CAUSE_LIMIT]! + oomsByCause[CAUSE_FRAGMENTATION]!;
    this.#margin = nextMargin(this.#margin, failures - this.#failures);
    this.#failures = failures;
    this.#decide(nowMicros);
  }

  #decide(nowMicros: number): void {
    const { heap, runner } = this.#arena;
    const rate = Math.max(0, this.#meanRate) + this.#margin * Math.sqrt(this.#rateVariance);
    const action = runner.endedMicros >= 0 ? runner.endedMicros - runner.startedMicros : runner.cost.startMicros;
    const left = slackMicros(heap.usableBytes, rate, action, RATE_SAMPLE_MICROS);
    if (left > 0) return;
    const goal = Math.min(this.#world.largestRecentBytes, heap.freeBytes);
    if (heap.largestHole() >= goal) return;
    if (this.#arena.startProactive("rate-margin", goal, Infinity, nowMicros, SPARE_RUNS) !== "started") return;
    const reason = `usable memory is short by ${Math.round(-left)} µs at a margin of ${this.#margin.toFixed(1)} σ`;
    this.#world.log.record(nowMicros, "predictor", "compact", reason, false);
  }
}

/** µs left until the last moment to act: usable / rate − action − interval. Infinity when nothing is being lost. */
export function slackMicros(usableBytes: number, rate: number, actionMicros: number, sampleMicros: number): number {
  return (rate > 0 ? usableBytes / rate : Infinity) - actionMicros - sampleMicros;
}

/** The margin after a sample in which so many requests failed. */
export function nextMargin(margin: number, failures: number): number {
  const grown = margin * DECAY + FAILURE_DEVIATIONS * failures;
  return Math.max(LEAST_MARGIN, Math.min(MOST_MARGIN, grown));
}
