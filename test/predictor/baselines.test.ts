import { linearRegression, linearRegressionLine, median } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import { DampedHolt, HOLT_DAMPING, HOLT_LEVEL_SHARE, HOLT_TREND_SHARE } from "../../predictor/baselines/damped-holt.ts";
import { EWMA_SHARE } from "../../predictor/baselines/ewma.ts";
import { LINE_SAMPLES } from "../../predictor/baselines/least-squares.ts";
import { Persistence } from "../../predictor/baselines/persistence.ts";
import { BASELINE_IDS, type BaselineId, createBaseline } from "../../predictor/baselines/registry.ts";
import { SampleHistory } from "../../predictor/baselines/sample-history.ts";
import { SeasonalNaive } from "../../predictor/baselines/seasonal-naive.ts";
import { MISS_RATE } from "../../predictor/error-tracker.ts";
import { drive, noise, wander, wave } from "./signals.ts";

const clamp = (value: number) => Math.min(1, Math.max(0, value));

/** What each baseline should say after `samples`, by the book. */
const references: Readonly<Record<BaselineId, (samples: readonly number[]) => number>> = {
  persistence: (samples) => samples.at(-1)!,
  ewma: (samples) => samples.slice(1).reduce((level, y) => EWMA_SHARE * y + (1 - EWMA_SHARE) * level, samples[0]!),
  "damped-holt": (samples) => {
    let level = samples[0]!;
    let trend = 0;
    for (const y of samples.slice(1)) {
      const next = HOLT_LEVEL_SHARE * y + (1 - HOLT_LEVEL_SHARE) * (level + HOLT_DAMPING * trend);
      trend = HOLT_TREND_SHARE * (next - level) + (1 - HOLT_TREND_SHARE) * HOLT_DAMPING * trend;
      level = next;
    }
    let reach = 0;
    for (let step = 1; step <= HORIZON_TICKS; step++) reach += HOLT_DAMPING ** step;
    return clamp(level + reach * trend);
  },
  "theil-sen": (samples) => {
    const y = samples.slice(-LINE_SAMPLES);
    if (y.length === 1) return y[0]!;
    const slopes = y.flatMap((late, j) => y.slice(0, j).map((early, i) => (late - early) / (j - i)));
    const slope = median(slopes);
    const intercept = median(y.map((value, t) => value - slope * t));
    return clamp(intercept + slope * (y.length - 1 + HORIZON_TICKS));
  },
  "least-squares": (samples) => {
    const y = samples.slice(-LINE_SAMPLES);
    if (y.length === 1) return y[0]!;
    const line = linearRegressionLine(linearRegression(y.map((value, t) => [t, value])));
    return clamp(line(y.length - 1 + HORIZON_TICKS));
  },
  "seasonal-naive": (samples) => samples.at(-1)!, // for samples without a season; seasons below
};

describe.each(BASELINE_IDS)("%s", (id) => {
  it("says what the book says, from the first sample on", () => {
    for (const seed of [1, 2, 3]) {
      const random = new RandomStream(seed, `baseline ${id}`);
      const baseline = createBaseline(id);
      expect(baseline.id).toBe(id);
      const samples: number[] = [];
      let level = 0.7;
      for (let tick = 0; tick < 60; tick++) {
        level = clamp(level + 0.1 * (random.next() - 0.5));
        const y = tick === 30 ? 0.05 : level; // an outlier
        samples.push(y);
        baseline.tick(tick * TICK_MICROS, y, y, false);
        expect(baseline.forecast(tick * TICK_MICROS), `seed ${seed}, tick ${tick}`).toBeCloseTo(
          references[id](samples),
          10,
        );
      }
    }
  });

  it("stays in 0..1 and says ½ before it knows anything", () => {
    const baseline = createBaseline(id);
    expect(baseline.forecast(0)).toBe(0.5);
    const random = new RandomStream(1, "range");
    for (let tick = 0; tick < 600; tick++) {
      const y = random.chance(0.5) ? (tick % 40) / 40 : random.next();
      baseline.observe(tick * TICK_MICROS - 1, y, y);
      baseline.noteCompaction(tick * TICK_MICROS - 1);
      baseline.tick(tick * TICK_MICROS, y, y, random.chance(0.05));
      const forecast = baseline.forecast(tick * TICK_MICROS);
      expect(forecast).toBeGreaterThanOrEqual(0);
      expect(forecast).toBeLessThanOrEqual(1);
    }
  });

  it("earns its margin and its confidence", () => {
    const baseline = createBaseline(id);
    let misses = 0;
    let n = 0;
    const uppers: number[] = [];
    drive(baseline, wander(8, 0.7, 0.03, 0.9), {
      ticks: 3000,
      allocations: 0,
      beforeTick: (tick) => {
        if (tick === 29) expect(baseline.confidence()).toBe(0);
      },
      afterTick: (tick, now, pressure) => {
        const upper = uppers[tick - HORIZON_TICKS];
        if (upper !== undefined && tick > 300) {
          n++;
          if (pressure > upper) misses++;
        }
        uppers.push(baseline.forecast(now) + baseline.upperMargin());
      },
    });
    expect(misses / n).toBeGreaterThan(MISS_RATE - 0.03);
    expect(misses / n).toBeLessThan(MISS_RATE + 0.03);
    expect(baseline.confidence()).toBeGreaterThan(0);
    expect(baseline.confidence()).toBeLessThanOrEqual(1);
  });

  it("does not judge masked labels, nor labels across missed ticks", () => {
    const masked = createBaseline(id);
    const gapped = createBaseline(id);
    for (let tick = 0; tick < 200; tick++) {
      masked.tick(tick * TICK_MICROS, 0.5, tick % 2, true);
      gapped.tick(tick * 3 * TICK_MICROS, 0.5, tick % 2, false);
    }
    const fresh = createBaseline(id);
    for (const each of [masked, gapped]) {
      expect(each.upperMargin()).toBe(fresh.upperMargin());
      expect(each.confidence()).toBe(0);
    }
  });

  it("states its bytes", () => {
    expect(createBaseline(id).stateBytes).toBeGreaterThan(2 * HORIZON_TICKS * 8);
  });
});

