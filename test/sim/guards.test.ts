// The guards inside a run: a predictor that is broken in the middle of it is noticed, put aside and taken back, and the run
// goes on with compaction on demand.

import { beforeAll, describe, expect, it } from "vitest";
import { getScenario } from "../../scenarios/registry.ts";
import { neural } from "../../sim/policies/neural.ts";
import { registerPolicy } from "../../sim/policies/registry.ts";
import { simulateWithJournal } from "./hand-demand.ts";

const ATTACK_MICROS = 60_000_000;
const demand = getScenario("steady").generate({
  pressureRatio: 0.95,
  seed: 41,
  durationMicros: 180_000_000,
  ratePerSecond: 100,
  capacityBytes: 102_400,
});

/** The network policy, whose weights an attacker writes to at 60 s. */
function attacked(id: string, attack: (weights: Float64Array) => void): void {
  registerPolicy({
    ...neural,
    id,
    create: (world) => {
      const policy = neural.create(world);
      const weights = world.signal!.guarded.weights!;
      let isDone = false;
      return {
        onAllocation: (now, lengthBytes) => policy.onAllocation(now, lengthBytes),
        onTick: (now) => {
          if (now >= ATTACK_MICROS && !isDone) {
            attack(weights);
            isDone = true;
          }
          policy.onTick(now);
        },
      };
    },
  });
}

const ATTACKS: readonly (readonly [string, (weights: Float64Array) => void, RegExp])[] = [
  ["nan", (weights) => weights.fill(Number.NaN), /^nan$/],
  ["infinite", (weights) => weights.fill(Number.POSITIVE_INFINITY), /^(nan|infinite)$/],
  ["huge", (weights) => weights.fill(1e6), /^(weight-norm|out-of-bounds|worse-than-persistence)$/],
];

beforeAll(() => {
  for (const [name, attack] of ATTACKS) attacked(`attacked-${name}`, attack);
});

describe("K17, K61/62: an attack on the weights", () => {
  it.each(ATTACKS)("%s: tripped with the reason, reactive meanwhile, re-admitted later", (name, _attack, reason) => {
    const { result, lines, decisions } = simulateWithJournal({ demand, policy: `attacked-${name}`, seed: 41 });
    const [trip, ...more] = result.watchdog.trips;
    expect(trip!.reason).toMatch(reason);
    expect(more).toEqual([]);
    expect(trip!.atMicros).toBeGreaterThanOrEqual(ATTACK_MICROS);
    expect(trip!.atMicros).toBeLessThan(ATTACK_MICROS + 5_000_000);
    expect(result.watchdog.readmissions).toBe(1);
    expect(result.watchdog.fallbackTicks).toBeGreaterThan(10);
    expect(lines.filter((line) => line.e === "watchdog")).toMatchObject([{ reason: trip!.reason }]);

    const fallbacks = decisions.filter((one) => one.action === "fallback").map((one) => one.atMicros);
    const from = fallbacks[0]!;
    const to = fallbacks.at(-1)!;
    const runs = lines.filter((line) => line.e === "compact" && line.phase === "start");
    const proactiveIn = (a: number, b: number) =>
      runs.filter((run) => run.kind === "proactive" && run.t > a && run.t < b).length;
    expect(proactiveIn(from, to)).toBe(0);
    expect(runs.filter((run) => run.kind === "reactive" && run.t > from && run.t < to).length).toBeGreaterThan(0);
    expect(proactiveIn(0, from)).toBeGreaterThan(0);
    expect(proactiveIn(to, demand.durationMicros)).toBeGreaterThan(0);

    // Whatever reached the decisions was a ratio.
    for (const line of lines.filter((one) => one.e === "forecast")) {
      expect(line.forecast).toBeGreaterThanOrEqual(0);
      expect(line.forecast).toBeLessThanOrEqual(1);
    }
    expect(result.requests.total).toBe(result.requests.served + result.ooms.total);
  });

  it("without the watchdog the same attack is not noticed: the guard is what does it", () => {
    const { result, lines } = simulateWithJournal({ demand, policy: "attacked-nan", seed: 41, watchdog: false });
    expect(result.watchdog).toEqual({ trips: [], fallbackTicks: 0, readmissions: 0 });
    expect(lines.filter((line) => line.e === "forecast" && line.forecast === null).length).toBeGreaterThan(100); // NaN in JSON
  });

  it("K48: without an attack nothing trips", () => {
    const { result } = simulateWithJournal({ demand, policy: "neural", seed: 41 });
    expect(result.watchdog).toEqual({ trips: [], fallbackTicks: 0, readmissions: 0 });
  });
});
