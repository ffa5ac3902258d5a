// kcompactd's proactive compaction (Linux mm/compaction.c, kcompactd and should_proactive_compact_node): each 500 ms, if
// the fragmentation score is over the high watermark, compact until it is under the low one; back off when a run made no
// progress (the arena does that for every policy). The score is 100 × fragmentation, 1 − usable / free.

import type { Arena } from "../arena.ts";
import type { Advice, Stage } from "../decisions.ts";
import { DecisionLoop } from "../decisions.ts";
import type { PolicyDefinition } from "./policy.ts";

const HIGH_SCORE = 90;
const LOW_SCORE = 80;

/** The rule as a stage, which other policies fall back to when they have no forecast. */
export class WatermarkStage implements Stage {
  readonly name = "watermark";
  readonly #arena: Arena;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  advise(nowMicros: number): Advice | null {
    const heap = this.#arena.heap;
    const score = 100 * heap.fragmentationRatio();
    if (score <= HIGH_SCORE) return null;
    // Score 80 is reached when a fifth of what is free is usable: a hole of so many whole reference requests.
    const reference = heap.referenceLengthBytes;
    const wanted = Math.ceil(((1 - LOW_SCORE / 100) * heap.freeBytes) / reference) * reference;
    if (wanted > heap.freeBytes) return { action: "hold", reason: "less is free than one reference request" };
    const verdict = this.#arena.startProactive("watermark", wanted, Infinity, nowMicros, 0);
    const reason = `fragmentation score ${score.toFixed(0)} over ${HIGH_SCORE}`;
    return verdict === "started" ? { action: "compact", reason } : { action: "hold", reason: `${reason}: ${verdict}` };
  }
}

export const watermark: PolicyDefinition = {
  id: "watermark",
  title: "watermark",
  description: "kcompactd style: fragmentation score over 90, until 80",
  isProactive: true,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "slide",
  create(world) {
    const loop = new DecisionLoop([new WatermarkStage(world.arena)], world.log);
    return {
      onTick(nowMicros) {
        loop.decide(nowMicros);
      },
      onAllocation() {},
    };
  },
};
