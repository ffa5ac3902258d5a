// A recording made into Demand: the arena is sized so that the recording's peak stands at the level asked for, because
// objects are never shrunk; what the recording leaves open (classes, pinned blocks, pace) is drawn or chosen here and is part
// of the result. Unlike a scenario, whose level is the mean, the level of a trace is its peak: real programs do not keep one.

import {
  CLASS_ATOMIC,
  CLASS_DEADLINE,
  CLASS_WAIT,
  DEFAULT_MIX,
  type Demand,
  DemandBuilder,
  FLAG_PINNED,
  OP_ALLOCATE,
  OP_FREE,
  type RequestMix,
} from "../../core/demand.ts";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { blockLength, GRANULE_BYTES, TICK_MICROS } from "../../core/units.ts";
import { CLASS_UNSET, MOVABILITY_PINNED, MOVABILITY_UNSET, type RawTrace } from "./raw-trace.ts";
import { arrivalTimes, DEFAULT_RATE_PER_SECOND } from "./trace-times.ts";

/** The smallest arena. */
export const LEAST_CAPACITY_BYTES = 64;
// Traces hold no reclaimable blocks, so that this is never used; it only must be a rate.
const SHED_BYTES_PER_SECOND = 1_048_576;
const MIX_TOLERANCE = 1e-9;

/** How to make a recording into demand. */
export interface TraceDemandOptions {
  /** Peak of the recording, headers and rounding included, over capacity: (0, 1], usually 0.95. */
  readonly pressureRatio: number;
  /** The arena, ≥ 64, cut down to a granule, instead of the one that `pressureRatio` gives; the level is then what it comes to. */
  readonly capacityBytes?: number | undefined;
  /** Requests/s of logical and of stretched time, default 100. */
  readonly ratePerSecond?: number | undefined;
  /** Stretch recorded times by this factor, whatever their density. */
  readonly stretch?: number | undefined;
  /** Integer ≥ 0: draws classes and pinned blocks. */
  readonly seed: number;
  /** Shares of what the recording leaves open, default DEFAULT_MIX. */
  readonly mix?: RequestMix | undefined;
  /** Only the first so many operations, ≥ 1. */
  readonly maxOperations?: number | undefined;
}

/**
 * The demand of a recording. Equal recordings and options give equal bytes.
 * Errors: INVALID_INPUT for an option out of range, or a stretch of a recording without times. Cost: a few passes.
 */
export function traceToDemand(trace: RawTrace, options: TraceDemandOptions): Demand {
  const mix = options.mix ?? DEFAULT_MIX;
  checkOptions(options, mix);
  const rows = Math.min(trace.length, options.maxOperations ?? trace.length);
  const { timeMicros, timing } = arrivalTimes(trace, rows, {
    ratePerSecond: options.ratePerSecond ?? DEFAULT_RATE_PER_SECOND,
    stretch: options.stretch,
  });
  const draws = new OpenDraws(options.seed, mix);
  const builder = new DemandBuilder();
  const lengthOf = new Float64Array(trace.idCount); // of the live block of an id, 0 = none
  const flagsOf = new Uint8Array(trace.idCount);
  let liveBytes = 0;
  let peakBytes = 0;
  for (let i = 0; i < rows; i++) {
    const id = trace.id[i];
    const kind = trace.kind[i];
    const size = trace.sizeBytes[i];
    const tenant = trace.tenant[i];
    const time = timeMicros[i];
    if (kind === OP_FREE) {
      builder.free(time, id, tenant);
      liveBytes -= lengthOf[id];
      lengthOf[id] = 0;
      continue;
    }
    const requestClass = draws.requestClass(trace.requestClass[i]);
    if (kind === OP_ALLOCATE || lengthOf[id] === 0) {
      flagsOf[id] = draws.flags(trace.movability[i]);
      builder.allocate(time, id, size, requestClass, flagsOf[id], tenant, trace.alignLog2[i]);
    } else builder.resize(time, id, size, requestClass, flagsOf[id], tenant);
    const length = blockLength(size);
    liveBytes += length - lengthOf[id];
    lengthOf[id] = length;
    if (liveBytes > peakBytes) peakBytes = liveBytes;
  }
  const { capacityBytes, pressureRatio } = sizeArena(peakBytes, options);
  const lastMicros = rows > 0 ? timeMicros[rows - 1] : 0;
  return builder.finish({
    name: trace.name,
    tenants: trace.tenants,
    durationMicros: Math.max(1, Math.ceil(lastMicros / TICK_MICROS)) * TICK_MICROS,
    capacityBytes,
    pressureRatio,
    mix: draws.mix(),
    timing,
    shedBytesPerSecond: SHED_BYTES_PER_SECOND,
  });
}

