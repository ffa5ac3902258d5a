// The small parts of the simulator, each on its own.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../../allocator/heap.ts";
import { CLASS_WAIT } from "../../core/demand.ts";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { DecisionLog, DecisionLoop, type Stage } from "../../sim/decisions.ts";
import { demandFacts } from "../../sim/demand-facts.ts";
import { defaultLimits, Limiter } from "../../sim/limiter.ts";
import { none } from "../../sim/policies/none.ts";
import { allPolicies, registerPolicy, resolvePolicy } from "../../sim/policies/registry.ts";
import { criticalExit, criticalThreshold, PressureMeter } from "../../sim/pressure-meter.ts";
import { ResponseMeter } from "../../sim/response-meter.ts";
import { Shrinker } from "../../sim/shrinker.ts";
import { simulate } from "../../sim/simulate.ts";
import { StallMeter } from "../../sim/stall-meter.ts";
import { handDemand } from "./hand-demand.ts";

describe("K20/K60: the limiter", () => {
  it("never lets more than ten runs start in any sliding second, however hard it is asked", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 20, maxLength: 200 }), (gaps) => {
        const limiter = new Limiter({ ...defaultLimits(102_400), movedBytesPerSecond: Number.POSITIVE_INFINITY });
        const starts: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          const admitted = limiter.nextAdmissionMicros(now);
          expect(admitted).toBeGreaterThanOrEqual(now);
          if (admitted > now) continue;
          limiter.noteStart(now);
          starts.push(now);
          expect(starts.filter((start) => start > now - 1_000_000).length).toBeLessThanOrEqual(10);
        }
        // What it refuses it has reason to: at the time it names, it lets one start.
        const then = limiter.nextAdmissionMicros(now);
        expect(limiter.nextAdmissionMicros(then)).toBe(then);
      }),
      { verbose: true },
    );
  });

  it("leaves spare starts, and asserts that whoever starts has asked", () => {
    const limiter = new Limiter({ ...defaultLimits(1024), runsPerSecond: 3 });
    limiter.noteStart(0);
    limiter.noteStart(10);
    expect(limiter.nextAdmissionMicros(20)).toBe(20);
    expect(limiter.nextAdmissionMicros(20, 1)).toBe(1_000_000);
    expect(limiter.nextAdmissionMicros(20, 9)).toBe(1_000_010);
    limiter.noteStart(20);
    expect(() => limiter.noteStart(30)).toThrow(/limit of runs/);
  });

  it("keeps the byte budget: in debt until it is earned back", () => {
    const limiter = new Limiter({
      runsPerSecond: 10,
      movedBytesPerSecond: 1000,
      movedBytesBurst: 500,
      proactiveBytesPerSecond: Infinity,
      proactiveCooldownMicros: 0,
    });
    limiter.noteMoved(0, 800, false);
    const then = limiter.nextAdmissionMicros(0);
    expect(then).toBe(301_000); // 301 bytes at 1,000 a second
    expect(limiter.nextAdmissionMicros(299_999)).toBeGreaterThan(299_999);
    expect(limiter.nextAdmissionMicros(then)).toBe(then);
  });

  it("keeps a budget for proactive runs alone: none at the start, ten seconds of it at most, on-demand runs free of it", () => {
    const limiter = new Limiter({ ...defaultLimits(102_400), proactiveBytesPerSecond: 100 });
    expect(limiter.hasProactiveBudget(0)).toBe(false);
    expect(limiter.hasProactiveBudget(10_000)).toBe(true); // 1 byte: a run may start, its bytes become a debt
    limiter.noteMoved(10_000, 201, true);
    limiter.noteMoved(10_000, 5000, false);
    expect(limiter.hasProactiveBudget(2_010_000)).toBe(false);
    expect(limiter.hasProactiveBudget(2_020_000)).toBe(true);
    limiter.noteMoved(60_000_000, 999, true); // the ten seconds saved up, less one byte
    expect(limiter.hasProactiveBudget(60_000_000)).toBe(true);
    limiter.noteMoved(60_000_000, 1, true);
    expect(limiter.hasProactiveBudget(60_000_000)).toBe(false);
  });
});

