// K75, K80: what tenants are like and what kind of program they are, on demands whose truth is in the scenario. mixed-tenants:
// web is interactive, batch works 8 s of every 30. A mix of requests that may not wait is real-time.

import { describe, expect, it } from "vitest";
import { CLASS_ATOMIC, CLASS_WAIT, type Demand, OP_FREE, type RequestMix } from "../../core/demand.ts";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { blockLength, DEFAULT_CAPACITY_BYTES, TICK_MICROS } from "../../core/units.ts";
import { LogHistogram } from "../../predictor/log-histogram.ts";
import { MOST_HINTS, MOST_TENANTS, TenantProfiles } from "../../predictor/tenant-profile.ts";
import { LEAST_TICKS, WORKLOAD_NAMES, WorkloadClassifier } from "../../predictor/workload-class.ts";
import { getScenario } from "../../scenarios/registry.ts";

function demandOf(family: string, seed: number, mix?: RequestMix): Demand {
  return getScenario(family).generate({
    pressureRatio: 0.85,
    seed,
    durationMicros: 300_000_000,
    ratePerSecond: 100,
    capacityBytes: DEFAULT_CAPACITY_BYTES,
    ...(mix === undefined ? {} : { mix }),
  });
}

/** Feeds a demand, everything served at once, and calls back at each tick. */
function feed(demand: Demand, profiles: TenantProfiles, atTick: (tick: number) => void = () => {}): void {
  const bornMicros = new Float64Array(demand.idCount);
  const lengths = new Uint32Array(demand.idCount);
  let tick = 0;
  for (let row = 0; row < demand.length; row++) {
    const now = demand.timeMicros[row]!;
    for (; tick * TICK_MICROS <= now; tick++) {
      profiles.tick(tick * TICK_MICROS);
      atTick(tick);
    }
    const id = demand.id[row]!;
    const tenant = demand.tenant[row]!;
    if (demand.kind[row] === OP_FREE) profiles.noteFreed(tenant, lengths[id]!, now - bornMicros[id]!);
    else {
      lengths[id] = blockLength(demand.sizeBytes[row]!);
      bornMicros[id] = now;
      profiles.observeRequest(tenant, lengths[id]!, demand.requestClass[row]!);
      profiles.notePlaced(tenant, lengths[id]!);
    }
  }
}

describe("K80: workload classification", () => {
  it.each([101, 102, 103])("tells web from batch on mixed-tenants, seed %i", (seed) => {
    const demand = demandOf("mixed-tenants", seed);
    const profiles = new TenantProfiles(demand.tenants.length);
    const [web, batch] = [demand.tenants.indexOf("web"), demand.tenants.indexOf("batch")];
    let ticks = 0;
    let right = 0;
    feed(demand, profiles, (tick) => {
      if (tick < 60) return;
      ticks += 2;
      if (profiles.profile(web).workload === "interactive") right++;
      if (profiles.profile(batch).workload === "batch") right++;
    });
    expect(right / ticks).toBeGreaterThan(0.9);
  });

  it.each([
    ["steady", undefined, "interactive"],
    ["burst", undefined, "interactive"],
    ["steady", { atomic: 0.5, deadline: 0.3, wait: 0.2, pinned: 0.03 }, "real-time"],
    ["tide", { atomic: 0.7, deadline: 0.1, wait: 0.2, pinned: 0.03 }, "real-time"],
  ] as const)("%s with mix %j is %s", (family, mix, expected) => {
    const demand = demandOf(family, 101, mix);
    const profiles = new TenantProfiles(1);
    const seen = new Map<string, number>();
    feed(demand, profiles, (tick) => {
      if (tick < 60) return;
      const { workload } = profiles.profile(0);
      seen.set(workload, (seen.get(workload) ?? 0) + 1);
    });
    const all = [...seen.values()].reduce((sum, n) => sum + n, 0);
    expect((seen.get(expected) ?? 0) / all).toBeGreaterThan(0.95);
  });

  it("is unknown at first, follows a change within half a minute, and does not flip on a moment", () => {
    const classifier = new WorkloadClassifier();
    const ticks = (count: number, requestClass: number) => {
      for (let tick = 0; tick < count; tick++) {
        for (let i = 0; i < 20; i++) classifier.observeRequest(128, requestClass);
        classifier.tick();
      }
    };
    ticks(LEAST_TICKS - 1, CLASS_WAIT);
    expect(classifier.name).toBe("unknown");
    ticks(40, CLASS_WAIT);
    expect(classifier.name).toBe("interactive");
    ticks(4, CLASS_ATOMIC);
    ticks(4, CLASS_WAIT);
    expect(classifier.name).toBe("interactive");
    ticks(60, CLASS_ATOMIC);
    expect(classifier.name).toBe("real-time");
    expect(classifier.strategy.holeFactor).toBe(2);
    expect(WORKLOAD_NAMES[classifier.workloadClass]).toBe("real-time");
  });
});

