// What the arena does with each kind of request, on demands of a few rows: who waits, for how long, who is denied and why.

import { describe, expect, it } from "vitest";
import { FLAG_PINNED, FLAG_RECLAIMABLE } from "../../core/demand.ts";
import { CLASS, fillWithHoles, handDemand, simulateWithJournal } from "./hand-demand.ts";

const run = (
  write: Parameters<typeof handDemand>[0],
  policy = "reactive",
  options: Parameters<typeof handDemand>[1] & { readonly simulate?: object } = {},
) => simulateWithJournal({ demand: handDemand(write, options), policy, seed: 1, verify: true, ...options.simulate });

describe("request classes", () => {
  it("a wait request waits for the compaction that it caused, and no longer", () => {
    const { result, lines } = run((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.wait);
    });
    const placed = lines.find((line) => line.e === "place" && line.id === 99);
    // 200 µs to start, 16 blocks at 0.05 µs, 512 bytes at 85 B/µs: eight 64-byte blocks move.
    expect(result.compaction).toMatchObject({ runs: 1, reactive: 1, proactive: 0, useful: null });
    expect(result.compaction.movedBytes).toBe(8 * 64);
    expect(placed!.waitedMicros).toBe(placed!.t - 1_000_000);
    expect(placed!.waitedMicros).toBe(Math.ceil(200 + 0.05 * 0) + Math.ceil(512 / 85 + 16 * 0.05));
    expect(result.ooms.total).toBe(0);
    expect(result.responseMicros.max).toBe(placed!.waitedMicros);
  });

  it("an atomic request does not wait: it is denied for fragmentation, and counted as avoidable", () => {
    const { result, lines } = run((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.atomic);
    });
    expect(result.ooms).toMatchObject({ total: 1, avoidable: 1, deniedBytes: 300, episodes: 1 });
    expect(result.ooms.byClass).toEqual({ atomic: 1, deadline: 0, wait: 0 });
    expect(lines.filter((line) => line.e !== "sample").at(-1)).toEqual({
      t: 1_000_000,
      e: "deny",
      id: 99,
      size: 300,
      class: "atomic",
      cause: "fragmentation",
    });
    expect(result.compaction.runs).toBe(0);
    expect(result.pressure.criticalEpisodes).toBeGreaterThan(0);
  });

  it("a deadline request waits 500 µs and is then denied", () => {
    const { result, lines } = run(
      (b) => {
        fillWithHoles(b);
        b.allocate(1_000_000, 99, 300, CLASS.deadline);
      },
      "reactive",
      { simulate: { cost: { startMicros: 600 } } },
    );
    expect(lines.find((line) => line.e === "deny")).toMatchObject({
      t: 1_000_500,
      class: "deadline",
      cause: "fragmentation",
    });
    expect(result.compaction.runs).toBe(1);
    expect(result.pressure.peakStallRatio).toBeCloseTo(500 / 1_000_000, 6);
  });

  it("during a slice a wait request waits for its end, an atomic one is served from the state before it", () => {
    const { lines } = run((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.wait); // starts a run
      b.allocate(1_000_050, 100, 40, CLASS.atomic); // fits a 64-byte hole
      b.allocate(1_000_060, 101, 40, CLASS.wait);
    });
    const placed = (id: number) => lines.find((line) => line.e === "place" && line.id === id)!;
    expect(placed(100)).toMatchObject({ t: 1_000_050, waitedMicros: 0 });
    expect(placed(101).t).toBe(1_000_100); // slices are 100 µs
  });
});

