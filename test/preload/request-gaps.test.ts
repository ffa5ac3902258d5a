// How soon the next request comes: a short quantile of the gaps within sessions, followed as they change.

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { RequestGaps } from "../../preload/request-gaps.ts";

describe("request gaps", () => {
  it("follows a short quantile: most gaps are longer", () => {
    const random = new RandomStream(1, "gaps");
    const gaps = new RequestGaps();
    let now = 0;
    for (let i = 0; i < 5000; i++) gaps.observe("u", (now += random.between(1000, 2000)), false);
    expect(gaps.shortMillis).toBeGreaterThan(1000);
    expect(gaps.shortMillis).toBeLessThan(1250);
    for (let i = 0; i < 5000; i++) gaps.observe("u", (now += random.between(100, 200)), false);
    expect(gaps.shortMillis).toBeGreaterThan(90);
    expect(gaps.shortMillis).toBeLessThan(130);
    for (let i = 0; i < 5000; i++) gaps.observe("u", (now += random.between(1000, 2000)), false);
    expect(gaps.shortMillis).toBeGreaterThan(900);
  });

  it("users are apart; new sessions, long pauses and clocks that run backwards say nothing", () => {
    const gaps = new RequestGaps({ longestMillis: 10_000 });
    gaps.observe("a", 0, true);
    gaps.observe("b", 5, true);
    expect(gaps.shortMillis).toBe(0);
    gaps.observe("a", 500, false);
    gaps.observe("b", 800, true);
    gaps.observe("a", 60_000, false);
    gaps.observe("a", 59_000, false);
    expect(gaps.shortMillis).toBe(500);
    gaps.observe("b", 1000, false);
    gaps.answered("b", 1400); // it had to wait: only what comes after that is time to load ahead
    gaps.answered("nobody", 0);
    gaps.observe("b", 1450, false);
    expect(gaps.shortMillis).toBe(50);
  });

  it("P16: the next step never waits; later ones do where the gaps leave time", () => {
    const gaps = new RequestGaps();
    expect(gaps.canWait(2, 1)).toBe(false); // nothing is known
    gaps.observe("a", 0, true);
    gaps.observe("a", 100, false);
    expect([gaps.canWait(1, 0), gaps.canWait(2, 100), gaps.canWait(2, 101), gaps.canWait(3, 200)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it("remembers so many users", () => {
    const gaps = new RequestGaps({ userCount: 2 });
    for (const user of ["a", "b", "c"]) gaps.observe(user, 0, true);
    gaps.observe("a", 7, false); // forgotten: no gap
    expect(gaps.shortMillis).toBe(0);
    expect(gaps.stateBytes).toBe(200);
    expect(() => new RequestGaps({ userCount: 0 })).toThrow(AssertionError);
  });
});
