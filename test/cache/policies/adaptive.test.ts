// When the shadows of `adaptive` rest, and that a change of what is asked for wakes them.

import { describe, expect, it } from "vitest";
import { Adaptive } from "../../../cache/policies/adaptive.ts";
import { RandomStream } from "../../../core/random.ts";
import { PolicyHarness } from "./policy-harness.ts";

const ENTRIES = 200;

function harness(): PolicyHarness {
  return new PolicyHarness((options) => new Adaptive(options), ENTRIES, ENTRIES);
}

/** Requests of a settled, skewed stream; which keys are hot is drawn from `seed`. */
function* skewed(requests: number, seed: number): Generator<number> {
  const random = new RandomStream(seed, "adaptive-test");
  for (let i = 0; i < requests; i++) yield Math.floor(1_000 * random.next() ** 4);
}

/** A loop over more than fits: LRU finds nothing in it. */
function* loop(requests: number): Generator<number> {
  for (let i = 0; i < requests; i++) yield 10_000 + (i % 300);
}

function hitsOf(cache: PolicyHarness, keys: Iterable<number>): number {
  let hits = 0;
  for (const key of keys) if (cache.request(key, 1)) hits++;
  return hits;
}

describe("adaptive at rest", () => {
  it("rests when nothing has changed for long, and a settled stream leaves it at rest", () => {
    const cache = harness();
    const policy = cache.policy as Adaptive;
    hitsOf(cache, skewed(20 * ENTRIES, 1));
    expect(policy.isResting).toBe(false);
    let resting = 0;
    const random = new RandomStream(1, "adaptive-test-later");
    for (let i = 0; i < 400 * ENTRIES; i++) {
      cache.request(Math.floor(1_000 * random.next() ** 4), 1);
      if (policy.isResting) resting++;
    }
    expect(resting / (400 * ENTRIES)).toBeGreaterThan(0.6);
    cache.check();
  });

  it("wakes within two turns when misses change, and does as well as one that never rested", () => {
    const cache = harness();
    const policy = cache.policy as Adaptive;
    let i = 0;
    for (const key of skewed(200 * ENTRIES, 2)) {
      cache.request(key, 1);
      if (++i > 60 * ENTRIES && policy.isResting) break;
    }
    expect(policy.isResting).toBe(true);
    hitsOf(cache, loop(2 * ENTRIES));
    expect(policy.isResting).toBe(false);
    const after = hitsOf(cache, loop(40 * ENTRIES));
    const awake = harness();
    hitsOf(awake, skewed(20 * ENTRIES, 2));
    hitsOf(awake, loop(2 * ENTRIES));
    const reference = hitsOf(awake, loop(40 * ENTRIES));
    expect(reference).toBeGreaterThan(10 * ENTRIES);
    expect(after).toBeGreaterThan(0.9 * reference);
    cache.check();
  });

  it("a cache that grows looks again", () => {
    const cache = harness();
    const policy = cache.policy as Adaptive;
    hitsOf(cache, skewed(300 * ENTRIES, 3));
    for (const key of skewed(200 * ENTRIES, 4)) {
      if (policy.isResting) break;
      cache.request(key, 1);
    }
    expect(policy.isResting).toBe(true);
    cache.grow(16 * ENTRIES); // another sample: shadows anew
    expect(policy.isResting).toBe(false);
    cache.check();
  });
});
