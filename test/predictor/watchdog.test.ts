import { describe, expect, it } from "vitest";
import type { Forecaster } from "../../core/forecaster.ts";
import { HORIZON_TICKS, MICROS_PER_SECOND, TICK_MICROS } from "../../core/units.ts";
import { createBaseline } from "../../predictor/baselines/registry.ts";
import { GuardedForecaster } from "../../predictor/guarded-forecaster.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { TRIP_REASONS, type TripReason, Watchdog, watchdogStateBytes } from "../../predictor/watchdog.ts";
import { drive, noise, type Signal, wander, wave } from "./signals.ts";

/** A forecaster that says what the test tells it to. */
class Puppet implements Forecaster {
  readonly id = "puppet";
  readonly stateBytes = 8;
  last = 0.5;
  say: (pressure: number, nowMicros: number) => number = (pressure) => pressure;
  observe(_now: number, _occupancy: number, pressure: number): void {
    this.last = pressure;
  }
  noteCompaction(): void {}
  forecast(nowMicros: number): number {
    return this.say(this.last, nowMicros);
  }
  tick(_now: number, _occupancy: number, pressure: number): void {
    this.last = pressure;
  }
  upperMargin(): number {
    return 0.123;
  }
  confidence(): number {
    return 0.77;
  }
}

const seconds = (ticks: number) => (ticks * TICK_MICROS) / MICROS_PER_SECOND;

/** Stress as the scenarios make it: noise, waves, bursts and jumps at several levels. */
const ordinary: Readonly<Record<string, (seed: number) => Signal>> = {
  "noise at 98 %": (seed) => noise(seed, 0.985, 0.02),
  "noise at 85 %": (seed) => noise(seed, 0.9, 0.06),
  "wild noise": (seed) => noise(seed, 0.6, 0.4),
  wander: (seed) => wander(seed, 0.85, 0.02, 0.95),
  tide: (seed) => wave(seed, 0.7, 0.25, 60),
  "fast tide": (seed) => wave(seed, 0.7, 0.2, 11, 0.05),
  sawtooth: (seed) => {
    const jitter = noise(seed, 0, 0.02);
    return (now) => 0.5 + 0.45 * ((now / 12e6) % 1) + jitter(now);
  },
  bursts: (seed) => {
    const jitter = noise(seed, 0.6, 0.03);
    const start = noise(seed + 1, 0.5, 0.6);
    let until = 0;
    let next = 10e6;
    return (now) => {
      if (now > next) {
        until = now + 3e6 + 6e6 * start(now);
        next = until + 5e6 + 60e6 * start(now);
      }
      return jitter(now) + (now < until ? 0.35 : 0);
    };
  },
  "from empty to full": (seed) => {
    const level = wander(seed, 0.97, 0.005, 0.8);
    return (now) => Math.min(1, now / 2e6) * level(now);
  },
  constant: () => () => 0.9,
};

describe("K48: no trip without an attack", () => {
  it.each(Object.keys(ordinary))("an hour of %s", (name) => {
    for (const seed of [1, 2]) {
      const guarded = new GuardedForecaster(new PressurePredictor({ seed }));
      drive(guarded, ordinary[name]!(seed), { ticks: 7200, allocations: 2 });
      expect(guarded.trips, `seed ${seed}`).toEqual([]);
      expect(guarded.watchdog.tripCount).toBe(0);
    }
  });

  it("nor from missed ticks or a while of masked labels", () => {
    const guarded = new GuardedForecaster(new PressurePredictor({ seed: 1 }));
    const signal = noise(1, 0.9, 0.05);
    let now = 0;
    for (let tick = 0; tick < 3000; tick++) {
      now += tick % 97 === 0 ? 5 * TICK_MICROS : TICK_MICROS;
      const pressure = signal(now);
      guarded.observe(now, pressure, pressure);
      guarded.tick(now, pressure, pressure, tick % 200 < 120);
    }
    expect(guarded.trips).toEqual([]);
  });
});

