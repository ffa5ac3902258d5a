import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import { BASELINE_IDS, createBaseline } from "../../predictor/baselines/registry.ts";
import { MISS_RATE } from "../../predictor/error-tracker.ts";
import { BAND_BOUNDS, bandOf, emptyForecastCounts, mergeForecastCounts } from "../../predictor/forecast-counts.ts";
import { type ForecastFigures, reportForecast } from "../../predictor/forecast-report.ts";
import { ForecastScore } from "../../predictor/forecast-score.ts";
import { runs } from "../runs.ts";

interface Tick {
  readonly pressure: number;
  readonly occupancy: number;
  readonly forecast: number;
  readonly margin: number;
}

/** A run of ticks around the threshold. */
function randomTicks(seed: number, count: number): Tick[] {
  const random = new RandomStream(seed, "score test");
  let pressure = 0.9;
  return Array.from({ length: count }, () => {
    pressure = Math.min(1, Math.max(0, pressure + 0.08 * (random.next() - 0.5)));
    if (random.chance(0.02)) pressure = random.next();
    return {
      pressure,
      occupancy: pressure * (0.5 + 0.5 * random.next()),
      forecast: Math.min(1, Math.max(0, pressure + 0.1 * (random.next() - 0.5))),
      margin: 0.05 * random.next(),
    };
  });
}

function score(ticks: readonly Tick[], threshold = 0.95, exitThreshold = 0.93): ForecastScore {
  const it = new ForecastScore({ criticalThreshold: threshold, exitThreshold });
  ticks.forEach(({ pressure, occupancy, forecast, margin }, tick) => {
    it.mature(tick, occupancy, pressure);
    it.issue(tick, forecast, forecast + margin, occupancy);
  });
  return it;
}

/** The same figures, from all pairs at once. */
function naiveFigures(ticks: readonly Tick[], keep: (tick: Tick, index: number) => boolean, threshold = 0.95) {
  const rivals = BASELINE_IDS.map((id) => {
    const baseline = createBaseline(id);
    return ticks.map(({ pressure, occupancy }, tick) => {
      baseline.tick(tick * TICK_MICROS, occupancy, pressure, false);
      return baseline.forecast(tick * TICK_MICROS);
    });
  });
  const pairs = ticks
    .map((tick, index) => ({ tick, index, label: ticks[index + HORIZON_TICKS]?.pressure }))
    .filter((pair): pair is { tick: Tick; index: number; label: number } => pair.label !== undefined)
    .filter(({ tick, index }) => keep(tick, index));
  const n = pairs.length;
  const share = (test: (pair: (typeof pairs)[number]) => boolean) => pairs.filter(test).length / n;
  const isEvent = ({ label }: { label: number }) => label >= threshold;
  const isForecast = ({ tick }: { tick: Tick }) => tick.forecast >= threshold;
  const mae = 100 * (pairs.reduce((sum, { tick, label }) => sum + Math.abs(tick.forecast - label), 0) / n);
  const rivalMaes = rivals.map(
    (forecasts) => 100 * (pairs.reduce((sum, { index, label }) => sum + Math.abs(forecasts[index]! - label), 0) / n),
  );
  const logit = Math.log((1 - MISS_RATE) / MISS_RATE);
  const probability = ({ tick }: { tick: Tick }) =>
    1 / (1 + Math.exp(-(tick.forecast - threshold) / Math.max(0.001, tick.margin / logit)));
  const brier = pairs.reduce((sum, pair) => sum + (probability(pair) - (isEvent(pair) ? 1 : 0)) ** 2, 0) / n;
  const base = share(isEvent);
  return {
    n,
    accuracy: share((pair) => isEvent(pair) === isForecast(pair)),
    falsePositiveShare: share((pair) => !isEvent(pair) && isForecast(pair)),
    falseNegativeShare: share((pair) => isEvent(pair) && !isForecast(pair)),
    base,
    mae,
    rivalMaes,
    skill: 1 - mae / Math.min(...rivalMaes),
    mase: mae / rivalMaes[0]!,
    brierSkill: 1 - brier / (base * (1 - base)),
    coverage: share(({ tick, label }) => label <= tick.forecast + tick.margin),
  };
}

function expectSame(figures: ForecastFigures, naive: ReturnType<typeof naiveFigures>): void {
  expect(figures.predictions).toBe(naive.n);
  if (naive.n === 0) {
    expect(figures.accuracy).toBeNull();
    expect(figures.skill).toBeNull();
    expect(figures.bestBaseline).toBeNull();
    return;
  }
  expect(figures.accuracy).toBeCloseTo(naive.accuracy, 12);
  expect(figures.falsePositiveShare).toBeCloseTo(naive.falsePositiveShare, 12);
  expect(figures.falseNegativeShare).toBeCloseTo(naive.falseNegativeShare, 12);
  expect(figures.accuracy! + figures.falsePositiveShare! + figures.falseNegativeShare!).toBeCloseTo(1, 12);
  expect(figures.baseRate).toBeCloseTo(naive.base, 12);
  expect(figures.maePercentPoints).toBeCloseTo(naive.mae, 9);
  BASELINE_IDS.forEach((id, i) => {
    expect(figures.baselineMaePercentPoints[id]).toBeCloseTo(naive.rivalMaes[i]!, 9);
  });
  expect(figures.skill).toBeCloseTo(naive.skill, 9);
  expect(figures.mase).toBeCloseTo(naive.mase, 9);
  expect(figures.intervalCoverage).toBeCloseTo(naive.coverage, 12);
  if (naive.base > 0 && naive.base < 1) {
    expect(figures.brierSkill).toBeCloseTo(naive.brierSkill, 6);
    const hits = 1 - figures.falseNegativeRate!;
    expect(figures.balancedAccuracy).toBeCloseTo((hits + 1 - figures.falsePositiveRate!) / 2, 12);
  } else expect(figures.balancedAccuracy).toBeNull();
}

