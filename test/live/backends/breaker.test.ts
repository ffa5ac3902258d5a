// C32: the circuit breaker, by an injected clock.

import fc from "fast-check";
import { expect, it } from "vitest";
import { CircuitBreaker, NO_ENTRY } from "../../../live/backends/breaker.ts";

function breakerAt(clock: { millis: number }): CircuitBreaker {
  return new CircuitBreaker({ now: () => clock.millis, firstPauseMillis: 100, longestPauseMillis: 400 });
}

it("opens at the first failure and lets nobody through until a trial succeeds", () => {
  const clock = { millis: 0 };
  const breaker = breakerAt(clock);
  const ticket = breaker.enter();
  expect(ticket).not.toBe(NO_ENTRY);
  expect(breaker.millisToTrial()).toBe(Infinity);
  expect(breaker.beginTrial()).toBe(false);
  expect(breaker.fail(ticket)).toBe(true);
  expect([breaker.state, breaker.enter(), breaker.millisToTrial()]).toEqual(["open", NO_ENTRY, 100]);
  clock.millis = 99;
  expect(breaker.beginTrial()).toBe(false);
  clock.millis = 100;
  expect([breaker.beginTrial(), breaker.state, breaker.enter()]).toEqual([true, "half-open", NO_ENTRY]);
  expect(breaker.beginTrial()).toBe(false); // one at a time
  breaker.endTrial(true);
  expect(breaker.state).toBe("closed");
  expect(breaker.enter()).not.toBe(NO_ENTRY);
});

it("waits twice as long after each trial that failed, up to a bound, and begins anew after a success", () => {
  const clock = { millis: 0 };
  const breaker = breakerAt(clock);
  breaker.fail(breaker.enter());
  const pauses: number[] = [];
  for (let i = 0; i < 4; i++) {
    pauses.push(breaker.millisToTrial());
    clock.millis += breaker.millisToTrial();
    breaker.beginTrial();
    breaker.endTrial(false);
  }
  expect(pauses).toEqual([100, 200, 400, 400]);
  breaker.close();
  breaker.fail(breaker.enter());
  expect(breaker.millisToTrial()).toBe(100);
});

it("a failure of a call made before the last opening says nothing about now", () => {
  const clock = { millis: 0 };
  const breaker = breakerAt(clock);
  const [first, second] = [breaker.enter(), breaker.enter()];
  breaker.fail(first);
  expect(breaker.fail(second)).toBe(false);
  breaker.close();
  expect(breaker.fail(second)).toBe(false);
  expect(breaker.state).toBe("closed");
  breaker.endTrial(false); // of a trial that was overtaken by `close`
  expect(breaker.state).toBe("closed");
});

it("refuses pauses that make no sense", () => {
  expect(() => new CircuitBreaker({ now: () => 0, firstPauseMillis: 0 })).toThrow(/pauses/);
  expect(() => new CircuitBreaker({ now: () => 0, firstPauseMillis: 9, longestPauseMillis: 8 })).toThrow(/pauses/);
});

it("whatever happens, calls pass only when it is closed, and it is never open for longer than the bound", () => {
  const events = fc.array(fc.oneof(fc.constantFrom("enter", "fail", "trial-good", "trial-bad"), fc.nat(500)));
  fc.assert(
    fc.property(events, (list) => {
      const clock = { millis: 0 };
      const breaker = breakerAt(clock);
      let ticket = 0;
      for (const event of list) {
        if (typeof event === "number") clock.millis += event;
        else if (event === "enter") ticket = breaker.enter();
        else if (event === "fail") breaker.fail(ticket);
        else if (breaker.beginTrial()) breaker.endTrial(event === "trial-good");
        expect(breaker.enter() !== NO_ENTRY).toBe(breaker.state === "closed");
        if (breaker.state === "open") expect(breaker.millisToTrial()).toBeLessThanOrEqual(400);
      }
    }),
  );
});
