// Compactions one by one: their sums are the result's, and who was spared what is counted by hand on a run made up for it.

import { describe, expect, it } from "vitest";
import { getScenario } from "../../../scenarios/registry.ts";
import { compactionsUntil, sumCompactions, USE_MICROS } from "../../../sim/recording/compactions.ts";
import { Recording } from "../../../sim/recording/recording.ts";
import { simulate } from "../../../sim/simulate.ts";

const HEADER = {
  capacityBytes: 1024,
  granuleBytes: 16,
  scenario: "made up",
  pressureRatio: 0.95,
  seed: 1,
  policy: "x",
};

function compact(recording: Recording, micros: number, isAhead: boolean, movedBytes: number, took = 100): void {
  recording.compact(micros, 0, isAhead, "why", "start", 0);
  recording.compact(micros + took, 0, isAhead, "why", "end", movedBytes);
}

describe("compactions of a recording", () => {
  it("come to what the result says", () => {
    const demand = getScenario("burst").generate({ pressureRatio: 0.95, seed: 3, durationMicros: 30_000_000, ratePerSecond: 100, capacityBytes: 102_400 }); // biome-ignore format: one line
    const recording = new Recording({ ...HEADER, capacityBytes: 102_400, policy: "predictive" });
    const { result } = simulate({ demand, policy: "predictive", seed: 3, recorder: recording });
    const all = compactionsUntil(recording, null, Infinity);
    expect(sumCompactions(all)).toEqual({
      runs: result.compaction.runs,
      movedBytes: result.compaction.movedBytes,
      longestMicros: result.compaction.maxRunMicros,
      sparing: 0,
      spared: 0,
    });
    expect(all.filter((one) => one.isAhead).length).toBe(result.compaction.proactive);
    expect(all.every((one, i) => i === 0 || one.startMicros < all[i - 1]!.startMicros)).toBe(true);
    expect(compactionsUntil(recording, null, Infinity, 5)).toEqual(all.slice(0, 5));
    const middle = all[Math.floor(all.length / 2)]!;
    expect(compactionsUntil(recording, null, middle.startMicros + middle.tookMicros)[0]).toEqual(middle);
  });

  it("spared is what the other run denied within 5 s of the end and this one did not, each request once in the sum", () => {
    const [mine, other] = [new Recording(HEADER), new Recording(HEADER)];
    compact(mine, 1_000_000, true, 64);
    compact(mine, 2_000_000, false, 32, 50);
    const end = 2_000_050;
    mine.deny(3_000_000, 7, 16, 0, 4);
    other.deny(1_000_100, 4, 16, 0, 4); // at the very end of the first, not after it
    other.deny(2_500_000, 5, 16, 0, 4);
    other.deny(3_000_000, 7, 16, 0, 4); // denied by both
    other.deny(end + USE_MICROS, 6, 16, 0, 4); // the last moment of the second; too late for the first
    other.deny(end + USE_MICROS + 1, 8, 16, 0, 4);
    const [second, first] = compactionsUntil(mine, other, Infinity);
    expect(first).toEqual({ startMicros: 1_000_000, tookMicros: 100, isAhead: true, movedBytes: 64, sparedIds: [5] });
    expect(second).toEqual({
      startMicros: 2_000_000,
      tookMicros: 50,
      isAhead: false,
      movedBytes: 32,
      sparedIds: [5, 6],
    });
    expect(sumCompactions([first!, second!])).toEqual({
      runs: 2,
      movedBytes: 96,
      longestMicros: 100,
      sparing: 2,
      spared: 2,
    });
    expect(sumCompactions([])).toEqual({ runs: 0, movedBytes: 0, longestMicros: 0, sparing: 0, spared: 0 });
  });

  it("one that had not ended, or whose start is not there, is none", () => {
    const recording = new Recording(HEADER);
    recording.compact(5, 0, true, "why", "end", 10);
    compact(recording, 10, true, 20);
    recording.compact(200, 0, true, "why", "start", 0);
    expect(compactionsUntil(recording, null, Infinity).map((one) => one.startMicros)).toEqual([10]);
    expect(compactionsUntil(recording, null, 50)).toEqual([]);
  });
});
