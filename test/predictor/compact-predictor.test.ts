import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AssertionError, type MempredError } from "../../core/errors.ts";
import { crc32 } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import { DEFAULT_CAPACITY_BYTES, HORIZON_TICKS, TICK_MICROS } from "../../core/units.ts";
import {
  COMPACT_SAMPLES,
  forecastOfSample,
  isSampleFinite,
  LEARNED_MOST,
  LEARNED_STEPS,
  marginStepOfSample,
  packSample,
  pressureOfSample,
  rateOfSample,
} from "../../predictor/compact-layout.ts";
import { COMPACT_STATE_BYTES, CompactPredictor } from "../../predictor/compact-predictor.ts";
import { MISS_RATE } from "../../predictor/error-tracker.ts";
import { IO_FORECAST, IO_LABEL, IO_LENGTH, IO_X } from "../../predictor/kernel.ts";
import { forward, PARAMETER_COUNT } from "../../predictor/network.ts";
import { PressurePredictor } from "../../predictor/pressure-predictor.ts";
import { COMPACT_CRC32, compactWeights } from "../../predictor/shipped-compact.ts";
import { runs } from "../runs.ts";
import { drive, noise, wander, wave } from "./signals.ts";

describe("footprint", () => {
  it("everything is in one block of 48 bytes, a thirteenth of the network's", () => {
    const predictor = new CompactPredictor();
    expect(COMPACT_STATE_BYTES).toBe(48);
    expect(predictor.stateBytes).toBe(COMPACT_STATE_BYTES);
    expect(predictor.bytes.byteLength).toBe(COMPACT_STATE_BYTES);
    expect(COMPACT_STATE_BYTES / DEFAULT_CAPACITY_BYTES).toBeLessThan(0.0005);
  });

  it("lives in somebody else's memory and writes nowhere else", () => {
    const buffer = new ArrayBuffer(256);
    new Uint8Array(buffer).fill(0xa5);
    const predictor = new CompactPredictor({ buffer, byteOffset: 100 });
    const own = new CompactPredictor();
    for (const each of [predictor, own]) drive(each, wave(1, 0.8, 0.1, 20), { ticks: 100 });
    expect(predictor.bytes).toEqual(own.bytes);
    const all = new Uint8Array(buffer);
    expect(all.subarray(0, 100).every((byte) => byte === 0xa5)).toBe(true);
    expect(all.subarray(100 + COMPACT_STATE_BYTES).every((byte) => byte === 0xa5)).toBe(true);
  });

  it("a place that does not fit, or what is no ratio, is a programmer's mistake", () => {
    const buffer = new ArrayBuffer(64);
    expect(() => new CompactPredictor({ buffer, byteOffset: 2 })).toThrow(AssertionError);
    expect(() => new CompactPredictor({ buffer, byteOffset: 20 })).toThrow(AssertionError);
    expect(() => new CompactPredictor({ buffer, byteOffset: -4 })).toThrow(AssertionError);
    expect(() => new CompactPredictor({ weights: [1, 2] })).toThrow(AssertionError);
    const predictor = new CompactPredictor();
    for (const bad of [-0.1, 1.1, NaN]) {
      expect(() => predictor.observe(0, bad, 0.5)).toThrow(AssertionError);
      expect(() => predictor.tick(0, 0.5, bad, false)).toThrow(AssertionError);
    }
  });

  it("the constants are those that were written", () => {
    const steps = Array.from(compactWeights(), (weight) => weight * 4096);
    expect(steps).toHaveLength(PARAMETER_COUNT);
    expect(
      crc32(new TextEncoder().encode(steps.join(" ")))
        .toString(16)
        .padStart(8, "0"),
    ).toBe(COMPACT_CRC32);
  });
});

describe("a sample in 32 bits", () => {
  const ioOf = (forecast: number, pressure: number, rate: number) => {
    const io = new Float64Array(IO_LENGTH);
    io[IO_FORECAST] = forecast;
    io[IO_LABEL] = pressure;
    io[IO_X] = rate;
    return io;
  };

  it("gives back forecast, pressure and rate within half a step, and the margin exactly", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 1412 }),
        fc.array(fc.boolean(), { maxLength: COMPACT_SAMPLES }),
        ([forecast, pressure], rate, marginStep, misses) => {
          const sample = packSample(ioOf(forecast, pressure, rate), marginStep);
          let now = marginStep;
          for (const isMiss of misses) now = Math.max(0, Math.min(1412, now + (isMiss ? 9 : -1)));
          expect(isSampleFinite(sample)).toBe(true);
          expect(Math.abs(forecastOfSample(sample) - forecast)).toBeLessThan(0.00025);
          expect(Math.abs(pressureOfSample(sample) - pressure)).toBeLessThan(0.002);
          expect(Math.abs(rateOfSample(sample) - rate)).toBeLessThan(0.004);
          expect(marginStepOfSample(sample, now)).toBe(marginStep);
        },
      ),
    );
  });

  it("marks what is not finite", () => {
    for (const bad of [NaN, Infinity, -Infinity])
      expect(isSampleFinite(packSample(ioOf(bad, 0.5, NaN), 800))).toBe(false);
    expect(isSampleFinite(packSample(ioOf(1, 1, 1), 1412))).toBe(true);
  });
});

