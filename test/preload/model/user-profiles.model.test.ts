// Profiles and neighbours against plain maps: faded counts, and the cosine over all users.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { NEAREST_COUNT, PROFILE_COUNT, UserProfiles } from "../../../preload/model/user-profiles.ts";

const USERS = 14;
const SYMBOLS = 24; // fewer than a profile holds: nothing is given up, so that plain counts are exact

function cosine(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number {
  let product = 0;
  for (const [symbol, count] of a) product += Math.sqrt(count * (b.get(symbol) ?? 0));
  const norm = (of: ReadonlyMap<number, number>) => [...of.values()].reduce((sum, one) => sum + one, 0);
  return product / Math.sqrt(norm(a) * norm(b));
}

describe("user profiles", () => {
  for (const seed of [1, 2]) {
    it(`P18: counts fade and the most alike are found (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "profiles");
      const profiles = new UserProfiles(USERS, SYMBOLS);
      const counts = Array.from({ length: USERS }, () => new Map<number, number>());
      const requests = new Array<number>(USERS).fill(0);
      for (let i = 0; i < 1500; i++) {
        const user = stream.integer(USERS);
        const symbol = (user % 3) * 6 + stream.integer(12);
        for (const [one, count] of counts[user]!) counts[user]!.set(one, count * 0.99);
        counts[user]!.set(symbol, (counts[user]!.get(symbol) ?? 0) + 1);
        profiles.observe(user, symbol, ++requests[user]!);
        if (i % 50 > 0) continue;
        profiles.check(
          () => true,
          () => true,
        );
        profiles.refresh(user);
        const first = user * PROFILE_COUNT;
        expect(profiles.counts[user]).toBe(counts[user]!.size);
        for (let at = first; at < first + profiles.counts[user]!; at++) {
          expect(profiles.weights[at]).toBeCloseTo(counts[user]!.get(profiles.symbols[at]!)!, 3);
        }
        const expected = counts
          .map((other, number) => ({ number, likeness: cosine(counts[user]!, other) }))
          .filter(({ number, likeness }) => number !== user && likeness >= 0.2)
          .sort((a, b) => b.likeness - a.likeness)
          .slice(0, NEAREST_COUNT);
        const near = user * NEAREST_COUNT;
        expect(profiles.nearestCounts[user]).toBe(expected.length);
        expected.forEach(({ likeness }, place) => {
          expect(profiles.likeness[near + place]).toBeCloseTo(likeness, 3);
        });
      }
    });
  }

  it("keeps what is asked for most when there is more than it holds", () => {
    const stream = new RandomStream(3, "many");
    const profiles = new UserProfiles(1, 500);
    for (let i = 0; i < 3000; i++) {
      profiles.observe(0, stream.chance(0.5) ? stream.integer(4) : stream.integer(500), i + 1);
    }
    profiles.check(
      () => true,
      () => true,
    );
    expect(profiles.counts[0]).toBe(PROFILE_COUNT);
    for (let symbol = 0; symbol < 4; symbol++) expect(profiles.has(0, symbol)).toBe(true);
  });

  it("forgets components and users", () => {
    const profiles = new UserProfiles(3, 8);
    for (let i = 1; i <= 16; i++) for (let user = 0; user < 3; user++) profiles.observe(user, i % 4, i);
    profiles.forget(
      Uint8Array.from({ length: 8 }, (_, symbol) => (symbol === 2 ? 1 : 0)),
      Uint8Array.of(0, 1, 0),
    );
    profiles.check(
      () => true,
      () => true,
    );
    expect([profiles.has(0, 2), profiles.has(0, 3), profiles.has(1, 3)]).toEqual([false, true, false]);
    expect(Array.from(profiles.nearest.subarray(0, profiles.nearestCounts[0]))).toEqual([2]);
  });
});
