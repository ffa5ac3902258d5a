// How often the next request was among those that were expected, and beside it the base rate: among those that came most often.

import { HotSymbols } from "../../cache/hot-symbols.ts";
import type { ExpectedComponent } from "../contract.ts";
import type { ReplayAccuracy } from "./replay-types.ts";

/** HotSymbols keeps 16 bits of an id. */
const MOST_IDS = 65_536;

export class ForesightScore {
  readonly #hot = new HotSymbols();
  #predictions = 0;
  readonly #hits = { top1: 0, top3: 0, baseTop1: 0, baseTop3: 0 };

  /** Before the request is learned. @param expected for the next request, the likeliest first */
  score(id: number, component: string, expected: readonly ExpectedComponent[]): void {
    const at = expected.findIndex((one) => one.component === component);
    const frequentAt = id < MOST_IDS ? this.#hot.rankOf(id) : -1;
    this.#predictions++;
    if (at === 0) this.#hits.top1++;
    if (at >= 0 && at < 3) this.#hits.top3++;
    if (frequentAt === 0) this.#hits.baseTop1++;
    if (frequentAt >= 0 && frequentAt < 3) this.#hits.baseTop3++;
  }

  observe(id: number): void {
    if (id < MOST_IDS) this.#hot.observe(id);
  }

  get figures(): ReplayAccuracy {
    const { top1, top3, baseTop1, baseTop3 } = this.#hits;
    const share = (count: number) => count / this.#predictions;
    return {
      predictions: this.#predictions,
      top1: share(top1),
      top3: share(top3),
      baseTop1: share(baseTop1),
      baseTop3: share(baseTop3),
    };
  }
}