describe("causes, the first that applies", () => {
  const causeOf = (write: Parameters<typeof handDemand>[0], policy = "reactive", simulate = {}) => {
    const { lines } = run(write, policy, { simulate });
    return lines.filter((line) => line.e === "deny").map((line) => line.cause);
  };

  it("capacity: more than is free", () => {
    expect(
      causeOf((b) => {
        fillWithHoles(b);
        b.allocate(1_000_000, 99, 600, CLASS.wait);
      }),
    ).toEqual(["capacity"]);
  });

  it("pinned: pins leave no such hole after a slide", () => {
    expect(
      causeOf((b) => {
        fillWithHoles(b, (id) => id % 2 === 1);
        b.allocate(1_000_000, 99, 300, CLASS.wait);
      }),
    ).toEqual(["pinned"]);
  });

  it("reserve: what is left is kept for atomic requests", () => {
    const write: Parameters<typeof handDemand>[0] = (b) => {
      for (let id = 0; id < 12; id++) b.allocate(0, id, 56, CLASS.atomic);
      b.allocate(1_000_000, 98, 100, CLASS.wait); // 1024 − 768 − 112 = 144 < 200
      b.allocate(2_000_000, 99, 100, CLASS.atomic);
    };
    expect(causeOf(write, "reserve", { reserveBytes: 200 })).toEqual(["reserve"]);
    expect(causeOf(write, "reserve", { reserveBytes: 144 })).toEqual([]);
  });

  it("limit: the limiter does not let a run start in time", () => {
    const write: Parameters<typeof handDemand>[0] = (b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.wait); // the one run of this second
      b.free(1_010_000, 1);
      b.free(1_010_000, 5); // two holes of 64 between blocks again
      b.free(1_010_000, 99);
      b.allocate(1_010_000, 100, 440, CLASS.wait); // takes the big hole away but for 72 bytes
      b.allocate(1_020_000, 101, 150, CLASS.deadline);
    };
    expect(causeOf(write, "reactive", { limits: { runsPerSecond: 1 } })).toEqual(["limit"]);
    expect(causeOf(write, "reactive")).toEqual([]);
  });

  it("none: never compacts, so a fit after compaction is denied as fragmentation at once", () => {
    expect(
      causeOf((b) => {
        fillWithHoles(b);
        b.allocate(1_000_000, 99, 300, CLASS.wait);
      }, "none"),
    ).toEqual(["fragmentation"]);
  });
});

describe("open loop", () => {
  it("freeing what was denied does nothing; resizing it is an allocation", () => {
    const { result, lines } = run((b) => {
      b.allocate(0, 0, 900, CLASS.wait);
      b.allocate(1, 1, 200, CLASS.wait); // capacity
      b.free(2, 1);
      b.allocate(3, 2, 200, CLASS.wait); // capacity
      b.free(4, 0);
      b.resize(5, 2, 100, CLASS.wait);
    });
    expect(result.requests).toMatchObject({ total: 4, served: 2 });
    expect(result.ooms.byCause.capacity).toBe(2);
    expect(lines.filter((line) => line.e === "free")).toHaveLength(1);
    expect(lines.filter((line) => line.e !== "sample").at(-1)).toMatchObject({ e: "place", id: 2, size: 100 });
  });

  it("a request whose lifetime ends while it waits is placed and freed at once", () => {
    const { result, lines } = run((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.wait);
      b.free(1_000_010, 99);
    });
    const events = lines.filter((line) => line.id === 99);
    expect(events.map((line) => line.e)).toEqual(["place", "free"]);
    expect(events[0]!.t).toBe(events[1]!.t);
    expect(result.requests.served).toBe(17);
  });

  it("a pinned block may move when its owner resizes it", () => {
    const { result, lines } = run((b) => {
      b.allocate(0, 0, 56, CLASS.wait, FLAG_PINNED);
      b.allocate(0, 1, 56, CLASS.wait);
      b.resize(1, 0, 100, CLASS.atomic);
    });
    expect(result.ooms.total).toBe(0);
    expect(lines.filter((line) => line.e !== "sample").at(-1)).toMatchObject({ e: "resize", id: 0, at: 128, len: 112 });
  });

  it("a resize that fails leaves the old block as it was", () => {
    const { result, lines } = run((b) => {
      b.allocate(0, 0, 500, CLASS.wait);
      b.allocate(1, 1, 400, CLASS.wait);
      b.resize(2, 0, 800, CLASS.wait);
      b.resize(3, 1, 100, CLASS.wait);
      b.free(4, 0);
    });
    expect(result.ooms).toMatchObject({ total: 1, byCause: { capacity: 1 } });
    expect(lines.filter((line) => line.e === "resize")).toMatchObject([{ id: 1, size: 100, len: 112 }]);
    expect(result.requests).toMatchObject({ total: 4, served: 3 });
  });

  it("requests on one id are served in order: the later one waits behind the earlier, if it may", () => {
    const { result, lines } = run((b) => {
      fillWithHoles(b);
      b.resize(1_000_000, 1, 300, CLASS.wait);
      b.resize(1_000_010, 1, 310, CLASS.wait);
      b.resize(1_000_020, 1, 40, CLASS.atomic);
    });
    expect(lines.filter((line) => line.e === "resize").map((line) => [line.size, line.waitedMicros])).toEqual([
      [300, 207],
      [310, 197],
    ]);
    expect(lines.filter((line) => line.e === "deny")).toMatchObject([{ t: 1_000_020, size: 40, class: "atomic" }]);
    expect(result.requests.total).toBe(result.requests.served + result.ooms.total);
  });

  it("an id that is freed and comes back while its first request waits", () => {
    const { lines } = run((b) => {
      fillWithHoles(b);
      b.allocate(1_000_000, 99, 300, CLASS.wait);
      b.free(1_000_010, 99);
      b.allocate(1_000_020, 99, 100, CLASS.wait);
    });
    expect(lines.filter((line) => line.id === 99).map((line) => [line.e, line.size])).toEqual([
      ["place", 300],
      ["free", undefined],
      ["place", 100],
    ]);
  });
});

