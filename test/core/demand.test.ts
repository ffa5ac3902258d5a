import { describe, expect, it } from "vitest";
import { CLASS_WAIT, DEFAULT_MIX, DemandBuilder, measureDemand } from "../../core/demand.ts";
import { blockLength } from "../../core/units.ts";

const labels = {
  name: "hand",
  tenants: ["main"],
  durationMicros: 100,
  capacityBytes: 1024,
  pressureRatio: 0.5,
  mix: DEFAULT_MIX,
  timing: "scenario",
  shedBytesPerSecond: 1,
};

describe("demand", () => {
  it("measures levels with header and rounding, over time", () => {
    const builder = new DemandBuilder();
    builder.allocate(0, 0, 8, CLASS_WAIT); // 16 bytes from 0 on
    builder.allocate(50, 1, 9, CLASS_WAIT); // 32 bytes from 50 to 75
    builder.resize(60, 0, 100, CLASS_WAIT); // 112 bytes from 60 on
    builder.free(75, 1);
    const levels = measureDemand(builder.finish(labels));
    expect(levels).toEqual({
      meanBytes: (16 * 60 + 112 * 40 + 32 * 25) / 100,
      peakBytes: 144,
      allocations: 2,
      resizes: 1,
      frees: 1,
    });
  });

  it("grows, and keeps its rows", () => {
    const builder = new DemandBuilder();
    for (let i = 0; i < 5000; i++) builder.allocate(i, i, i + 1, i % 3, i % 4, i % 5, 4 + (i % 3));
    const demand = builder.finish({ ...labels, durationMicros: 5000 });
    expect(demand.length).toBe(5000);
    expect(demand.idCount).toBe(5000);
    for (const i of [0, 1023, 1024, 4999]) {
      expect([demand.timeMicros[i], demand.sizeBytes[i], demand.requestClass[i], demand.flags[i]]).toEqual([
        i,
        i + 1,
        i % 3,
        i % 4,
      ]);
      expect([demand.tenant[i], demand.alignLog2[i]]).toEqual([i % 5, 4 + (i % 3)]);
    }
  });

  it("refuses to go back in time", () => {
    const builder = new DemandBuilder();
    builder.allocate(5, 0, 8, CLASS_WAIT);
    builder.free(4, 0);
    expect(() => builder.finish(labels)).toThrow(/operation 1 is earlier/);
  });

  it("knows the length of a block", () => {
    expect([1, 8, 9, 24, 25, 4096].map(blockLength)).toEqual([16, 16, 32, 32, 48, 4112]);
  });
});