describe("where each is at home", () => {
  const mae = (id: BaselineId, signal: (now: number) => number): number => {
    const baseline = createBaseline(id);
    const issued: number[] = [];
    let sum = 0;
    drive(baseline, signal, {
      ticks: 1200,
      allocations: 0,
      afterTick: (tick, now, pressure) => {
        if (tick >= 400) sum += Math.abs(issued[tick - HORIZON_TICKS]! - pressure);
        issued.push(baseline.forecast(now));
      },
    });
    return sum / 800;
  };
  const best = (signal: () => (now: number) => number): BaselineId => {
    const errors = BASELINE_IDS.map((id) => mae(id, signal()));
    return BASELINE_IDS[errors.indexOf(Math.min(...errors))]!;
  };

  it("each wins somewhere", () => {
    expect(best(() => noise(1, 0.7, 0.1))).toBe("ewma");
    expect(best(() => wander(1, 0.5, 0.02, 0.999))).toBe("persistence");
    expect(best(() => wave(1, 0.5, 0.3, 25))).toBe("seasonal-naive");
    // A wave whose period wanders between 35 and 70 s: nothing to repeat, too curved for a line over 10 s.
    const chirp = (now: number) => 0.5 + 0.4 * Math.sin((now / 1e6 + 40 * Math.sin(now / 1e6 / 97)) / 7.5);
    expect(best(() => chirp)).toBe("damped-holt");
    const spikes = (seed: number) => {
      const random = new RandomStream(seed, "spikes");
      return (now: number) => (random.chance(0.15) ? random.next() : 0.2 + 0.001 * (now / 1e6));
    };
    expect(best(() => spikes(1))).toBe("theil-sen");
    const noisyRamp = (seed: number) => {
      const random = new RandomStream(seed, "ramp");
      return (now: number) => 0.1 + 0.012 * ((now / 1e6) % 70) + 0.02 * (random.next() - 0.5);
    };
    expect(mae("least-squares", noisyRamp(1))).toBeLessThan(mae("ewma", noisyRamp(1)));
    expect(mae("least-squares", noisyRamp(1))).toBeLessThan(mae("persistence", noisyRamp(1)));
  });
});

describe("seasonal naive", () => {
  const periodOf = (signal: (now: number) => number, ticks = 400): number => {
    const baseline = new SeasonalNaive();
    drive(baseline, signal, { ticks, allocations: 0 });
    return baseline.periodTicks;
  };

  it.each([12, 20, 37, 60])("finds a period of %i seconds, or a multiple", (seconds) => {
    const period = periodOf(wave(1, 0.5, 0.2, seconds));
    expect(period).toBeGreaterThan(0);
    const cycles = period / 2 / seconds;
    expect(Math.abs(cycles - Math.round(cycles)) * seconds).toBeLessThan(1.01);
  });

  it("finds none in noise, on a constant, or on a slow ramp", () => {
    expect(periodOf(noise(1, 0.5, 0.2))).toBe(0);
    expect(periodOf(() => 0.7)).toBe(0);
    expect(periodOf((now) => 0.2 + now / 1e6 / 1000)).toBe(0);
  });

  it("then says what was one period before the target", () => {
    const baseline = new SeasonalNaive();
    const samples: number[] = [];
    const signal = wave(1, 0.5, 0.2, 20);
    for (let tick = 0; tick < 300; tick++) {
      samples.push(signal(tick * TICK_MICROS));
      baseline.tick(tick * TICK_MICROS, 0, samples.at(-1)!, false);
    }
    expect(baseline.forecast(0)).toBe(samples[299 + HORIZON_TICKS - baseline.periodTicks]);
  });
});

it("persistence follows each observation, not only the ticks", () => {
  const persistence = new Persistence();
  persistence.tick(0, 0.1, 0.2, false);
  persistence.observe(10, 0.3, 0.4);
  expect(persistence.forecast(10)).toBe(0.4);
});

it("damped Holt: the trend fades, so a ramp that stops is not followed for ever", () => {
  const holt = new DampedHolt();
  for (let tick = 0; tick < 40; tick++) holt.tick(tick * TICK_MICROS, 0, 0.2 + 0.01 * tick, false);
  const climbing = holt.forecast(0);
  expect(climbing).toBeGreaterThan(0.6);
  for (let tick = 40; tick < 100; tick++) holt.tick(tick * TICK_MICROS, 0, 0.6, false);
  expect(holt.forecast(0)).toBeCloseTo(0.6, 2);
});

it("a sample history gives back the last n, newest first", () => {
  const history = new SampleHistory(5);
  for (let value = 1; value <= 13; value++) {
    history.push(value);
    expect(history.length).toBe(Math.min(value, 5));
    for (let ago = 0; ago < history.length; ago++) expect(history.back(ago)).toBe(value - ago);
  }
});
