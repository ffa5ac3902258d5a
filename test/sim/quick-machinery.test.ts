// `quick`: runs on demand that heed the time which the request has left, and what a proactive run may be asked for.

import { describe, expect, it } from "vitest";
import { Arena } from "../../sim/arena.ts";
import { DEFAULT_COST } from "../../sim/cost-model.ts";
import { demandFacts } from "../../sim/demand-facts.ts";
import { defaultLimits } from "../../sim/limiter.ts";
import type { CostModel } from "../../sim/simulate-types.ts";
import { CLASS, fillWithHoles, handDemand, simulateWithJournal } from "./hand-demand.ts";

const AT = 1_000_000;
/** A request of `sizeBytes` at 1 s into a heap of 512 free bytes, in holes of 64. */
function ask(
  policy: string,
  sizeBytes: number,
  requestClass: number,
  cost: Partial<CostModel> = {},
  pinned: readonly number[] = [],
) {
  const demand = handDemand((b) => {
    fillWithHoles(b, (id) => pinned.includes(id));
    b.allocate(AT, 99, sizeBytes, requestClass);
  });
  const { result, lines } = simulateWithJournal({ demand, policy, seed: 1, verify: true, cost });
  const placed = lines.find((line) => line.e === "place" && line.id === 99);
  const denied = lines.find((line) => line.e === "deny");
  return { result, placed, denied };
}

describe("a deadline request", () => {
  it("is served within 500 µs by a gather where a slide of the heap would be too late", () => {
    // The slide goes through the rooms between the pins first: its hole of 192 is there after two blocks, 320 µs.
    const slow = { copyBytesPerMicro: 0.4 };
    const slide = ask("reactive", 184, CLASS.deadline, slow, [3, 7]);
    expect(slide.placed).toBeUndefined();
    expect(slide.denied).toMatchObject({ t: AT + 500, cause: "fragmentation" });
    // One block that moves away brings its own 64 B and joins two holes: 160 µs, and some looks at the blocks.
    const quick = ask("reactive:quick", 184, CLASS.deadline, slow, [3, 7]);
    expect(quick.denied).toBeUndefined();
    expect(quick.result.compaction).toMatchObject({ runs: 1, movedBytes: 64 });
    expect(quick.placed!.waitedMicros).toBeGreaterThanOrEqual(360);
    expect(quick.placed!.waitedMicros).toBeLessThan(375);
  });

  it("gets a whole pack where there is time for one", () => {
    const { placed, result } = ask("reactive:quick", 300, CLASS.deadline);
    expect(placed!.waitedMicros).toBeLessThan(500);
    expect(result.compaction.movedBytes).toBe(448); // the request fills the hole before the last block exactly
  });

  it("starts nothing that cannot end in time, and is denied at once", () => {
    for (const cost of [
      { startMicros: 500 }, // nothing is left for copying
      { startMicros: 499, copyBytesPerMicro: 1 }, // not enough for the looks at the blocks
      { copyBytesPerMicro: 0.2 }, // 59 B, and the shortest block has 64
    ]) {
      const quick = ask("reactive:quick", 112, CLASS.deadline, cost);
      expect(quick.result.compaction.runs).toBe(0);
      expect(quick.denied).toMatchObject({ t: AT, cause: "fragmentation" });
      expect(ask("reactive", 112, CLASS.deadline, cost).result.compaction.runs).toBe(1); // who does not look, tries
    }
  });
});

describe("a wait request", () => {
  it("waits for a pack of the whole heap, however slow", () => {
    for (const cost of [{}, { copyBytesPerMicro: 1 }, { startMicros: 100_000 }]) {
      const { placed, result } = ask("reactive:quick", 112, CLASS.wait, cost);
      expect(placed).toBeDefined();
      expect(result.compaction).toMatchObject({ runs: 1, movedBytes: 448 });
    }
  });
});

describe("an atomic request", () => {
  it("starts nothing", () => {
    expect(ask("reactive:quick", 112, CLASS.atomic).result).toMatchObject({
      compaction: { runs: 0 },
      ooms: { total: 1, avoidable: 1 },
    });
  });
});

/** An arena with blocks of 64 bytes and holes of 64 and 16 between them, served up to just before 1 s. */
function arenaWithHoles(cost: Partial<CostModel> = {}) {
  const demand = handDemand((b) => {
    fillWithHoles(b);
    b.allocate(AT, 99, 112, CLASS.deadline);
  });
  const arena = new Arena({
    demand,
    facts: demandFacts(demand),
    fit: "segregated",
    compactor: "quick",
    proactiveCompactor: "gather",
    compactsOnDemand: true,
    limits: defaultLimits(demand.capacityBytes),
    cost: { ...DEFAULT_COST, ...cost },
    retries: 0,
    verify: true,
    isMeasured: true,
    recorder: null,
  });
  const serve = (row: number) => {
    arena.advanceTo(demand.timeMicros[row]!);
    arena.apply(row, demand.timeMicros[row]!);
  };
  for (let row = 0; row < demand.length - 1; row++) serve(row);
  return { arena, serveLast: () => serve(demand.length - 1) };
}

describe("room beside what was asked for", () => {
  it("is made where it is worth its bytes", () => {
    const left = (spareHoleBytes: number) => {
      const { arena, serveLast } = arenaWithHoles({ copyBytesPerMicro: 1 });
      arena.spareHoleBytes = spareHoleBytes;
      serveLast();
      arena.finish();
      expect(arena.oomTotal).toBe(0);
      return { largestHole: arena.heap.largestHole(), moved: arena.runner.totalMovedBytes };
    };
    expect(left(0)).toEqual({ largestHole: 64, moved: 64 });
    expect(left(128)).toEqual({ largestHole: 192, moved: 128 }); // one more block, two more holes
    expect(left(100_000).largestHole).toBe(384);
    expect(left(100_000).moved).toBeLessThanOrEqual(298); // what 298 µs can copy, and no more
  });
});

describe("the plan of a proactive run", () => {
  it("names the compactor and the wish; without one it is the policy's and the goal", () => {
    const run = (plan: Parameters<Arena["startProactive"]>[5]) => {
      const { arena } = arenaWithHoles();
      expect(arena.startProactive("test", 128, Infinity, AT, 0, plan)).toBe("started");
      const kind = arena.runner.compactorKind;
      arena.finish();
      return { kind, largestHole: arena.heap.largestHole(), moved: arena.runner.totalMovedBytes };
    };
    expect(run(null)).toEqual({ kind: "gather", largestHole: 128, moved: 64 });
    expect(run({ compactor: "gather", wishBytes: 192, worthRatio: 16 })).toMatchObject({
      largestHole: 192,
      moved: 128,
    });
    expect(run({ compactor: "gather", wishBytes: 192, worthRatio: 0.5 })).toMatchObject({
      largestHole: 128,
      moved: 64,
    });
    expect(run({ compactor: "gather", wishBytes: 0, worthRatio: 16 })).toMatchObject({ largestHole: 128 }); // the goal
    expect(run({ compactor: "pack", wishBytes: 128, worthRatio: 16 })).toEqual({
      kind: "pack",
      largestHole: 512,
      moved: 512,
    });
  });

  it("that comes to nothing is told as such, and the next has to wait", () => {
    const { arena } = arenaWithHoles();
    const plan = { compactor: "gather", wishBytes: 128, worthRatio: 16 } as const;
    expect(arena.startProactive("test", 128, 63, AT, 0, plan)).toBe("nothing to do");
    expect(arena.startProactive("test", 128, Infinity, AT + 1, 0, plan)).toBe("back-off");
    expect(arena.runner.runs).toBe(0);
  });
});
