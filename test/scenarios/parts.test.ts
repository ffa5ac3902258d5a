import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Demand, RequestMix } from "../../core/demand.ts";
import { AssertionError, MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { blockLength } from "../../core/units.ts";
import { ArrivalProcess } from "../../scenarios/arrivals.ts";
import { DueHeap } from "../../scenarios/due-heap.ts";
import { classShares } from "../../scenarios/labels.ts";
import { LifetimeSampler } from "../../scenarios/lifetime-law.ts";
import { checkOptions } from "../../scenarios/options.ts";
import { getScenario, SCENARIO_IDS } from "../../scenarios/registry.ts";
import { largestRequestBytes } from "../../scenarios/request-limit.ts";
import { fillEndMicros, type ScenarioOptions } from "../../scenarios/scenario.ts";
import { scheduleEvents, scheduleRegimes } from "../../scenarios/schedule.ts";
import { SizeSampler } from "../../scenarios/size-law.ts";
import type { EventSpec, LifetimeLaw, SizeLaw, WaveSpec } from "../../scenarios/spec.ts";
import { didYouMean, suggest } from "../../scenarios/suggest.ts";
import { addWander, addWave, cycleStarts, waveAt } from "../../scenarios/wave.ts";
import { checkDemand } from "./check-demand.ts";

describe("DueHeap", () => {
  it("gives back the blocks by due moment, ties by id, as a sorted list does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(null)), { maxLength: 200 }),
        (steps) => {
          const heap = new DueHeap(1);
          let model: { due: number; id: number }[] = [];
          let id = 0;
          for (const due of steps) {
            if (due === null) {
              if (model.length === 0) continue;
              model = model.sort((a, b) => a.due - b.due || a.id - b.id);
              expect(heap.nextDue()).toBe(model[0]!.due);
              expect(heap.pop()).toBe(model.shift()!.id);
            } else {
              heap.push(due, id);
              model.push({ due, id: id++ });
            }
            expect(heap.length).toBe(model.length);
          }
        },
      ),
    );
  });

  it("empty: nothing is due, and a pop is a programmer's mistake", () => {
    const heap = new DueHeap();
    expect(heap.nextDue()).toBe(Infinity);
    expect(() => heap.pop()).toThrow(AssertionError);
  });
});

