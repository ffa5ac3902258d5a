// A burst put in by hand adds its rows and leaves the demand's own as they are, in order.

import { describe, expect, test } from "vitest";
import { type Demand, measureDemand, OP_ALLOCATE, OP_FREE } from "../../core/demand.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { simulate } from "../../sim/simulate.ts";
import { BURST_LIFE_MICROS, withBursts } from "../../ui/worker/burst.ts";

const demand = getScenario("mixed-tenants").generate({
  ...{ pressureRatio: 0.85, seed: 3, durationMicros: 20e6, ratePerSecond: 100, capacityBytes: 102_400 },
});

/** Rows as texts, all but those of ids from `firstId` on. */
function rowsBelow(of: Demand, firstId: number): string[] {
  const columns = [of.timeMicros, of.kind, of.id, of.sizeBytes, of.alignLog2, of.requestClass, of.tenant, of.flags];
  return Array.from({ length: of.length }, (_, row) => columns.map((column) => column[row]).join(" ")).filter(
    (_, row) => of.id[row]! < firstId,
  );
}

describe("withBursts", () => {
  test("none: the same demand", () => {
    expect(withBursts(demand, [])).toBe(demand);
  });

  test("its blocks come at the moment and go five seconds later; the rest is as it was", () => {
    const burst = { atMicros: 9_000_000, blocks: 12, sizeBytes: 700 };
    const altered = withBursts(demand, [burst]);
    expect(rowsBelow(altered, demand.idCount)).toEqual(rowsBelow(demand, demand.idCount));
    expect(altered.idCount).toBe(demand.idCount + 12);
    expect(altered.length).toBe(demand.length + 24);
    for (let row = 1; row < altered.length; row++)
      expect(altered.timeMicros[row]).toBeGreaterThanOrEqual(altered.timeMicros[row - 1]!);
    for (let row = 0; row < altered.length; row++) {
      if (altered.id[row]! < demand.idCount) continue;
      const isFree = altered.kind[row] === OP_FREE;
      expect(altered.kind[row]).toBe(isFree ? OP_FREE : OP_ALLOCATE);
      expect(altered.timeMicros[row]).toBe(burst.atMicros + (isFree ? BURST_LIFE_MICROS : 0));
      expect(altered.sizeBytes[row]).toBe(isFree ? 0 : 700);
    }
    expect(measureDemand(altered).allocations).toBe(measureDemand(demand).allocations + 12);
  });

  test("near the end its blocks stay; after it there is none; two bursts have ids of their own", () => {
    const late = withBursts(demand, [{ atMicros: 18_000_000, blocks: 3, sizeBytes: 64 }]);
    expect(late.length).toBe(demand.length + 3);
    expect(withBursts(demand, [{ atMicros: 20_000_000, blocks: 3, sizeBytes: 64 }]).length).toBe(demand.length);
    const one = { atMicros: 5_000_000, blocks: 2, sizeBytes: 64 };
    expect(withBursts(demand, [one, one]).idCount).toBe(demand.idCount + 4);
  });

  test("the simulator takes it, every rule of the heap checked, and the run is another one", () => {
    const options = { policy: "predictive", seed: 3, verify: true };
    const altered = withBursts(demand, [{ atMicros: 9_000_000, blocks: 60, sizeBytes: 400 }]);
    const before = simulate({ ...options, demand }).result;
    const after = simulate({ ...options, demand: altered }).result;
    expect(after.requests.total).toBe(before.requests.total + 60);
    expect(after.hash).not.toBe(before.hash);
  });
});
