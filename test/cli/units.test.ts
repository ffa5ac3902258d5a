import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  MOST_SEEDS,
  parseBoolean,
  parseBytes,
  parseCapacityBytes,
  parseCount,
  parseDurationSeconds,
  parseFactor,
  parseMix,
  parsePressureRatio,
  parseRate,
  parseSeed,
  parseSeeds,
} from "../../cli/units.ts";
import { MempredError } from "../../core/errors.ts";

function errorOf(action: () => unknown): MempredError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    expect((error as MempredError).code).toBe("INVALID_INPUT");
    expect((error as MempredError).details.expected).toBeTruthy();
    return error as MempredError;
  }
  throw new Error("nothing was thrown");
}

describe("sizes", () => {
  test.each([
    ["102400", 102_400],
    ["100KiB", 102_400],
    ["100 kib", 102_400],
    ["64kB", 64_000],
    ["1MiB", 1_048_576],
    ["1.5K", 1536],
    ["2M", 2_097_152],
    ["1GB", 1_000_000_000],
    ["1G", 1_073_741_824],
    ["7B", 7],
    ["102_400", 102_400],
  ])("%s is %d bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each([
    ["-5", "negative"],
    ["-100KiB", "negative"],
    ["9007199254740992", "too large"],
    ["99999999999999999999", "too large"],
    ["8388608GiB", "too large"],
    ["1.5", "whole number"],
    ["12 parsecs", "not a size"],
    ["", "not a size"],
    ["NaN", "not a size"],
    ["1e3", "not a size"],
    ["0x10", "not a size"],
  ])("%s is refused", (text, message) => {
    expect(errorOf(() => parseBytes(text)).message).toContain(message);
  });

  test("K27: an arena is 4 KiB to 1 GiB, of whole granules", () => {
    expect(parseCapacityBytes("100KiB")).toBe(102_400);
    expect(errorOf(() => parseCapacityBytes("1KiB")).message).toContain("too small");
    expect(errorOf(() => parseCapacityBytes("2GiB")).message).toContain("too large");
    expect(errorOf(() => parseCapacityBytes("102401")).message).toContain("multiple of 16");
  });
});

describe("durations", () => {
  test.each([
    ["10m", 600],
    ["90s", 90],
    ["1h", 3600],
    ["1h30m", 5400],
    ["500ms", 0.5],
    ["2 min", 120],
    ["0.5h", 1800],
    ["1d", 86_400],
  ])("%s is %d s", (text, seconds) => {
    expect(parseDurationSeconds(text)).toBe(seconds);
  });

  test.each([
    ["10", "no unit"],
    ["-5m", "negative"],
    ["0s", "no time"],
    ["8d", "longer than a week"],
    ["ten minutes", "not a duration"],
    ["", "not a duration"],
    ["5m garbage", "not a duration"],
  ])("%s is refused", (text, message) => {
    expect(errorOf(() => parseDurationSeconds(text)).message).toContain(message);
  });

  test("a bare number is told its choices", () => {
    expect(errorOf(() => parseDurationSeconds("10")).details.expected).toBe("10s, 10m or 10h");
  });
});

describe("pressures", () => {
  test.each([
    ["95", 0.95],
    ["95%", 0.95],
    ["97.5 %", 0.975],
    ["50", 0.5],
    ["0.5%", 0.005],
  ])("K28: %s is %d", (text, ratio) => {
    expect(parsePressureRatio(text)).toBe(ratio);
  });

  test.each(["140", "140%", "100", "0", "-5", "ninety", "", "95%%", "NaN", "Infinity"])("%s is refused", (text) => {
    errorOf(() => parsePressureRatio(text));
  });

  test("a ratio in place of a percentage is asked about, not guessed at", () => {
    expect(errorOf(() => parsePressureRatio("0.95")).details.expected).toContain("percent: 95");
  });
});

describe("seeds", () => {
  test("a count, a range, a list", () => {
    expect(parseSeeds("3")).toEqual([1, 2, 3]);
    expect(parseSeeds("4..6")).toEqual([4, 5, 6]);
    expect(parseSeeds("0..0")).toEqual([0]);
    expect(parseSeeds("1, 4,7")).toEqual([1, 4, 7]);
    expect(parseSeed("0")).toBe(0);
    expect(parseSeed("9007199254740991")).toBe(Number.MAX_SAFE_INTEGER);
  });

  test.each([
    "0",
    "-1",
    "5..3",
    "1,1",
    "1.5",
    "a",
    "",
    "1..",
    "9007199254740992",
    "1..9007199254740992",
    String(MOST_SEEDS + 1),
  ])("%s is refused", (text) => {
    errorOf(() => parseSeeds(text));
  });

  test("one seed must be an integer from 0 to 2^53 − 1", () => {
    for (const text of ["-1", "1.5", "9007199254740992", "x", ""]) errorOf(() => parseSeed(text));
    expect(errorOf(() => parseSeeds("9007199254740990..9007199254740992")).message).toContain("9007199254740992");
  });
});

describe("the rest", () => {
  test("mixes", () => {
    expect(parseMix("15,15,70")).toEqual({ atomic: 0.15, deadline: 0.15, wait: 0.7, pinned: 0.03 });
    expect(parseMix("0, 0, 100, 0")).toEqual({ atomic: 0, deadline: 0, wait: 1, pinned: 0 });
    expect(parseMix("33.3%,33.3%,33.4%,5%")).toMatchObject({ atomic: 0.333, pinned: 0.05 });
    expect(errorOf(() => parseMix("15,15,60")).message).toContain("adds to 90");
    expect(errorOf(() => parseMix("0,0,100,60")).message).toContain("pins");
    for (const text of ["15,15", "1,2,3,4,5", "a,b,c", "-10,40,70", ""]) errorOf(() => parseMix(text));
  });

  test("rates, factors, counts, switches", () => {
    expect([parseRate("100"), parseRate("2.5/s")]).toEqual([100, 2.5]);
    for (const text of ["0", "-1", "fast", "1000001", "NaN", ""]) errorOf(() => parseRate(text));
    expect([parseFactor("10"), parseFactor("x0.5"), parseFactor("3x")]).toEqual([10, 0.5, 3]);
    for (const text of ["0", "-1", "x", ""]) errorOf(() => parseFactor(text));
    expect(parseCount("4", 1, 4)).toBe(4);
    for (const text of ["0", "5", "1.5", "-1", ""]) errorOf(() => parseCount(text, 1, 4));
    expect(["1", "TRUE", "yes", "on"].map(parseBoolean)).toEqual([true, true, true, true]);
    expect(["0", "false", "No", "off"].map(parseBoolean)).toEqual([false, false, false, false]);
    errorOf(() => parseBoolean("maybe"));
  });

  test("whatever is thrown at them, they give a number in range or an error that says what was expected", () => {
    const parsers = [parseBytes, parseDurationSeconds, parsePressureRatio, parseSeed, parseRate, parseFactor];
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.bigInt().map(String)), (text) => {
        for (const parse of parsers) {
          try {
            const value = parse(text);
            expect(Number.isFinite(value)).toBe(true);
            expect(value).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(MempredError);
          }
        }
      }),
    );
  });
});