describe("closed loop, the variant", () => {
  it("a denied request comes again after 1 s, counted apart", () => {
    const write: Parameters<typeof handDemand>[0] = (b) => {
      b.allocate(0, 0, 900, CLASS.wait);
      b.allocate(100, 1, 200, CLASS.wait);
      b.free(1_500_000, 0);
    };
    const { result } = run(write, "reactive", { simulate: { retries: 3 } });
    expect(result.ooms.total).toBe(1);
    expect(result.closedLoop).toEqual({ retries: 2, recovered: 1 });
    expect(run(write).result.closedLoop).toEqual({ retries: 0, recovered: 0 });
  });

  it("stops when the lifetime is over", () => {
    const { result } = run(
      (b) => {
        b.allocate(0, 0, 900, CLASS.wait);
        b.allocate(100, 1, 200, CLASS.wait);
        b.free(500_000, 1);
      },
      "reactive",
      { simulate: { retries: 3 } },
    );
    expect(result.closedLoop).toEqual({ retries: 0, recovered: 0 });
  });
});

describe("reclaim", () => {
  it("a wait request waits while the shrinker sheds what it needs, at the stated rate", () => {
    const { result, lines } = run(
      (b) => {
        for (let id = 0; id < 8; id++) b.allocate(0, id, 56, CLASS.wait, FLAG_RECLAIMABLE);
        b.allocate(0, 8, 504, CLASS.wait);
        b.allocate(1_000_000, 9, 100, CLASS.wait);
        b.free(2_500_000, 0); // was shed: does nothing
      },
      "reactive",
      { shedBytesPerSecond: 640 },
    );
    const shed = lines.filter((line) => line.shed === true);
    expect(shed.map((line) => [line.id, line.t])).toEqual([
      [0, 1_100_000],
      [1, 1_200_000],
    ]);
    expect(lines.find((line) => line.e === "place" && line.id === 9)).toMatchObject({
      t: 1_200_000,
      waitedMicros: 200_000,
    });
    expect(result.reclaim).toEqual({ sheds: 1, shedBytes: 128, shedBlocks: 2 });
    expect(lines.filter((line) => line.e === "free" && line.id === 0)).toHaveLength(1);
  });

  it("an atomic request cannot wait for it: capacity", () => {
    const { result } = run((b) => {
      for (let id = 0; id < 16; id++) b.allocate(0, id, 56, CLASS.wait, FLAG_RECLAIMABLE);
      b.allocate(1_000_000, 99, 100, CLASS.atomic);
    });
    expect(result.ooms.byCause.capacity).toBe(1);
    expect(result.reclaim.sheds).toBe(0);
  });
});

it("K63: an arena with no room for the predictor runs without it, and says so", () => {
  const demand = handDemand((b) => fillWithHoles(b));
  const { result } = simulateWithJournal({ demand, policy: "neural", seed: 1 });
  expect(result.notes).toEqual([
    "the predictor's 736 B are over 5 % of this arena (1024 B): the run compacts on demand only",
  ]);
  expect(result).toMatchObject({ predictor: null, forecast: null, requests: { served: 16 } });
  expect(simulateWithJournal({ demand, policy: "reactive", seed: 1 }).result.notes).toEqual([]);
});
