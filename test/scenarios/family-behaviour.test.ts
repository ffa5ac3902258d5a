import { describe, expect, it } from "vitest";
import { CLASS_ATOMIC, type Demand, FLAG_RECLAIMABLE, OP_ALLOCATE, OP_FREE } from "../../core/demand.ts";
import { blockLength } from "../../core/units.ts";
import { measureLevel } from "../../scenarios/measure-level.ts";
import { getScenario } from "../../scenarios/registry.ts";
import { fillEndMicros } from "../../scenarios/scenario.ts";

const CELL_MICROS = 100_000;

function generate(id: string, pressureRatio: number, seed = 3, minutes = 10): Demand {
  return getScenario(id).generate({
    pressureRatio,
    seed,
    durationMicros: minutes * 60_000_000,
    ratePerSecond: 100,
    capacityBytes: 102_400,
  });
}

/** Demanded bytes / capacity at the end of each 100 ms, and arrivals within it. */
function series(demand: Demand): { level: Float64Array; arrivals: Float64Array } {
  const cells = Math.floor(demand.durationMicros / CELL_MICROS);
  const level = new Float64Array(cells);
  const arrivals = new Float64Array(cells);
  const lengths = new Float64Array(demand.idCount);
  let live = 0;
  let i = 0;
  for (let c = 0; c < cells; c++) {
    for (; i < demand.length && demand.timeMicros[i]! < (c + 1) * CELL_MICROS; i++) {
      const length = demand.kind[i] === OP_FREE ? 0 : blockLength(demand.sizeBytes[i]!);
      live += length - lengths[demand.id[i]!]!;
      lengths[demand.id[i]!] = length;
      if (demand.kind[i] === OP_ALLOCATE) arrivals[c]!++;
    }
    level[c] = live / demand.capacityBytes;
  }
  return { level, arrivals };
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>, lag: number): number {
  const n = Math.min(a.length, b.length) - lag;
  let [ma, mb] = [0, 0];
  for (let i = 0; i < n; i++) {
    ma += a[i]! / n;
    mb += b[i + lag]! / n;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i]! - ma) * (b[i + lag]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i + lag]! - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Greatest minus least after the fill. */
function swing(level: Float64Array): number {
  const after = level.slice(30);
  return Math.max(...after) - Math.min(...after);
}

/** Cells in which the level falls by at least so much. */
function drops(level: Float64Array, least: number): number[] {
  const found: number[] = [];
  for (let c = 31; c < level.length; c++) if (level[c - 1]! - level[c]! >= least) found.push(c);
  return found;
}