describe("K21 K57-59 K61: attacks", () => {
  const warmTicks = 400;

  /** Warms a guarded predictor up, attacks it, and tells when and why it tripped. */
  function attack(
    signal: Signal,
    spoil: (predictor: PressurePredictor, tick: number) => void,
    ticks = 60,
  ): {
    guarded: GuardedForecaster;
    predictor: PressurePredictor;
    afterSeconds: number;
    reason: TripReason | undefined;
  } {
    const predictor = new PressurePredictor({ seed: 1 });
    const guarded = new GuardedForecaster(predictor);
    drive(guarded, signal, { ticks: warmTicks });
    expect(guarded.trips).toEqual([]);
    drive(guarded, signal, {
      ticks,
      firstTick: warmTicks,
      beforeTick: (tick) => spoil(predictor, tick),
      afterTick: (_, now) => {
        const value = guarded.forecast(now);
        if (guarded.isTripped) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      },
    });
    const trip = guarded.trips[0];
    const afterSeconds = trip === undefined ? Infinity : trip.atMicros / MICROS_PER_SECOND - seconds(warmTicks);
    return { guarded, predictor, afterSeconds, reason: trip?.reason };
  }

  const calm = () => wander(4, 0.85, 0.01, 0.9);
  const once = (change: (weights: Float64Array) => void) => (predictor: PressurePredictor, tick: number) => {
    if (tick === warmTicks) change(predictor.weights);
  };

  it.each<[string, (weights: Float64Array) => void, TripReason, number]>([
    ["one NaN weight", (w) => w.fill(NaN, 3, 4), "nan", 0.5],
    ["all weights NaN", (w) => w.fill(NaN), "nan", 0.5],
    ["an infinite output weight", (w) => w.fill(Infinity, 48, 49), "infinite", 0.5],
    ["weights blown up", (w) => w.set(w.map((x) => 1000 * x + 1)), "weight-norm", 0.5],
    ["the output stuck low", (w) => w.fill(0, 0, 48).fill(-6, 48), "worse-than-persistence", 8],
    ["the output stuck near the middle", (w) => w.fill(0, 0, 48).fill(-2, 48), "worse-than-persistence", 9],
    ["the sign of the output turned, and larger", (w) => w.fill(-4, 40, 49), "worse-than-persistence", 12],
  ])("%s", (_, change, reason, within) => {
    const outcome = attack(calm(), once(change));
    expect(outcome.reason).toBe(reason);
    expect(outcome.afterSeconds).toBeLessThanOrEqual(within);
  });

  it("a bias that drifts away", () => {
    const outcome = attack(
      calm(),
      (predictor, tick) => {
        predictor.weights[48] = -0.08 * (tick - warmTicks);
      },
      200,
    );
    expect(["worse-than-persistence", "drift"]).toContain(outcome.reason);
    expect(outcome.afterSeconds).toBeLessThan(30);
  });

  it("inputs turned upside down", () => {
    const predictor = new PressurePredictor({ seed: 1 });
    const guarded = new GuardedForecaster(predictor);
    const signal = calm();
    drive(guarded, signal, { ticks: warmTicks });
    // The attacker sits between the heap and the network only: the watchdog and the fallback see what is true.
    const honest = predictor.tick.bind(predictor);
    predictor.tick = (now, occupancy, pressure, isMasked) => honest(now, 1 - occupancy, 1 - pressure, isMasked);
    drive(guarded, signal, { ticks: 60, firstTick: warmTicks });
    expect(guarded.trips[0]?.reason).toBe("worse-than-persistence");
    expect(guarded.trips[0]!.atMicros / MICROS_PER_SECOND - seconds(warmTicks)).toBeLessThan(9);
  });

  it("K62: weights restored on a trip are the last good ones", () => {
    const { guarded, predictor } = attack(
      calm(),
      once((w) => w.fill(NaN)),
      1,
    );
    expect(guarded.isTripped).toBe(true);
    expect(predictor.weights.every((w) => Number.isFinite(w))).toBe(true);
    expect(Number.isFinite(predictor.forecast(seconds(warmTicks)))).toBe(true);
    expect(predictor.weights).not.toEqual(new PressurePredictor({ seed: 1 }).weights); // learned ones, not the first
  });

  it("K62: recovers by itself, half-open first, and says so", () => {
    const { guarded, afterSeconds } = attack(
      calm(),
      once((w) => w.fill(NaN)),
      1,
    );
    expect(afterSeconds).toBe(0);
    const states: string[] = [];
    drive(guarded, calm(), {
      ticks: 120,
      firstTick: warmTicks + 1,
      afterTick: () => {
        if (states.at(-1) !== guarded.state) states.push(guarded.state);
      },
    });
    expect(states).toEqual(["tripped", "half-open", "closed"]);
    expect(guarded.trips).toHaveLength(1);
    expect(guarded.isTripped).toBe(false);
  });

  it("an attack that goes on keeps it out: one trip, growing cool-downs", () => {
    const { guarded } = attack(calm(), (predictor) => predictor.weights.fill(NaN), 1200);
    expect(guarded.trips).toHaveLength(1);
    expect(guarded.isTripped).toBe(true);
  });

  it("is deterministic", () => {
    const run = () =>
      attack(
        calm(),
        once((w) => w.fill(-4, 40, 49)),
        300,
      ).guarded.trips;
    expect(run()).toEqual(run());
  });
});

