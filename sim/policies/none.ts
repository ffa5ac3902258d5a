// Never compacts. What is left when only the allocator's placement stands between demand and denial.

import { PASSIVE_POLICY, type PolicyDefinition } from "./policy.ts";

export const none: PolicyDefinition = {
  id: "none",
  title: "no compaction",
  description: "never compacts",
  isProactive: false,
  compactsOnDemand: false,
  signal: null,
  isBound: false,
  pairedWith: null,
  compactor: "slide",
  proactiveCompactor: "slide",
  create: () => PASSIVE_POLICY,
};
