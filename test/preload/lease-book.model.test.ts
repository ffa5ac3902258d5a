// The book of leases against a list of plain objects that is summed up anew each time; integrity is walked after every step.
// fast-check prints seed and path of a counterexample.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Lease, LeaseBook } from "../../preload/lease-book.ts";
import { runs } from "../runs.ts";

interface ModelLease {
  readonly lease: Lease;
  bytes: number;
  deadline: number;
  readonly isRequired: boolean;
  readonly mayExceed: boolean;
  state: "granted" | "active" | "released" | "rolled-back" | "expired";
  /** Its holder has ended it, in time or late. */
  isEnded: boolean;
}

const RESERVE = 0.25;

class Pair {
  now = 0;
  budget = 1000;
  late = 0;
  refused = 0;
  growthRefused = 0;
  readonly leases: ModelLease[] = [];
  readonly book = new LeaseBook({ budgetBytes: 1000, reserveRatio: RESERVE });

  live(): ModelLease[] {
    return this.leases.filter(({ state }) => state === "granted" || state === "active");
  }

  used(): number {
    return this.live().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  limit(isRequired: boolean): number {
    return isRequired ? this.budget : Math.floor(this.budget * (1 - RESERVE));
  }

  settle(): void {
    this.book.check();
    expect(this.book.usedBytes).toBe(this.used());
    expect(this.book.liveCount).toBe(this.live().length);
    for (const one of this.leases) {
      expect([one.lease.state, one.lease.bytes]).toEqual([one.state, one.bytes]);
    }
    const ended = (state: string) => this.leases.filter((one) => one.state === state).length;
    expect(this.book.counts).toEqual({
      granted: this.leases.length,
      refused: this.refused,
      released: ended("released"),
      rolledBack: ended("rolled-back"),
      expired: ended("expired"),
      lateEnds: this.late,
      growthRefused: this.growthRefused,
    });
    for (const isRequired of [true, false])
      expect(this.book.freeBytes(isRequired)).toBe(Math.max(0, this.limit(isRequired) - this.used()));
  }
}

type Step = (pair: Pair) => void;

const grant = fc
  .record({
    bytes: fc.integer({ min: 0, max: 600 }),
    life: fc.constantFrom(1, 5, 10, Infinity),
    isRequired: fc.boolean(),
    mayExceed: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  })
  .map(({ bytes, life, isRequired: isAsked, mayExceed }): Step => {
    return (pair) => {
      const isRequired = isAsked || mayExceed;
      const fits = mayExceed || pair.used() + bytes <= pair.limit(isRequired);
      const deadline = pair.now + life;
      const lease = pair.book.grant({ bytes, deadlineMillis: deadline, isRequired: isAsked, mayExceed });
      expect(lease !== undefined).toBe(fits);
      if (lease === undefined) pair.refused++;
      else pair.leases.push({ lease, bytes, deadline, isRequired, mayExceed, state: "granted", isEnded: false });
    };
  });

/** A step on one lease that there ever was, by a draw; expired ones among them, since their holders do not know. */
function onLease(act: (pair: Pair, one: ModelLease, amount: number) => void): fc.Arbitrary<Step> {
  return fc.record({ draw: fc.nat(), amount: fc.nat({ max: 600 }) }).map(({ draw, amount }): Step => {
    return (pair) => {
      const open = pair.leases.filter(({ isEnded }) => !isEnded);
      if (open.length > 0) act(pair, open[draw % open.length] as ModelLease, amount);
    };
  });
}

const begin = onLease((pair, one, amount) => {
  if (one.state === "active") return;
  const isExtended = amount % 2 === 0;
  const deadline = isExtended ? pair.now + 1 + (amount % 7) : one.deadline;
  const isLive = one.state === "granted";
  expect(isExtended ? pair.book.begin(one.lease, deadline) : pair.book.begin(one.lease)).toBe(isLive);
  if (isLive) {
    one.state = "active";
    one.deadline = deadline;
  }
});

const resize = onLease((pair, one, bytes) => {
  const isLive = one.state !== "expired";
  const growth = bytes - one.bytes;
  const fits = growth <= 0 || one.mayExceed || pair.used() + growth <= pair.limit(one.isRequired);
  expect(pair.book.resize(one.lease, bytes)).toBe(isLive && fits);
  if (isLive && fits) one.bytes = bytes;
  else if (isLive) pair.growthRefused++;
});

const end = onLease((pair, one, amount) => {
  const isReleased = one.state !== "granted" && amount % 2 === 0;
  const isLive = one.state !== "expired";
  expect(isReleased ? pair.book.release(one.lease) : pair.book.rollBack(one.lease)).toBe(isLive);
  one.isEnded = true;
  if (isLive) one.state = isReleased ? "released" : "rolled-back";
  else pair.late++;
});

const advance = fc.constantFrom(-3, 0, 1, 1, 5, 11).map((millis): Step => {
  return (pair) => {
    const told = pair.book.advance(pair.now + millis);
    pair.now += Math.max(0, millis);
    const due = pair.live().filter(({ deadline }) => deadline <= pair.now);
    expect(told).toEqual(due.map(({ lease }) => lease));
    for (const one of due) one.state = "expired";
  };
});

const budget = fc.constantFrom(1000, 1000, 500, 100, 0, 2001).map((bytes): Step => {
  return (pair) => {
    pair.budget = bytes;
    pair.book.setBudget(bytes);
    // Exactly the youngest speculative ones, and no more than it takes.
    const excess = pair.book.excess();
    const speculative = pair.live().filter((one) => !one.isRequired && one.bytes > 0);
    expect(excess).toEqual(
      speculative
        .slice(speculative.length - excess.length)
        .reverse()
        .map(({ lease }) => lease),
    );
    const left = pair.used() - excess.reduce((sum, { bytes: one }) => sum + one, 0);
    if (excess.length < speculative.length) expect(left).toBeLessThanOrEqual(bytes);
    const last = excess.at(-1);
    if (last !== undefined) expect(left + last.bytes).toBeGreaterThan(bytes);
  };
});

const step = fc.oneof(
  { weight: 6, arbitrary: grant },
  { weight: 4, arbitrary: begin },
  { weight: 3, arbitrary: resize },
  { weight: 5, arbitrary: end },
  { weight: 3, arbitrary: advance },
  { weight: 1, arbitrary: budget },
);

describe("LeaseBook against a naive list", () => {
  it("P43: budget, reserve, growth, expiry and every end", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const pair = new Pair();
        for (const one of steps) {
          one(pair);
          pair.settle();
        }
        // Liveness: when everybody has ended, nothing is held.
        for (const one of pair.leases) if (!one.isEnded) pair.book.rollBack(one.lease);
        pair.book.check();
        expect([pair.book.usedBytes, pair.book.speculativeBytes, pair.book.liveCount]).toEqual([0, 0, 0]);
      }),
      { numRuns: runs(200) },
    );
  });
});
