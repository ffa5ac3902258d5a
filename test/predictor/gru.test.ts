// K74: the recurrent cell against a naive reference, its gradient against central differences, and what it forecasts.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { GRU_INPUTS, GRU_PARAMETERS, GRU_UNITS, Gru } from "../../predictor/gru.ts";
import { GRU_TRACE_FIELDS, gruParameterCount, gruStep } from "../../predictor/gru-cell.ts";
import { gruParameters } from "../../predictor/shipped-gru.ts";
import { TICK_FEATURES } from "../../predictor/tick-features.ts";
import { walkBack } from "../../scripts/forecast/gru-trainer.ts";
import { drive, wander } from "./signals.ts";

const N = 3;
const M = 4;
const TICKS = 6;

function randoms(seed: number, length: number, scale = 1): Float64Array {
  const random = new RandomStream(seed, "test gru");
  return Float64Array.from({ length }, () => scale * (2 * random.next() - 1));
}

/** The equations of gru-cell.ts, one cell at a time, with the engine's exp. */
function naiveStep(w: Float64Array, x: number[], h: number[]): number[] {
  const at = (row: number, gate: number, j: number) => w[row * 3 * M + gate * M + j]!;
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  return h.map((old, j) => {
    const fromX = (gate: number) => x.reduce((sum, value, i) => sum + value * at(i, gate, j), at(N + M, gate, j));
    const fromH = (gate: number) => h.reduce((sum, value, i) => sum + value * at(N + i, gate, j), 0);
    const z = sigmoid(fromX(0) + fromH(0));
    const r = sigmoid(fromX(1) + fromH(1));
    const c = Math.tanh(fromX(2) + r * fromH(2));
    return (1 - z) * c + z * old;
  });
}

/** Σ slope · z over a run from h = start, and everything on the way. */
function run(w: Float64Array, x: Float64Array, start: Float64Array, slopes: Float64Array) {
  const states = new Float64Array((TICKS + 1) * M);
  const traces = new Float64Array(TICKS * GRU_TRACE_FIELDS * M);
  states.set(start);
  let sum = 0;
  const cell = gruParameterCount(N, M);
  for (let k = 0; k < TICKS; k++) {
    gruStep(w, N, M, x, k * N, states, k * M, states, (k + 1) * M, traces, k * GRU_TRACE_FIELDS * M);
    let z = w[cell + M]!;
    for (let j = 0; j < M; j++) z += states[(k + 1) * M + j]! * w[cell + j]!;
    sum += slopes[k]! * z;
  }
  return { sum, states, traces };
}

describe("K74: the recurrent cell", () => {
  it("is what the equations say", () => {
    const w = randoms(1, gruParameterCount(N, M));
    const x = randoms(2, N);
    const h = randoms(3, M);
    const to = new Float64Array(M);
    gruStep(w, N, M, x, 0, h, 0, to, 0, new Float64Array(GRU_TRACE_FIELDS * M), 0);
    const expected = naiveStep(w, [...x], [...h]);
    for (let j = 0; j < M; j++) expect(to[j]).toBeCloseTo(expected[j]!, 11);
  });

  it("may write its state in place", () => {
    const w = randoms(1, gruParameterCount(N, M));
    const x = randoms(2, N);
    const h = randoms(3, M);
    const to = new Float64Array(M);
    const trace = new Float64Array(GRU_TRACE_FIELDS * M);
    gruStep(w, N, M, x, 0, h, 0, to, 0, trace, 0);
    gruStep(w, N, M, x, 0, h, 0, h, 0, trace, 0);
    expect(h).toEqual(to);
  });

  it("the gradient through time is that of central differences, for every parameter", () => {
    const w = randoms(4, gruParameterCount(N, M) + M + 1, 0.7);
    const x = randoms(5, TICKS * N);
    const start = randoms(6, M, 0.5);
    const slopes = randoms(7, TICKS);
    const { states, traces } = run(w, x, start, slopes);
    const gradient = new Float64Array(w.length);
    walkBack(w, N, M, x, 0, states, traces, slopes, TICKS, gradient);
    const step = 1e-5;
    for (let k = 0; k < w.length; k++) {
      const [up, down] = [w.slice(), w.slice()];
      up[k]! += step;
      down[k]! -= step;
      const slope = (run(up, x, start, slopes).sum - run(down, x, start, slopes).sum) / (2 * step);
      expect(gradient[k]).toBeCloseTo(slope, 7);
    }
  });
});

describe("K74: the recurrent forecaster", () => {
  it("ships as many parameters as its shape has, and its inputs are tick features", () => {
    expect(gruParameters().length).toBe(GRU_PARAMETERS);
    expect(GRU_PARAMETERS).toBe((GRU_INPUTS.length + GRU_UNITS + 1) * 3 * GRU_UNITS + GRU_UNITS + 1);
    expect(new Set(GRU_INPUTS).size).toBe(GRU_INPUTS.length);
    expect(Math.max(...GRU_INPUTS)).toBeLessThan(TICK_FEATURES);
  });

  it("starts anew after missed ticks: what came before has no influence on what it says", () => {
    const frozen = () => new Gru({ learningRate: 0, recall: 0 });
    const [interrupted, fresh] = [frozen(), frozen()];
    drive(interrupted, wander(1, 0.8, 0.05, 0.9), { ticks: 50 });
    drive(interrupted, wander(2, 0.8, 0.05, 0.9), { ticks: 30, firstTick: 100, allocations: 0 });
    drive(fresh, wander(2, 0.8, 0.05, 0.9), { ticks: 30, firstTick: 100, allocations: 0 });
    expect(interrupted.forecast(0)).toBe(fresh.forecast(0));
  });
});
