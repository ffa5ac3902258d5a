// K81/83: the mixture follows whoever is right, shows who leads, and is not hurt by a broken member.

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import type { Forecaster } from "../../core/forecaster.ts";
import { TICK_MICROS } from "../../core/units.ts";
import { BASELINE_IDS, createBaseline } from "../../predictor/baselines/registry.ts";
import { Ensemble } from "../../predictor/ensemble.ts";
import { createForecaster, FORECASTER_IDS } from "../../predictor/forecasters.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import { drive, noise, type Signal, wander, wave } from "./signals.ts";

/** Says one value for ever, or what `say` makes of the time. */
function constant(id: string, say: (nowMicros: number) => number): Forecaster {
  return {
    id,
    stateBytes: 8,
    observe() {},
    noteCompaction() {},
    forecast: (now) => say(now),
    tick() {},
    upperMargin: () => 0.01,
    confidence: () => 1,
  };
}

function meanError(forecaster: Forecaster, signal: Signal): number {
  const said: number[] = [];
  let sum = 0;
  let count = 0;
  drive(forecaster, signal, {
    ticks: 600,
    allocations: 0,
    afterTick: (tick, now, pressure) => {
      said.push(forecaster.forecast(now));
      if (tick < 200) return;
      sum += Math.abs(said[tick - 10]! - pressure);
      count++;
    },
  });
  return sum / count;
}

describe("K81: ensemble of forecasters", () => {
  const signals: Readonly<Record<string, () => Signal>> = {
    noise: () => noise(1, 0.8, 0.1),
    wander: () => wander(2, 0.7, 0.02, 0.98),
    wave: () => wave(3, 0.6, 0.3, 20),
  };

  it.each(Object.keys(signals))("of the simple ones is within a tenth of the best of them: %s", (name) => {
    const errors = BASELINE_IDS.map((id) => meanError(createBaseline(id), signals[name]!()));
    const ensemble = new Ensemble(BASELINE_IDS.map((id) => ({ forecaster: createBaseline(id), prior: 1 })));
    expect(meanError(ensemble, signals[name]!())).toBeLessThan(1.1 * Math.min(...errors));
  });

  it("a damaged member has no say, and loses its weight", () => {
    const ensemble = new Ensemble([
      { forecaster: constant("broken", () => NaN), prior: 1 },
      { forecaster: constant("far out", () => 7), prior: 1 },
      { forecaster: constant("right", () => 0.7), prior: 0.1 },
    ]);
    drive(ensemble, () => 0.7, {
      ticks: 100,
      afterTick: (_tick, now) => expect(ensemble.forecast(now)).toBeCloseTo(0.7, 12),
    });
    expect(ensemble.leader).toBe("right");
    expect(ensemble.standings()[0]!.weight).toBeLessThan(1e-6);
  });

  it("without a sound member it says what pressure is", () => {
    const ensemble = new Ensemble([{ forecaster: constant("broken", () => NaN), prior: 1 }]);
    drive(ensemble, () => 0.6, { ticks: 30 });
    expect(ensemble.forecast(0)).toBe(0.6);
  });
});

describe("K83: automatic selection and monitoring", () => {
  it("the lead goes to whoever is right, and it says since when", () => {
    const change = 200 * TICK_MICROS;
    const ensemble = new Ensemble([
      { forecaster: constant("low", () => 0.3), prior: 1 },
      { forecaster: constant("high", () => 0.9), prior: 1 },
    ]);
    const signal: Signal = (now) => (now < change ? 0.3 : 0.9);
    drive(ensemble, signal, { ticks: 200 });
    expect(ensemble.leader).toBe("low");
    expect(ensemble.leaderChanges).toBe(0);
    drive(ensemble, signal, { ticks: 200, firstTick: 200 });
    expect(ensemble.leader).toBe("high");
    expect(ensemble.leaderChanges).toBe(1);
    expect(ensemble.leaderSinceMicros).toBeGreaterThan(change);
    expect(ensemble.leaderSinceMicros).toBeLessThan(change + 150 * TICK_MICROS);
    const standings = ensemble.standings();
    expect(standings.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(standings[1]!.meanError).toBeLessThan(standings[0]!.meanError!);
  });

  it("starts from its priors", () => {
    const ensemble = new Ensemble([
      { forecaster: constant("a", () => 0), prior: 3 },
      { forecaster: constant("b", () => 1), prior: 1 },
    ]);
    drive(ensemble, () => 0.5, { ticks: 1 });
    expect(ensemble.forecast(0)).toBeCloseTo(0.25, 12);
    expect(ensemble.standings().map(({ meanError }) => meanError)).toEqual([null, null]);
    expect(() => new Ensemble([])).toThrow(AssertionError);
    expect(() => new Ensemble([{ forecaster: constant("a", () => 0), prior: 0 }])).toThrow(AssertionError);
  });
});

describe("forecasters by name", () => {
  it("makes every one it lists, under its id", () => {
    for (const id of FORECASTER_IDS) expect(createForecaster(id, { seed: 3 }).id).toBe(id);
    expect(() => createForecaster("oracle")).toThrow(/unknown forecaster "oracle"/);
  });

  it("footprints: the network 656 B, the others outside the heap under 64 KiB", () => {
    expect(createForecaster("neural").stateBytes).toBe(656);
    for (const id of FORECASTER_IDS) expect(createForecaster(id).stateBytes).toBeLessThan(65_536);
    const { stateBytes } = createForecaster("ensemble");
    expect(stateBytes).toBeGreaterThan(createForecaster("wide").stateBytes + createForecaster("gru").stateBytes);
  });

  it("a guard passes on what is told of requests and of the heap", () => {
    const said = [true, false].map((isTold) => {
      const guarded = new GuardedForecaster(createForecaster("wide"));
      drive(guarded, wander(1, 0.85, 0.03, 0.9), {
        ticks: 60,
        beforeTick: (_tick, now) => {
          if (!isTold) return;
          guarded.observeRequest(now, 1024, 0, 0);
          guarded.sampleHeap(4096, 10, 1024);
        },
      });
      return guarded.forecast(60 * TICK_MICROS);
    });
    expect(said[0]).not.toBe(said[1]);
  });

  it("the weights are the network's: cold, shipped or the caller's", () => {
    const zeros = new Float64Array(49);
    for (const id of ["neural", "ensemble"]) {
      const said = [undefined, "cold" as const, zeros].map((weights) => {
        const forecaster = createForecaster(id, { seed: 5, weights });
        drive(forecaster, wander(1, 0.85, 0.03, 0.9), { ticks: 60 });
        return forecaster.forecast(60 * TICK_MICROS);
      });
      expect(new Set(said).size).toBe(3);
    }
  });
});
