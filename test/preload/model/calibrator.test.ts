// Statements of known truth: after learning, a statement is right as often as it says.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { Calibrator } from "../../../preload/model/calibrator.ts";

describe("calibrator", () => {
  it("says what it was told before anything is learned", () => {
    const calibrator = new Calibrator(2);
    for (let stated = 0.01; stated < 1; stated += 0.01) {
      expect(Math.abs(calibrator.calibrate(1, stated) - stated)).toBeLessThan(0.02);
    }
    expect(calibrator.calibrate(0, 0)).toBeLessThan(0.001);
    expect(calibrator.calibrate(0, 1)).toBeGreaterThan(0.999);
  });

  // Statements that are overconfident, timid, and right, all in one calibrator: kinds do not touch each other.
  const truths: readonly ((stated: number) => number)[] = [
    (stated) => stated * stated,
    (stated) => Math.sqrt(stated),
    (stated) => stated,
  ];
  for (const seed of [1, 2]) {
    it(`P20: learns how often each kind of statement comes true, to 0.05 (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "statements");
      const calibrator = new Calibrator(3);
      for (let i = 0; i < 60_000; i++) {
        const kind = i % 3;
        const stated = 0.02 + 0.96 * stream.next();
        calibrator.learn(kind, stated, stream.chance(truths[kind]!(stated)));
        if (i % 1000 === 0) calibrator.check();
      }
      calibrator.check();
      for (let kind = 0; kind < 3; kind++) {
        let error = 0;
        for (let stated = 0.05; stated < 0.96; stated += 0.05) {
          const off = Math.abs(calibrator.calibrate(kind, stated) - truths[kind]!(stated));
          expect(off).toBeLessThan(0.08);
          error += off / 19;
        }
        expect(error).toBeLessThan(0.03);
      }
    });
  }

  it("never exchanges two statements of one kind", () => {
    const stream = new RandomStream(7, "order");
    const calibrator = new Calibrator(1);
    for (let i = 0; i < 2000; i++) {
      calibrator.learn(0, stream.next(), stream.chance(0.5));
      if (i % 40 > 0) continue;
      let before = -1;
      for (let stated = 0; stated <= 1; stated += 0.05) {
        const value = calibrator.calibrate(0, stated);
        expect(value).toBeGreaterThanOrEqual(before);
        before = value;
      }
    }
  });

  it("knows no other kinds", () => {
    expect(() => new Calibrator(2).learn(2, 0.5, true)).toThrow("kind");
  });
});