describe("size laws", () => {
  const laws: Record<string, SizeLaw> = {
    uniform: { law: "uniform", lowBytes: 10, highBytes: 100 },
    pareto: { law: "pareto", lowBytes: 16, highBytes: 4096, alpha: 1 },
    lognormal: { law: "lognormal", medianBytes: 100, spread: 0.8, lowBytes: 16, highBytes: 1024 },
    choice: {
      law: "choice",
      choices: [
        { bytes: 64, share: 3 },
        { bytes: 4096, share: 1 },
      ],
    },
    blend: {
      law: "blend",
      parts: [
        { share: 0.5, sizes: { law: "uniform", lowBytes: 1, highBytes: 8 } },
        { share: 0.5, sizes: { law: "uniform", lowBytes: 1000, highBytes: 1008 } },
      ],
    },
  };

  it.each(Object.entries(laws))("%s: draws match the stated moments and bounds", (_, law) => {
    const sampler = new SizeSampler(law, 4096);
    const stream = new RandomStream(7, "test");
    const n = 100_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const size = sampler.draw(stream);
      expect(Number.isInteger(size) && size >= 1 && size <= 4096).toBe(true);
      sum += blockLength(size);
      squares += blockLength(size) ** 2;
    }
    const deviation = Math.sqrt(sampler.meanSquare - sampler.meanLength ** 2);
    expect(Math.abs(sum / n - sampler.meanLength)).toBeLessThan((5 * deviation) / Math.sqrt(n));
    expect(Math.abs(squares / n / sampler.meanSquare - 1)).toBeLessThan(0.05);
  });

  it("quantiles are the law's", () => {
    const draws = (law: SizeLaw, largest = 100_000) => {
      const sampler = new SizeSampler(law, largest);
      const stream = new RandomStream(1, "test");
      return Array.from({ length: 20_001 }, () => sampler.draw(stream)).sort((a, b) => a - b);
    };
    expect(draws(laws["uniform"]!)[0]).toBe(10);
    expect(draws(laws["uniform"]!)[20_000]).toBe(100);
    const median = draws({
      law: "lognormal",
      medianBytes: 1000,
      spread: 0.5,
      lowBytes: 1,
      highBytes: 100_000,
    })[10_000]!;
    expect(Math.abs(median / 1000 - 1)).toBeLessThan(0.03);
    const wide = draws({ law: "lognormal", medianBytes: 1000, spread: 0.5, lowBytes: 1, highBytes: 100_000 });
    // One deviation up: e^0.5 = 1.65, for a variate that is within a hundredth of the normal there.
    expect(wide[Math.floor(20_000 * 0.8413)]! / 1000).toBeGreaterThan(1.58);
    expect(wide[Math.floor(20_000 * 0.8413)]! / 1000).toBeLessThan(1.72);
    // A Pareto law with α = 1 on [16, 4096]: half of the draws are under 2 · 16 · 4096 / (16 + 4096).
    expect(Math.abs(draws(laws["pareto"]!)[10_000]! - 31.9)).toBeLessThan(1);
    const choices = draws(laws["choice"]!);
    expect(Math.abs(choices.filter((size) => size === 64).length / 20_001 - 0.75)).toBeLessThan(0.01);
  });

  it("a bound truncates: nothing piles up at it, and laws beyond it keep the upper half of what is allowed", () => {
    const stream = new RandomStream(1, "test");
    for (const law of [laws["uniform"]!, laws["pareto"]!, laws["lognormal"]!]) {
      const sampler = new SizeSampler(law, 50);
      let atBound = 0;
      for (let i = 0; i < 10_000; i++) {
        const size = sampler.draw(stream);
        expect(size).toBeLessThanOrEqual(50);
        if (size === 50) atBound++;
      }
      expect(atBound).toBeLessThan(500);
    }
    const beyond = new SizeSampler({ law: "uniform", lowBytes: 2000, highBytes: 4000 }, 1000);
    for (let i = 0; i < 1000; i++) {
      const size = beyond.draw(stream);
      expect(size >= 500 && size <= 1000).toBe(true);
    }
    const far = { law: "lognormal", medianBytes: 1, spread: 0.05, lowBytes: 512, highBytes: 4096 } as const;
    expect(new SizeSampler(far, 4096).draw(stream)).toBe(512);
    expect(new SizeSampler({ ...far, medianBytes: 1_000_000 }, 4096).draw(stream)).toBe(4096);
    expect(new SizeSampler(laws["choice"]!, 100).meanLength).toBe(0.75 * 80 + 0.25 * 112);
    expect(new SizeSampler({ law: "uniform", lowBytes: 70_000, highBytes: 70_000 }, 1_000_000).draw(stream)).toBe(
      70_000,
    );
  });
});

describe("lifetime laws", () => {
  const laws: LifetimeLaw[] = [
    { law: "exponential" },
    { law: "uniform" },
    { law: "fixed", jitter: 0.5 },
    { law: "two-speed", shortShare: 0.8, ratio: 10 },
    { law: "pareto", alpha: 1.3 },
    { law: "pareto", alpha: 1 },
  ];
  it.each(laws)("$law: lives are ≥ 0 with mean 1", (law) => {
    const sampler = new LifetimeSampler(law);
    const stream = new RandomStream(3, "test");
    let sum = 0;
    for (let i = 0; i < 200_000; i++) {
      const life = sampler.draw(stream);
      if (!(life >= 0)) expect(life).toBeGreaterThanOrEqual(0);
      sum += life;
    }
    expect(Math.abs(sum / 200_000 - 1)).toBeLessThan(0.05);
  });
});

