// A histogram with four bins an octave over 16 octaves, for lengths and lifetimes whose size nobody knows beforehand: bounded
// memory, quantiles within ±9 % of the value (half a bin is a factor 2^(1/8)). Counts fade by halving all of them when the
// total reaches a limit, so that it follows a program that changes.

import { assert } from "../core/errors.ts";

const BINS_PER_OCTAVE = 4;
const OCTAVES = 16;
/** Bins. */
export const LOG_BINS = BINS_PER_OCTAVE * OCTAVES;
const HALVE_AT = 4096;
/** 2^(1/4), 2^(2/4), 2^(3/4). */
const STEPS = [1, 1.189207115002721, Math.SQRT2, 1.681792830507429] as const;

export class LogHistogram {
  /** Bytes of one. */
  static readonly stateBytes = LOG_BINS * 4 + 16;
  readonly #counts = new Uint32Array(LOG_BINS);
  readonly #least: number;
  #total = 0;

  /** @param least values up to it share the first bin; those over least · 2^16 the last */
  constructor(least: number) {
    assert(least > 0, "the least value is positive");
    this.#least = least;
  }

  /** Values in it, faded. */
  get total(): number {
    return this.#total;
  }

  /** Takes in a value ≥ 0. Hot. */
  add(value: number): void {
    this.#counts[binOf(value / this.#least)]++;
    if (++this.#total >= HALVE_AT) this.#halve();
  }

  /** The value under which a share `q` of 0..1 lies: the middle of its bin; 0 when empty. Cost: one pass. */
  quantile(q: number): number {
    if (this.#total === 0) return 0;
    const rank = Math.min(this.#total - 1, Math.floor(q * this.#total));
    let seen = 0;
    let bin = 0;
    for (; bin < LOG_BINS - 1; bin++) {
      seen += this.#counts[bin];
      if (seen > rank) break;
    }
    return this.#least * lowerBound(bin) * MIDDLE;
  }

  /** Share of values of at least `value`, by whole bins; 0 when empty. */
  shareFrom(value: number): number {
    if (this.#total === 0) return 0;
    let above = 0;
    for (let bin = binOf(value / this.#least); bin < LOG_BINS; bin++) above += this.#counts[bin];
    return above / this.#total;
  }

  #halve(): void {
    this.#total = 0;
    for (let bin = 0; bin < LOG_BINS; bin++) {
      this.#counts[bin] >>>= 1;
      this.#total += this.#counts[bin];
    }
  }
}

/** 2^(1/8): from a bin's lower bound to its middle. */
const MIDDLE = 1.0905077326652577;

function binOf(ratio: number): number {
  if (!(ratio >= 1)) return 0;
  if (ratio >= 65536) return LOG_BINS - 1;
  const octave = 31 - Math.clz32(ratio);
  const rest = ratio / (1 << octave);
  const step = rest >= STEPS[2] ? (rest >= STEPS[3] ? 3 : 2) : rest >= STEPS[1] ? 1 : 0;
  return octave * BINS_PER_OCTAVE + step;
}

function lowerBound(bin: number): number {
  return (1 << (bin >> 2)) * STEPS[bin & 3];
}