describe("resumes from its bytes alone", () => {
  it("goes on bit by bit from a copy, at any moment, gaps and masks included", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 1000 }), (before, seed) => {
        const random = new RandomStream(seed, "resume");
        const first = new CompactPredictor();
        let now = 0;
        const step = (targets: CompactPredictor[]) => {
          const kind = random.integer(20);
          const [u, p, isMasked] = [random.next() * 0.9, 0.9 + 0.1 * random.next(), random.chance(0.1)];
          now += kind === 0 ? 3 * TICK_MICROS : kind === 1 ? 200 * TICK_MICROS : TICK_MICROS;
          for (const each of targets) {
            if (kind < 3) each.noteCompaction(now);
            for (let i = 9; i > 0; i--) each.observe(now - i * 1000, u, p);
            each.tick(now, u, p, isMasked);
          }
        };
        for (let i = 0; i < before; i++) step([first]);
        const second = CompactPredictor.attach(first.bytes.slice().buffer);
        for (let i = 0; i < 40; i++) {
          step([first, second]);
          expect(second.forecast(now)).toBe(first.forecast(now));
          expect(second.upperMargin()).toBe(first.upperMargin());
          expect(second.confidence()).toBe(first.confidence());
        }
        expect(second.bytes).toEqual(first.bytes);
      }),
      { numRuns: runs(30) },
    );
  });

  it("attach to what is no state: INVALID_WEIGHTS", () => {
    const codeOf = (buffer: ArrayBuffer) => {
      try {
        CompactPredictor.attach(buffer);
        return null;
      } catch (error) {
        return (error as MempredError).code;
      }
    };
    const sound = new CompactPredictor();
    drive(sound, wave(1, 0.8, 0.1, 20), { ticks: 50 });
    expect(codeOf(sound.bytes.slice().buffer)).toBeNull();
    expect(codeOf(new ArrayBuffer(COMPACT_STATE_BYTES))).toBe("INVALID_WEIGHTS");
    // NaN as mean, a ratio over 1, a margin over 1, a sixth sample of five, a bias that nothing can have learned.
    for (const [at, byte] of [
      [7, 0xff],
      [29, 0xff],
      [35, 0xff],
      [47, 6],
      [43, 0xff],
    ] as const) {
      const bytes = sound.bytes.slice();
      bytes[at] = byte;
      if (at === 29) bytes[28] = 0xff;
      if (at === 7) bytes[6] = 0xff;
      expect({ at, code: codeOf(bytes.buffer) }).toEqual({ at, code: "INVALID_WEIGHTS" });
    }
  });
});

describe("inputs and forecast", () => {
  it("are those of the network in 656 bytes, but for rounding", () => {
    const compact = new CompactPredictor();
    const large = new PressurePredictor();
    const [mine, theirs] = [new Float64Array(5), new Float64Array(5)];
    const rounding = [0.02, 0.0001, 0.06, 0, 0.001];
    const compare = (now: number) => {
      compact.readFeatures(now, mine);
      large.readFeatures(now, theirs);
      for (let i = 0; i < 5; i++) expect(Math.abs(mine[i]! - theirs[i]!)).toBeLessThanOrEqual(rounding[i]!);
    };
    for (const each of [compact, large]) {
      drive(each, wander(3, 0.8, 0.02, 0.95), {
        ticks: 400,
        afterTick: (tick, now) => {
          if (tick % 5 === 0) each.noteCompaction(now);
          if (each === large && tick === 399) compare(now);
        },
      });
    }
    compare(399 * TICK_MICROS + 200_000);
    compare(399 * TICK_MICROS + 2_000_000); // missed ticks show in x4
    expect(mine[3]).toBeCloseTo(0.4, 3);
  });

  it("is that of network.ts with the constants, while nothing has been learned", () => {
    const predictor = new CompactPredictor();
    const x = new Float64Array(5);
    drive(predictor, wander(3, 0.8, 0.02, 0.95), {
      ticks: HORIZON_TICKS,
      afterTick: (_, now) => {
        predictor.readFeatures(now, x);
        expect(predictor.forecast(now)).toBe(forward(compactWeights(), x, 0, x[4]!, new Float64Array(8)));
      },
    });
    expect(predictor.maturedLabels).toBe(0);
  });

  it("the clock may wrap: 4.6 hours later it says the same", () => {
    const wrapMicros = 2 ** 24 * 1000;
    const said = (start: number) => {
      const predictor = new CompactPredictor();
      const signal = wave(1, 0.8, 0.1, 20);
      const forecasts: number[] = [];
      for (let tick = 0; tick < 60; tick++) {
        const p = signal(tick * TICK_MICROS);
        predictor.tick(start + tick * TICK_MICROS, p - 0.02, p, false);
        forecasts.push(predictor.forecast(start + tick * TICK_MICROS));
      }
      return forecasts;
    };
    expect(said(wrapMicros - 20 * TICK_MICROS)).toEqual(said(0));
  });
});