describe("each reason", () => {
  const seen = new Set<TripReason>();

  function trips(say: Puppet["say"], options: { ticks?: number; signal?: Signal } = {}): TripReason | undefined {
    const puppet = new Puppet();
    const guarded = new GuardedForecaster(puppet);
    const signal = options.signal ?? wander(9, 0.8, 0.01, 0.9);
    drive(guarded, signal, { ticks: 100 });
    puppet.say = say;
    drive(guarded, signal, { ticks: options.ticks ?? 300, firstTick: 100 });
    const reason = guarded.trips[0]?.reason;
    if (reason !== undefined) seen.add(reason);
    return reason;
  }

  it("K57-59: nan, infinite, out of bounds, at the very forecast", () => {
    for (const [value, reason] of [
      [NaN, "nan"],
      [Infinity, "infinite"],
      [-Infinity, "infinite"],
      [1.0001, "out-of-bounds"],
      [-0.0001, "out-of-bounds"],
    ] as const) {
      const puppet = new Puppet();
      const guarded = new GuardedForecaster(puppet);
      guarded.tick(0, 0.5, 0.6, false);
      puppet.say = () => value;
      expect(guarded.forecast(1)).toBe(0.6); // the fallback's
      expect(guarded.trips).toEqual([{ atMicros: 1, reason }]);
      seen.add(reason);
    }
  });

  it("worse than persistence: far off, soon; a little off, over a window", () => {
    expect(trips(() => 0.2, { ticks: 20 })).toBe("worse-than-persistence");
    expect(trips((p) => Math.max(0, p - 0.09))).toBe("worse-than-persistence");
    expect(trips((p) => Math.max(0, p - 0.01))).toBeUndefined();
  });

  it("drift: an error that rises while the mean over the window is still fair", () => {
    const reason = trips((p, now) => Math.max(0, p - (now > 300e6 ? 0.08 : 0)), {
      ticks: 900,
      signal: wander(9, 0.7, 0.03, 0.95),
    });
    expect(reason).toBe("drift");
  });

  it("flip-flop", () => {
    expect(
      trips((p, now) => Math.min(1, Math.max(0, p + (Math.round(now / TICK_MICROS) % 2 === 0 ? 0.08 : -0.08))), {
        ticks: 60,
      }),
    ).toBe("flip-flop");
  });

  it("weight norm", () => {
    const weights = new Float64Array(49).fill(1);
    const watchdog = new Watchdog(weights);
    watchdog.tick(0, 0.5, 0.5, false);
    weights.fill(20);
    watchdog.tick(TICK_MICROS, 0.5, 0.5, false);
    expect(watchdog.trips).toEqual([{ atMicros: TICK_MICROS, reason: "weight-norm" }]);
    expect(weights).toEqual(new Float64Array(49).fill(1));
    seen.add("weight-norm");
    for (const [bad, reason] of [
      [NaN, "nan"],
      [-Infinity, "infinite"],
      [1e200, "weight-norm"], // its square overflows
    ] as const) {
      const fresh = new Watchdog(weights);
      weights[7] = bad;
      fresh.tick(0, 0.5, 0.5, false);
      expect(fresh.trips[0]?.reason).toBe(reason);
      expect(weights[7]).toBe(1);
    }
  });

  it("no label: when ticks stop, and when all labels are masked for too long", () => {
    const guarded = new GuardedForecaster(new Puppet());
    drive(guarded, () => 0.7, { ticks: 40 });
    const end = 39 * TICK_MICROS;
    expect(guarded.forecast(end + 29 * MICROS_PER_SECOND)).toBe(0.7);
    expect(guarded.isTripped).toBe(false);
    guarded.forecast(end + 31 * MICROS_PER_SECOND);
    expect(guarded.trips[0]?.reason).toBe("no-label");
    seen.add("no-label");

    const masked = new GuardedForecaster(new Puppet());
    for (let tick = 0; tick < 2000 && !masked.isTripped; tick++) masked.tick(tick * TICK_MICROS, 0.5, 0.5, true);
    expect(masked.trips[0]?.reason).toBe("no-label");
    expect(masked.trips[0]!.atMicros).toBeGreaterThan(600 * MICROS_PER_SECOND);

    const gaps = new GuardedForecaster(new Puppet());
    for (let tick = 0; tick < 200 && !gaps.isTripped; tick++) gaps.tick(tick * 3 * TICK_MICROS, 0.5, 0.5, false);
    expect(gaps.trips[0]?.reason).toBe("no-label");
  });

  it("stuck: one and the same number for ten seconds while pressure moves; not when pressure stands, not at a clamp's end", () => {
    const trippedAt = (value: number, pressure: (tick: number) => number): number => {
      const watchdog = new Watchdog();
      for (let tick = 0; tick < 200; tick++) {
        watchdog.tick(tick * TICK_MICROS, value, pressure(tick), false);
        if (watchdog.isTripped) {
          expect(watchdog.trips).toEqual([{ atMicros: tick * TICK_MICROS, reason: "stuck" }]);
          seen.add("stuck");
          return tick;
        }
      }
      return Infinity;
    };
    const moving = (tick: number) => 0.9 + 0.001 * (tick % 7);
    expect(trippedAt(0.9, moving)).toBe(20);
    expect(trippedAt(0.9, () => 0.9)).toBe(Infinity);
    expect(trippedAt(1, (tick) => 0.99 + 0.001 * (tick % 7))).toBe(Infinity);
    expect(trippedAt(0.9, (tick) => (tick < 100 ? 0.9 : moving(tick)))).toBe(119); // what moved counts, not what stood
  });

  it.each<TripReason>(["bad-input", "stuck-input", "clock"])("%s is told by whoever feeds the forecaster", (reason) => {
    const guarded = new GuardedForecaster(new Puppet());
    drive(guarded, () => 0.7, { ticks: 40 });
    const start = 40 * TICK_MICROS;
    const { watchdog } = guarded;
    watchdog.fault(start, reason);
    expect(guarded.trips).toEqual([{ atMicros: start, reason }]);
    seen.add(reason);
    // The fault goes on for a minute: one trip, and the cool-down runs from its last report.
    let now = start;
    for (; now < start + 60 * MICROS_PER_SECOND; now += TICK_MICROS) {
      watchdog.fault(now, reason);
      guarded.tick(now, 0.7, 0.7, true);
    }
    expect(guarded.trips).toHaveLength(1);
    const last = now - TICK_MICROS;
    const coolDown = () => {
      do {
        guarded.tick(now, 0.7, 0.7, false);
        now += TICK_MICROS;
      } while (guarded.state !== "half-open" && now < 1e10);
    };
    coolDown();
    expect(now - TICK_MICROS - last).toBe(10 * MICROS_PER_SECOND);
    expect(guarded.state).toBe("half-open");
    // On probation it is a relapse: twice as long.
    const relapse = now;
    watchdog.fault(relapse, reason);
    coolDown();
    expect(now - TICK_MICROS - relapse).toBe(20 * MICROS_PER_SECOND);
    for (; guarded.isTripped; now += TICK_MICROS) guarded.tick(now, 0.7, 0.7, false);
    expect(guarded.trips).toHaveLength(1);
  });

  it("all of them were seen", () => {
    expect([...seen].sort()).toEqual([...TRIP_REASONS].sort());
  });
});

