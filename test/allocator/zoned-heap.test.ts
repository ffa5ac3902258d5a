import { describe, expect, test } from "vitest";
import { checkHeap } from "../../allocator/check-heap.ts";
import { NO_HANDLE } from "../../allocator/heap.ts";
import { ZonedHeap } from "../../allocator/zoned-heap.ts";
import { AssertionError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";

const SMALL = [
  { name: "movable", capacityBytes: 256 },
  { name: "normal", capacityBytes: 1_024, fit: "best" as const },
  { name: "dma", capacityBytes: 128, fallback: [] },
];

describe("zones", () => {
  test("K79: a request falls back along its zone's list, and the counts say so", () => {
    const zoned = new ZonedHeap(SMALL);
    const [movable, normal, dma] = [0, 1, 2];
    const first = zoned.allocate(movable, 248);
    expect(zoned.zoneOf(first)).toBe(movable);
    const second = zoned.allocate(movable, 248);
    expect(zoned.zoneOf(second)).toBe(normal);
    const third = zoned.allocate(movable, 760);
    expect(zoned.zoneOf(third)).toBe(normal);
    expect(zoned.zoneOf(zoned.allocate(movable, 8))).toBe(dma);
    expect(zoned.zoneOf(zoned.allocate(dma, 104))).toBe(dma);
    expect(zoned.allocate(dma, 8)).toBe(NO_HANDLE); // its list is empty
    expect(zoned.allocate(movable, 8)).toBe(NO_HANDLE);
    expect(zoned.statisticsOf(movable)).toMatchObject({
      placedCount: 1,
      fallbackCount: 3,
      refusedCount: 1,
      occupancyRatio: 1,
    });
    expect(zoned.statisticsOf(dma)).toMatchObject({ name: "dma", placedCount: 2, fallbackCount: 0, refusedCount: 1 });
    expect(zoned.totalStatistics()).toMatchObject({
      name: "total",
      capacityBytes: 1_408,
      allocatedBytes: 1_408,
      freeBytes: 0,
      blockCount: 5,
      placedCount: 5,
      fallbackCount: 3,
      refusedCount: 2,
      effectivePressureRatio: 1,
      fragmentationRatio: 0,
    });
    zoned.free(second);
    expect(zoned.totalStatistics()).toMatchObject({ freeBytes: 256, holeCount: 1, fragmentationRatio: 0 });
    expect(zoned.resize(third, 1_000)).toBe(true);
    expect(zoned.heapOf(third)).toBe(zoned.zones[normal]);
    expect(zoned.resize(third, 2_000)).toBe(false);
  });

  test("K79: a named fallback order is followed", () => {
    const zoned = new ZonedHeap([
      { name: "a", capacityBytes: 64, fallback: ["c", "b"] },
      { name: "b", capacityBytes: 64 },
      { name: "c", capacityBytes: 64 },
    ]);
    const zones = [1, 2, 3, 4].map(() => zoned.allocate(0, 56)).map((handle) => (handle ? zoned.zoneOf(handle) : -1));
    expect(zones).toEqual([0, 2, 1, -1]);
    expect(zoned.zoneIndexOf("c")).toBe(2);
  });

  test("alignment and pins are passed on", () => {
    const zoned = new ZonedHeap(SMALL);
    const handle = zoned.allocate(0, 10, 64, true);
    const heap = zoned.heapOf(handle);
    expect([heap.isPinned(handle), heap.payloadOffsetOf(handle) % 64]).toEqual([true, 0]);
  });

  test("K79: zones of any capacities never take each other's handles", () => {
    const zoned = new ZonedHeap(
      [64, 128, 1_024, 4_096, 102_400, 65_536, 1_048_576, 2_048].map((capacityBytes, i) => ({
        name: `zone ${i}`,
        capacityBytes,
      })),
    );
    const random = new RandomStream(1, "zoned-heap");
    const owner = new Map<number, number>();
    for (let i = 0; i < 20_000; i++) {
      const zone = random.integer(8);
      const handle = zoned.zones[zone]!.allocate(random.between(1, 200));
      if (handle !== NO_HANDLE) {
        expect(owner.has(handle)).toBe(false);
        owner.set(handle, zone);
      }
      if (owner.size > 40)
        for (const [live, liveZone] of [...owner].slice(0, 10)) {
          for (let other = 0; other < 8; other++)
            if (zoned.zones[other]!.isLive(live) !== (other === liveZone))
              throw new Error(`zone ${other} takes ${live}`);
          zoned.free(live);
          owner.delete(live);
        }
    }
    for (const heap of zoned.zones) expect(checkHeap(heap)).toEqual([]);
  });

  test("stale, foreign and made-up handles and unknown zones are programmer's mistakes", () => {
    const zoned = new ZonedHeap(SMALL);
    const stale = zoned.allocate(0, 10);
    zoned.free(stale);
    for (const handle of [stale, NO_HANDLE, -1, NaN, 7 * 2 ** 28 + 5, 1.5]) {
      expect(zoned.isLive(handle)).toBe(false);
      expect(() => zoned.free(handle)).toThrow(AssertionError);
      expect(() => zoned.resize(handle, 5)).toThrow(AssertionError);
      expect(() => zoned.zoneOf(handle)).toThrow(AssertionError);
    }
    expect(() => zoned.allocate(3, 10)).toThrow(AssertionError);
    expect(() => zoned.statisticsOf(9)).toThrow(AssertionError);
    expect(() => zoned.zoneIndexOf("high")).toThrow(AssertionError);
  });

  test("one to eight zones with unique names", () => {
    expect(() => new ZonedHeap([])).toThrow(AssertionError);
    expect(() => new ZonedHeap(new Array(9).fill(0).map((_, i) => ({ name: `${i}` })))).toThrow(AssertionError);
    expect(() => new ZonedHeap([{ name: "a" }, { name: "a" }])).toThrow(AssertionError);
    expect(() => new ZonedHeap([{ name: "a", fallback: ["b"] }])).toThrow(AssertionError);
  });
});
