// How predictable P(t + 5 s) is at all: models too large to ship, trained offline on the tick features, alone and with a look at
// what nobody can know, the true occupancy and reference request in 5 s. What error is left with those two given is what
// fragmentation and compaction do in between, and bounds every forecaster that has to guess the demand as well.

import { HORIZON_TICKS } from "../../core/units.ts";
import { type ForecastCounts, mergeForecastCounts } from "../../predictor/forecast-counts.ts";
import { type ForecastReport, reportForecast } from "../../predictor/forecast-report.ts";
import { logitOf, TICK_FEATURES } from "../../predictor/tick-features.ts";
import { type FeatureRun, featureRuns, keysOf } from "./dataset.ts";
import { anchored, type Samples, trainMlp } from "./mlp.ts";
import { scoreRecord } from "./score.ts";

const ORACLE_FEATURES = 4;
const SHAPE = [48, 24] as const;

export interface BoundOptions {
  readonly trainingSeeds: readonly number[];
  readonly testSeeds: readonly number[];
  readonly knowsDemand: boolean;
  readonly epochs: number;
  readonly stride: number;
}

/** Trains and scores on the test seeds. Cost: minutes. */
export function bound(options: BoundOptions): { report: ForecastReport; byFamily: Map<string, ForecastReport> } {
  const { knowsDemand, epochs, stride } = options;
  const width = TICK_FEATURES + (knowsDemand ? ORACLE_FEATURES : 0);
  const samples = wideSamples(featureRuns(keysOf(options.trainingSeeds), true), stride, width);
  const mlp = trainMlp({
    widths: [width, ...SHAPE, 1],
    samples,
    epochs,
    seed: 1,
    onEpoch: (epoch, loss) => process.stderr.write(`bound: epoch ${epoch + 1}, loss ${loss.toFixed(5)}\n`),
  });
  const tallies = new Map<string, ForecastCounts[]>();
  const row = new Float32Array(width);
  for (const run of featureRuns(keysOf(options.testSeeds), false)) {
    const { ticks, family } = run.record;
    const forecasts = new Float64Array(ticks);
    for (let tick = 0; tick < ticks; tick++) {
      fill(row, 0, run, tick, width);
      forecasts[tick] = anchored(mlp.forward(row, 0), run.anchors[tick]);
    }
    const counts = scoreRecord(run.record, { forecasts, uppers: forecasts });
    tallies.set(family, [...(tallies.get(family) ?? []), counts]);
  }
  const report = (counts: readonly ForecastCounts[]) => reportForecast(mergeForecastCounts(counts), null);
  return {
    report: report([...tallies.values()].flat()),
    byFamily: new Map([...tallies].map(([family, counts]) => [family, report(counts)])),
  };
}

function wideSamples(runs: readonly FeatureRun[], stride: number, width: number): Samples {
  const ticks = runs.map((run) => {
    const last = run.record.ticks - HORIZON_TICKS - 1;
    return Array.from({ length: Math.floor(last / stride) }, (_, k) => k * stride);
  });
  const n = ticks.reduce((sum, each) => sum + each.length, 0);
  const samples = {
    features: new Float32Array(n * width),
    width,
    anchors: new Float32Array(n),
    labels: new Float32Array(n),
  };
  let at = 0;
  runs.forEach((run, r) => {
    for (const tick of ticks[r]) {
      fill(samples.features, at * width, run, tick, width);
      samples.anchors[at] = run.anchors[tick];
      samples.labels[at++] = run.record.pressure[tick + HORIZON_TICKS];
    }
  });
  return samples;
}

function fill(out: Float32Array, at: number, run: FeatureRun, tick: number, width: number): void {
  out.set(run.features.subarray(tick * TICK_FEATURES, (tick + 1) * TICK_FEATURES), at);
  if (width === TICK_FEATURES) return;
  const { occupancy, columns, ticks } = run.record;
  const then = Math.min(ticks - 1, tick + HORIZON_TICKS);
  out[at + TICK_FEATURES] = logitOf(occupancy[then]) - logitOf(run.anchors[tick]);
  out[at + TICK_FEATURES + 1] = (occupancy[then] - occupancy[tick]) / 0.03;
  out[at + TICK_FEATURES + 2] = Math.log(columns.reference[then] / 512);
  out[at + TICK_FEATURES + 3] = Math.log(columns.reference[then] / columns.reference[tick]);
}
