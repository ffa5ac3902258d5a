// W-TinyLFU: newcomers enter a small LRU window; who falls out of it enters the main part only if it was asked for more often than
// the one that would leave for it, by a sketch that knows absent keys too. Main is a segmented LRU: 20 % probation, 80 % protected.
// Einziger, Friedman and Manes, "TinyLFU: a highly efficient cache admission policy", ACM ToS 13(4), 2017; segmented LRU: Karedla,
// Love and Wherry, IEEE Computer 27(3), 1994. It is the one structure of reuse-core.ts, kept to its frequency rule.

import type { CachePolicyDefinition } from "./policy.ts";
import { ReuseCore } from "./reuse-core.ts";

function windowTinyLfu(id: string, windowPercent: number): CachePolicyDefinition {
  const mode = { id, rule: "frequency", windowShare: windowPercent / 100, windowUnitsLeast: 1 } as const;
  return {
    id,
    title: `W-TinyLFU, window ${windowPercent} %`,
    source: "Einziger, Friedman and Manes, ACM ToS 13(4), 2017",
    create: (options) => new ReuseCore(options, mode, true),
  };
}

export const W_TINY_LFU = windowTinyLfu("w-tinylfu", 1);
export const W_TINY_LFU_20 = windowTinyLfu("w-tinylfu-20", 20);
