// Scores forecasts over records, fast: the tallies of predictor/forecast-score.ts without its alarms, and with the simple
// baselines' forecasts taken from the record instead of computed anew. `npx tsx scripts/forecast-lab.ts check` compares
// the two on a run. Also replays a real Forecaster over a record exactly as `simulate` drives it.

import type { Forecaster } from "../../core/forecaster.ts";
import { logDeterministic, sigmoid } from "../../core/math.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import { BASELINE_IDS } from "../../predictor/baselines/registry.ts";
import { MISS_RATE } from "../../predictor/error-tracker.ts";
import {
  bandOf,
  COLD_START_PREDICTIONS,
  emptyForecastCounts,
  type ForecastCounts,
  WORST_ERROR,
} from "../../predictor/forecast-counts.ts";
import { COMPACTION_MARK, type RunRecord } from "./record.ts";

const LEAST_SCALE = 0.001;
const LOGIT = logDeterministic((1 - MISS_RATE) / MISS_RATE);

/** What a forecaster said at each tick of a record. */
export interface Said {
  readonly forecasts: Float64Array;
  readonly uppers: Float64Array;
}

/** Drives `forecaster` through a record: observations, compactions, ticks, in the order of the simulation. `isPlain` leaves the optional calls out. */
export function replay(record: RunRecord, forecaster: Forecaster, isPlain = false): Said {
  const { ticks, streamEnd, streamMicros, streamAllocated, streamUsable, capacityBytes, columns } = record;
  const forecasts = new Float64Array(ticks);
  const uppers = new Float64Array(ticks);
  let row = 0;
  for (let tick = 0; tick < ticks; tick++) {
    for (; row < streamEnd[tick]; row++) {
      const now = streamMicros[row];
      if (streamAllocated[row] === COMPACTION_MARK) forecaster.noteCompaction(now);
      else {
        // The record has the sum of lengths over a tick and no classes: all that a forecaster here makes use of.
        if (!isPlain) forecaster.observeRequest?.(now, columns.requestedBytes[tick] / columns.arrivals[tick], 2, 0);
        forecaster.observe(now, streamAllocated[row] / capacityBytes, 1 - streamUsable[row] / capacityBytes);
      }
    }
    const now = tick * TICK_MICROS;
    if (!isPlain) forecaster.sampleHeap?.(columns.largestHole[tick], columns.holeCount[tick], columns.reference[tick]);
    forecaster.tick(now, record.occupancy[tick], record.pressure[tick], false);
    forecasts[tick] = forecaster.forecast(now);
    uppers[tick] = forecasts[tick] + forecaster.upperMargin();
  }
  return { forecasts, uppers };
}

/** Tallies of what was said at each tick of a record; alarms are left out. Forecasts before `fromTick` do not count. */
export function scoreRecord(record: RunRecord, { forecasts, uppers }: Said, fromTick = 0): ForecastCounts {
  const counts = emptyForecastCounts();
  const { threshold } = record;
  for (let tick = fromTick; tick + HORIZON_TICKS < record.ticks; tick++) {
    const label = record.pressure[tick + HORIZON_TICKS];
    const forecast = forecasts[tick];
    const isNumber = forecast - forecast === 0;
    const isEvent = label >= threshold;
    const isForecast = forecast >= threshold;
    const scale = Math.max(LEAST_SCALE, (uppers[tick] - forecast) / LOGIT);
    const probability = isNumber && scale < Infinity ? sigmoid((forecast - threshold) / scale) : 0;
    const miss = probability - (isEvent ? 1 : 0);
    const tallies = [counts.overall, counts.bands[bandOf(record.occupancy[tick])]];
    if (tick < COLD_START_PREDICTIONS) tallies.push(counts.coldStart);
    for (const tally of tallies) {
      tally.predictions++;
      if (isForecast) tally[isEvent ? "truePositives" : "falsePositives"]++;
      else tally[isEvent ? "falseNegatives" : "trueNegatives"]++;
      tally.absoluteError += isNumber ? Math.abs(forecast - label) : WORST_ERROR;
      for (let i = 0; i < BASELINE_IDS.length; i++) {
        tally.baselineAbsoluteErrors[i] += Math.abs(record.baselines[tick * BASELINE_IDS.length + i] - label);
      }
      tally.squaredProbabilityError += miss * miss;
      if (label <= uppers[tick]) tally.covered++;
    }
  }
  return counts;
}
