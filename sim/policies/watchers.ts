// Forecasters that are too large for the arena they watch: they run beside it, as a monitor on another machine would, are scored
// like any other, and nobody acts on what they say. In the arena they are `reactive:quick`. What they could bring a policy is
// bounded by `perfect-forecast`; what they would cost it is their bytes, a fifth of a default arena and more for the networks, and
// for profiles of tenants over a kilobyte with the first.

import { PASSIVE_POLICY, type PolicyDefinition } from "./policy.ts";

function watcher(forecaster: string, title: string): PolicyDefinition {
  return {
    id: `watch-${forecaster}`,
    title,
    description: `reactive:quick, watched by ${title}, which is scored and not acted upon`,
    isProactive: false,
    compactsOnDemand: true,
    signal: forecaster,
    isBound: true,
    pairedWith: null,
    compactor: "quick",
    proactiveCompactor: "gather",
    create: () => PASSIVE_POLICY,
  };
}

export const watchWide = watcher("wide", "the wide network");
export const watchGru = watcher("gru", "the recurrent network");
export const watchEnsemble = watcher("ensemble", "the ensemble");
export const watchTenants = watcher("tenants", "profiles of its tenants");
export const watchHints = watcher("hints", "profiles of its tenants and what they announce");