describe("waves", () => {
  const shapes: WaveSpec[] = [
    { shape: "constant" },
    { shape: "wave" },
    { shape: "triangle" },
    { shape: "ramp" },
    { shape: "sawtooth" },
    { shape: "square", highShare: 0.2 },
    { shape: "steps", steps: [-1, 0, 1] },
    { shape: "steps" },
  ];
  it.each(shapes)("$shape stays in [-1, 1], with and without a lead", (wave) => {
    for (let p = 0; p < 1; p += 0.001)
      for (const lead of [0, 0.3, 1]) expect(Math.abs(waveAt({ ...wave, lead }, p))).toBeLessThanOrEqual(1);
  });

  it("are what they are called", () => {
    expect([0, 0.25, 0.5].map((p) => waveAt({ shape: "wave" }, p))).toEqual([-1, 0, 1]);
    expect([0, 0.25, 0.5, 0.75].map((p) => waveAt({ shape: "triangle" }, p))).toEqual([-1, 0, 1, 0]);
    expect([0, 0.4, 0.8, 0.9].map((p) => Math.round(waveAt({ shape: "ramp" }, p) * 1e9) / 1e9)).toEqual([-1, 0, 1, 0]);
    expect([0, 0.5, 0.75].map((p) => waveAt({ shape: "sawtooth" }, p))).toEqual([-1, 0, 0.5]);
    expect([0.1, 0.3].map((p) => waveAt({ shape: "square", highShare: 0.2 }, p))).toEqual([1, -1]);
    expect([0.1, 0.4, 0.99].map((p) => waveAt({ shape: "steps", steps: [-1, 0, 1] }, p))).toEqual([-1, 0, 1]);
    expect(waveAt({ shape: "steps" }, 0.5)).toBe(0);
    expect(waveAt({ shape: "sawtooth", lead: 0.25 }, 0.5)).toBe(0.5);
  });

  it("cycles follow one another to the end, jittered within bounds, shortened to the least number", () => {
    const stream = new RandomStream(1, "test");
    expect([...cycleStarts({ shape: "wave", periodSeconds: 10 }, 5e6, 30e6, stream)]).toEqual([5e6, 15e6, 25e6, 35e6]);
    const jittered = cycleStarts({ shape: "wave", periodSeconds: 10, jitter: 0.2 }, 0, 1e9, stream);
    for (let i = 1; i < jittered.length; i++) {
      expect(jittered[i]! - jittered[i - 1]!).toBeGreaterThan(7.9e6);
      expect(jittered[i]! - jittered[i - 1]!).toBeLessThan(12.1e6);
    }
    expect(cycleStarts({ shape: "wave", periodSeconds: 100, leastCycles: 4 }, 0, 40e6, stream).length).toBe(5);
  });

  it("tables add the wave and the wander, neither beyond its amplitude", () => {
    const table = new Float64Array(1000).fill(5);
    addWave(table, 1e5, { shape: "triangle" }, Float64Array.from([2e6, 50e6, 100e6]), 2);
    expect(table[0]).toBe(3); // before the first cycle: its beginning
    expect(Math.abs(table[260]! - 7)).toBeLessThan(0.02);
    const wander = new Float64Array(5000);
    addWander(wander, 1e5, 3, 0.5, new RandomStream(1, "test"));
    expect(Math.max(...wander)).toBeLessThanOrEqual(0.5);
    expect(Math.min(...wander)).toBeGreaterThanOrEqual(-0.5);
    expect(Math.max(...wander) - Math.min(...wander)).toBeGreaterThan(0.8);
    for (let i = 1; i < wander.length; i++) expect(Math.abs(wander[i]! - wander[i - 1]!)).toBeLessThan(0.06);
  });
});