describe("K17 K63: guarded forecaster", () => {
  it("passes the forecaster through while closed, the fallback while tripped", () => {
    const puppet = new Puppet();
    const fallback = createBaseline("ewma");
    const guarded = new GuardedForecaster(puppet, { fallback });
    puppet.say = () => 0.42;
    expect(guarded.id).toBe("puppet");
    expect(guarded.stateBytes).toBe(8 + fallback.stateBytes + watchdogStateBytes);
    guarded.tick(0, 0.4, 0.5, false);
    guarded.noteCompaction(1);
    expect(guarded.forecast(1)).toBe(0.42);
    expect(guarded.upperMargin()).toBe(0.123);
    expect(guarded.confidence()).toBe(0.77);
    puppet.say = () => NaN;
    expect(guarded.forecast(2)).toBe(0.5);
    expect(guarded.state).toBe("tripped");
    expect(guarded.upperMargin()).toBe(fallback.upperMargin());
    expect(guarded.confidence()).toBe(fallback.confidence());
    puppet.say = () => 0.42;
    expect(guarded.forecast(3)).toBe(0.5); // still out: a good value does not end the cool-down
  });

  it("stays out while it does worse in the shadow, comes back when it does no worse", () => {
    const puppet = new Puppet();
    const guarded = new GuardedForecaster(puppet);
    const signal = wander(2, 0.7, 0.01, 0.9);
    drive(guarded, signal, { ticks: 100 });
    puppet.say = () => 0.1;
    drive(guarded, signal, { ticks: 400, firstTick: 100 });
    expect(guarded.isTripped).toBe(true);
    expect(guarded.trips).toHaveLength(1);
    puppet.say = (pressure) => pressure;
    drive(guarded, signal, { ticks: 500, firstTick: 500 });
    expect(guarded.isTripped).toBe(false);
    expect(guarded.trips).toHaveLength(1);
  });

  it("a damaged value on probation prolongs the trip and is not a new one", () => {
    const puppet = new Puppet();
    const guarded = new GuardedForecaster(puppet);
    puppet.say = () => NaN;
    for (let tick = 0; tick < 200; tick++) guarded.tick(tick * TICK_MICROS, 0.5, 0.6, false);
    expect(guarded.trips).toHaveLength(1);
    expect(guarded.isTripped).toBe(true);
  });

  it("a relapse soon after re-admission doubles the cool-down", () => {
    const puppet = new Puppet();
    const guarded = new GuardedForecaster(puppet);
    let tick = 0;
    const untilClosed = () => {
      const start = tick;
      while (guarded.isTripped) guarded.tick(tick++ * TICK_MICROS, 0.5, 0.6, false);
      return tick - start;
    };
    const trip = () => {
      puppet.say = () => NaN;
      guarded.tick(tick++ * TICK_MICROS, 0.5, 0.6, false);
      puppet.say = (pressure) => pressure;
    };
    trip();
    const first = untilClosed();
    trip();
    const second = untilClosed();
    // Cool-down, 10 ticks until the first forecast of the shadow matures, 20 labels of which that is the first.
    expect(first).toBe(20 + HORIZON_TICKS + 20 - 1);
    expect(second).toBe(first + 20);
    for (let i = 0; i < 300; i++) guarded.tick(tick++ * TICK_MICROS, 0.5, 0.6, false);
    trip();
    expect(untilClosed()).toBe(first); // not soon after: the first cool-down again
  });

  it("keeps the first 1,000 trips and counts all", () => {
    const puppet = new Puppet();
    const guarded = new GuardedForecaster(puppet, { parameters: { coolDownMicros: 0, shadowLabels: 1 } });
    let wasTripped = false;
    let trips = 0;
    for (let tick = 0; trips < 1005; tick++) {
      puppet.say = guarded.isTripped ? (pressure) => pressure : () => NaN;
      guarded.tick(tick * TICK_MICROS, 0.5, 0.6, false);
      if (guarded.isTripped && !wasTripped) trips++;
      wasTripped = guarded.isTripped;
    }
    expect(guarded.trips).toHaveLength(1000);
    expect(guarded.watchdog.tripCount).toBe(trips);
  });
});
