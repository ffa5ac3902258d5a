import { describe, expect, it } from "vitest";
import { expDeterministic, logDeterministic, sigmoid } from "../../core/math.ts";
import { RandomStream } from "../../core/random.ts";

const relative = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);

describe("expDeterministic", () => {
  it("agrees with Math.exp within a few units in the last place, everywhere", () => {
    const random = new RandomStream(1, "test exp");
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = (random.next() * 2 - 1) * (i % 2 ? 700 : 3);
      worst = Math.max(worst, relative(expDeterministic(x), Math.exp(x)));
    }
    expect(worst).toBeLessThan(4e-16);
  });

  it("has the stated ends", () => {
    expect(expDeterministic(0)).toBe(1);
    expect(expDeterministic(-1000)).toBe(0);
    expect(expDeterministic(-Infinity)).toBe(0);
    expect(expDeterministic(1000)).toBe(Infinity);
    expect(expDeterministic(Number.NaN)).toBeNaN();
  });

  it("has the same bits everywhere: a few of them", () => {
    const bits = (x: number) => new BigUint64Array(new Float64Array([x]).buffer)[0]!.toString(16);
    expect([1, -1, 0.1, 20.5, -300].map((x) => bits(expDeterministic(x)))).toEqual([
      "4005bf0a8b14576a",
      "3fd78b56362cef38",
      "3ff1aec7b35a00d4",
      "41c7d6c4f0bcdd5c",
      "24e245639c3a49f7",
    ]);
  });
});

describe("logDeterministic", () => {
  it("agrees with Math.log, subnormal numbers included", () => {
    const random = new RandomStream(2, "test log");
    let worst = 0;
    for (let i = 0; i < 100_000; i++) {
      const x = Math.exp((random.next() * 2 - 1) * (i % 3 === 0 ? 700 : 2));
      if (x === 0) continue;
      worst = Math.max(worst, Math.abs(logDeterministic(x) - Math.log(x)) / Math.max(1e-3, Math.abs(Math.log(x))));
    }
    expect(worst).toBeLessThan(2e-14);
    expect(relative(logDeterministic(5e-324), Math.log(5e-324))).toBeLessThan(1e-15);
  });

  it("has the stated ends", () => {
    expect(logDeterministic(1)).toBe(0);
    expect(logDeterministic(0)).toBe(-Infinity);
    expect(logDeterministic(-1)).toBeNaN();
    expect(logDeterministic(Number.NaN)).toBeNaN();
    expect(logDeterministic(Infinity)).toBe(Infinity);
  });
});

it("sigmoid is in (0, 1) and symmetric", () => {
  expect(sigmoid(0)).toBe(0.5);
  for (const x of [-30, -3, 0.3, 7]) expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 15);
});
