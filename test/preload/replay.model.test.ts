// The replay: mode off is LRU to the hit; a naive model of the thresholds beside it; whoever knows the future is not beaten; nothing
// that was begun is lost; the same input gives the same digest.

import { describe, expect, it } from "vitest";
import { LRU } from "../../cache/policies/lru.ts";
import { OPT } from "../../cache/policies/opt.ts";
import { replayCache } from "../../cache/replay.ts";
import { AssertionError } from "../../core/errors.ts";
import { NextComponentPredictor } from "../../preload/model/next-component-predictor.ts";
import type { ComponentSequence, PreloadReplayOptions } from "../../preload/replay/replay-types.ts";
import { REPLAY_MODES } from "../../preload/replay/replay-types.ts";
import { replaySequence } from "../../preload/replay/sequence-replay.ts";
import { ThresholdRouter } from "../../preload/routers/thresholds.ts";
import { drawSequence, PairModel, sequenceOf } from "./sequences.ts";

const SEEDS = [1, 2, 3];

function run(sequence: ComponentSequence, options: Partial<PreloadReplayOptions> & Pick<PreloadReplayOptions, "mode">) {
  const result = replaySequence(sequence, { model: new PairModel(), ...options });
  const { begun, inTime, late, wasted, failed, open } = result.preloads;
  expect(begun, "each preload has one outcome or is open").toBe(inTime + late + wasted + failed + open);
  const bySource = result.sources.reduce((sum, one) => sum + one.begun, 0);
  expect(bySource).toBe(begun);
  return result;
}

/** Lists and linear searches: LRU with protected speculations, loads that are there before the next request. */
function naiveThresholds(sequence: ComponentSequence, capacity: number, perRequest: number) {
  const model = new PairModel();
  const router = new ThresholdRouter({ preloadsPerRequest: perRequest });
  // What is being loaded has its place already, so that each load is there, unasked for, before the next request.
  let cache: { id: number; protectedUntil: number; unusedSince: number }[] = []; // the least recently used first
  let [hits, begun, inTime, wasted, stamp] = [0, 0, 0, 0, 0];
  const put = (id: number, now: number, isPreload: boolean) => {
    if (cache.length === capacity) {
      const unused = cache.filter((one) => one.unusedSince > 0).sort((a, b) => a.unusedSince - b.unusedSince);
      const isAllUnused = isPreload && unused.length === capacity;
      const past = unused.length > 0 && (isAllUnused || unused[0]!.protectedUntil <= now) ? unused[0] : undefined;
      const coldest = cache[0]!;
      const victim = past ?? cache.find((one) => one.unusedSince === 0) ?? coldest;
      // Who is passed over for being protected counts as used.
      if (past === undefined && victim !== coldest) cache = [...cache.slice(1), coldest];
      if (victim.unusedSince > 0) wasted++;
      cache = cache.filter((one) => one !== victim);
    }
    cache.push({ id, protectedUntil: now + 5000, unusedSince: isPreload ? ++stamp : 0 });
  };
  sequence.components.forEach((id, index) => {
    const now = index * 1000;
    const found = cache.find((one) => one.id === id);
    if (found === undefined) put(id, now, false);
    else {
      hits++;
      if (found.unusedSince > 0) inTime++;
      cache = [...cache.filter((one) => one !== found), { ...found, unusedSince: 0 }];
    }
    router.onRequest();
    const user = sequence.userNames[sequence.users[index]!]!;
    model.observe({ component: sequence.names[id]!, user, atMillis: now });
    const preloads: number[][] = [[], [], []];
    for (const one of model.expect(user, now, 1, 64)) {
      const other = Number(one.component.slice(1));
      if (cache.some((there) => there.id === other)) continue;
      const queue = router.route(one, { loadRatio: 1, bytes: 1 });
      if (queue !== undefined) preloads[["immediate", "delayed", "background"].indexOf(queue)]!.push(other);
    }
    for (const other of preloads.flat()) {
      begun++;
      put(other, now, true);
    }
  });
  return { hits, begun, inTime, wasted };
}

