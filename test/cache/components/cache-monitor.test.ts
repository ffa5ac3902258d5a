import { describe, expect, it } from "vitest";
import {
  CacheMonitor,
  type CacheSnapshot,
  MOST_SNAPSHOTS,
  TREND_WINDOW,
} from "../../../cache/components/cache-monitor.ts";
import { AssertionError } from "../../../core/errors.ts";

const EMPTY: CacheSnapshot = {
  atMillis: 0,
  hits: 0,
  misses: 0,
  evictions: 0,
  failures: 0,
  entries: 50,
  bytes: 40,
  mostEntries: 100,
  mostBytes: 100,
  loadMillisP95: 1,
};

/** A monitor fed `count` snapshots a second apart, each with the counts that `step` adds. */
function fed(count: number, step: (i: number) => Partial<CacheSnapshot>): CacheMonitor {
  const monitor = new CacheMonitor();
  let at = EMPTY;
  for (let i = 0; i < count; i++) {
    const added = step(i);
    at = {
      ...at,
      ...added,
      atMillis: i * 1000,
      hits: at.hits + (added.hits ?? 0),
      misses: at.misses + (added.misses ?? 0),
      evictions: at.evictions + (added.evictions ?? 0),
      failures: at.failures + (added.failures ?? 0),
    };
    monitor.add(at);
  }
  return monitor;
}
const codes = (monitor: CacheMonitor): string[] => monitor.health().recommendations.map(({ code }) => code);

describe("monitor (F19-F23)", () => {
  it("keeps the last thousand", () => {
    const monitor = fed(1500, () => ({ hits: 1 }));
    expect(monitor.snapshots.length).toBe(MOST_SNAPSHOTS);
    expect(monitor.snapshots[0].atMillis).toBe(500_000);
    expect(monitor.trend().snapshots).toBe(TREND_WINDOW);
    monitor.clear();
    expect(monitor.snapshots).toEqual([]);
  });

  it("a good past hides no bad present", () => {
    const monitor = fed(1000, (i) => (i < 900 ? { hits: 100 } : { misses: 100 }));
    expect(monitor.trend().hitRatio).toBe(0);
    expect(monitor.health().isHealthy).toBe(false);
    expect(codes(monitor)).toContain("low-hit-ratio");
  });

  it("healthy is hit ≥ 75 % and memory < 80 %", () => {
    const at = (hits: number, bytes: number) => fed(50, () => ({ hits, misses: 100 - hits, bytes })).health().isHealthy;
    expect(at(75, 79)).toBe(true);
    expect(at(74, 79)).toBe(false);
    expect(at(75, 80)).toBe(false);
  });

  it("trends have a direction and rates by the second", () => {
    const monitor = fed(100, (i) => ({ hits: i, misses: 99 - i, bytes: i }));
    const trend = monitor.trend();
    expect(trend.direction).toBe("rising");
    expect(trend.requestsPerSecond).toBeCloseTo(99, 9);
    expect(trend.bytesPerSecond).toBeCloseTo(1, 9);
    expect(fed(100, (i) => ({ hits: 99 - i, misses: i })).trend().direction).toBe("falling");
    expect(fed(100, () => ({ hits: 9, misses: 1 })).trend().direction).toBe("steady");
  });

  it.each([
    ["no-traffic", fed(10, () => ({}))],
    ["low-hit-ratio", fed(10, () => ({ hits: 1, misses: 9 }))],
    ["falling-hit-ratio", fed(100, (i) => ({ hits: 100 - i, misses: i }))],
    ["memory-tight", fed(10, () => ({ hits: 10, bytes: 95 }))],
    ["evicts-often", fed(10, () => ({ hits: 5, misses: 5, evictions: 5 }))],
    ["loads-fail", fed(10, () => ({ misses: 1, failures: 1 }))],
    ["loads-slow", fed(10, () => ({ hits: 10, loadMillisP95: 101 }))],
    ["too-large", fed(100, () => ({ hits: 10, bytes: 5, entries: 5 }))],
  ])("recommends: %s", (code, monitor) => {
    expect(codes(monitor)).toContain(code);
  });

  it("says nothing of a cache that is well", () => {
    expect(codes(fed(100, () => ({ hits: 9, misses: 1 })))).toEqual([]);
  });

  it("is silent before the first snapshot, and takes none while off", () => {
    const monitor = new CacheMonitor(false);
    monitor.add(EMPTY);
    expect(monitor.snapshots).toEqual([]);
    expect(monitor.health()).toMatchObject({ isHealthy: true, recommendations: [] });
    monitor.isOn = true;
    monitor.add({ ...EMPTY, atMillis: 5 });
    expect(() => monitor.add({ ...EMPTY, atMillis: 4 })).toThrow(AssertionError);
  });
});
