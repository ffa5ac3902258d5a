// Routing by expected benefit: probability × what the load would cost whoever asks, less what a load for nothing costs, less
// bytes × seconds × the price of memory, less what has to leave for it (cache/prefetch-gate.ts, which also keeps the record of
// each source and believes it accordingly). Where preloads are limited, only those go ahead that bring more than a place in
// the budget costs. The queue is by what it brings and how soon it is needed.

import { PrefetchGate, type PrefetchGateOptions } from "../../cache/prefetch-gate.ts";
import { assert } from "../../core/errors.ts";
import type { ComponentCost, ExpectedComponent, PreloadOutcome, PreloadRouter, QueueName } from "../contract.ts";
import { PreloadBudget } from "./budget.ts";
import type { RouterFigures } from "./thresholds.ts";

export interface BenefitRouterOptions extends PrefetchGateOptions {
  /** From this benefit on, in average loads, what is next is loaded at once. Default 0.5. */
  readonly immediateLoads?: number | undefined;
  /** From this benefit on what is at most two steps away is loaded soon. Default 0.2. */
  readonly delayedLoads?: number | undefined;
  /** Preloads for each request at most, > 0. Default Infinity. */
  readonly preloadsPerRequest?: number | undefined;
  /** How fast the price of a place in that budget moves. Default 0.01; 0: first come, first served. */
  readonly budgetPriceStep?: number | undefined;
}

export class BenefitRouter implements PreloadRouter {
  readonly id = "benefit";
  /** Records by source; what is further away than the next request has one of its own, "SOURCE +2". */
  readonly gate: PrefetchGate;
  readonly #immediate: number;
  readonly #delayed: number;
  readonly #budget: PreloadBudget;
  readonly #routed = { immediate: 0, delayed: 0, background: 0 };
  #refused = 0;
  #overBudget = 0;

  constructor(options: BenefitRouterOptions = {}) {
    this.gate = new PrefetchGate(options);
    this.#immediate = options.immediateLoads ?? 0.5;
    this.#delayed = options.delayedLoads ?? 0.2;
    this.#budget = new PreloadBudget({
      preloadsPerRequest: options.preloadsPerRequest ?? Infinity,
      priceStep: options.budgetPriceStep,
    });
    assert(this.#delayed >= 0 && this.#immediate >= this.#delayed, "benefit router: 0 ≤ delayed ≤ immediate");
  }

  get figures(): RouterFigures {
    return { routed: { ...this.#routed }, refused: this.#refused, overBudget: this.#overBudget };
  }

  onRequest(): void {
    this.#budget.onRequest();
  }

  route(expected: ExpectedComponent, cost: ComponentCost): QueueName | undefined {
    const candidate = {
      source: recordOf(expected),
      probability: expected.confidence,
      loadRatio: cost.loadRatio,
      bytes: cost.bytes,
      chargedLoads: (cost.displacedLoads ?? 0) + this.#budget.price,
    };
    const benefit = this.gate.benefit(candidate);
    if (!this.gate.allow(candidate)) {
      this.#refused++;
      return undefined;
    }
    if (!this.#budget.take()) {
      this.#overBudget++;
      return undefined;
    }
    const queue = this.#queueOf(benefit, expected.step);
    this.#routed[queue]++;
    return queue;
  }

  setPrice(price: number): void {
    assert(price >= 0, "benefit router: a price is not negative");
    this.gate.price = price;
  }

  settle(expected: ExpectedComponent, outcome: PreloadOutcome, heldSeconds: number, bytes: number): void {
    this.gate.settle(recordOf(expected), outcome, expected.confidence, heldSeconds, bytes);
  }

  #queueOf(benefit: number, step: number): QueueName {
    if (benefit >= this.#immediate && step === 1) return "immediate";
    return benefit >= this.#delayed && step <= 2 ? "delayed" : "background";
  }
}

function recordOf({ source, step }: ExpectedComponent): string {
  return step === 1 ? source : `${source} +${step}`;
}
