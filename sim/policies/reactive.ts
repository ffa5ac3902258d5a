// Compacts when a request that may wait could not be placed, as direct compaction does (Linux mm/page_alloc.c,
// __alloc_pages_direct_compact). The baseline of every comparison, with each of the three compactors.

import { PASSIVE_POLICY, type PolicyDefinition } from "./policy.ts";

export const reactive: PolicyDefinition = {
  id: "reactive",
  title: "reactive",
  description: "compacts on a failed wait or deadline request",
  isProactive: false,
  compactsOnDemand: true,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "slide",
  create: () => PASSIVE_POLICY,
};
