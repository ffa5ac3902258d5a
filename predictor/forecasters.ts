// Every forecaster by name: the simple baselines, the network, the same in fewer bytes, and the larger models. Who wants a signal asks here.

import { MempredError } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { BASELINE_IDS, type BaselineId, createBaseline } from "./baselines/registry.ts";
import { CompactPredictor } from "./compact-predictor.ts";
import { Ensemble } from "./ensemble.ts";
import { Gru } from "./gru.ts";
import { PressurePredictor } from "./pressure-predictor.ts";
import { shippedWeights } from "./shipped-weights.ts";
import { Wide } from "./wide.ts";

/** In the order of reports. */
export const FORECASTER_IDS = [...BASELINE_IDS, "neural", "compact", "wide", "gru", "ensemble"] as const;
export type ForecasterId = (typeof FORECASTER_IDS)[number];

export interface ForecasterOptions {
  /** Of the stream "weights", where weights are drawn. Default 1. */
  readonly seed?: number | undefined;
  /**
   * 49 weights for the 4→8→1 network, alone or as a member; "cold": drawn from the seed. Absent: the shipped ones. The
   * other models start from what they ship with.
   */
  readonly weights?: ArrayLike<number> | "cold" | undefined;
}

/** Weights of the ensemble's members before anything is known. The simple ones are there for what nobody was trained on. */
const WIDE_PRIOR = 1;
const GRU_PRIOR = 0.8;
const NEURAL_PRIOR = 0.02;
const SIMPLE_PRIOR = 0.01;
const SIMPLE_MEMBERS: readonly BaselineId[] = ["persistence", "ewma", "damped-holt", "seasonal-naive"];

/** A fresh forecaster. Throws INVALID_INPUT for an unknown id, with what there is. */
export function createForecaster(id: string, options: ForecasterOptions = {}): Forecaster {
  switch (id) {
    case "neural":
      return createNeural(options);
    case "compact":
      return new CompactPredictor();
    case "wide":
      return new Wide();
    case "gru":
      return new Gru();
    case "ensemble":
      return new Ensemble([
        { forecaster: new Wide(), prior: WIDE_PRIOR },
        { forecaster: new Gru(), prior: GRU_PRIOR },
        { forecaster: createNeural(options), prior: NEURAL_PRIOR },
        ...SIMPLE_MEMBERS.map((member) => ({ forecaster: createBaseline(member), prior: SIMPLE_PRIOR })),
      ]);
    default:
      if ((BASELINE_IDS as readonly string[]).includes(id)) return createBaseline(id as BaselineId);
      throw new MempredError("INVALID_INPUT", `unknown forecaster "${id}"`, {
        expected: `one of ${FORECASTER_IDS.join(", ")}`,
      });
  }
}

function createNeural({ seed, weights }: ForecasterOptions): PressurePredictor {
  return new PressurePredictor({ seed, weights: weights === "cold" ? undefined : (weights ?? shippedWeights()) });
}
