// How many preloads a request may pay for. A bucket holds the limit at every moment: each request puts a share of a preload in,
// each preload takes one out. A bucket alone is spent on whatever comes first; so there is a price of a place in it beside,
// which rises with each preload that is wanted and falls with each request until, on the average, as many are worth it as there
// are places: the
// multiplier of the constraint, followed by its subgradient (online dual descent; Zinkevich, ICML 2003).

import { assert } from "../../core/errors.ts";

export interface PreloadBudgetOptions {
  /** Preloads for each request, > 0; Infinity: not limited. */
  readonly preloadsPerRequest: number;
  /** Preloads that may be saved up, ≥ 1. Default 4. */
  readonly burstCount?: number | undefined;
  /** By how much a preload moves the price, in average loads. Default 0.01. */
  readonly priceStep?: number | undefined;
}

/** A place in the budget never costs more than an average load. */
const HIGHEST_PRICE = 1;

export class PreloadBudget {
  /** What a place costs now, in average loads, 0..1. */
  price = 0;
  readonly #perRequest: number;
  readonly #burst: number;
  readonly #step: number;
  #saved = 0;

  constructor(options: PreloadBudgetOptions) {
    this.#perRequest = options.preloadsPerRequest;
    this.#burst = options.burstCount ?? 4;
    this.#step = options.priceStep ?? 0.01;
    assert(this.#perRequest > 0, "preload budget: more than nothing for a request");
    assert(this.#burst >= 1 && this.#step >= 0, "preload budget: one preload can be saved, a step is not negative");
  }

  onRequest(): void {
    if (this.#perRequest === Infinity) return;
    this.#saved = Math.min(this.#burst, this.#saved + this.#perRequest);
    this.price = Math.max(0, this.price - this.#step * this.#perRequest);
  }

  /** A preload is worth its price: takes a place, if there is one. The price rises either way. @returns whether there was one */
  take(): boolean {
    if (this.#perRequest === Infinity) return true;
    this.price = Math.min(HIGHEST_PRICE, this.price + this.#step);
    if (this.#saved < 1) return false;
    this.#saved--;
    return true;
  }
}
