// Class and pin of each request, drawn from streams of their own: another mix changes neither sizes nor times.

import {
  CLASS_ATOMIC,
  CLASS_DEADLINE,
  CLASS_WAIT,
  FLAG_PINNED,
  FLAG_RECLAIMABLE,
  type RequestMix,
} from "../core/demand.ts";
import { RandomStream } from "../core/random.ts";
import type { Plan } from "./plan.ts";

/** Running probabilities of atomic and deadline, for ordinary requests and for a herd's. */
export interface ClassShares {
  readonly atomic: number;
  readonly atomicOrDeadline: number;
  readonly herdAtomic: number;
  readonly herdAtomicOrDeadline: number;
}

/**
 * Herds are atomic, yet the shares of the whole demand are the mix's: other arrivals are atomic that much more rarely. A
 * mix with fewer atomic requests than herds have (none, at the extreme) wins over the herds.
 * @param herdShare share of the requests that come in atomic herds, 0..1; at 0 herds draw like all others.
 */
export function classShares(mix: RequestMix, herdShare: number): ClassShares {
  const herdAtomic = herdShare > 0 ? Math.min(1, mix.atomic / herdShare) : mix.atomic;
  const atomic = herdShare > 0 ? Math.max(0, (mix.atomic - herdShare) / (1 - herdShare)) : mix.atomic;
  const patient = mix.deadline + mix.wait;
  const deadlineShare = patient > 0 ? mix.deadline / patient : 0;
  return {
    atomic,
    atomicOrDeadline: atomic + (1 - atomic) * deadlineShare,
    herdAtomic,
    herdAtomicOrDeadline: herdAtomic + (1 - herdAtomic) * deadlineShare,
  };
}

export class Labels {
  readonly #plan: Plan;
  readonly #classes: RandomStream;
  readonly #pins: RandomStream;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#classes = new RandomStream(plan.options.seed, "classes");
    this.#pins = new RandomStream(plan.options.seed, "pins");
  }

  /** CLASS_*. One draw. */
  drawClass(isHerd: boolean): number {
    const shares = this.#plan.classShares;
    const u = this.#classes.next();
    if (u < (isHerd ? shares.herdAtomic : shares.atomic)) return CLASS_ATOMIC;
    return u < (isHerd ? shares.herdAtomicOrDeadline : shares.atomicOrDeadline) ? CLASS_DEADLINE : CLASS_WAIT;
  }

  /** FLAG_PINNED or 0; what a shrinker may free is never pinned. One draw. */
  drawPin(flags: number): number {
    const isPinned = this.#pins.chance(this.#plan.pinnedShare);
    return isPinned && (flags & FLAG_RECLAIMABLE) === 0 ? FLAG_PINNED : 0;
  }
}