describe("arrivals", () => {
  it("come at the rate of each cell, within the span, in order", () => {
    const table = Float64Array.from({ length: 100 }, (_, i) => (i < 50 ? 1e-4 : 4e-4));
    for (const law of ["poisson", "regular"] as const) {
      const process = new ArrivalProcess(table, 100_000, 1_000_000, 10_000_000, law, new RandomStream(1, "test"));
      const times: number[] = [];
      for (let t = process.next(); t < Infinity; t = process.next()) times.push(t);
      expect(process.next()).toBe(Infinity);
      expect(times.every((t, i) => Number.isInteger(t) && (i === 0 || t >= times[i - 1]!))).toBe(true);
      expect(times[0]!).toBeGreaterThanOrEqual(1_000_000);
      const slow = times.filter((t) => t < 5_000_000).length;
      const fast = times.length - slow;
      expect(Math.abs(slow - 400)).toBeLessThan(100);
      expect(Math.abs(fast - 2000)).toBeLessThan(225);
    }
  });

  it("poisson gaps vary as much as their mean, regular ones by a third of that", () => {
    const table = new Float64Array(10_000).fill(1e-4);
    const variation = (law: "poisson" | "regular") => {
      const process = new ArrivalProcess(table, 100_000, 0, 1e9, law, new RandomStream(1, "test"));
      const gaps: number[] = [];
      for (let last = 0, t = process.next(); t < Infinity; last = t, t = process.next()) gaps.push(t - last);
      const mean = gaps.reduce((a, b) => a + b) / gaps.length;
      return Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean;
    };
    expect(variation("poisson")).toBeCloseTo(1, 1);
    expect(variation("regular")).toBeCloseTo(0.289, 1);
  });
});

describe("schedules", () => {
  const spec: EventSpec = {
    gapSeconds: 10,
    schedule: "jittered",
    jitter: 0.2,
    lowSeconds: 1,
    highSeconds: 2,
    herd: { lowRequests: 3, highRequests: 5, withinMillis: 4 },
    lifeSeconds: 1,
    liftRatio: 0.1,
  };

  it("events never overlap, keep their gaps and their herds", () => {
    const events = scheduleEvents(spec, 2e6, 600e6, 100_000, new RandomStream(1, "test"));
    expect(events.startMicros.length).toBeGreaterThan(45);
    for (let e = 0; e < events.startMicros.length; e++) {
      const lasts = events.endMicros[e]! - events.startMicros[e]!;
      expect(lasts).toBeGreaterThanOrEqual(1e6);
      expect(lasts).toBeLessThanOrEqual(2e6);
      expect(events.herdSize[e]! >= 3 && events.herdSize[e]! <= 5).toBe(true);
      const gap = events.startMicros[e]! - (e === 0 ? 2e6 : events.endMicros[e - 1]!);
      expect(gap).toBeGreaterThanOrEqual(8e6);
      expect(gap).toBeLessThanOrEqual(12.1e6);
    }
    events.herdMicros.forEach((t, k) => {
      const start = events.startMicros[events.herdEvent[k]!]!;
      expect(t >= start && t < start + 4000).toBe(true);
    });
  });

  it("a herd is over when its event is: times never decrease from one event to the next", () => {
    const long: EventSpec = { ...spec, gapSeconds: 0.5, lowSeconds: 0.1, highSeconds: 0.1 };
    const herd = { lowRequests: 1, highRequests: 9, withinMillis: 1000 };
    const events = scheduleEvents({ ...long, herd }, 0, 60e6, 100_000, new RandomStream(2, "test"));
    events.herdMicros.forEach((t, k) => {
      expect(t).toBeLessThan(events.endMicros[events.herdEvent[k]!]!);
      if (k > 0) expect(t).toBeGreaterThanOrEqual(events.herdMicros[k - 1]!);
    });
  });

  it("poisson gaps have their least length and their mean", () => {
    const random: EventSpec = { ...spec, schedule: "poisson", leastGapSeconds: 4 };
    const events = scheduleEvents(random, 0, 20_000e6, 100_000, new RandomStream(1, "test"));
    const gaps = [...events.startMicros].map((start, e) => start - (e === 0 ? 0 : events.endMicros[e - 1]!));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4e6);
    expect(Math.abs(gaps.reduce((a, b) => a + b) / gaps.length / 10e6 - 1)).toBeLessThan(0.1);
  });

  it("regimes: in order, or at random and never twice in a row", () => {
    const regimes = [{ seconds: 5 }, { seconds: 10, jitter: 0.5 }, { seconds: 2 }];
    const cycle = scheduleRegimes(regimes, "cycle", 0, 100e6, new RandomStream(1, "test"));
    expect([...cycle.regime.slice(0, 6)]).toEqual([0, 1, 2, 0, 1, 2]);
    expect(cycle.startMicros[1]).toBe(5e6);
    const random = scheduleRegimes(regimes, "random", 0, 2000e6, new RandomStream(1, "test"));
    random.regime.forEach((regime, i) => {
      if (i > 0) expect(regime).not.toBe(random.regime[i - 1]);
    });
    expect(new Set(random.regime).size).toBe(3);
    const single = scheduleRegimes([{ seconds: 5 }], "random", 0, 20e6, new RandomStream(1, "test"));
    expect([...single.regime]).toEqual([0, 0, 0, 0]);
  });
});

