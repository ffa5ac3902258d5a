// Routing by confidence alone: what is nearly certain and next is loaded at once, what is likely and near soon, the rest when
// nothing else is to be done. It knows neither what a load costs nor what memory does; benefit.ts does. Row P15.

import { assert } from "../../core/errors.ts";
import type { ComponentCost, ExpectedComponent, PreloadOutcome, PreloadRouter, QueueName } from "../contract.ts";
import { PreloadBudget } from "./budget.ts";

export interface ThresholdRouterOptions {
  /** Above it, and next: immediate. Default 0.9. */
  readonly immediateConfidence?: number | undefined;
  /** Above it, and at most two steps away: delayed. Default 0.7. */
  readonly delayedConfidence?: number | undefined;
  /** Below it nothing is loaded. Default 0: everything that is expected is. */
  readonly leastConfidence?: number | undefined;
  /** Preloads for each request at most, > 0. Default Infinity. */
  readonly preloadsPerRequest?: number | undefined;
}

export interface RouterFigures {
  readonly routed: Readonly<Record<QueueName, number>>;
  /** Not worth it. */
  readonly refused: number;
  /** Worth it, but the budget was spent. */
  readonly overBudget: number;
}

export class ThresholdRouter implements PreloadRouter {
  readonly id = "thresholds";
  readonly #immediate: number;
  readonly #delayed: number;
  readonly #least: number;
  readonly #budget: PreloadBudget;
  readonly #routed = { immediate: 0, delayed: 0, background: 0 };
  #refused = 0;
  #overBudget = 0;
  #price = 0;

  constructor(options: ThresholdRouterOptions = {}) {
    this.#immediate = options.immediateConfidence ?? 0.9;
    this.#delayed = options.delayedConfidence ?? 0.7;
    this.#least = options.leastConfidence ?? 0;
    this.#budget = new PreloadBudget({ preloadsPerRequest: options.preloadsPerRequest ?? Infinity });
    assert(
      this.#least >= 0 && this.#delayed >= this.#least && this.#immediate >= this.#delayed && this.#immediate <= 1,
      "threshold router: 0 ≤ least ≤ delayed ≤ immediate ≤ 1",
    );
  }

  get figures(): RouterFigures {
    return { routed: { ...this.#routed }, refused: this.#refused, overBudget: this.#overBudget };
  }

  onRequest(): void {
    this.#budget.onRequest();
  }

  route(expected: ExpectedComponent, _cost: ComponentCost): QueueName | undefined {
    if (this.#price === Infinity || expected.confidence < this.#least) {
      this.#refused++;
      return undefined;
    }
    if (!this.#budget.take()) {
      this.#overBudget++;
      return undefined;
    }
    const queue = this.queueOf(expected);
    this.#routed[queue]++;
    return queue;
  }

  /** By confidence and step alone. Counts nothing. */
  queueOf({ confidence, step }: ExpectedComponent): QueueName {
    if (confidence > this.#immediate && step === 1) return "immediate";
    return confidence > this.#delayed && step <= 2 ? "delayed" : "background";
  }

  /** Only Infinity, which stops it, means something here. */
  setPrice(price: number): void {
    assert(price >= 0, "threshold router: a price is not negative");
    this.#price = price;
  }

  /** Learns nothing from what came of it. */
  settle(_expected: ExpectedComponent, _outcome: PreloadOutcome, _heldSeconds: number, _bytes: number): void {}
}
