// The rate of arrivals over time: one figure a cell, from the scenario's wave, its regimes, its events and their
// warnings, scaled so that the expected number of arrivals over the run is what the options ask for.

import { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { EventSchedule, RegimeSchedule } from "./schedule.ts";
import type { ScenarioSpec } from "./spec.ts";
import { addWave, cycleStarts } from "./wave.ts";

export interface RateTableInput {
  readonly spec: ScenarioSpec;
  readonly cells: number;
  readonly cellMicros: number;
  /** Arrivals begin here. */
  readonly fromMicros: number;
  readonly durationMicros: number;
  /** Expected number of arrivals from `fromMicros` to the end. */
  readonly arrivals: number;
  readonly events: EventSchedule | undefined;
  readonly regimes: RegimeSchedule | undefined;
}

/** Arrivals per µs in each cell. */
export function buildRateTable(input: RateTableInput): Float64Array {
  const { spec, cellMicros, fromMicros, durationMicros } = input;
  const table = new Float64Array(input.cells).fill(1);
  const wave = spec.arrivals.rate;
  if (wave !== undefined) {
    // No jitter: the wave of the rate keeps its own regular time, whatever the level's cycles do.
    const starts = cycleStarts({ ...wave, jitter: 0 }, fromMicros, durationMicros, new RandomStream(0, "unused"));
    addWave(table, cellMicros, wave, starts, wave.swing);
  }
  if (input.regimes !== undefined) multiplyRegimes(table, input.regimes, input);
  if (input.events !== undefined) multiplyEvents(table, input.events, input);

  const expected = sumOver(table, cellMicros, fromMicros, durationMicros);
  for (let i = 0; i < table.length; i++) table[i]! *= input.arrivals / expected;
  return table;
}

/** ∫ table dt between two moments, in units × µs. */
export function sumOver(table: Float64Array, cellMicros: number, fromMicros: number, toMicros: number): number {
  let sum = 0;
  for (let i = Math.floor(fromMicros / cellMicros); i < table.length; i++) {
    const from = Math.max(fromMicros, i * cellMicros);
    const to = Math.min(toMicros, (i + 1) * cellMicros);
    sum += table[i]! * Math.max(0, to - from);
  }
  return sum;
}

function multiplyRegimes(table: Float64Array, schedule: RegimeSchedule, { spec, cellMicros }: RateTableInput): void {
  const { startMicros, regime } = schedule;
  let k = 0;
  for (let i = 0; i < table.length; i++) {
    const t = (i + 0.5) * cellMicros;
    while (k + 1 < startMicros.length && t >= startMicros[k + 1]!) k++;
    table[i]! *= spec.regimes![regime[k]!]!.rateFactor ?? 1;
  }
}

function multiplyEvents(table: Float64Array, events: EventSchedule, { spec, cellMicros }: RateTableInput): void {
  const { rateFactor = 1, warning } = spec.events!;
  for (let e = 0; e < events.startMicros.length; e++) {
    const first = Math.round(events.startMicros[e]! / cellMicros);
    const last = Math.round(events.endMicros[e]! / cellMicros);
    for (let i = first; i < last; i++) table[i]! *= rateFactor;
    if (warning === undefined) continue;
    const cells = Math.round((warning.seconds * MICROS_PER_SECOND) / cellMicros);
    for (let k = 1; k <= cells && first - k >= 0; k++)
      table[first - k]! *= 1 + (warning.rateFactor - 1) * (1 - k / (cells + 1));
  }
}
