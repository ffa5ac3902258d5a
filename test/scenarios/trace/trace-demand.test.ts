// From a recording to demand: the arena's size, the pace, and what is drawn.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CLASS_ATOMIC,
  CLASS_DEADLINE,
  DEFAULT_MIX,
  type Demand,
  FLAG_PINNED,
  measureDemand,
  OP_ALLOCATE,
  OP_FREE,
  OP_RESIZE,
} from "../../../core/demand.ts";
import type { MempredError } from "../../../core/errors.ts";
import { blockLength, TICK_MICROS } from "../../../core/units.ts";
import { type TraceDemandOptions, traceToDemand } from "../../../scenarios/trace/trace-demand.ts";
import { parseTrace } from "../../../scenarios/trace/trace-parser.ts";
import { runs } from "../../runs.ts";

const BASIC = { pressureRatio: 0.95, seed: 1 };

function demandOf(text: string, options: Partial<TraceDemandOptions> = {}): Demand {
  return traceToDemand(parseTrace(text, "some.trace"), { ...BASIC, ...options });
}

/** A trep of `count` allocations, `gapMicros` apart. */
function trep(count: number, gapMicros: number): string {
  return Array.from({ length: count }, (_, i) => `${i === 0 ? 0 : gapMicros} a ${i} 100`).join("\n");
}

describe("the arena", () => {
  it("holds the peak, headers and rounding included, at the level asked for; objects are not shrunk", () => {
    const text = "a 0 100\na 1 1000\nf 0\nr 1 3000\na 2 24\nf 1\n";
    const peak = blockLength(3000) + blockLength(24);
    for (const pressureRatio of [0.5, 0.75, 0.85, 0.95, 0.98, 1]) {
      const demand = demandOf(text, { pressureRatio });
      expect(demand.capacityBytes).toBe(Math.ceil(peak / pressureRatio / 16) * 16);
      expect(demand.pressureRatio).toBe(pressureRatio);
      expect(measureDemand(demand).peakBytes).toBe(peak);
    }
  });

  it("is at least 64 bytes", () => {
    expect(demandOf("a 0 1\n").capacityBytes).toBe(64);
  });

  it("may be given, cut to a granule; then the level is what it comes to", () => {
    const demand = demandOf("a 0 792\n", { capacityBytes: 1007 });
    expect(demand.capacityBytes).toBe(992);
    expect(demand.pressureRatio).toBe(800 / 992);
    expect(demandOf("a 0 5000\n", { capacityBytes: 1000 }).pressureRatio).toBe(1);
  });
});

describe("the pace", () => {
  it("of a recording at a human rate is real time from 0, in whole µs", () => {
    const demand = demandOf("op,id,size,time_s\na,1,8,1000.5\na,2,8,1001.25\nf,1,,1003.0000004\n");
    expect([...demand.timeMicros]).toEqual([0, 750_000, 2_500_000]);
    expect(demand.timing).toBe("real time");
    expect(demand.durationMicros).toBe(2_500_000);
  });

  it("of a dense recording is stretched to the rate, and says so", () => {
    const demand = demandOf(trep(1001, 70));
    expect(demand.timing).toBe("stretched x 143 (recorded span 0.070 s)");
    expect(demand.timeMicros[0]).toBe(0);
    expect(demand.timeMicros[1000]).toBe(10_010_000);
    expect(demandOf(trep(1001, 70), { ratePerSecond: 1000 }).timeMicros[1000]).toBe(1_001_000);
    // Ten requests in 1000 µs are 10,000/s, which is not more than that.
    expect(demandOf(`${trep(9, 125)}\n0 a 9 100`).timing).toBe("real time");
    expect(demandOf(`${trep(9, 124)}\n0 a 9 100`).timing).toMatch(/^stretched/);
  });

  it("may be stretched by a factor, whatever the density", () => {
    const demand = demandOf(trep(3, 1_000_000), { stretch: 0.25 });
    expect(demand.timing).toBe("stretched x 0.25 (recorded span 2.000 s)");
    expect([...demand.timeMicros]).toEqual([0, 250_000, 500_000]);
    expect(demandOf(trep(3, 1), { stretch: 1 }).timing).toBe("real time");
  });

  it("of a recording without times is logical: requests at the rate, frees between", () => {
    const demand = demandOf("a 0 8\na 1 8\nf 0\nf 1\na 2 8\nr 2 16\nf 2\n");
    expect([...demand.timeMicros]).toEqual([0, 10_000, 13_333, 16_666, 20_000, 30_000, 35_000]);
    expect(demand.timing).toBe("logical time, 100 requests/s");
    expect(demand.durationMicros).toBe(TICK_MICROS);
    expect(demandOf("a 0 8\na 1 8\n", { ratePerSecond: 2 }).timing).toBe("logical time, 2 requests/s");
    expect(demandOf("0 a 0 8\n0 a 1 8\n").timing).toBe("logical time, 100 requests/s");
  });

  it("of steps is stretched", () => {
    const demand = demandOf("id,lower,upper,size\na,0,10,8\nb,5,20,8\n");
    expect(demand.timing).toBe("stretched x 1000 (recorded span 20 steps)");
    expect([...demand.timeMicros]).toEqual([0, 5000, 10_000, 20_000]);
  });

  it("ends on a tick, at least one", () => {
    expect(demandOf(trep(2, 500_000)).durationMicros).toBe(500_000);
    expect(demandOf(trep(2, 500_001)).durationMicros).toBe(1_000_000);
  });
});

