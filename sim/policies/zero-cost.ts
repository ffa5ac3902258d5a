// The bound from below: a world in which compaction costs no time and has no limits, a shrinker sheds at once, and every
// request may have all that, atomic ones too. Before each request that finds no hole the cheapest hole is gathered; if there
// is none to gather the whole heap is packed first, and slid if even that is not enough. What is denied then was not denied
// for want of time or foresight: either the bytes were not there (capacity), or pinned blocks stood in the way of all three
// compactors (pinned).
//
// What is proved by that: where it denies nothing nobody can deny less, and whoever has served all that it served up to its
// first capacity denial must deny there too. Where it denies something it is the least that was found and no proof for
// totals: denying one large request early lets many small ones in later, and another order of moves leaves pinned blocks
// elsewhere. So totals may fall below it by such substitution.

import { type Compactor, createCompactor } from "../../allocator/compactor.ts";
import { OP_FREE } from "../../core/demand.ts";
import { GRANULE_BYTES } from "../../core/units.ts";
import type { RunPlan } from "../arena.ts";
import { demandFacts } from "../demand-facts.ts";
import type { PolicyDefinition } from "./policy.ts";

const SLIDE: RunPlan = { compactor: "slide", wishBytes: 0, worthRatio: 1 };

export const zeroCost: PolicyDefinition = {
  id: "zero-cost",
  title: "zero-cost bound",
  description: "compaction and reclaim free of cost and limits, for every class: denies only what cannot be placed",
  isProactive: false,
  compactsOnDemand: true,
  signal: null,
  isBound: true,
  isFreeOfCost: true,
  pairedWith: null,
  compactor: "gather",
  proactiveCompactor: "pack",
  create({ arena, demand }) {
    const { heap } = arena;
    const { lengthBytes } = demandFacts(demand);
    const gathering: Compactor = createCompactor("gather", heap);
    /** A run on demand will make the hole that the request lacks. */
    const canGather = (need: number): boolean => {
      if (!gathering.begin(need, Infinity)) return false;
      gathering.abort();
      return true;
    };
    return {
      onTick() {},
      onAllocation() {},
      beforeRow(row, nowMicros) {
        if (demand.kind[row] === OP_FREE) return;
        const need = lengthBytes[row]!;
        for (;;) {
          if (need <= heap.freeBytes) {
            if (heap.canPlace(need) || canGather(need)) return;
            arena.startProactive("zero-cost", need, Infinity, nowMicros, 0);
            if (heap.canPlace(need) || canGather(need)) return;
            // Only where it helps: a run without progress would put off the next one.
            if (heap.largestHoleAfterSlide() >= need) {
              arena.startProactive("zero-cost", need, Infinity, nowMicros, 0, SLIDE);
              if (heap.canPlace(need)) return;
            }
          }
          // Caches go until there is room that no pinned block breaks up.
          const before = arena.shrinker.countBytes();
          if (before <= 0) return;
          arena.shed(Math.max(need - heap.freeBytes, GRANULE_BYTES), nowMicros);
          arena.advanceTo(nowMicros);
          if (arena.shrinker.countBytes() >= before) return;
        }
      },
    };
  },
};
