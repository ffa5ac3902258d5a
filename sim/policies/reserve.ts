// Reactive, and R bytes that only atomic requests may use: Linux's own answer to requests that cannot wait (the min
// watermark, of which ALLOC_HIGH and ALLOC_HARDER may take a part; mm/page_alloc.c, __zone_watermark_ok). It counts bytes,
// as the kernel's does, so it keeps room and not contiguity.

import { PASSIVE_POLICY, type PolicyDefinition } from "./policy.ts";

/** Share of the arena that is held back when no size is given. The scenarios' peaks leave 1 %, so less would never bind. */
const DEFAULT_RESERVE_RATIO = 0.02;

export const reserve: PolicyDefinition = {
  id: "reserve",
  title: "reactive + reserve",
  description: "reactive, and 2 % of the arena (or --reserve) is left to atomic requests",
  isProactive: false,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "slide",
  create(world) {
    world.arena.reserveBytes = world.reserveBytes ?? Math.floor(world.demand.capacityBytes * DEFAULT_RESERVE_RATIO);
    return PASSIVE_POLICY;
  },
};