describe("what a recording leaves open", () => {
  const text = Array.from({ length: 5_000 }, (_, i) => `a ${i} 8`).join("\n");

  it("is drawn from the mix, by named streams", () => {
    const demand = demandOf(text);
    const counts = [0, 0, 0];
    let pinned = 0;
    for (let i = 0; i < demand.length; i++) {
      counts[demand.requestClass[i]]++;
      pinned += demand.flags[i] & FLAG_PINNED;
    }
    expect(counts[0] / demand.length).toBeCloseTo(0.15, 1);
    expect(counts[1] / demand.length).toBeCloseTo(0.15, 1);
    expect(pinned / demand.length).toBeCloseTo(0.03, 2);
    expect(demand.mix).toBe(DEFAULT_MIX);
    const other = demandOf(text, { mix: { ...DEFAULT_MIX, pinned: 0.5 } });
    expect(other.requestClass).toEqual(demand.requestClass); // pins do not shift classes
    expect(demandOf(text, { seed: 2 }).requestClass).not.toEqual(demand.requestClass);
    expect(demandOf(text)).toEqual(demand);
  });

  it("is left alone where the recording says it, and the mix tells what it came to", () => {
    const csv = "op,id,size,class,pinned\na,1,8,atomic,1\na,2,8,deadline,0\nr,1,16,wait,\na,3,8,atomic,0\n";
    const demand = demandOf(csv);
    expect([...demand.requestClass]).toEqual([CLASS_ATOMIC, CLASS_DEADLINE, 2, CLASS_ATOMIC]);
    expect([...demand.flags]).toEqual([FLAG_PINNED, 0, FLAG_PINNED, 0]);
    expect(demand.mix).toEqual({ atomic: 0.5, deadline: 0.25, wait: 0.25, pinned: 1 / 3 });
  });

  it("keeps alignment, tenants and names", () => {
    const demand = demandOf("op,id,size,align,tenant\na,1,8,64,web\nf,1,,,web\n");
    expect([...demand.alignLog2]).toEqual([6, 4]);
    expect(demand.tenants).toEqual(["web"]);
    expect(demand.name).toBe("some");
    expect(demandOf("a 0 8\n").tenants).toEqual(["trace"]);
  });

  it("a reallocation of a block that is not live is an allocation", () => {
    const trace = parseTrace("a 0 8\nr 0 16\n", "x");
    const demand = traceToDemand({ ...trace, kind: Uint8Array.of(OP_RESIZE, OP_RESIZE) }, BASIC);
    expect([...demand.kind]).toEqual([OP_ALLOCATE, OP_RESIZE]);
  });

  it("maxOperations takes the first ones, drawn alike", () => {
    const whole = demandOf(text);
    const part = demandOf(text, { maxOperations: 100 });
    expect([part.length, part.idCount]).toEqual([100, 100]);
    expect(part.requestClass).toEqual(whole.requestClass.slice(0, 100));
    expect(part.capacityBytes).toBe(Math.ceil((100 * 16) / 0.95 / 16) * 16);
    expect(demandOf(text, { maxOperations: 1e9 }).length).toBe(5_000);
  });
});

describe("options out of range", () => {
  it.each([
    [{ pressureRatio: 1.4 }],
    [{ pressureRatio: 0 }],
    [{ pressureRatio: -0.5 }],
    [{ pressureRatio: NaN }],
    [{ capacityBytes: 63 }],
    [{ capacityBytes: Infinity }],
    [{ ratePerSecond: 0 }],
    [{ ratePerSecond: Infinity }],
    [{ stretch: -1 }],
    [{ stretch: NaN }],
    [{ stretch: 2 }], // of a recording without times
    [{ seed: -1 }],
    [{ seed: 0.5 }],
    [{ maxOperations: 0 }],
    [{ maxOperations: 1.5 }],
    [{ mix: { atomic: 0.5, deadline: 0.5, wait: 0.5, pinned: 0 } }],
    [{ mix: { atomic: -0.5, deadline: 0.5, wait: 1, pinned: 0 } }],
    [{ mix: { atomic: 0, deadline: 0, wait: 1, pinned: 2 } }],
  ])("%j is INVALID_INPUT", (options) => {
    expect(() => demandOf("a 0 8\n", options)).toThrow(
      expect.objectContaining({ name: "MempredError", code: "INVALID_INPUT" }) as MempredError,
    );
  });
});

describe("any recording", () => {
  it("gives demand in order, within the arena, the same each time", () => {
    const step = fc.record({
      op: fc.constantFrom("a", "r", "f"),
      id: fc.nat(8),
      size: fc.integer({ min: 0, max: 500 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.nat(1000),
        (steps, pressureRatio, seed) => {
          const lines = steps.map(({ op, id, size }) => (op === "f" ? `f ${id}` : `${op} ${id} ${size}`));
          const trace = parseTrace(["a 99 8", ...lines].join("\n"), "x", "rep");
          const demand = traceToDemand(trace, { pressureRatio, seed });
          const levels = measureDemand(demand);
          expect(levels.peakBytes).toBeLessThanOrEqual(demand.capacityBytes * pressureRatio + 1e-6);
          expect(levels.allocations + levels.resizes + levels.frees).toBe(trace.length);
          expect(demand.durationMicros).toBeGreaterThanOrEqual(demand.timeMicros[demand.length - 1]);
          for (let i = 0; i < demand.length; i++) {
            expect(Number.isInteger(demand.timeMicros[i])).toBe(true);
            expect(demand.id[i]).toBeLessThan(demand.idCount);
            if (demand.kind[i] === OP_FREE) expect(demand.sizeBytes[i]).toBe(0);
            else expect(demand.sizeBytes[i]).toBeGreaterThanOrEqual(1);
          }
          expect(traceToDemand(trace, { pressureRatio, seed })).toEqual(demand);
        },
      ),
      { numRuns: runs(200) },
    );
  });
});
