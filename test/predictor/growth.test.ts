// K75: forecasts from what tenants do and from what they announce; and the announcements themselves.

import { describe, expect, it } from "vitest";
import { OP_FREE } from "../../core/demand.ts";
import { blockLength } from "../../core/units.ts";
import { CompactPredictor } from "../../predictor/compact-predictor.ts";
import { GrowthForecaster } from "../../predictor/growth-forecaster.ts";
import { TOLD_GROWTH_BYTES, ToldGrowth } from "../../predictor/tenant-growth.ts";
import type { TenantHint } from "../../predictor/tenant-profile.ts";
import { TOLD_STATE_BYTES, ToldForecaster } from "../../predictor/told-forecaster.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { hearsOfFrees } from "../../sim/free-watch.ts";
import { Run, simulate } from "../../sim/simulate.ts";
import { TenantHints } from "../../sim/tenant-hints.ts";

const SECOND = 1_000_000;
const demandOf = (family: string, seconds: number) =>
  getScenario(family).generate({
    pressureRatio: 0.95,
    seed: 101,
    durationMicros: seconds * SECOND,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });

describe("what tenants announce", () => {
  it("adds up to what the demand does, one stretch ahead and never further, within half a KiB a stretch", () => {
    const demand = demandOf("mixed-tenants", 60);
    const announcer = new TenantHints(demand);
    const hints: TenantHint[] = [];
    for (let now = 0; now <= 60 * SECOND; now += SECOND / 2) {
      announcer.announce(now, (hint) => {
        expect(hint.fromMicros - now).toBeLessThanOrEqual(5 * SECOND);
        hints.push(hint);
      });
    }
    const lengths = new Map<number, number>();
    let stretch = 0;
    let before = 0;
    const live = () => [...lengths.values()].reduce((sum, n) => sum + n, 0);
    const check = () => {
      const told = hints.filter((one) => one.fromMicros === stretch * 5 * SECOND);
      expect(told).toHaveLength(3);
      const sum = told.reduce((total, one) => total + one.bytes, 0);
      expect(Math.abs(sum - (live() - before))).toBeLessThanOrEqual(3 * 512);
      before = live();
      stretch++;
    };
    for (let row = 0; row < demand.length; row++) {
      while (demand.timeMicros[row]! >= (stretch + 1) * 5 * SECOND && stretch < 11) check();
      if (demand.kind[row] === OP_FREE) lengths.delete(demand.id[row]!);
      else lengths.set(demand.id[row]!, blockLength(demand.sizeBytes[row]!));
    }
    check();
    expect(stretch).toBe(12);
  });

  it("the sums of two stretches are 24 bytes, and count by their overlap with the horizon", () => {
    const hints: TenantHint[] = [0, 1, 2].flatMap((k) =>
      [0, 1].map((tenant) => ({ tenant, bytes: 500 * (k + 1), fromMicros: 5e6 * k, untilMicros: 5e6 * (k + 1) })),
    );
    let next = 0;
    const growth = new ToldGrowth({
      announce: (now, tell) => {
        while (next < hints.length && hints[next]!.fromMicros <= now + 5e6) tell(hints[next++]!);
      },
    });
    growth.tick(0);
    expect(growth.expectedGrowthBytes(0, 5e6)).toBe(1000);
    expect(growth.expectedGrowthBytes(2.5e6, 5e6)).toBe(1500);
    growth.tick(5e6);
    expect(growth.expectedGrowthBytes(5e6, 5e6)).toBe(2000);
    expect(growth.expectedGrowthBytes(20e6, 5e6)).toBe(0);
    expect(TOLD_GROWTH_BYTES).toBe(24);
  });
});

describe("forecasts", () => {
  it("of one who is told nothing are those of the compact network", () => {
    const told = new ToldForecaster({ capacityBytes: 102_400, announcer: { announce() {} } });
    const plain = new CompactPredictor();
    for (let tick = 0; tick < 100; tick++) {
      const pressure = 0.9 + 0.05 * ((tick % 20) / 20);
      for (const one of [told, plain]) one.tick(tick * 500_000, pressure - 0.02, pressure, false);
      expect(told.forecast(tick * 500_000)).toBe(plain.forecast(tick * 500_000));
    }
    expect(told.stateBytes).toBe(TOLD_STATE_BYTES);
  });

  it("from a growth that is known follow a ramp closer than persistence, and stay ratios whatever it says", () => {
    const state = { growth: 0 };
    const source = { stateBytes: 0, tick() {}, expectedGrowthBytes: () => state.growth };
    const forecaster = new GrowthForecaster("test", 1000, source);
    const said: number[] = [];
    const pressures: number[] = [];
    for (let tick = 0; tick < 400; tick++) {
      const phase = tick % 80;
      const rising = phase < 40;
      const pressure = 0.6 + 0.005 * (rising ? phase : 80 - phase);
      const later = (tick + 10) % 80;
      state.growth = 1000 * (0.6 + 0.005 * (later < 40 ? later : 80 - later) - pressure);
      forecaster.tick(tick * 500_000, pressure, pressure, false);
      said.push(forecaster.forecast(0));
      pressures.push(pressure);
    }
    let own = 0;
    let persistence = 0;
    for (let tick = 100; tick + 10 < 400; tick++) {
      own += Math.abs(said[tick]! - pressures[tick + 10]!);
      persistence += Math.abs(pressures[tick]! - pressures[tick + 10]!);
    }
    expect(own).toBeLessThan(0.5 * persistence);
    for (const growth of [1e12, -1e12, 0]) {
      state.growth = growth;
      forecaster.tick(300e6, 0.5, 0.5, false);
      expect(forecaster.forecast(0)).toBeGreaterThanOrEqual(0);
      expect(forecaster.forecast(0)).toBeLessThanOrEqual(1);
    }
  });

  it("profiles beside the arena change nothing in it, and hear of frees", () => {
    const demand = demandOf("mixed-tenants", 30);
    const of = (policy: string) => simulate({ demand, policy, seed: 1 }).result;
    const plain = of("reactive:quick");
    for (const policy of ["watch-tenants", "watch-hints"]) {
      expect(of(policy).ooms).toEqual(plain.ooms);
      expect(of(policy).forecast!.predictions).toBeGreaterThan(0);
      expect(hearsOfFrees(new Run({ demand, policy, seed: 1 }).signal!.guarded)).toBe(true);
    }
    expect(of("hinted").predictor!.stateBytes).toBe(TOLD_STATE_BYTES + 72);
  });
});