describe("K49: forecast score", () => {
  it("overall, per band and cold start agree with a plain recount", () => {
    for (const seed of [1, 2, 3]) {
      const ticks = randomTicks(seed, 700);
      const report = score(ticks).report();
      expectSame(
        report,
        naiveFigures(ticks, () => true),
      );
      expectSame(
        report.coldStart,
        naiveFigures(ticks, (_, index) => index < 200),
      );
      expect(report.bands).toHaveLength(5);
      report.bands.forEach((band, i) => {
        expect(band.fromRatio).toBe(BAND_BOUNDS[i]);
        expect(band.toRatio).toBe(BAND_BOUNDS[i + 1] ?? 1);
        expectSame(
          band,
          naiveFigures(ticks, ({ occupancy }) => bandOf(occupancy) === i),
        );
      });
      const sum = (pick: (figures: ForecastFigures) => number) =>
        report.bands.reduce((total, band) => total + pick(band), 0);
      expect(sum((band) => band.predictions)).toBe(report.predictions);
      expect(sum((band) => band.truePositives)).toBe(report.truePositives);
    }
  });

  it("bands are half open, the last one closed", () => {
    expect([0, 0.499, 0.5, 0.749, 0.75, 0.899, 0.9, 0.949, 0.95, 1].map(bandOf)).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
  });

  it("a band with few predictions or few events says insufficient", () => {
    const at = (count: number, events: number) => {
      const counts = emptyForecastCounts();
      counts.overall.predictions = count;
      counts.overall.truePositives = events;
      counts.overall.trueNegatives = count - events;
      return reportForecast(counts, 0.95).insufficient;
    };
    expect(at(200, 20)).toBe(false);
    expect(at(199, 20)).toBe(true);
    expect(at(200, 19)).toBe(true);
  });

  it("merged tallies report what one long tally would", () => {
    const parts = [1, 2, 3].map((seed) => score(randomTicks(seed, 300)));
    const merged = mergeForecastCounts(parts.map(({ counts }) => counts));
    const report = reportForecast(merged, 0.95);
    expect(report.predictions).toBe(3 * (300 - HORIZON_TICKS));
    expect(report.coldStart.predictions).toBe(600);
    const maes = parts.map((part) => part.report().maePercentPoints!);
    expect(report.maePercentPoints).toBeCloseTo((maes[0]! + maes[1]! + maes[2]!) / 3, 9);
    expect(merged.leadTicks).toHaveLength(HORIZON_TICKS + 1);
    expect(mergeForecastCounts([])).toEqual(emptyForecastCounts());
    expect(mergeForecastCounts([parts[0]!.counts])).toEqual(parts[0]!.counts);
    expect(JSON.parse(JSON.stringify(merged))).toEqual(merged); // plain data
  });

  it("never NaN: numbers or null, for any run", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.constantFrom(0.5, NaN, Infinity, -Infinity, 2),
        (count, seed, odd) => {
          const random = new RandomStream(seed, "odd");
          const ticks = randomTicks(seed, count).map((tick) =>
            random.chance(0.2) ? { ...tick, forecast: odd } : tick,
          );
          const text = JSON.stringify(score(ticks).report(), (_, value: unknown) => {
            if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
            return value;
          });
          expect(text).toContain('"bands"');
        },
      ),
      { numRuns: runs(50) },
    );
  });

  it("a forecast that is not finite is the worst error and no event", () => {
    const ticks = randomTicks(4, 100).map((tick) => ({ ...tick, forecast: NaN, pressure: 0.96 }));
    const report = score(ticks).report();
    expect(report.maePercentPoints).toBe(100);
    expect(report.falseNegativeShare).toBe(1);
    expect(report.intervalCoverage).toBe(0);
  });

  it("pairs by exact tick: a missing tick matures nothing", () => {
    const it = new ForecastScore({ criticalThreshold: 0.95 });
    for (const tick of [0, 1, 2, 11, 12, 13, 30]) {
      it.mature(tick, 0.5, 0.6);
      it.issue(tick, 0.6, 0.7, 0.5);
    }
    expect(it.counts.overall.predictions).toBe(2); // 1 by 11 and 2 by 12
    expect(() => it.mature(30, 0.5, 0.6)).toThrow();
    expect(() => it.issue(29, 0.5, 0.6, 0.5)).toThrow();
  });

  it("refuses thresholds that make no sense", () => {
    expect(() => new ForecastScore({ criticalThreshold: 0 })).toThrow();
    expect(() => new ForecastScore({ criticalThreshold: 0.9, exitThreshold: 0.95 })).toThrow();
  });

  it("perfect forecasts: all ones; persistence itself: MASE 1", () => {
    const source = randomTicks(5, 500);
    const oracle = source.map((tick, i) => ({
      ...tick,
      forecast: source[i + HORIZON_TICKS]?.pressure ?? 0.5,
      margin: 0.005,
    }));
    const report = score(oracle).report();
    expect(report.accuracy).toBe(1);
    expect(report.balancedAccuracy).toBe(1);
    expect(report.skill).toBe(1);
    expect(report.maePercentPoints).toBe(0);
    expect(report.brierSkill).toBeGreaterThan(0.5);
    expect(score(source.map((tick) => ({ ...tick, forecast: tick.pressure }))).report().mase).toBe(1);
  });
});

