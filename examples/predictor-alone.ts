// The predictor on a series of your own, without heap or simulator: two samples a second of how full something is. It learns
// online from what comes 5 s later, and is scored beside the simple baselines on the same pairs.
//
// npx tsx examples/predictor-alone.ts

import { ForecastScore, GuardedForecaster, PressurePredictor, RandomStream, TICK_MICROS } from "mempred";

// Replace this by your own source: here a level that jumps every 50 s or so, with noise on it.
const random = new RandomStream(7, "example");
let level = 0.8;
function sample(): number {
  if (random.chance(0.01)) level = 0.55 + 0.4 * random.next();
  return level + 0.05 * (random.next() - 0.5);
}

const predictor = new PressurePredictor({ seed: 1 });
const guarded = new GuardedForecaster(predictor); // a watchdog stands between a broken network and you
const score = new ForecastScore({ criticalThreshold: 0.9 });
for (let tick = 0; tick < 7200; tick++) {
  const now = tick * TICK_MICROS;
  const pressure = sample();
  score.mature(tick, pressure, pressure);
  guarded.tick(now, pressure, pressure, false);
  const forecast = guarded.forecast(now);
  score.issue(tick, forecast, forecast + guarded.upperMargin(), pressure);
}

const report = score.report();
const points = (value: number | null) => (value === null ? "unknown" : `${value.toFixed(2)} percentage points`);
console.log(
  `an hour of samples: ${report.predictions} forecasts scored, ${predictor.trainedLabels} labels learned from`,
);
console.log(`error 5 s ahead: ${points(report.maePercentPoints)}`);
for (const [baseline, error] of Object.entries(report.baselineMaePercentPoints)) {
  console.log(`  ${baseline.padEnd(16)} ${points(error)}`);
}
console.log(`skill against the best of them, ${report.bestBaseline}: ${report.skill?.toFixed(3)}`);
console.log(
  `critical in 5 s: accuracy ${report.accuracy?.toFixed(4)} at a base rate of ${report.baseRate?.toFixed(4)}`,
);
console.log(`watchdog: ${guarded.trips.length} trips; the predictor is ${predictor.stateBytes} bytes`);
