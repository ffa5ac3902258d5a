// What kind of program allocates (K80): batch, interactive or real-time, told online from the requests alone, so that a policy
// can treat it accordingly. Four figures with a memory of half a minute, and rules in this order:
//
//   real-time    most requests may not wait (atomic or deadline): being late is being wrong
//   batch        works in stretches: it is idle most of the time and busy for seconds on end; or most of what it asks for by
//                volume is large blocks that live long
//   interactive  everything else: requests of people and services, small, all the time
//
// A class is left only after the rules have said another for HOLD_TICKS in a row, as a strategy that flips costs more than one
// that is a second late. Unlike the regimes of phase-shift, which ADWIN notices, a class is a name and not a change.

import { CLASS_WAIT } from "../core/demand.ts";

export const WORKLOAD_UNKNOWN = 0;
export const WORKLOAD_BATCH = 1;
export const WORKLOAD_INTERACTIVE = 2;
export const WORKLOAD_REAL_TIME = 3;
export const WORKLOAD_NAMES = ["unknown", "batch", "interactive", "real-time"] as const;
export type WorkloadName = (typeof WORKLOAD_NAMES)[number];

/** What a policy may do with the class; advice, bound to nothing. */
export interface WorkloadStrategy {
  /** Requests that may not wait want a hole that is there already: how large, in largest recent requests. */
  readonly holeFactor: number;
  /** Starts of a second left to requests. */
  readonly spareRuns: number;
  /** Long runs are no harm while nobody waits. */
  readonly prefersWholeSlide: boolean;
}

/** Indexed by WORKLOAD_*. */
export const STRATEGIES: readonly WorkloadStrategy[] = [
  { holeFactor: 1, spareRuns: 2, prefersWholeSlide: false },
  { holeFactor: 1, spareRuns: 1, prefersWholeSlide: true },
  { holeFactor: 1, spareRuns: 2, prefersWholeSlide: false },
  { holeFactor: 2, spareRuns: 3, prefersWholeSlide: false },
];

/** Memory of all figures: 30 s. */
const MEMORY_TICKS = 60;
/** Ticks until a first class is named, and for which another must hold. */
export const LEAST_TICKS = 40;
export const HOLD_TICKS = 6;
const URGENT_SHARE = 0.5;
const IDLE_SHARE = 0.5;
const LARGE_SHARE = 0.6;
/** A block is large from here on, bytes, and long-lived from here on. */
const LARGE_BYTES = 1024;
const LONG_MICROS = 5_000_000;

const URGENT = 0; // faded share of requests that may not wait
const IDLE = 1; // faded share of ticks without a request
const LARGE = 2; // faded share of requested bytes in large blocks
const LONG = 3; // faded share of freed bytes that lived long
const SEEN = 4; // since the last tick: requests, urgent ones, bytes, large bytes, freed bytes, long ones
const FIELDS = SEEN + 6;
/** Words of 16 bits behind the fields: ticks, as far as they matter, then class, candidate and how long that held. */
const TICKS = 0;
const CLASS = 1;
const CANDIDATE = 2;
const HELD = 3;
const WORDS = 4;

/** Bytes of the whole state: 48. */
export const WORKLOAD_STATE_BYTES = FIELDS * 4 + WORDS * 2;

export class WorkloadClassifier {
  /** Bytes of its state. */
  static readonly stateBytes = WORKLOAD_STATE_BYTES;
  readonly #state: Float32Array;
  readonly #words: Uint16Array;

  /** @param byteOffset a multiple of 4 with WORKLOAD_STATE_BYTES behind it; what lies there is overwritten */
  constructor(buffer: ArrayBuffer = new ArrayBuffer(WORKLOAD_STATE_BYTES), byteOffset = 0) {
    this.#state = new Float32Array(buffer, byteOffset, FIELDS);
    this.#words = new Uint16Array(buffer, byteOffset + FIELDS * 4, WORDS);
    this.#state.fill(0);
    this.#words.fill(0);
  }

  /** WORKLOAD_*. */
  get workloadClass(): number {
    return this.#words[CLASS];
  }

  get name(): WorkloadName {
    return WORKLOAD_NAMES[this.workloadClass];
  }

  get strategy(): WorkloadStrategy {
    return STRATEGIES[this.workloadClass];
  }

  /** One request, served or not. Hot. */
  observeRequest(lengthBytes: number, requestClass: number): void {
    const state = this.#state;
    state[SEEN]++;
    if (requestClass !== CLASS_WAIT) state[SEEN + 1]++;
    state[SEEN + 2] += lengthBytes;
    if (lengthBytes >= LARGE_BYTES) state[SEEN + 3] += lengthBytes;
  }

  /** One free of a block that lived `ageMicros`. Hot; whoever does not know ages leaves it out. */
  observeFree(lengthBytes: number, ageMicros: number): void {
    const state = this.#state;
    state[SEEN + 4] += lengthBytes;
    if (ageMicros >= LONG_MICROS) state[SEEN + 5] += lengthBytes;
  }

  /** Each 500 ms. */
  tick(): void {
    const state = this.#state;
    const words = this.#words;
    if (words[TICKS] < MEMORY_TICKS) words[TICKS]++;
    const share = 1 / words[TICKS];
    const requests = state[SEEN];
    state[IDLE] += share * ((requests === 0 ? 1 : 0) - state[IDLE]);
    if (requests > 0) {
      state[URGENT] += share * (state[SEEN + 1] / requests - state[URGENT]);
      state[LARGE] += share * (state[SEEN + 3] / state[SEEN + 2] - state[LARGE]);
    }
    if (state[SEEN + 4] > 0) state[LONG] += share * (state[SEEN + 5] / state[SEEN + 4] - state[LONG]);
    state.fill(0, SEEN);
    if (words[TICKS] < LEAST_TICKS) return;
    const says = this.#rule();
    if (says === words[CLASS]) {
      words[HELD] = 0;
      return;
    }
    words[HELD] = says === words[CANDIDATE] ? words[HELD] + 1 : 1;
    words[CANDIDATE] = says;
    if (words[HELD] < HOLD_TICKS && words[CLASS] !== WORKLOAD_UNKNOWN) return;
    words[CLASS] = says;
    words[HELD] = 0;
  }

  #rule(): number {
    const state = this.#state;
    if (state[URGENT] >= URGENT_SHARE) return WORKLOAD_REAL_TIME;
    if (state[IDLE] >= IDLE_SHARE) return WORKLOAD_BATCH;
    if (state[LARGE] >= LARGE_SHARE && state[LONG] >= LARGE_SHARE) return WORKLOAD_BATCH;
    return WORKLOAD_INTERACTIVE;
  }
}
