// A predictor that outlives its process: its whole state is one block of bytes, saved with a check value. What goes on from
// the file gives the very same forecasts as what never stopped; a damaged file is refused.
//
// npx tsx examples/resume-predictor.ts

import { loadState, MempredError, PressurePredictor, RandomStream, saveState, TICK_MICROS } from "mempred";

function watch(predictor: PressurePredictor, random: RandomStream, fromTick: number, toTick: number): number {
  for (let tick = fromTick; tick < toTick; tick++) {
    const pressure = 0.9 + 0.05 * (random.next() - 0.5);
    predictor.tick(tick * TICK_MICROS, pressure, pressure, false);
  }
  return predictor.forecast(toTick * TICK_MICROS);
}

const predictor = new PressurePredictor({ seed: 1 });
watch(predictor, new RandomStream(1, "before"), 0, 1000);
const file = saveState(predictor); // write these bytes wherever you like
console.log(`after 1000 ticks: ${predictor.trainedLabels} labels learned from, saved in ${file.length} bytes`);

const resumed = loadState(file);
const stayed = watch(predictor, new RandomStream(1, "after"), 1000, 1500);
const came = watch(resumed, new RandomStream(1, "after"), 1000, 1500);
console.log(`after 500 more: forecasts ${stayed === came ? "equal, bit by bit" : "differ"}`);
const areEqual = predictor.bytes.every((byte, i) => byte === resumed.bytes[i]);
console.log(`states ${areEqual ? "equal" : "differ"}, confidence ${predictor.confidence().toFixed(2)}`);

const damaged = file.slice();
damaged[100] = (damaged[100] ?? 0) ^ 1;
try {
  loadState(damaged);
} catch (error) {
  if (!(error instanceof MempredError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
