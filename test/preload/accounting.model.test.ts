// Accounting: each preload ends in exactly one outcome, whatever happens in which order. Beside it a naive model that keeps every
// event and counts at the end, and LRU of the replay for the hits without preloading.

import { describe, expect, it } from "vitest";
import { LRU } from "../../cache/policies/lru.ts";
import { replayCache } from "../../cache/replay.ts";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { PreloadAccounting } from "../../preload/accounting.ts";
import type { ExpectedComponent, PreloadOutcome } from "../../preload/contract.ts";

function expected(component: string, source = "sequence"): ExpectedComponent {
  return { component, step: 1, confidence: 0.5, source };
}

describe("preload accounting", () => {
  it("P46 P47: in time, late, wasted, failed, each once, with bytes and seconds", () => {
    const accounting = new PreloadAccounting({ entriesWithout: 2 });
    accounting.begin(expected("used"));
    accounting.arrive("used", 100, 1000);
    expect(accounting.request("used", true, 3000)).toEqual({
      expected: expected("used"),
      outcome: "in-time",
      heldSeconds: 2,
      bytes: 100,
    });
    expect(accounting.request("used", true, 3500)).toBeUndefined();
    accounting.begin(expected("late"));
    expect(accounting.request("late", false, 4000)).toMatchObject({ outcome: "late", heldSeconds: 0 });
    accounting.arrive("late", 50, 4500, "sequence");
    expect(accounting.leave("late", 5000)).toBeUndefined();
    accounting.begin(expected("unused", "users"));
    accounting.arrive("unused", 30, 5000);
    expect(accounting.leave("unused", 9000)).toMatchObject({ outcome: "wasted", heldSeconds: 4, bytes: 30 });
    accounting.begin(expected("given-up", "users"));
    expect(accounting.leave("given-up", 9000)).toMatchObject({ outcome: "wasted", heldSeconds: 0 });
    accounting.begin(expected("broken", "users"));
    expect(accounting.fail("broken", 9000)).toMatchObject({ outcome: "failed" });
    expect(accounting.fail("broken", 9000)).toBeUndefined();
    accounting.begin(expected("here"));
    accounting.arrive("here", 10, 9500);
    accounting.begin(expected("under-way"));
    accounting.check();
    expect(accounting.figures()).toEqual({
      begun: 7,
      inTime: 1,
      late: 1,
      wasted: 2,
      failed: 1,
      underWay: 1,
      held: 1,
      bytes: 190,
      wastedBytes: 30,
      heldSeconds: 6,
      wastedShare: 0.5,
    });
    expect(accounting.figures("users")).toMatchObject({ begun: 3, wasted: 2, failed: 1, bytes: 30, held: 0 });
    expect(accounting.sources()).toEqual(["sequence", "users"]);
    expect(accounting.hits).toEqual({ requests: 3, hits: 2, preloadHits: 1, hitRatio: 2 / 3, hitRatioWithout: 1 / 3 });
  });

  it("says NaN where nothing was counted, and stops a caller who contradicts himself", () => {
    const accounting = new PreloadAccounting();
    expect(accounting.hits.hitRatio).toBeNaN();
    expect(accounting.hits.hitRatioWithout).toBeNaN();
    expect(accounting.figures().wastedShare).toBeNaN();
    accounting.begin(expected("a"));
    expect(() => accounting.begin(expected("a"))).toThrow(AssertionError);
    expect(() => accounting.request("a", true, 0)).toThrow(AssertionError);
    accounting.begin(expected("b"));
    accounting.arrive("b", 1, 5);
    expect(() => accounting.fail("b", 6)).toThrow(AssertionError);
    expect(() => accounting.leave("b", 4)).toThrow(AssertionError);
  });

  it.each([1, 2, 3, 4])("agrees with a model that keeps every event, seed %i", (seed) => {
    const random = new RandomStream(seed, "accounting");
    const entries = 1 + random.integer(6);
    const accounting = new PreloadAccounting({ entriesWithout: entries });
    const state = new Map<string, "loading" | "held">();
    const outcomes = new Map<string, number>();
    const asked: number[] = [];
    let [hits, begun] = [0, 0];
    const ended = (outcome: PreloadOutcome) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    for (let now = 0; now < 3000; now++) {
      const number = random.integer(12);
      const component = `c${number}`;
      const before = state.get(component);
      const event = random.integer(5);
      if (event === 0 && before === undefined) {
        accounting.begin(expected(component, `source-${random.integer(3)}`));
        state.set(component, "loading");
        begun++;
      } else if (event === 1 && before === "loading") {
        accounting.arrive(component, 1 + random.integer(100), now);
        state.set(component, "held");
      } else if (event === 2) {
        const isHit = before === "held" || (before === undefined && random.chance(0.5));
        const settled = accounting.request(component, isHit, now);
        asked.push(number);
        if (isHit) hits++;
        expect(settled?.outcome, `seed ${seed}`).toBe(
          before === undefined ? undefined : before === "held" ? "in-time" : "late",
        );
        if (settled !== undefined) ended(settled.outcome);
        state.delete(component);
      } else if (event === 3 && random.chance(0.4)) {
        const settled = accounting.leave(component, now);
        expect(settled?.outcome).toBe(before === undefined ? undefined : "wasted");
        if (settled !== undefined) ended("wasted");
        state.delete(component);
      } else if (event === 4 && before === "loading") {
        ended(accounting.fail(component, now)!.outcome);
        state.delete(component);
      }
      expect(accounting.isOpen(component)).toBe(state.has(component));
      accounting.check();
    }
    const figures = accounting.figures();
    expect(figures).toMatchObject({
      begun,
      inTime: outcomes.get("in-time"),
      late: outcomes.get("late"),
      wasted: outcomes.get("wasted"),
      failed: outcomes.get("failed"),
      underWay: [...state.values()].filter((one) => one === "loading").length,
      held: [...state.values()].filter((one) => one === "held").length,
    });
    expect(accounting.hits.hits).toBe(hits);
    const lru = replayCache(LRU, { keys: Uint32Array.from(asked) }, { capacity: entries });
    expect(accounting.hits.hitRatioWithout).toBe(lru.hitRatio);
  });
});
