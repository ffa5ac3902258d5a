// Class and pin of each request, drawn from streams of their own: another mix changes neither sizes nor times.

import { CLASS_ATOMIC, CLASS_DEADLINE, CLASS_WAIT, FLAG_PINNED, FLAG_RECLAIMABLE } from "../core/demand.ts";
import { RandomStream } from "../core/random.ts";
import type { Plan } from "./plan.ts";

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