it("K60: under attack by a policy that always wants to compact, the limit holds in the run", () => {
  registerPolicy({
    ...none,
    id: "attacker",
    isProactive: true,
    compactsOnDemand: true,
    create: ({ arena }) => {
      const attack = (now: number) =>
        void arena.startProactive("attack", arena.heap.freeBytes, Number.POSITIVE_INFINITY, now, 0);
      return { onTick: attack, onAllocation: attack };
    },
  });
  const demand = handDemand(
    (b) => {
      const random = new RandomStream(9, "attack");
      for (let i = 0; i < 20_000; i++) {
        if (i >= 60) b.free(i * 500, i - 60);
        b.allocate(i * 500, i, random.between(8, 300), CLASS_WAIT);
      }
    },
    { capacityBytes: 16_384, durationMicros: 10_000_000 },
  );
  const { result } = simulate({ demand, policy: "attacker", seed: 1 });
  expect(result.compaction.proactive).toBeGreaterThan(50);
  expect(result.compaction.maxRunsInAnySecond).toBe(10);
  const unlimited = simulate({
    demand,
    policy: "attacker",
    seed: 1,
    limits: { runsPerSecond: Number.POSITIVE_INFINITY, proactiveCooldownMicros: 0 },
  });
  expect(unlimited.result.compaction.maxRunsInAnySecond).toBeGreaterThan(10); // the count is not the limiter's own
});

describe("registry", () => {
  it("resolves ids and compactors", () => {
    expect(resolvePolicy("predictive").definition).toMatchObject({ id: "predictive", signal: "compact" });
    expect(resolvePolicy("reactive:window")).toMatchObject({ compactor: "window", proactiveCompactor: "window" });
    expect(allPolicies().map((one) => one.id)).toEqual(
      expect.arrayContaining(["none", "reactive", "reserve", "placebo", "watermark", "neural", "predictive"]),
    );
    expect(() => registerPolicy(none)).toThrow(MempredError);
  });
});

describe("PressureMeter", () => {
  it("has the thresholds of the design", () => {
    expect([0.5, 0.75, 0.85].map(criticalThreshold)).toEqual([0.95, 0.95, 0.95]);
    expect(criticalThreshold(0.95)).toBeCloseTo(0.975, 12);
    expect(criticalThreshold(0.98)).toBeCloseTo(0.99, 12);
    expect(criticalExit(0.5)).toBe(0.93);
    expect(criticalExit(0.95)).toBeCloseTo(0.95 + (0.025 * 2) / 3, 12);
  });

  it("integrates exactly and needs 250 ms to enter, 1 s to leave", () => {
    const meter = new PressureMeter(1000, 0.5);
    meter.hold(100_000, 500, 500); // P = 0.5
    meter.hold(340_000, 960, 40); // critical for 240 ms: not yet
    expect(meter.isCritical).toBe(false);
    meter.hold(400_000, 960, 40); // 300 ms: since 350 ms
    expect(meter.isCritical).toBe(true);
    meter.hold(900_000, 600, 400);
    expect(meter.isCritical).toBe(true); // below the exit for half a second only
    meter.hold(2_000_000, 600, 400);
    expect(meter.isCritical).toBe(false);
    expect(meter.episodes).toBe(1);
    expect(meter.criticalRatio()).toBeCloseTo((50_000 + 1_000_000) / 2_000_000, 12);
    expect(meter.meanOccupancyRatio()).toBeCloseTo((500 * 0.1 + 960 * 0.3 + 600 * 1.6) / 2 / 1000, 12);
    expect(meter.meanEffectiveRatio()).toBeCloseTo(1 - (500 * 0.1 + 40 * 0.3 + 400 * 1.6) / 2 / 1000, 12);
    expect([meter.peakAllocatedBytes, meter.leastUsableBytes]).toEqual([960, 40]);
  });

  it("one bad allocation is not an episode, a fragmentation OOM is", () => {
    const meter = new PressureMeter(1000, 0.5);
    for (let t = 1; t < 20; t++) {
      meter.hold(t * 200_000 - 100_000, 500, 500);
      meter.hold(t * 200_000, 990, 10);
    }
    expect(meter.episodes).toBe(0);
    meter.noteFragmentationOom();
    meter.noteFragmentationOom();
    expect(meter.episodes).toBe(1);
  });
});

it("StallMeter finds the worst sliding second, as a brute-force search does", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 300_000 }), fc.integer({ min: 1, max: 200_000 })), {
        maxLength: 150,
      }),
      (gaps) => {
        const meter = new StallMeter();
        const stalls: [number, number][] = [];
        let now = 0;
        for (const [pause, length] of gaps) {
          meter.begin(now + pause);
          meter.begin(now + pause + 1); // a second waiter changes nothing
          now += pause + length;
          meter.end(now);
          stalls.push([now - length, now]);
        }
        meter.end(now + 5);
        let worst = 0;
        for (const [, end] of stalls) {
          const from = end - 1_000_000;
          const sum = stalls.reduce((s, [a, b]) => s + Math.max(0, Math.min(b, end) - Math.max(a, from)), 0);
          worst = Math.max(worst, sum);
        }
        expect(meter.peakRatio).toBeCloseTo(worst / 1_000_000, 12);
        expect(meter.totalMicros).toBe(stalls.reduce((s, [a, b]) => s + b - a, 0));
      },
    ),
  );
});