describe("calibration", () => {
  it("bins hold every prediction, and their event shares follow the probability for a calibrated forecast", () => {
    const random = new RandomStream(1, "calibration");
    const pressures = Array.from({ length: 8000 }, () => 0.95 + 0.05 * (random.next() + random.next() - 1));
    const signal = Array.from({ length: 8000 }, (_, i) => 0.95 + 0.06 * Math.sin(i / 9));
    const logistic = () => {
      const u = random.next() * 0.9998 + 0.0001;
      return 0.01 * Math.log(u / (1 - u));
    };
    const margin = 0.01 * Math.log(9);
    const ticks = signal.map((_, i): Tick => {
      const pressure = i < HORIZON_TICKS ? pressures[i]! : signal[i - HORIZON_TICKS]! + logistic();
      return { pressure, occupancy: 0.9, forecast: signal[i]!, margin };
    });
    const { calibration, predictions, intervalCoverage } = score(ticks).report();
    expect(calibration.reduce((sum, bin) => sum + bin.predictions, 0)).toBe(predictions);
    for (const bin of calibration) {
      if (bin.predictions < 100) continue;
      expect(bin.meanProbability).toBeGreaterThanOrEqual(bin.fromProbability);
      expect(bin.meanProbability).toBeLessThanOrEqual(bin.toProbability);
      expect(Math.abs(bin.eventShare! - bin.meanProbability!)).toBeLessThan(0.12);
    }
    expect(intervalCoverage).toBeCloseTo(1 - MISS_RATE, 1);
  });
});

describe("alarms by the upper bound", () => {
  /** Pressure and upper bound as strings of one character a tick: "#" at or over the threshold, "-" between exit and threshold, "." below. */
  function alarms(pressure: string, upper: string) {
    const it = new ForecastScore({ criticalThreshold: 0.95, exitThreshold: 0.93 });
    const value = (c: string) => (c === "#" ? 0.96 : c === "-" ? 0.94 : 0.5);
    [...pressure].forEach((c, tick) => {
      it.mature(tick, 0.5, value(c));
      it.issue(tick, 0.5, value(upper[tick] ?? "."), 0.5);
    });
    return it.report().alarms;
  }

  it("an alarm before an episode: true, its lead the time between", () => {
    const it = alarms("......####..............", "..######................");
    expect(it).toMatchObject({ alarms: 1, episodes: 1, precision: 1, recall: 1, medianLeadSeconds: 2 });
    expect(it.falseAlarmsPerHour).toBe(0);
  });

  it("an alarm that ends up to 5 s before the episode is true, but the episode was not alarmed", () => {
    const it = alarms("............##............", "..##......................");
    expect(it).toMatchObject({ alarms: 1, episodes: 1, precision: 1, recall: 0, medianLeadSeconds: null });
  });

  it("an alarm without an episode within 5 s of its end is false", () => {
    const it = alarms("...................#......", "..##......................");
    expect(it).toMatchObject({ alarms: 1, episodes: 1, precision: 0, recall: 0 });
    expect(it.falseAlarmsPerHour).toBeCloseTo(3600 / 13, 9); // one in 26 ticks
  });

  it("an episode lasts until the exit threshold; a lead is at most 5 s", () => {
    const it = alarms("..............................#-#-#-.#..........................", "#".repeat(38));
    expect(it).toMatchObject({ alarms: 1, episodes: 2, recall: 1, medianLeadSeconds: 5 });
    expect(it.standingShare).toBeCloseTo(38 / 64, 9);
  });

  it("an alarm that still stands is not counted yet; one raised during an episode is true and no lead", () => {
    expect(alarms("......####", "..########")).toMatchObject({ alarms: 0, precision: null, recall: 1 });
    expect(alarms("..####..............", "...##...............")).toMatchObject({ precision: 1, recall: 0 });
  });

  it("the median of an even count is the mean of the middle two", () => {
    const it = alarms(
      "..#......................#......................",
      ".#....................###.......................",
    );
    expect(it).toMatchObject({ episodes: 2, recall: 1, medianLeadSeconds: 1 }); // leads of 0.5 and 1.5 s
  });
});