describe("what each family is for", () => {
  it("steady stays within a few points of its level", () => {
    expect(swing(series(generate("steady", 0.5)).level)).toBeLessThan(0.06);
  });

  it("tide comes back every minute, and its rate runs ahead of its level", () => {
    const { level, arrivals } = series(generate("tide", 0.5));
    const after = level.slice(30);
    expect(swing(level)).toBeGreaterThan(0.3);
    expect(correlation(after, after, 600)).toBeGreaterThan(0.9);
    expect(correlation(after, after, 300)).toBeLessThan(-0.9);
    const rate = arrivals.slice(30);
    expect(correlation(rate, after, 75)).toBeGreaterThan(correlation(rate, after, 0) + 0.02);
  });

  it("ramp climbs for most of its time", () => {
    const { level } = series(generate("ramp", 0.5));
    let climbing = 0;
    for (let c = 130; c < level.length; c++) if (level[c]! > level[c - 100]!) climbing++;
    expect(climbing / (level.length - 130)).toBeGreaterThan(0.65);
    expect(swing(level)).toBeGreaterThan(0.3);
  });

  it("sawtooth lets go of what it hoarded every 15 s or so", () => {
    const { level } = series(generate("sawtooth", 0.5));
    const falls = drops(level, 0.1);
    expect(falls.length).toBeGreaterThan(34);
    expect(falls.length).toBeLessThan(46);
    for (let i = 1; i < falls.length; i++) {
      expect(falls[i]! - falls[i - 1]!).toBeGreaterThanOrEqual(134);
      expect(falls[i]! - falls[i - 1]!).toBeLessThanOrEqual(166);
    }
  });

  it("slow-leak restarts at least three times, also in a short run", () => {
    for (const minutes of [3, 10]) {
      const { level } = series(generate("slow-leak", 0.75, 3, minutes));
      expect(drops(level, 0.12).length, `${minutes} min`).toBeGreaterThanOrEqual(3);
      expect(drops(level, 0.12).length, `${minutes} min`).toBeLessThan(10);
    }
  });

  it("burst comes at random, at five times the rate, and lifts the level for a second or two", () => {
    const { level, arrivals } = series(generate("burst", 0.75));
    const usual = arrivals.slice(30).reduce((a, b) => a + b) / (arrivals.length - 30);
    const busy = arrivals.filter((count) => count > 2.2 * usual).length;
    expect(busy / arrivals.length).toBeGreaterThan(0.05);
    expect(busy / arrivals.length).toBeLessThan(0.25);
    expect(swing(level)).toBeGreaterThan(0.1);
  });

  it("stampede: 20 to 40 atomic requests within 5 ms, announced by a rising rate", () => {
    const demand = generate("stampede", 0.85);
    const herds = herdsOf(demand);
    expect(herds.length).toBeGreaterThan(24);
    expect(herds.length).toBeLessThan(34);
    for (const herd of herds) {
      expect(herd.count).toBeGreaterThanOrEqual(20);
      expect(herd.count).toBeLessThanOrEqual(45);
    }
    const { arrivals } = series(demand);
    let before = 0;
    let calm = 0;
    for (const { micros } of herds) {
      const cell = Math.floor(micros / CELL_MICROS);
      for (let k = 1; k <= 10; k++) before += arrivals[cell - k]!;
      for (let k = 61; k <= 70; k++) calm += arrivals[cell - k]!;
    }
    expect(before / calm).toBeGreaterThan(1.5);
  });

  it("stampede with an all-wait mix has no atomic request", () => {
    const mix = { atomic: 0, deadline: 0, wait: 1, pinned: 0 };
    const demand = getScenario("stampede").generate({
      pressureRatio: 0.85,
      seed: 3,
      durationMicros: 120_000_000,
      ratePerSecond: 100,
      capacityBytes: 102_400,
      mix,
    });
    expect(new Set(demand.requestClass)).toEqual(new Set([0, 2])); // 0: frees
    for (let i = 0; i < demand.length; i++)
      if (demand.kind[i] === OP_ALLOCATE) expect(demand.requestClass[i]).not.toBe(CLASS_ATOMIC);
  });

  it("phase-shift: the mean size of ten seconds changes abruptly and often", () => {
    const demand = generate("phase-shift", 0.75);
    const means = meanSizes(demand, 10_000_000);
    const jumps = means.filter((mean, i) => i > 0 && Math.abs(mean / means[i - 1]! - 1) > 0.4).length;
    expect(jumps).toBeGreaterThan(10);
    expect(Math.max(...means) / Math.min(...means)).toBeGreaterThan(5);
    expect(swing(series(demand).level)).toBeLessThan(0.12);
  });

  it("swiss-cheese: of the small blocks of a cycle every second one goes at once, then larger ones come", () => {
    const demand = generate("swiss-cheese", 0.95);
    const perCell = new Map<number, number>();
    const sizes = new Float64Array(demand.idCount);
    for (let i = 0; i < demand.length; i++) {
      const id = demand.id[i]!;
      if (demand.kind[i] === OP_ALLOCATE) sizes[id] = demand.sizeBytes[i]!;
      else if (sizes[id]! <= 72) {
        const cell = Math.floor(demand.timeMicros[i]! / 50_000);
        perCell.set(cell, (perCell.get(cell) ?? 0) + 1);
      }
    }
    const releases = [...perCell.values()].filter((count) => count > 60).length;
    expect(releases).toBeGreaterThan(30);
    const means = meanSizes(demand, 1_000_000);
    expect(means.filter((mean) => mean < 60).length).toBeGreaterThan(80);
    expect(means.filter((mean) => mean > 600).length).toBeGreaterThan(40);
  });

  it("mixed-tenants: the cache holds 15 to 25 % in reclaimable blocks and the batch job comes and goes", () => {
    for (const pressureRatio of [0.75, 0.95, 0.98]) {
      const demand = generate("mixed-tenants", pressureRatio);
      const { reclaimableMeanRatio, peakRatio, heldPeakRatio } = measureLevel(
        demand,
        fillEndMicros(demand.durationMicros),
      );
      expect(reclaimableMeanRatio).toBeGreaterThan(0.15);
      expect(reclaimableMeanRatio).toBeLessThan(0.25);
      expect(heldPeakRatio).toBeLessThan(0.99);
      if (pressureRatio >= 0.95) expect(peakRatio).toBeGreaterThan(1);
      expect(demand.shedBytesPerSecond).toBe(8192);
      expect(demand.tenants).toEqual(["web", "batch", "cache"]);
    }
    const demand = generate("mixed-tenants", 0.95);
    let working = 0;
    let idle = 0;
    for (let i = 0; i < demand.length; i++) {
      if (demand.kind[i] !== OP_ALLOCATE) continue;
      expect((demand.flags[i]! & FLAG_RECLAIMABLE) !== 0).toBe(demand.tenant[i] === 2);
      if (demand.tenant[i] !== 1 || demand.timeMicros[i]! < 2_000_000) continue;
      if ((demand.timeMicros[i]! - 2_000_000) % 30_000_000 < 8_000_000) working++;
      else idle++;
    }
    expect(working).toBeGreaterThan(3000);
    expect(idle).toBe(0);
  });

  it("families without a cache have no reclaimable block and no shrinker", () => {
    const demand = generate("tide", 0.95, 1, 1);
    expect(demand.shedBytesPerSecond).toBe(0);
    expect(demand.flags.some((flags) => (flags & FLAG_RECLAIMABLE) !== 0)).toBe(false);
  });
});

/** Groups of at least 18 allocations of which each follows within 1.5 ms. */
function herdsOf(demand: Demand): { micros: number; count: number }[] {
  const herds: { micros: number; count: number }[] = [];
  let from = 0;
  let last = -Infinity;
  let atomic = 0;
  for (let i = 0; i < demand.length; i++) {
    const t = demand.timeMicros[i]!;
    if (demand.kind[i] !== OP_ALLOCATE || t < 2_000_000) continue;
    if (t - last > 1500) {
      if (atomic >= 18) herds.push({ micros: from, count: atomic });
      from = t;
      atomic = 0;
    }
    if (demand.requestClass[i] === CLASS_ATOMIC) atomic++;
    last = t;
  }
  return herds;
}

/** Mean size of the requests of each window after the fill. */
function meanSizes(demand: Demand, windowMicros: number): number[] {
  const sums: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < demand.length; i++) {
    const t = demand.timeMicros[i]! - 2_000_000;
    if (demand.kind[i] !== OP_ALLOCATE || t < 0) continue;
    const window = Math.floor(t / windowMicros);
    sums[window] = (sums[window] ?? 0) + demand.sizeBytes[i]!;
    counts[window] = (counts[window] ?? 0) + 1;
  }
  return [...sums.keys()].map((w) => (sums[w] ?? 0) / (counts[w] ?? 1));
}
