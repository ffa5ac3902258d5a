// The signals that a policy may have, by id: which forecaster, how many bytes of the arena it pays for, whether a watchdog
// stands over it. A further forecaster is a line in the list; a policy names its id and gets the same controller, score and
// guard as the others.

import { assert } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { DampedHolt } from "../predictor/baselines/damped-holt.ts";
import { COMPACT_STATE_BYTES, CompactPredictor } from "../predictor/compact-predictor.ts";
import { createForecaster } from "../predictor/forecasters.ts";
import { GROWTH_PARAMETERS, GrowthForecaster } from "../predictor/growth-forecaster.ts";
import { GRU_PARAMETERS } from "../predictor/gru.ts";
import { PARAMETER_COUNT } from "../predictor/network.ts";
import { PREDICTOR_STATE_BYTES, PressurePredictor } from "../predictor/pressure-predictor.ts";
import { shippedWeights } from "../predictor/shipped-weights.ts";
import { wideParameters } from "../predictor/shipped-wide.ts";
import { TenantGrowth } from "../predictor/tenant-growth.ts";
import { TOLD_STATE_BYTES, ToldForecaster } from "../predictor/told-forecaster.ts";
import { PerfectForecaster } from "./perfect-forecaster.ts";
import { type PassiveArenaOptions, shadowPressure } from "./shadow-pressure.ts";
import { TenantHints } from "./tenant-hints.ts";

/** What a forecaster may be made of. */
export interface SignalSite {
  /** The arena's bytes, and where in them the signal's block begins; the block has `stateBytes` bytes. */
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
  readonly seed: number;
  /** Weights to start from; undefined: the shipped ones, "cold": random from the seed. */
  readonly weights: Float64Array | "cold" | undefined;
  /** The arena that nobody acts in, for whoever may look into the future. */
  readonly passive: PassiveArenaOptions;
}

export interface SignalDefinition {
  readonly id: string;
  /** Bytes of the arena that a policy with this signal gives up, in a pinned block. 0: a bound, which pays for nothing. */
  readonly stateBytes: number;
  /** A watchdog stands over it unless the run has none. A bound needs no watching. */
  readonly isGuarded: boolean;
  /** Numbers of it that were fitted, offline or online; absent: nobody counted. */
  parameters?(): number;
  create(site: SignalSite): Forecaster;
}

const LARGE_PARAMETERS: Readonly<Record<string, () => number>> = {
  wide: () => wideParameters().length,
  gru: () => GRU_PARAMETERS,
  ensemble: () => wideParameters().length + GRU_PARAMETERS + PARAMETER_COUNT, // and those of its simple members
};

const definitions: SignalDefinition[] = [
  {
    id: "network",
    stateBytes: PREDICTOR_STATE_BYTES,
    isGuarded: true,
    parameters: () => PARAMETER_COUNT,
    create: ({ buffer, byteOffset, seed, weights }) =>
      new PressurePredictor({
        buffer,
        byteOffset,
        seed,
        weights: weights === "cold" ? undefined : (weights ?? shippedWeights()),
      }),
  },
  // Its weights are constants of the program, so `weights` is not for it.
  {
    id: "compact",
    stateBytes: COMPACT_STATE_BYTES,
    isGuarded: true,
    parameters: () => PARAMETER_COUNT,
    create: ({ buffer, byteOffset }) => new CompactPredictor({ buffer, byteOffset }),
  },
  // Its state is kept beside the arena, but so many bytes of the arena are taken for it.
  {
    id: "holt",
    stateBytes: new DampedHolt().stateBytes,
    isGuarded: true,
    parameters: () => 3,
    create: () => new DampedHolt(),
  },
  // The compact network, and beside it what the tenants announce; both are paid for.
  {
    id: "told",
    stateBytes: TOLD_STATE_BYTES,
    isGuarded: true,
    parameters: () => PARAMETER_COUNT,
    create: ({ buffer, byteOffset, passive: { arena } }) =>
      new ToldForecaster({
        buffer,
        byteOffset,
        capacityBytes: arena.demand.capacityBytes,
        announcer: new TenantHints(arena.demand),
      }),
  },
  {
    id: "perfect",
    stateBytes: 0,
    isGuarded: false,
    create: ({ passive }) => new PerfectForecaster(shadowPressure(passive)),
  },
  // Too large for a default arena: they run beside it and pay nothing, so nobody may act on them (policies/watchers.ts).
  ...Object.entries(LARGE_PARAMETERS).map(([id, parameters]) => ({
    id,
    stateBytes: 0,
    isGuarded: false,
    parameters,
    create: ({ seed, weights }: SignalSite) => createForecaster(id, { seed, weights }),
  })),
  // A profile of some 660 bytes for each tenant, and a table of births.
  {
    id: "tenants",
    stateBytes: 0,
    isGuarded: false,
    parameters: () => GROWTH_PARAMETERS,
    create: ({ passive }) => profiled("tenants", passive, false),
  },
  {
    id: "hints",
    stateBytes: 0,
    isGuarded: false,
    parameters: () => GROWTH_PARAMETERS,
    create: ({ passive }) => profiled("hints", passive, true),
  },
];

function profiled(id: string, { arena: { demand } }: PassiveArenaOptions, isTold: boolean): GrowthForecaster {
  const announcer = isTold ? new TenantHints(demand) : null;
  return new GrowthForecaster(
    id,
    demand.capacityBytes,
    new TenantGrowth(Math.max(1, demand.tenants.length), announcer),
  );
}

/** All signals. */
export function allSignals(): readonly SignalDefinition[] {
  return definitions;
}

/** The signal of that id; a policy that names one that does not exist is a defect of that policy. */
export function signalNamed(id: string): SignalDefinition {
  const found = definitions.find((known) => known.id === id);
  assert(found !== undefined, `there is no signal "${id}"`);
  return found;
}

/** Adds a signal of the caller's for its own policies. */
export function registerSignal(definition: SignalDefinition): void {
  assert(
    definitions.every((known) => known.id !== definition.id),
    `there is a signal "${definition.id}" already`,
  );
  definitions.push(definition);
}