describe("replay of sequences", () => {
  it.each(SEEDS)(
    "mode off is LRU to the hit, and so is the ratio without preloading of every mode, seed %i",
    (seed) => {
      for (const capacity of [1, 3, 10]) {
        const sequence = drawSequence(seed, 600, 14, 0.4);
        const lru = replayCache(LRU, { keys: sequence.components }, { capacity });
        for (const loadMillis of [0, 100, 1000]) {
          expect(run(sequence, { mode: "off", componentCount: capacity, loadMillis }).hits).toBe(lru.hits);
        }
        for (const mode of REPLAY_MODES) {
          const { hitRatioWithout } = run(sequence, { mode, componentCount: capacity });
          expect(hitRatioWithout).toBe(lru.hitRatio);
        }
      }
    },
  );

  it.each(SEEDS)("P46 P47: thresholds as a naive model has them, seed %i", (seed) => {
    for (const [capacity, perRequest] of [
      [2, 0.5],
      [5, 0.25],
      [5, Infinity],
      [8, 1],
    ] as const) {
      const sequence = drawSequence(seed, 500, 12, 0.35);
      const result = run(sequence, { mode: "thresholds", componentCount: capacity, preloadsPerRequest: perRequest });
      const { hits, preloads } = result;
      const { begun, inTime, wasted } = preloads;
      const told = { hits, begun, inTime, wasted };
      expect(told, `seed ${seed}, ${capacity} places`).toEqual(naiveThresholds(sequence, capacity, perRequest));
    }
  });

  it.each(SEEDS)("who knows the future is not beaten, with a budget or without, seed %i", (seed) => {
    const sequence = drawSequence(seed, 500, 16, 0.5);
    for (const preloadsPerRequest of [0.05, 0.25, Infinity]) {
      const hits = REPLAY_MODES.map(
        (mode) => run(sequence, { mode, componentCount: 5, preloadsPerRequest, loadMillis: 0 }).hits,
      );
      expect(Math.max(...hits)).toBe(hits.at(-1));
      const opt = replayCache(OPT, { keys: sequence.components }, { capacity: 5 });
      expect(hits.at(-1)).toBeGreaterThanOrEqual(opt.hits);
    }
    const all = run(sequence, { mode: "clairvoyant", componentCount: 5, preloadsPerRequest: Infinity, loadMillis: 0 });
    expect(all.hits).toBe(499);
    expect(all.preloads.wasted).toBe(0);
  });

  it("a ring one longer than the cache: LRU has nothing, preloading nearly everything", () => {
    const sequence = drawSequence(1, 1000, 11, 0);
    expect(run(sequence, { mode: "off" }).hits).toBe(0);
    for (const mode of ["thresholds", "benefit"] as const) {
      const result = run(sequence, { mode, preloadsPerRequest: Infinity });
      expect(result.hitRatio, mode).toBeGreaterThan(0.95);
      expect(result.preloads.wastedShare, mode).toBeLessThan(0.03);
      expect(result.accuracy!.top1, mode).toBeGreaterThan(0.95);
      expect(result.accuracy!.baseTop1, mode).toBeLessThan(0.1);
    }
  });

  it("nothing is to be gained from noise, and not much lost", () => {
    const sequence = drawSequence(1, 2000, 40, 1);
    const model = new NextComponentPredictor({ userCount: 2 });
    const result = run(sequence, { mode: "benefit", model, lookahead: 1 });
    expect(Math.abs(result.gainPoints)).toBeLessThan(3);
    expect(result.accuracy!.top1).toBeLessThan(0.05);
  });

  it("P49: loads that take longer than the gap are late, and what is waited for is less all the same", () => {
    const sequence = drawSequence(2, 800, 11, 0.02);
    const off = run(sequence, { mode: "off", loadMillis: 1500 });
    const late = run(sequence, { mode: "thresholds", loadMillis: 1500, preloadsPerRequest: Infinity });
    expect(late.preloads.late).toBeGreaterThan(400);
    expect(late.preloads.inTime).toBeLessThan(50);
    expect(late.meanWaitMillis).toBeLessThan(0.7 * off.meanWaitMillis);
    const early = run(sequence, { mode: "thresholds", loadMillis: 900, preloadsPerRequest: Infinity });
    expect(early.preloads.late).toBe(0);
    expect(early.meanWaitMillis).toBeLessThan(0.1 * 900);
  });

  it("a recording's own times count where no gap is asked for", () => {
    const plain = drawSequence(2, 300, 11, 0.02);
    const slow = { ...plain, atMillis: Float64Array.from(plain.components, (_, at) => at * 5000) };
    expect(run(slow, { mode: "thresholds", loadMillis: 1500 }).preloads.late).toBe(0);
    const fast = run(slow, { mode: "thresholds", loadMillis: 1500, gapMillis: 1000, preloadsPerRequest: Infinity });
    expect(fast.preloads.late).toBeGreaterThan(100);
  });

  it("the budget holds, an infinite price stops everything, and queues that are full say so", () => {
    const sequence = drawSequence(3, 2000, 30, 0.3);
    for (const mode of ["thresholds", "benefit"] as const) {
      const result = run(sequence, { mode, preloadsPerRequest: 0.1 });
      expect(result.preloadsPerRequest, mode).toBeLessThanOrEqual(0.1);
      expect(result.preloadsPerRequest, mode).toBeGreaterThan(0.05);
      expect(run(sequence, { mode, price: Infinity }).preloads.begun, mode).toBe(0);
    }
    // Loads that take thirty requests: workers are busy, what waits stays, up to the places of the queues.
    const slow = run(drawSequence(3, 1500, 150, 0.6), {
      mode: "thresholds",
      loadMillis: 30_000,
      preloadsPerRequest: Infinity,
      componentCount: 5,
    });
    expect(slow.queueFull).toBeGreaterThan(0);
    expect(slow.preloads.begun).toBeLessThanOrEqual((9 * 1500) / 30);
  });

  it("the same again is the same to the bit, anything else is not", () => {
    const sequence = drawSequence(4, 1500, 20, 0.3);
    const digests = REPLAY_MODES.map((mode) => run(sequence, { mode }).digest);
    expect(REPLAY_MODES.map((mode) => run(sequence, { mode }).digest)).toEqual(digests);
    expect(new Set(digests).size).toBe(digests.length);
    expect(run(drawSequence(5, 1500, 20, 0.3), { mode: "benefit" }).digest).not.toBe(digests[2]);
  });

  it("several users: each is predicted from what that user did", () => {
    const ids: number[] = [];
    const users: number[] = [];
    for (let i = 0; i < 900; i++) {
      users.push(i % 3);
      ids.push((((i / 3) | 0) % 5) + 5 * (i % 3)); // each user goes round a ring of his own
    }
    const result = run(sequenceOf(ids, users), { mode: "benefit", preloadsPerRequest: Infinity });
    expect(result.hitRatioWithout).toBe(0);
    expect(result.hitRatio).toBeGreaterThan(0.9);
    expect(result.accuracy!.top1).toBeGreaterThan(0.95);
  });

  it("refuses a cache without places", () => {
    expect(() => run(drawSequence(1, 5, 3, 0), { mode: "off", componentCount: 0 })).toThrow(AssertionError);
  });
});
