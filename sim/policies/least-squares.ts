// Oracle's adaptivemmd (github.com/oracle/adaptivemm, predict.c) on this heap. Two straight lines are laid by least squares
// through recent samples: all free memory, and the part of it that lies in holes too short for the reference request. Where
// they cross, nothing that is free is of use any more. If that comes no later than a compaction started now would have
// caught up, one is started. Unlike a forecast of pressure it has no model to learn and looks at supply only.
//
// Units: free memory in bytes, time in µs, slopes in bytes/µs. The catch-up time is what the last run took, or for the first
// one what sliding the whole arena would take, and one sample interval, since nothing can be decided before the next.

import { MICROS_PER_MILLI } from "../../core/units.ts";
import type { Arena } from "../arena.ts";
import type { Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

/** Samples on each line, as many as adaptivemmd looks back (LSQ_LOOKBACK). */
export const LOOKBACK_SAMPLES = 8;
export const SAMPLE_MICROS = 50 * MICROS_PER_MILLI;
/** Starts in each second that a proactive run leaves to requests that will need one. */
const SPARE_RUNS = 2;

export const leastSquares: PolicyDefinition = {
  id: "least-squares",
  title: "least squares",
  description:
    "adaptivemm style: lines through free and fragmented free memory, their crossing against the catch-up time",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "evacuate",
  create: (world) => new LeastSquaresPolicy(world),
};

class LeastSquaresPolicy implements Policy {
  readonly #world: PolicyWorld;
  readonly #arena: Arena;
  /** The last samples, oldest first. */
  readonly #free: number[] = [];
  readonly #fragmented: number[] = [];
  #nextSampleMicros = 0;

  constructor(world: PolicyWorld) {
    this.#world = world;
    this.#arena = world.arena;
  }

  onTick(nowMicros: number): void {
    this.#sample(nowMicros);
  }

  onAllocation(nowMicros: number): void {
    this.#sample(nowMicros);
  }

  #sample(nowMicros: number): void {
    if (nowMicros < this.#nextSampleMicros) return;
    this.#nextSampleMicros = nowMicros - (nowMicros % SAMPLE_MICROS) + SAMPLE_MICROS;
    const arena = this.#arena;
    const { heap } = arena;
    push(this.#free, heap.freeBytes);
    push(this.#fragmented, heap.freeBytes - heap.usableBytes);
    if (this.#free.length < LOOKBACK_SAMPLES) return;
    const crossing = crossingMicros(this.#free, this.#fragmented, SAMPLE_MICROS);
    const catchUp = this.#runMicros() + SAMPLE_MICROS;
    if (!(crossing <= catchUp)) return;
    const goal = Math.min(this.#world.largestRecentBytes, heap.freeBytes);
    if (heap.largestHole() >= goal) return;
    if (arena.startProactive("least-squares", goal, Infinity, nowMicros, SPARE_RUNS) !== "started") return;
    const reason = `all that is free will be fragmented in ${Math.round(crossing)} µs, catching up takes ${Math.round(catchUp)} µs`;
    this.#world.log.record(nowMicros, "predictor", "compact", reason, false);
  }

  /** How long a compaction takes, µs. */
  #runMicros(): number {
    const { runner, heap } = this.#arena;
    if (runner.endedMicros >= 0) return runner.endedMicros - runner.startedMicros;
    const { startMicros, scanMicrosPerBlock, copyBytesPerMicro } = runner.cost;
    return startMicros + scanMicrosPerBlock * heap.blockCount + heap.allocatedBytes / copyBytesPerMicro;
  }
}

/**
 * µs from the newest sample until the line through `upper` falls to the line through `lower`; 0 when it has, Infinity when
 * they do not approach each other. Equally many samples, at least two, oldest first, `stepMicros` apart.
 */
export function crossingMicros(upper: readonly number[], lower: readonly number[], stepMicros: number): number {
  const n = upper.length;
  // The difference of two least-squares lines over the same times is the line of the differences. With time in steps from
  // the middle of the samples, Σt = 0 and Σt² = n(n² − 1)/12.
  const middle = (n - 1) / 2;
  let sum = 0;
  let moment = 0;
  for (let i = 0; i < n; i++) {
    const gap = upper[i]! - lower[i]!;
    sum += gap;
    moment += (i - middle) * gap;
  }
  const slope = (12 * moment) / (n * (n * n - 1)); // bytes a step
  const newest = sum / n + slope * middle;
  if (newest <= 0) return 0;
  return slope < 0 ? (newest / -slope) * stepMicros : Infinity;
}

function push(samples: number[], value: number): void {
  if (samples.length === LOOKBACK_SAMPLES) samples.shift();
  samples.push(value);
}