describe("K75: tenant profiles", () => {
  it("median length within 15 %, p95 and median life within a quarter, live bytes exact: mixed-tenants", () => {
    const demand = demandOf("mixed-tenants", 101);
    const profiles = new TenantProfiles(demand.tenants.length);
    feed(demand, profiles);
    demand.tenants.forEach((name, tenant) => {
      const lengths: number[] = [];
      const live = new Map<number, number>();
      const born = new Map<number, number>();
      const ages: number[] = [];
      for (let row = 0; row < demand.length; row++) {
        if (demand.tenant[row] !== tenant) continue;
        if (demand.kind[row] === OP_FREE) {
          live.delete(demand.id[row]!);
          ages.push(demand.timeMicros[row]! - born.get(demand.id[row]!)!);
        } else {
          born.set(demand.id[row]!, demand.timeMicros[row]!);
          const length = blockLength(demand.sizeBytes[row]!);
          lengths.push(length);
          live.set(demand.id[row]!, length);
        }
      }
      const recent = lengths.slice(-3000).sort((a, b) => a - b);
      const profile = profiles.profile(tenant);
      expect(profile.requests, name).toBe(lengths.length);
      expect(profile.liveBytes, name).toBe([...live.values()].reduce((sum, n) => sum + n, 0));
      expect(profile.peakBytes, name).toBeGreaterThanOrEqual(profile.liveBytes);
      const median = recent[recent.length >> 1]!;
      expect(Math.abs(profile.medianLengthBytes / median - 1), name).toBeLessThan(0.15);
      const p95 = recent[Math.floor(0.95 * recent.length)]!;
      expect(Math.abs(profile.lengthBytesP95 / p95 - 1), name).toBeLessThan(0.25);
      const lately = ages.slice(-3000).sort((a, b) => a - b);
      const age = lately[lately.length >> 1]!;
      expect(Math.abs(profile.medianLifetimeMicros / age - 1), name).toBeLessThan(0.25);
    });
    const web = profiles.profile(demand.tenants.indexOf("web"));
    expect(web.requestsPerSecond).toBeGreaterThan(25);
  });

  it("a hint takes the place of the rate, in proportion to its overlap, until its time is over", () => {
    const profiles = new TenantProfiles(2);
    const second = 1_000_000;
    expect(profiles.expectedGrowthBytes(0, 5 * second)).toBe(0);
    expect(profiles.hint({ tenant: 1, bytes: 10_000, fromMicros: 4 * second, untilMicros: 6 * second })).toBe(true);
    expect(profiles.expectedGrowthBytes(0, 5 * second)).toBe(5_000);
    expect(profiles.expectedGrowthBytes(2 * second, 5 * second)).toBe(10_000);
    profiles.tick(7 * second);
    expect(profiles.expectedGrowthBytes(7 * second, 5 * second)).toBe(0);
    for (let i = 0; i < MOST_HINTS; i++) profiles.hint({ tenant: 0, bytes: 1, fromMicros: 0, untilMicros: 9 * second });
    expect(profiles.hint({ tenant: 0, bytes: 1, fromMicros: 0, untilMicros: 9 * second })).toBe(false);
    expect(() => profiles.hint({ tenant: 0, bytes: 1, fromMicros: 2, untilMicros: 1 })).toThrow(AssertionError);
  });

  it("without a hint the growth is the net rate lately", () => {
    const profiles = new TenantProfiles(1);
    for (let tick = 0; tick <= 200; tick++) {
      profiles.notePlaced(0, 1000); // 2,000 bytes a second
      profiles.tick(tick * TICK_MICROS);
    }
    expect(profiles.expectedGrowthBytes(0, 5_000_000)).toBeGreaterThan(9_900);
    expect(profiles.expectedGrowthBytes(0, 5_000_000)).toBeLessThan(10_100);
  });

  it("memory is bounded: tenants beyond the last place share it", () => {
    const profiles = new TenantProfiles(200);
    expect(profiles.tenantCount).toBe(MOST_TENANTS);
    expect(profiles.stateBytes).toBeLessThan(16_384);
    profiles.observeRequest(40, 128, CLASS_WAIT);
    profiles.observeRequest(199, 128, CLASS_WAIT);
    expect(profiles.profile(15).requests).toBe(2);
    expect(() => new TenantProfiles(0)).toThrow(AssertionError);
  });
});

describe("log histogram", () => {
  it("quantiles are within half a bin of those of the values", () => {
    const random = new RandomStream(1, "test histogram");
    const values = Array.from({ length: 3000 }, () => 16 + random.exponential(400));
    const histogram = new LogHistogram(16);
    for (const value of values) histogram.add(value);
    values.sort((a, b) => a - b);
    for (const q of [0.1, 0.5, 0.9, 0.99]) {
      const exact = values[Math.floor(q * values.length)]!;
      expect(Math.abs(histogram.quantile(q) / exact - 1)).toBeLessThan(0.1);
    }
    const exactShare = values.filter((value) => value >= 256).length / values.length;
    expect(histogram.shareFrom(256)).toBeCloseTo(exactShare, 12);
  });

  it("takes any value, forgets by halving, and an empty one says 0", () => {
    const histogram = new LogHistogram(1000);
    expect(histogram.quantile(0.5)).toBe(0);
    expect(histogram.shareFrom(1)).toBe(0);
    for (const value of [0, 1, 1e15, Infinity, NaN]) histogram.add(value);
    expect(histogram.total).toBe(5);
    for (let i = 0; i < 20_000; i++) histogram.add(5000);
    expect(histogram.total).toBeLessThan(4096);
    expect(Math.abs(histogram.quantile(0.5) / 5000 - 1)).toBeLessThan(0.1);
  });
});
