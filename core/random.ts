// Named random streams. Each purpose draws from a stream of its own, so that a new draw in one place shifts no other.
// The generator is seedrandom's `alea` (Baagøe): only + and × on doubles, so equal bytes on every engine.

import alea from "seedrandom/lib/alea.js";
import { logDeterministic } from "./math.ts";

/** A stream of random numbers. `next()` is in [0, 1) with 32 bits. */
export class RandomStream {
  readonly #next: () => number;

  /** @param seed any integer ≥ 0. @param name the purpose, e.g. "workload". Equal pairs give equal streams. */
  constructor(seed: number, name: string) {
    this.#next = (alea as unknown as (seed: string) => () => number)(`${name}:${seed}`);
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.#next();
  }

  /** Uniform integer in [0, bound), bound ≤ 2^32. */
  integer(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** Uniform integer in [low, high], both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * logDeterministic(1 - this.#next());
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.#next() < p;
  }
}
