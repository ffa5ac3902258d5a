// K82: machines that tell each other what they learned, over a channel that loses, delays and garbles.

import { describe, expect, it } from "vitest";
import type { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { initialWeights, PARAMETER_COUNT } from "../../predictor/network.ts";
import {
  averageInto,
  decodeWeights,
  encodeWeights,
  MOST_LABELS,
  WEIGHT_MESSAGE_BYTES,
} from "../../predictor/weight-exchange.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { LossyChannel } from "../../sim/lossy-channel.ts";
import { type MachineOptions, type MachinesOptions, simulateMachines } from "../../sim/machines.ts";
import { simulate } from "../../sim/simulate.ts";

const SECOND = 1_000_000;
const CHANNEL = { lossRatio: 0.2, delayMicros: 2 * SECOND, everyMicros: 5 * SECOND };

function machine(seed: number, seconds: number, extra: Partial<MachineOptions> = {}): MachineOptions {
  const demand = getScenario("tide").generate({
    pressureRatio: 0.95,
    seed,
    durationMicros: seconds * SECOND,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
  return { demand, seed, policy: "neural", weights: initialWeights(1), keepDecisions: 0, ...extra };
}
const THREE = [machine(31, 60), machine(32, 60), machine(33, 30, { joinsAtMicros: 30 * SECOND })];
const run = (extra: Partial<MachinesOptions>) =>
  simulateMachines({ machines: THREE, exchange: CHANNEL, seed: 1, ...extra });

const message = (weights: ArrayLike<number>, labels = 100) =>
  encodeWeights({ sender: 3, sequence: 7, labels, weights: Float64Array.from(weights) });
const filled = (value: number) => new Float64Array(PARAMETER_COUNT).fill(value);

describe("K82: machines", () => {
  it("that tell each other nothing are runs of their own, to the byte", () => {
    const { machines, exchange } = run({ exchange: null });
    expect(exchange).toBeNull();
    THREE.forEach((options, i) => {
      const { joinsAtMicros: _, ...plain } = options;
      expect(machines[i]!.result).toEqual(simulate(plain).result);
    });
    expect(run({ exchange: { ...CHANNEL, lossRatio: 1 } }).hash).toBe(run({ exchange: null }).hash);
  });

  it("the same seed gives the same bytes; messages are counted, and bytes a machine and second", () => {
    const one = run({});
    expect(run({}).hash).toBe(one.hash);
    expect(one.hash).not.toBe(run({ exchange: null }).hash);
    expect(one.hash).not.toBe(run({ seed: 2 }).hash);
    const { messages, lost, sentBytes, bytesPerMachineSecond, takenIn, refused } = one.exchange!;
    expect(sentBytes).toBe(messages * WEIGHT_MESSAGE_BYTES);
    expect(bytesPerMachineSecond).toBeCloseTo(sentBytes / 150, 9);
    expect(lost).toBeGreaterThan(0);
    expect(takenIn).toBeGreaterThan(0);
    expect(takenIn).toBeLessThanOrEqual(messages - lost);
    expect(Object.values(refused).every((count) => count === 0)).toBe(true);
  });

  it.each([
    ["not-finite", () => message(filled(NaN))],
    ["not-finite", () => message(filled(1e300))],
    ["norm", () => message(filled(100))],
    ["checksum", (bytes: Uint8Array) => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))],
    ["length", (bytes: Uint8Array) => bytes.subarray(1)],
    ["format", () => new Uint8Array(WEIGHT_MESSAGE_BYTES)],
  ] as const)("one that sends what is refused as %s does no harm: the others go on as without it", (reason, garble) => {
    const mute = [machine(41, 30), machine(42, 30, { garble })];
    const { machines, exchange } = run({ machines: mute });
    expect(exchange!.refused[reason]).toBeGreaterThan(0);
    expect(machines[0]!.result.hash).toBe(simulate(mute[0]!).result.hash);
    expect(machines[1]!.result.watchdog.trips).toEqual([]);
  });

  it("faults end with INVALID_INPUT", () => {
    const code = (options: Partial<MachinesOptions>) => {
      try {
        run(options);
        return null;
      } catch (error) {
        return (error as MempredError).code;
      }
    };
    expect(code({ machines: [] })).toBe("INVALID_INPUT");
    expect(code({ machines: [machine(1, 5, { policy: "predictive", weights: undefined as never })] })).toBe(
      "INVALID_INPUT",
    );
    expect(code({ machines: [machine(1, 5, { joinsAtMicros: 3 })] })).toBe("INVALID_INPUT");
    expect(code({ exchange: { ...CHANNEL, everyMicros: 0 } })).toBe("INVALID_INPUT");
    expect(code({ exchange: { ...CHANNEL, lossRatio: NaN } })).toBe("INVALID_INPUT");
    expect(code({ exchange: { ...CHANNEL, delayMicros: -1 } })).toBe("INVALID_INPUT");
  });
});

describe("messages", () => {
  it("come back as they were sent, in single precision", () => {
    const weights = initialWeights(5);
    const back = decodeWeights(message(weights, 12));
    expect(back).toEqual({ sender: 3, sequence: 7, labels: 12, weights: weights.map(Math.fround) });
  });

  it("are averaged by labels: a newcomer takes over, and a boast counts no more than ten minutes", () => {
    const own = filled(1);
    averageInto(own, 300, []);
    expect(own[0]).toBe(1);
    const told = (value: number, labels: number) => ({ sender: 1, sequence: 1, labels, weights: filled(value) });
    averageInto(own, 300, [told(5, 100)]);
    expect(own[7]).toBe(2);
    averageInto(own, 0, [told(5, 100), told(3, 100)]);
    expect(own[48]).toBe(4);
    averageInto(own, MOST_LABELS, [told(6, 4e9)]);
    expect(own[0]).toBe(5);
  });

  it("take their time on the way, and none comes twice", () => {
    const channel = new LossyChannel({ lossRatio: 0, delayMicros: 1000 }, new RandomStream(1, "test channel"));
    for (let i = 0; i < 50; i++) channel.send(i % 2, Uint8Array.of(i), 0);
    expect(channel.receive(0, 499)).toEqual([]);
    const early = channel.receive(0, 1000);
    const late = channel.receive(0, 1500);
    expect(early.length).toBeGreaterThan(0);
    expect(early.length + late.length).toBe(25);
    expect(channel.receive(0, 9999)).toEqual([]);
    expect(channel.receive(1, 9999)).toHaveLength(25);
  });
});
