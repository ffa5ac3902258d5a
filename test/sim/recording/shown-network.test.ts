// The network at a moment: from a run, from its journal, and of policies whose weights are constants.

import { describe, expect, it } from "vitest";
import { B2_AT, forward, HIDDEN_COUNT, PARAMETER_COUNT, W1_AT, W2_AT } from "../../../predictor/network.ts";
import { compactWeights } from "../../../predictor/shipped-compact.ts";
import { getScenario } from "../../../scenarios/registry.ts";
import { allPolicies } from "../../../sim/policies/registry.ts";
import { readJournal } from "../../../sim/recording/read-journal.ts";
import { NETWORK_INPUTS, Recording } from "../../../sim/recording/recording.ts";
import * as shown from "../../../sim/recording/shown-network.ts";
import { simulate } from "../../../sim/simulate.ts";

const HEADER = { capacityBytes: 102_400, granuleBytes: 16, scenario: "burst", pressureRatio: 0.95, seed: 3 };
const demand = getScenario("burst").generate({ pressureRatio: 0.95, seed: 3, durationMicros: 30_000_000, ratePerSecond: 100, capacityBytes: 102_400 }); // biome-ignore format: one line

function record(policy: string) {
  const recording = new Recording({ ...HEADER, policy });
  const lines: string[] = [];
  simulate({ demand, policy, seed: 3, recorder: recording });
  simulate({ demand, policy, seed: 3, journal: (line) => lines.push(line) });
  return { recording, lines };
}

/** To the bit: NaN is NaN. */
function bytesOf(recording: Recording): Buffer {
  const { buffer, byteOffset } = recording.networks;
  return Buffer.from(buffer, byteOffset, recording.networkCount * (PARAMETER_COUNT + NETWORK_INPUTS) * 4);
}

describe("the network of a recording", () => {
  const { recording, lines } = record("neural");

  it("a journal has the weights and inputs of every tick, as the recording keeps them", () => {
    const read = readJournal(lines.join("\n"), "x.jsonl");
    expect(read.networkCount).toBe(recording.ticks.count);
    expect(bytesOf(read).equals(bytesOf(recording))).toBe(true);
    const sizes = lines.filter((line) => line.includes('"weights"')).map((line) => line.length);
    expect(sizes.length).toBe(61);
    expect(Math.max(...sizes)).toBeLessThan(1100);
  });

  it("is the one that the forecast of that tick was made with", () => {
    for (const row of [10, 30, 60]) {
      const micros = recording.ticks.micros[row]!;
      const { weights, inputs, policy } = shown.networkAt(recording, micros)!;
      expect(policy).toBe("neural");
      const p = forward(Float64Array.from(weights), Float64Array.from(inputs!), 0, inputs![4]!, new Float64Array(8));
      expect(p).toBeCloseTo(recording.ticks.forecast[row]!, 5);
      expect(shown.networkAt(recording, micros + 499_999)).toEqual({ policy, weights, inputs, isConstant: false });
      expect(shown.guardsAt(recording, micros).forecast).toBe(recording.ticks.forecast[row]);
    }
  });

  it("constant weights are told by the policy; others have none", () => {
    const at = (policy: string) => shown.networkAt(new Recording({ ...HEADER, policy }), Infinity);
    expect(at("predictive:window")).toEqual({ policy: "predictive:window", weights: compactWeights(), inputs: null, isConstant: true }); // biome-ignore format: one line
    for (const policy of ["reactive", "neural", "holt"]) expect(at(policy), policy).toBeNull();
    const ids = (signals: readonly string[]) => allPolicies().filter(({ signal }) => signal !== null && signals.includes(signal)).map(({ id }) => id); // biome-ignore format: one line
    expect([...shown.CONSTANT_NETWORK_POLICIES].sort()).toEqual(ids(["compact", "told"]).sort());
    expect(shown.LEARNING_NETWORK_POLICIES).toEqual(ids(["network"]));
  });

  it("of constant weights the output's bias alone moves, and the inputs are there", () => {
    const compact = record("predictive").recording;
    expect(compact.networkCount).toBe(compact.ticks.count);
    const biases = new Set<number>();
    for (const micros of compact.ticks.micros.subarray(0, compact.ticks.count)) {
      const { weights, inputs, isConstant } = shown.networkAt(compact, micros)!;
      expect([isConstant, inputs!.length]).toEqual([true, NETWORK_INPUTS]);
      expect([...Array.from(weights).slice(0, B2_AT)]).toEqual([...compactWeights().slice(0, B2_AT)]);
      biases.add(weights[B2_AT]!);
    }
    expect(biases.size).toBeGreaterThan(10);
  });

  it("damaged weights come through a journal as NaN, have no width, and the watchdog's word is kept", () => {
    const header = lines[0]!;
    const damaged = new Float64Array(PARAMETER_COUNT).fill(1);
    damaged[3] = NaN;
    damaged[4] = -4;
    const line = (t: number, weights: unknown) =>
      JSON.stringify({ t, e: "forecast", pressure: 0.9, forecast: null, upper: null, confidence: 0, weights, inputs: [0, 0, 0, 0, 0.5] }); // biome-ignore format: one line
    const sample = (t: number) => JSON.stringify({ t, e: "sample", occupancy: 0.9, pressure: 0.9 });
    const text = [header, sample(0), line(0, [...damaged]), '{"t":0,"e":"watchdog","reason":"nan"}'].join("\n");
    const read = readJournal(text, "x.jsonl");
    const edges = shown.networkEdges(shown.networkAt(read, 0)!.weights);
    expect(edges.length).toBe(40);
    expect(edges[3]).toEqual({ input: 0, unit: 3, weight: NaN, share: 0 });
    expect(edges[4]).toEqual({ input: 0, unit: 4, weight: -4, share: 1 });
    expect(edges[0]!.share).toBe(0.25);
    expect(shown.guardsAt(read, 0)).toEqual({ forecast: null, upper: null, confidence: 0, lastTrip: { micros: 0, reason: "nan" } }); // biome-ignore format: one line
  });

  it("lines in the order of the weights", () => {
    const weights = Float64Array.from({ length: PARAMETER_COUNT }, (_, i) => i);
    for (const { input, unit, weight } of shown.networkEdges(weights))
      expect(weight).toBe(input === null ? W2_AT + unit : W1_AT + input * HIDDEN_COUNT + unit);
  });

  it.each([
    [[1, 2, 3], "weights are not 49 numbers"],
    [new Array(PARAMETER_COUNT).fill("1"), "weights are not 49 numbers"],
    ["all of them", "weights are not 49 numbers"],
  ])("weights that are none are an error with a line", (weights, expected) => {
    const sample = '{"t":0,"e":"sample","occupancy":0.9,"pressure":0.9}';
    const text = [lines[0]!, sample, JSON.stringify({ t: 0, e: "forecast", weights, inputs: [0, 0, 0, 0, 0] })].join(
      "\n",
    );
    expect(() => readJournal(text, "x.jsonl")).toThrow(`x.jsonl, line 3: ${expected}`);
  });

  it("weights in some forecasts only are an error", () => {
    const without = (line: string) => line.replace(/,"weights":.*$/, "}");
    const first = lines.findIndex((line) => line.includes('"weights"'));
    const text = lines.map((line, i) => (i === first ? without(line) : line)).join("\n");
    expect(() => readJournal(text, "x.jsonl")).toThrow("weights that forecasts before it did not have");
    const old = lines.map(without).join("\n"); // as an earlier version wrote it
    expect(readJournal(old, "x.jsonl").networkCount).toBe(0);
  });
});