describe("class shares", () => {
  it("the whole demand has the mix's shares however large the herds are", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, fc.double({ min: 0.001, max: 0.9, noNaN: true }), (a, b, herd) => {
        const mix: RequestMix = { atomic: a, deadline: (1 - a) * b, wait: (1 - a) * (1 - b), pinned: 0 };
        const shares = classShares(mix, herd);
        const atomic = herd * shares.herdAtomic + (1 - herd) * shares.atomic;
        const patient = herd * shares.herdAtomicOrDeadline + (1 - herd) * shares.atomicOrDeadline;
        expect(atomic).toBeCloseTo(mix.atomic, 9);
        expect(patient).toBeCloseTo(mix.atomic + mix.deadline, 9);
      }),
    );
  });

  it("all atomic and no herd are fine", () => {
    expect(classShares({ atomic: 1, deadline: 0, wait: 0, pinned: 0 }, 0)).toEqual({
      atomic: 1,
      atomicOrDeadline: 1,
      herdAtomic: 1,
      herdAtomicOrDeadline: 1,
    });
  });
});

describe("the check of demands", () => {
  const demand = getScenario("steady").generate({
    pressureRatio: 0.9,
    seed: 1,
    durationMicros: 3_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
  const firstFree = demand.kind.indexOf(1);
  const changed = <K extends "id" | "kind" | "sizeBytes" | "flags" | "requestClass" | "tenant" | "alignLog2">(
    column: K,
    at: number,
    value: number,
  ): Demand => {
    const copy = demand[column].slice();
    copy[at] = value;
    return { ...demand, [column]: copy };
  };

  it("passes the demand and refuses each way to spoil it", () => {
    expect(() => checkDemand(demand)).not.toThrow();
    const late = demand.timeMicros.slice();
    late[5] = 2_999_999;
    expect(() => checkDemand({ ...demand, timeMicros: late })).toThrow(/operation 6 of steady: time/);
    expect(() => checkDemand(changed("id", 1, 0))).toThrow("id 0 is live already");
    expect(() => checkDemand(changed("id", firstFree, demand.idCount - 1))).toThrow("is not live");
    expect(() => checkDemand(changed("id", 0, demand.idCount))).toThrow(`id ${demand.idCount} of`);
    expect(() => checkDemand(changed("kind", 0, 3))).toThrow("kind 3");
    expect(() => checkDemand(changed("sizeBytes", 0, 0))).toThrow("size 0");
    expect(() => checkDemand(changed("sizeBytes", firstFree, 1))).toThrow("a free with a size");
    expect(() => checkDemand(changed("flags", 0, 3))).toThrow("pinned and reclaimable");
    expect(() => checkDemand(changed("flags", 0, 4))).toThrow("flags 4");
    expect(() => checkDemand(changed("requestClass", 0, 3))).toThrow("class 3");
    expect(() => checkDemand(changed("tenant", 0, 1))).toThrow("tenant 1");
    expect(() => checkDemand(changed("alignLog2", 0, 3))).toThrow("alignment 3");
  });
});

describe("limits and names", () => {
  it("the largest request is half of the free bytes, a quarter of the live ones, 4 KiB, and at least 16", () => {
    expect(largestRequestBytes(0.5, 102_400, 4096)).toBe(4096);
    expect(largestRequestBytes(0.95, 102_400, 4096)).toBe(2560);
    expect(largestRequestBytes(0.98, 102_400, 4096)).toBe(1024);
    expect(largestRequestBytes(0.05, 16_384, 4096)).toBe(204);
    expect(largestRequestBytes(0.985, 1000, 4096)).toBe(16);
  });

  it("the fill takes 2 s, or a tenth of a short run", () => {
    expect(fillEndMicros(600_000_000)).toBe(2_000_000);
    expect(fillEndMicros(5_000_000)).toBe(500_000);
  });

  it("ids are the ten families, and an unknown one is told with a suggestion", () => {
    expect(SCENARIO_IDS).toEqual([
      "steady",
      "ramp",
      "burst",
      "tide",
      "sawtooth",
      "phase-shift",
      "stampede",
      "swiss-cheese",
      "mixed-tenants",
      "slow-leak",
    ]);
    const error = thrownBy(() => getScenario("tyde"));
    expect(error.code).toBe("UNKNOWN_SCENARIO");
    expect(error.message).toBe('unknown scenario "tyde", did you mean "tide"?');
    expect(error.details.expected).toContain("slow-leak");
    expect(thrownBy(() => getScenario("nonsense")).message).toBe('unknown scenario "nonsense"');
  });

  it("suggestions: the closest within a third of the length, upper case or not", () => {
    expect(suggest("presure", ["pressure", "period"])).toBe("pressure");
    expect(suggest("STEADY", ["steady"])).toBe("steady");
    expect(suggest("x", ["steady"])).toBeUndefined();
    expect(suggest("", ["abc"])).toBeUndefined();
    expect(didYouMean("swisscheese", ["swiss-cheese"])).toBe(', did you mean "swiss-cheese"?');
    expect(didYouMean("qqqqqq", ["swiss-cheese"])).toBe("");
  });
});

describe("options", () => {
  const valid: ScenarioOptions = {
    pressureRatio: 0.95,
    seed: 1,
    durationMicros: 1_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  };
  const mix: RequestMix = { atomic: 0.2, deadline: 0.2, wait: 0.6, pinned: 0 };

  it.each([
    [{ pressureRatio: 1.2 }, "pressure is 1.2: expected a ratio from 0.05 to 0.985"],
    [{ pressureRatio: NaN }, "pressure is NaN: expected a ratio from 0.05 to 0.985"],
    [{ seed: -1 }, "seed is -1: expected an integer of at least 0"],
    [{ seed: 1.5 }, "seed is 1.5: expected an integer of at least 0"],
    [{ durationMicros: 0 }, "duration is 0: expected a whole number of microseconds over 0"],
    [{ ratePerSecond: 0 }, "rate is 0: expected requests a second, over 0 to 1000000"],
    [{ ratePerSecond: Infinity }, "rate is Infinity: expected requests a second, over 0 to 1000000"],
    [{ capacityBytes: 1000 }, "capacity is 1000: expected whole bytes from 16384 to 2^31 - 1"],
    [{ ratePerSecond: 1e6, durationMicros: 1e9 }, "rate x duration is 1000000000: expected at most 20000000 requests"],
    [{ mix: { ...mix, pinned: 2 } }, "mix is 2: expected shares from 0 to 1"],
    [{ mix: { ...mix, wait: 0.7 } }, "mix is 1.1: expected shares of atomic, deadline and wait that add to 1"],
  ])("%j is refused: %s", (change, message) => {
    const error = thrownBy(() => checkOptions({ ...valid, ...change }));
    expect(error.code).toBe("INVALID_INPUT");
    expect(error.message.replace("1.1000000000000001", "1.1")).toBe(message);
    expect(error.details.expected).toBeDefined();
    expect(() => getScenario("steady").generate({ ...valid, ...change })).toThrow(MempredError);
  });

  it("valid ones pass", () => {
    expect(() => checkOptions({ ...valid, mix })).not.toThrow();
  });
});

function thrownBy(act: () => unknown): MempredError {
  try {
    act();
  } catch (error) {
    if (error instanceof MempredError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
