// What every forecaster owes, whatever it computes: one suite over all of them.

import { describe, expect, it } from "vitest";
import type { Forecaster } from "../../core/forecaster.ts";
import { BASELINE_IDS, createBaseline } from "../../predictor/baselines/registry.ts";
import { createForecaster } from "../../predictor/forecasters.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { drive, noise, type Signal, wander, wave } from "./signals.ts";

const makers: readonly [string, () => Forecaster][] = [
  ...BASELINE_IDS.map((id): [string, () => Forecaster] => [id, () => createBaseline(id)]),
  ["neural", () => new PressurePredictor({ seed: 1 })],
  ["guarded neural", () => new GuardedForecaster(new PressurePredictor({ seed: 1 }))],
  ...["compact", "wide", "gru", "ensemble"].flatMap((id): [string, () => Forecaster][] => [
    [id, () => createForecaster(id)],
    [`guarded ${id}`, () => new GuardedForecaster(createForecaster(id))],
  ]),
  [
    "guarded with another fallback",
    () => new GuardedForecaster(new PressurePredictor(), { fallback: createBaseline("damped-holt") }),
  ],
];

const signals: Readonly<Record<string, () => Signal>> = {
  noise: () => noise(1, 0.9, 0.1),
  wander: () => wander(2, 0.8, 0.02, 0.95),
  wave: () => wave(3, 0.6, 0.35, 20),
  "all free": () => () => 0,
  "all taken": () => () => 1,
};

describe.each(makers)("forecaster %s", (_, make) => {
  it.each(Object.keys(signals))("forecast, margin and confidence stay in 0..1: %s", (name) => {
    const forecaster = make();
    drive(forecaster, signals[name]!(), {
      ticks: 300,
      afterTick: (tick, now) => {
        if (tick % 7 === 0) forecaster.noteCompaction(now);
        for (const value of [forecaster.forecast(now), forecaster.upperMargin(), forecaster.confidence()]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      },
    });
  });

  it("says the same again: equal input, equal output, and asking changes nothing", () => {
    const [asked, quiet] = [make(), make()];
    const said: number[] = [];
    drive(asked, signals["wave"]!(), {
      ticks: 200,
      afterTick: (_tick, now) => {
        said.push(asked.forecast(now), asked.forecast(now), asked.upperMargin(), asked.confidence());
      },
    });
    let at = 0;
    drive(quiet, signals["wave"]!(), {
      ticks: 200,
      afterTick: (tick, now) => {
        if (tick % 10 === 9) {
          expect([quiet.forecast(now), quiet.forecast(now), quiet.upperMargin(), quiet.confidence()]).toEqual(
            said.slice(at, at + 4),
          );
        }
        at += 4;
      },
    });
  });

  it("has no confidence before labels matured, and some once it is right", () => {
    const forecaster = make();
    expect(forecaster.confidence()).toBe(0);
    drive(forecaster, () => 0.7, { ticks: 29 });
    expect(forecaster.confidence()).toBe(0);
    drive(forecaster, () => 0.7, { ticks: 600, firstTick: 29 });
    expect(forecaster.confidence()).toBeGreaterThan(0.2);
    expect(forecaster.forecast(629 * 500_000)).toBeCloseTo(0.7, 2);
    expect(forecaster.upperMargin()).toBeLessThan(0.02); // nothing ever happens: the margin closes
  });

  it("names itself and states its bytes", () => {
    const forecaster = make();
    expect(forecaster.id.length).toBeGreaterThan(0);
    expect(Number.isInteger(forecaster.stateBytes)).toBe(true);
    expect(forecaster.stateBytes).toBeGreaterThan(0);
  });
});