it("ResponseMeter gives exact nearest-rank percentiles", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 800 }), (waits) => {
      const meter = new ResponseMeter();
      for (const wait of waits) wait === 0 ? meter.addImmediate() : meter.addWaited(wait);
      const sorted = [...waits].sort((a, b) => a - b);
      const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1];
      expect(meter.report()).toEqual({
        mean: waits.reduce((a, b) => a + b, 0) / waits.length,
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: at(1),
      });
    }),
  );
  expect(new ResponseMeter().report().max).toBe(0);
});

it("Shrinker grows, skips what was freed and keeps its account", () => {
  const heap = new Heap({ capacityBytes: 65_536 });
  const shrinker = new Shrinker(heap, 64_000);
  const handles = new Int32Array(1000);
  for (let id = 0; id < 1000; id++) {
    handles[id] = heap.allocate(40);
    shrinker.add(id, handles[id]!, heap.lengthOf(handles[id]!));
  }
  expect(shrinker.countBytes()).toBe(48_000);
  for (const id of [0, 1, 3]) {
    heap.free(handles[id]!);
    handles[id] = 0;
    shrinker.change(-48);
  }
  shrinker.shed(100, 0);
  shrinker.shed(50, 0); // already on its way
  const shed: number[] = [];
  while (shrinker.nextMicros !== Number.POSITIVE_INFINITY) {
    const now = shrinker.nextMicros;
    const id = shrinker.take(handles);
    shed.push(id);
    heap.free(handles[id]!);
    handles[id] = 0;
    shrinker.change(-48);
    shrinker.noteShed(48, now);
  }
  expect(shed).toEqual([2, 4, 5]);
  expect([shrinker.sheds, shrinker.shedBytes, shrinker.shedBlocks]).toEqual([1, 144, 3]);
  expect(shrinker.countBytes()).toBe(48_000 - 6 * 48);
});

describe("demandFacts", () => {
  it("finds the 95th percentile and the largest of the last 512 lengths at each tick", () => {
    const random = new RandomStream(4, "facts");
    const sizes = Array.from({ length: 3000 }, () => random.between(1, 2000));
    const demand = handDemand(
      (b) => {
        sizes.forEach((size, i) => {
          b.allocate(i * 1000, i, size, i % 3);
          b.free(i * 1000, i);
        });
      },
      { durationMicros: 3_000_000 },
    );
    const facts = demandFacts(demand);
    expect(demandFacts(demand)).toBe(facts);
    const lengths = sizes.map((size) => Math.ceil((size + 8) / 16) * 16);
    for (const tick of [1, 2, 5]) {
      const seen = lengths.slice(0, tick * 500); // arrivals before the tick
      const last = seen.slice(-512).sort((a, b) => a - b);
      expect(facts.referenceBytes[tick]).toBe(last[Math.ceil(0.95 * last.length) - 1]);
      expect(facts.largestBytes[tick]).toBe(last.at(-1));
    }
    expect(facts.requests).toEqual({ total: 3000, byClass: [1000, 1000, 1000] });
    expect(facts.lengthBytes[0]).toBe(lengths[0]);
    expect(facts.lengthBytes[1]).toBe(0);
  });
});

describe("K68: one decision framework", () => {
  it("asks in the order watchdog, autonomy, predictor, watermark, whatever the order of the list", () => {
    const asked: string[] = [];
    const stage = (name: Stage["name"], speaks: boolean): Stage => ({
      name,
      advise: () => {
        asked.push(name);
        return speaks ? { action: "hold", reason: `${name} spoke` } : null;
      },
    });
    const log = new DecisionLog();
    new DecisionLoop(
      [stage("watermark", true), stage("predictor", true), stage("watchdog", false), stage("autonomy", false)],
      log,
    ).decide(5);
    expect(asked).toEqual(["watchdog", "autonomy", "predictor"]);
    expect(log.all).toMatchObject([{ atMicros: 5, stage: "predictor", reason: "predictor spoke" }]);
    new DecisionLoop([stage("watchdog", false)], log).decide(6);
    expect(log.all[1]).toMatchObject({ stage: "none", action: "hold" });
    expect(log.report(true, 2, 3_600_000_000, 5)).toMatchObject({
      decisions: 2,
      decisionsPerHour: 2,
      byStage: { predictor: 1, none: 1 },
    });
  });
});
