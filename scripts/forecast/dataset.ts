// Training and test sets out of records: TickFeatures replayed over each, exactly as `wide` and `gru` see them. In every
// tenth training run nobody calls sampleHeap and observeRequest, so that the models learn to do without.

import { HORIZON_TICKS } from "../../core/units.ts";
import { TICK_FEATURES, TickFeatures } from "../../predictor/tick-features.ts";
import { SCENARIO_IDS } from "../../scenarios/registry.ts";
import { PRESSURE_LEVELS } from "../../scenarios/scenario.ts";
import type { Samples } from "./mlp.ts";
import { COMPACTION_MARK, type RecordKey, type RunRecord, recordOf } from "./record.ts";

/** The features of one run. */
export interface FeatureRun {
  readonly record: RunRecord;
  /** (ticks × TICK_FEATURES). */
  readonly features: Float32Array;
  /** (ticks). */
  readonly anchors: Float32Array;
}

/** Every family and level with each of the seeds. */
export function keysOf(seeds: readonly number[], families = SCENARIO_IDS, levels = PRESSURE_LEVELS): RecordKey[] {
  return seeds.flatMap((seed) => families.flatMap((family) => levels.map((level) => ({ family, level, seed }))));
}

export function featureRun(key: RecordKey, knowsHeap = true): FeatureRun {
  const record = recordOf(key);
  const { ticks, columns, streamEnd, streamAllocated, streamUsable, capacityBytes } = record;
  const extractor = new TickFeatures();
  const features = new Float32Array(ticks * TICK_FEATURES);
  const anchors = new Float32Array(ticks);
  let row = 0;
  for (let tick = 0; tick < ticks; tick++) {
    for (; row < streamEnd[tick]; row++) {
      if (streamAllocated[row] === COMPACTION_MARK) extractor.noteCompaction();
      else {
        // The record has the sum of lengths over a tick, and no more of them enters the features.
        if (knowsHeap) extractor.observeRequest(columns.requestedBytes[tick] / columns.arrivals[tick]);
        extractor.observe(streamAllocated[row] / capacityBytes, 1 - streamUsable[row] / capacityBytes);
      }
    }
    if (knowsHeap) extractor.sampleHeap(columns.largestHole[tick], columns.holeCount[tick], columns.reference[tick]);
    extractor.tick(record.occupancy[tick], record.pressure[tick]);
    features.set(extractor.values, tick * TICK_FEATURES);
    anchors[tick] = extractor.anchor;
  }
  return { record, features, anchors };
}

/** The runs of the keys; those of every tenth without the heap when `forTraining`. */
export function featureRuns(keys: readonly RecordKey[], forTraining: boolean): FeatureRun[] {
  return keys.map((key, i) => featureRun(key, !(forTraining && i % 10 === 7)));
}

/** Every `stride`-th tick of the runs as samples. */
export function samplesOf(runs: readonly FeatureRun[], stride: number): Samples {
  const perRun = runs.map((run) => Math.floor((run.record.ticks - HORIZON_TICKS - 1) / stride));
  const n = perRun.reduce((sum, count) => sum + count, 0);
  const features = new Float32Array(n * TICK_FEATURES);
  const anchors = new Float32Array(n);
  const labels = new Float32Array(n);
  let at = 0;
  runs.forEach((run, r) => {
    for (let k = 0; k < perRun[r]; k++, at++) {
      const tick = k * stride + (r % stride);
      features.set(run.features.subarray(tick * TICK_FEATURES, (tick + 1) * TICK_FEATURES), at * TICK_FEATURES);
      anchors[at] = run.anchors[tick];
      labels[at] = run.record.pressure[tick + HORIZON_TICKS];
    }
  });
  return { features, width: TICK_FEATURES, anchors, labels };
}
