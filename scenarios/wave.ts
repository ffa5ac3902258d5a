// Periodic shapes in [−1, 1] made of polynomials (a sine is left to the engine by ECMA-262 and may differ), the cycles
// that they run in, and a smooth random wander between knots (value noise).

import type { RandomStream } from "../core/random.ts";
import { MICROS_PER_SECOND } from "../core/units.ts";
import type { WaveSpec } from "./spec.ts";

const DEFAULT_PERIOD_SECONDS = 60;

/**
 * Where cycles begin, in µs, the first at `fromMicros`; the last entry is ≥ `toMicros`. Draws one number a cycle when
 * there is jitter, none otherwise.
 */
export function cycleStarts(wave: WaveSpec, fromMicros: number, toMicros: number, stream: RandomStream): Float64Array {
  let period = (wave.periodSeconds ?? DEFAULT_PERIOD_SECONDS) * MICROS_PER_SECOND;
  if (wave.leastCycles !== undefined) period = Math.min(period, (toMicros - fromMicros) / wave.leastCycles);
  period = Math.max(period, 1000);
  const jitter = wave.jitter ?? 0;
  const starts: number[] = [fromMicros];
  for (let t = fromMicros; t < toMicros; ) {
    t += jitter > 0 ? period * (1 + jitter * (2 * stream.next() - 1)) : period;
    starts.push(t);
  }
  return Float64Array.from(starts);
}

/** The wave's value at `phase` of its cycle, 0..1. */
export function waveAt(wave: WaveSpec, phase: number): number {
  const x = phase + (wave.lead ?? 0);
  const p = x - Math.floor(x);
  const high = wave.highShare ?? (wave.shape === "ramp" ? 0.8 : 0.5);
  switch (wave.shape) {
    case "constant":
      return 0;
    case "wave":
      return 2 * smoothStep(p < 0.5 ? 2 * p : 2 - 2 * p) - 1;
    case "triangle":
      return p < 0.5 ? 4 * p - 1 : 3 - 4 * p;
    case "ramp":
      return p < high ? (2 * p) / high - 1 : 1 - (2 * (p - high)) / (1 - high);
    case "sawtooth":
      return 2 * p - 1;
    case "square":
      return p < high ? 1 : -1;
    case "steps": {
      const steps = wave.steps ?? [0];
      return steps[Math.min(steps.length - 1, Math.floor(p * steps.length))]!;
    }
  }
}

/** Fills `table` (one value a cell of `cellMicros`) with the wave times `amplitude`, added to what is there. */
export function addWave(
  table: Float64Array,
  cellMicros: number,
  wave: WaveSpec,
  starts: Float64Array,
  amplitude: number,
): void {
  let cycle = 0;
  for (let i = 0; i < table.length; i++) {
    const t = (i + 0.5) * cellMicros;
    while (cycle + 2 < starts.length && t >= starts[cycle + 1]!) cycle++;
    const from = starts[cycle]!;
    const phase = t < from ? 0 : Math.min(1, (t - from) / (starts[cycle + 1]! - from));
    table[i]! += amplitude * waveAt(wave, phase < 1 ? phase : 0.999999);
  }
}

/** Adds a random walk between knots, each uniform in [−amplitude, amplitude], joined by smooth steps: never beyond it. */
export function addWander(
  table: Float64Array,
  cellMicros: number,
  knotSeconds: number,
  amplitude: number,
  stream: RandomStream,
): void {
  const cellsPerKnot = Math.max(1, Math.round((knotSeconds * MICROS_PER_SECOND) / cellMicros));
  let from = 2 * stream.next() - 1;
  let to = 2 * stream.next() - 1;
  let k = 0;
  for (let i = 0; i < table.length; i++) {
    table[i]! += amplitude * (from + (to - from) * smoothStep(k / cellsPerKnot));
    if (++k === cellsPerKnot) {
      k = 0;
      from = to;
      to = 2 * stream.next() - 1;
    }
  }
}

function smoothStep(x: number): number {
  return x * x * (3 - 2 * x);
}
