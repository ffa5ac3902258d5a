import { describe, expect, it } from "vitest";
import { HotList } from "../../../cache/components/hot-list.ts";
import { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";

const HALF_LIFE_MILLIS = 1000;

describe("hot components (F10)", () => {
  it("equals a naive list of all requests while everything fits", () => {
    const seed = 7;
    const random = new RandomStream(seed, "hot-list");
    const list = new HotList(50, HALF_LIFE_MILLIS);
    const requests: { key: string; at: number }[] = [];
    let now = 1_000_000;
    for (let i = 0; i < 2000; i++) {
      now += random.chance(0.01) ? 200_000 : random.integer(200);
      const key = `k${Math.floor(random.integer(50) * random.next())}`;
      list.note(key, now);
      requests.push({ key, at: now });
      if (i % 100 !== 99) continue;
      const naive = new Map<string, number>();
      for (const { key: k, at } of requests)
        naive.set(k, (naive.get(k) ?? 0) + Math.exp((-Math.LN2 * (now - at)) / HALF_LIFE_MILLIS));
      for (const { key: k, score } of list.top(50, now)) expect(score, `seed ${seed}`).toBeCloseTo(naive.get(k)!, 9);
      expect(list.size).toBe(naive.size);
    }
  });

  it("holds a bounded number of keys and never misses a hot one", () => {
    const list = new HotList(10, 1e9);
    for (let i = 0; i < 10_000; i++) {
      list.note(i % 3 === 0 ? `hot${i % 2}` : `cold${i}`, i);
      expect(list.size).toBeLessThanOrEqual(10);
    }
    const top = list.top(2, 10_000).map(({ key }) => key);
    expect(top.sort()).toEqual(["hot0", "hot1"]);
  });

  it("is saved and taken over, faded by the time between", () => {
    const list = new HotList(10, HALF_LIFE_MILLIS);
    for (let i = 0; i < 4; i++) list.note("a", 0);
    list.note("b", 0);
    const other = new HotList(10, HALF_LIFE_MILLIS);
    other.note("gone", 5);
    other.restore(JSON.parse(JSON.stringify(list.state(0))), HALF_LIFE_MILLIS);
    const top = other.top(10, HALF_LIFE_MILLIS);
    expect(top.map(({ key }) => key)).toEqual(["a", "b"]);
    expect(top[0].score).toBeCloseTo(2, 9);
    other.note("b", HALF_LIFE_MILLIS);
    expect(other.top(2, HALF_LIFE_MILLIS)[1].score).toBeCloseTo(1.5, 9);
  });

  it("refuses what is no saved list and keeps what it had", () => {
    const list = new HotList(10, HALF_LIFE_MILLIS);
    list.note("a", 0);
    for (const bad of [
      { atMillis: Number.NaN, keys: [] },
      { atMillis: 0, keys: [{ key: "x", score: Number.NaN }] },
      { atMillis: 0, keys: [{ key: "x", score: -1 }] },
      { atMillis: 0 } as never,
    ])
      expect(() => list.restore(bad, 0)).toThrow(MempredError);
    expect(list.top(5, 0).map(({ key }) => key)).toEqual(["a"]);
    list.forget("a");
    expect(list.size).toBe(0);
  });

  it("survives a clock that stands still, goes back and jumps far ahead", () => {
    const list = new HotList(3, HALF_LIFE_MILLIS);
    for (const at of [1000, 1000, 0, 1e13, 1e13]) list.note("a", at);
    expect(list.top(1, 1e13)[0].score).toBeCloseTo(2, 9);
  });
});