describe("learning", () => {
  it("takes no error in where the label is masked, nor for 5 s after missed ticks", () => {
    const predictor = new CompactPredictor();
    drive(predictor, noise(1, 0.8, 0.1), { ticks: 40 });
    const { maturedLabels, learned } = predictor;
    const margin = predictor.upperMargin();
    expect(maturedLabels).toBe((40 - HORIZON_TICKS) / 2);
    for (let i = 40; i < 44; i++) predictor.tick(i * TICK_MICROS, 0.1, 0.2, true);
    expect([predictor.maturedLabels, predictor.learned, predictor.upperMargin()]).toEqual([
      maturedLabels,
      learned,
      margin,
    ]);
    const gap = 50 * TICK_MICROS;
    for (let i = 0; i < HORIZON_TICKS; i++) predictor.tick(gap + i * TICK_MICROS, 0.5, 0.6, false);
    expect(predictor.maturedLabels).toBe(maturedLabels);
    for (let i = 0; i < 2; i++) predictor.tick(gap + (HORIZON_TICKS + i) * TICK_MICROS, 0.5, 0.6, false);
    expect(predictor.maturedLabels).toBe(maturedLabels + 1);
  });

  it("mends constants that say too much everywhere, and stops at its bounds", () => {
    const weights = compactWeights();
    weights[48] += 1;
    const predictor = new CompactPredictor({ weights });
    const over = { early: 0, late: 0 };
    drive(predictor, noise(2, 0.7, 0.05), {
      ticks: 3000,
      afterTick: (tick, now) => {
        if (tick >= 50 && tick < 100) over.early += (predictor.forecast(now) - 0.7) / 50;
        if (tick >= 2500) over.late += (predictor.forecast(now) - 0.7) / 500;
      },
    });
    expect(over.early).toBeGreaterThan(0.1);
    expect(Math.abs(over.late)).toBeLessThan(0.2 * over.early);
    expect(predictor.learned[0]).toBeLessThan(-0.3);
    weights[48] += 20;
    const hopeless = new CompactPredictor({ weights });
    drive(hopeless, noise(2, 0.7, 0.05), { ticks: 3000 });
    expect(hopeless.learned[0]).toBe(-LEARNED_MOST / LEARNED_STEPS);
    expect(hopeless.confidence()).toBe(0);
  });

  it.each([
    ["noise", noise(1, 0.85, 0.1)],
    ["wander", wander(2, 0.8, 0.03, 0.95)],
    ["wave", wave(3, 0.7, 0.2, 30)],
  ])("the share of labels over the upper bound nears the stated one: %s", (_, signal) => {
    const predictor = new CompactPredictor();
    const uppers: number[] = [];
    let misses = 0;
    let n = 0;
    drive(predictor, signal, {
      ticks: 4000,
      allocations: 1,
      afterTick: (tick, now, pressure) => {
        const upper = uppers[tick - HORIZON_TICKS];
        if (upper !== undefined && tick > 600) {
          n++;
          if (pressure > upper) misses++;
        }
        uppers.push(predictor.forecast(now) + predictor.upperMargin());
      },
    });
    expect(misses / n).toBeGreaterThan(MISS_RATE - 0.03);
    expect(misses / n).toBeLessThan(MISS_RATE + 0.03);
  });
});

describe("damage", () => {
  it("a mean that is not finite: a NaN forecast, which the watchdog sees, and nothing of it is learned", () => {
    const predictor = new CompactPredictor();
    drive(predictor, noise(1, 0.8, 0.1), { ticks: 60 });
    new Float32Array(predictor.bytes.buffer)[1] = NaN;
    expect(predictor.forecast(60 * TICK_MICROS)).toBeNaN();
    const { maturedLabels } = predictor;
    for (let i = 60; i < 80; i++) predictor.tick(i * TICK_MICROS, 0.8, 0.85, false);
    expect(predictor.maturedLabels).toBe(maturedLabels + 5); // those issued before the damage
    expect(predictor.upperMargin()).toBeLessThan(1);
  });
});