/** Draws what a recording leaves open, and counts what came of it. */
class OpenDraws {
  readonly #mix: RequestMix;
  readonly #classes: RandomStream;
  readonly #pins: RandomStream;
  readonly #counts = [0, 0, 0];
  #pinned = 0;
  #allocations = 0;
  #isAnyGiven = false;

  constructor(seed: number, mix: RequestMix) {
    this.#mix = mix;
    this.#classes = new RandomStream(seed, "classes");
    this.#pins = new RandomStream(seed, "pins");
  }

  requestClass(given: number): number {
    let requestClass = given;
    if (given === CLASS_UNSET) {
      const draw = this.#classes.next();
      const { atomic, deadline } = this.#mix;
      requestClass = draw < atomic ? CLASS_ATOMIC : draw < atomic + deadline ? CLASS_DEADLINE : CLASS_WAIT;
    } else this.#isAnyGiven = true;
    this.#counts[requestClass]++;
    return requestClass;
  }

  flags(movability: number): number {
    const isOpen = movability === MOVABILITY_UNSET;
    if (!isOpen) this.#isAnyGiven = true;
    const isPinned = isOpen ? this.#pins.chance(this.#mix.pinned) : movability === MOVABILITY_PINNED;
    this.#allocations++;
    if (isPinned) this.#pinned++;
    return isPinned ? FLAG_PINNED : 0;
  }

  /** The mix as asked for, or what it came to where the recording said anything. */
  mix(): RequestMix {
    const requests = this.#counts[0] + this.#counts[1] + this.#counts[2];
    if (!this.#isAnyGiven) return this.#mix;
    return {
      atomic: this.#counts[CLASS_ATOMIC] / requests,
      deadline: this.#counts[CLASS_DEADLINE] / requests,
      wait: this.#counts[CLASS_WAIT] / requests,
      pinned: this.#pinned / Math.max(1, this.#allocations),
    };
  }
}

function sizeArena(
  peakBytes: number,
  options: TraceDemandOptions,
): { readonly capacityBytes: number; readonly pressureRatio: number } {
  if (options.capacityBytes === undefined) {
    const wanted = Math.ceil(peakBytes / options.pressureRatio / GRANULE_BYTES) * GRANULE_BYTES;
    return { capacityBytes: Math.max(LEAST_CAPACITY_BYTES, wanted), pressureRatio: options.pressureRatio };
  }
  const capacityBytes = Math.floor(options.capacityBytes / GRANULE_BYTES) * GRANULE_BYTES;
  return { capacityBytes, pressureRatio: Math.min(1, peakBytes / capacityBytes) };
}

function checkOptions(options: TraceDemandOptions, mix: RequestMix): void {
  const { pressureRatio, capacityBytes, ratePerSecond, stretch, seed, maxOperations } = options;
  check(pressureRatio > 0 && pressureRatio <= 1, "pressureRatio", pressureRatio, "a ratio over 0 and at most 1");
  if (capacityBytes !== undefined) {
    check(
      capacityBytes >= LEAST_CAPACITY_BYTES && capacityBytes < Infinity,
      "capacityBytes",
      capacityBytes,
      "at least 64",
    );
  }
  if (ratePerSecond !== undefined) {
    check(ratePerSecond > 0 && ratePerSecond < Infinity, "ratePerSecond", ratePerSecond, "a rate over 0");
  }
  if (stretch !== undefined) check(stretch > 0 && stretch < Infinity, "stretch", stretch, "a factor over 0");
  check(Number.isSafeInteger(seed) && seed >= 0, "seed", seed, "an integer from 0");
  if (maxOperations !== undefined) {
    check(
      Number.isSafeInteger(maxOperations) && maxOperations >= 1,
      "maxOperations",
      maxOperations,
      "an integer from 1",
    );
  }
  for (const [name, share] of Object.entries(mix)) {
    check(share >= 0 && share <= 1, `mix.${name}`, share, "a share from 0 to 1");
  }
  const sum = mix.atomic + mix.deadline + mix.wait;
  check(Math.abs(sum - 1) <= MIX_TOLERANCE, "mix", sum, "atomic, deadline and wait that add to 1");
}

function check(isGood: boolean, name: string, value: number, expected: string): void {
  if (!isGood) throw new MempredError("INVALID_INPUT", `${name}: expected ${expected}, got ${value}`, { expected });
}
