// What the golden file pins: an online run over a made-up signal and an offline training on the samples of it. Only exact
// arithmetic goes in, so the numbers are the same on every engine.

import type { Forecaster } from "../../core/forecaster.ts";
import { RandomStream } from "../../core/random.ts";
import { TICK_MICROS } from "../../core/units.ts";
import { loss } from "../../predictor/network.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { SampleCollector } from "../../predictor/sample-collector.ts";
import { trainOffline } from "../../predictor/trainer.ts";

const TICKS = 1500;
const CURVE_EACH = 100;

export interface GoldenPredictor {
  readonly onlineLossCurve: readonly number[];
  readonly onlineWeights: readonly number[];
  readonly margin: number;
  readonly confidence: number;
  readonly offlineLossCurve: readonly number[];
  readonly offlineWeights: readonly number[];
}

/** A sawtooth of 15 s with noise, 20 allocations a tick and a compaction at each fall. */
export function goldenRun(predictor: Forecaster, afterTick: (now: number, pressure: number) => void): void {
  const random = new RandomStream(1, "golden predictor");
  for (let tick = 0; tick < TICKS; tick++) {
    const now = tick * TICK_MICROS;
    for (let i = 20; i >= 0; i--) {
      const at = now - i * 25_000;
      if (at < 0) continue;
      const phase = (at % 15_000_000) / 15_000_000;
      const pressure = 0.6 + 0.35 * phase + 0.03 * random.next();
      const occupancy = pressure - 0.02 - 0.05 * phase * random.next();
      if (i > 0) {
        predictor.observe(at, occupancy, pressure);
        if (phase < 0.002) predictor.noteCompaction(at);
      } else {
        predictor.tick(at, occupancy, pressure, false);
        afterTick(at, pressure);
      }
    }
  }
}

/** All of it, computed now. */
export function goldenPredictor(): GoldenPredictor {
  const predictor = new PressurePredictor({ seed: 42 });
  const collector = new SampleCollector();
  const issued: number[] = [];
  const onlineLossCurve: number[] = [];
  let sum = 0;
  goldenRun(predictor, (now, pressure) => {
    collector.tick(predictor, now, pressure, false);
    const forecast = issued[issued.length - 10];
    if (forecast !== undefined) sum += loss(forecast, pressure);
    issued.push(predictor.forecast(now));
    if (issued.length % CURVE_EACH === 0) {
      onlineLossCurve.push(sum / CURVE_EACH);
      sum = 0;
    }
  });
  const offline = trainOffline({ samples: collector.samples(), epochs: 8, seed: 42, restarts: 2 });
  return {
    onlineLossCurve,
    onlineWeights: [...predictor.weights],
    margin: predictor.upperMargin(),
    confidence: predictor.confidence(),
    offlineLossCurve: offline.lossCurve,
    offlineWeights: [...offline.weights],
  };
}
