// Draws how long a block lives, as a multiple of the mean life. The unit is allocated volume, not seconds: the mean is
// fixed by the level (Little's law in bytes: live = volume that is allocated during a mean life), so a law only says how
// unequal lives are. Exponential is without memory; `fixed` is close to a queue; `two-speed` and `pareto` follow the
// observation that most objects die young (Lieberman and Hewitt, A real-time garbage collector, CACM 26(6), 1983).

import { expDeterministic, logDeterministic } from "../core/math.ts";
import type { RandomStream } from "../core/random.ts";
import type { LifetimeLaw } from "./spec.ts";

const EXPONENTIAL = 0;
const UNIFORM = 1;
const FIXED = 2;
const TWO_SPEED = 3;
const PARETO = 4;
/** A Pareto law is cut where lives are this many times the shortest. */
const PARETO_RANGE = 1000;

/** One law, made ready to draw from. */
export class LifetimeSampler {
  readonly #kind: number;
  readonly #a: number;
  readonly #b: number;
  readonly #c: number;

  constructor(law: LifetimeLaw) {
    let kind = EXPONENTIAL;
    let a = 0;
    let b = 0;
    let c = 0;
    if (law.law === "uniform") kind = UNIFORM;
    else if (law.law === "fixed") {
      kind = FIXED;
      a = law.jitter;
    } else if (law.law === "two-speed") {
      kind = TWO_SPEED;
      a = law.shortShare;
      b = 1 / (law.shortShare + (1 - law.shortShare) * law.ratio);
      c = b * law.ratio;
    } else if (law.law === "pareto") {
      kind = PARETO;
      const logRange = logDeterministic(PARETO_RANGE);
      a = 1 - expDeterministic(-law.alpha * logRange);
      b = -1 / law.alpha;
      const slope = 1 - law.alpha;
      // Mean of the truncated law on [1, range]: α ∫ x^−α dx / a; the integral is ln(range) at α = 1.
      const integral = Math.abs(slope) < 1e-9 ? logRange : (expDeterministic(slope * logRange) - 1) / slope;
      c = a / (law.alpha * integral);
    }
    this.#kind = kind;
    this.#a = a;
    this.#b = b;
    this.#c = c;
  }

  /** A life ≥ 0, with mean 1. */
  draw(stream: RandomStream): number {
    switch (this.#kind) {
      case EXPONENTIAL:
        return stream.exponential(1);
      case UNIFORM:
        return 2 * stream.next();
      case FIXED:
        return 1 + this.#a * (2 * stream.next() - 1);
      case TWO_SPEED:
        return stream.exponential(stream.chance(this.#a) ? this.#b : this.#c);
      default:
        return this.#c * expDeterministic(this.#b * logDeterministic(1 - stream.next() * this.#a));
    }
  }
}
