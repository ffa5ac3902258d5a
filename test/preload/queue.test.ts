// The queues of the preloader by hand: places, order, full answers, promotion, cancelling, resizing (P01 to P03, P06, P20).

import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import type { QueueName } from "../../preload/contract.ts";
import { benefitPerByte, DEFAULT_PLACES, type PreloadEntry, PreloadQueues } from "../../preload/queue.ts";
import { request } from "./requests.ts";

const names = (entries: readonly PreloadEntry[]) => entries.map((entry) => entry.component);

describe("preload queues", () => {
  it.each([
    ["P01", "immediate", 10],
    ["P02", "delayed", 20],
    ["P03", "background", 50],
  ] as const)("%s: %s has %i places, and a full one says so (P06)", (_row, queue: QueueName, places) => {
    const queues = new PreloadQueues();
    for (let i = 0; i < places; i++) expect(queues.offer(request(`c${i}`), queue, 0)).toMatchObject({ accepted: true });
    expect(queues.offer(request("one more"), queue, 0)).toEqual({ accepted: false, reason: "full" });
    expect(queues.countOf(queue)).toBe(places);
    expect(DEFAULT_PLACES[queue]).toBe(places);
    queues.check();
  });

  it("P20: by priority, then confidence, then step, then age", () => {
    const queues = new PreloadQueues();
    const offers = [
      request("late", { confidence: 0.5, step: 3 }),
      request("soon", { confidence: 0.5, step: 1 }),
      request("soon too", { confidence: 0.5, step: 1 }),
      request("sure", { confidence: 0.9, step: 3 }),
      request("important", { priority: 1, confidence: 0.1, step: 3 }),
      request("unimportant", { priority: -1, confidence: 1 }),
    ];
    for (const one of offers) queues.offer(one, "delayed", 0);
    expect(names(queues.entriesOf("delayed"))).toEqual([
      "important",
      "sure",
      "soon",
      "soon too",
      "late",
      "unimportant",
    ]);
    expect(queues.take("delayed")?.component).toBe("important");
    queues.check();
  });

  it("P06: what is ordered before the last of a full queue displaces it, what is equal does not", () => {
    const queues = new PreloadQueues({ immediate: 2, delayed: 2, background: 2 });
    queues.offer(request("a", { confidence: 0.5 }), "immediate", 0);
    queues.offer(request("b", { confidence: 0.4 }), "immediate", 0);
    expect(queues.offer(request("c", { confidence: 0.4 }), "immediate", 0)).toMatchObject({ reason: "full" });
    const better = queues.offer(request("d", { confidence: 0.45 }), "immediate", 0);
    expect(better).toMatchObject({ accepted: true, how: "added", displaced: { component: "b" } });
    expect(names(queues.entriesOf("immediate"))).toEqual(["a", "d"]);
  });

  it("P45: required entries displace speculation, then go over the limit, and are displaced by nothing", () => {
    const queues = new PreloadQueues({ immediate: 2, delayed: 0, background: 0 });
    queues.offer(request("guess", { priority: 9, confidence: 1 }), "immediate", 0);
    queues.offer(request("needed 1", { isRequired: true }), "immediate", 0);
    const second = queues.offer(request("needed 2", { isRequired: true }), "immediate", 0);
    expect(second).toMatchObject({ accepted: true, displaced: { component: "guess" } });
    expect(queues.offer(request("needed 3", { isRequired: true }), "immediate", 0)).toMatchObject({
      accepted: true,
      displaced: undefined,
    });
    expect(queues.countOf("immediate")).toBe(3);
    expect(queues.offer(request("sure", { priority: 99, confidence: 1 }), "immediate", 0)).toMatchObject({
      reason: "full",
    });
    expect(queues.offer(request("needed 4", { isRequired: true }), "background", 0)).toMatchObject({ accepted: true });
    expect(queues.resize("immediate", 0)).toEqual([]);
    expect(queues.clearSpeculative()).toEqual([]);
    expect(queues.count).toBe(4);
    queues.check();
  });

  it("a component has one entry: it moves up, never down, and keeps the better rank", () => {
    const queues = new PreloadQueues({ immediate: 1, delayed: 2, background: 2 });
    queues.offer(request("a", { confidence: 0.3, step: 3 }), "background", 5);
    const up = queues.offer(request("a", { confidence: 0.8, step: 2 }), "delayed", 9);
    expect(up).toMatchObject({ how: "promoted", entry: { queue: "delayed", confidence: 0.8, step: 2, atMillis: 5 } });
    const down = queues.offer(request("a", { confidence: 0.1, step: 3 }), "background", 10);
    expect(down).toMatchObject({ how: "merged", entry: { queue: "delayed", confidence: 0.8, step: 2 } });
    expect(queues.count).toBe(1);
    queues.offer(request("b", { confidence: 0.9 }), "immediate", 11);
    const kept = queues.offer(request("a", { confidence: 0.85 }), "immediate", 12);
    expect(kept).toMatchObject({ how: "merged", entry: { queue: "delayed", confidence: 0.85 } });
    const pushed = queues.offer(request("a", { isRequired: true }), "immediate", 13);
    expect(pushed).toMatchObject({ how: "promoted", entry: { isRequired: true }, displaced: { component: "b" } });
    queues.check();
  });

  it("cancelling takes an entry out wherever it is", () => {
    const queues = new PreloadQueues();
    queues.offer(request("a"), "background", 0);
    expect(queues.cancel("a")).toMatchObject({ component: "a", queue: "background" });
    expect(queues.cancel("a")).toBeUndefined();
    expect(queues.find("a")).toBeUndefined();
    expect(queues.count).toBe(0);
    queues.check();
  });

  it("P41: shrinking returns what falls out, the last speculation first; growing takes more", () => {
    const queues = new PreloadQueues({ immediate: 4, delayed: 1, background: 1 });
    for (const [name, confidence] of [
      ["a", 0.9],
      ["b", 0.2],
      ["c", 0.6],
    ] as const) {
      queues.offer(request(name, { confidence }), "immediate", 0);
    }
    queues.offer(request("needed", { isRequired: true, confidence: 0.1 }), "immediate", 0);
    expect(names(queues.resize("immediate", 2))).toEqual(["b", "c"]);
    expect(names(queues.entriesOf("immediate"))).toEqual(["a", "needed"]);
    queues.resize("immediate", 5);
    expect(queues.offer(request("b"), "immediate", 0)).toMatchObject({ accepted: true });
    queues.check();
  });

  it("P41: by benefit what is required goes first, then what a byte brings", () => {
    const queues = new PreloadQueues();
    queues.offer(request("large", { confidence: 0.9, bytes: 1000 }), "immediate", 0);
    queues.offer(request("small", { confidence: 0.5, bytes: 10 }), "immediate", 0);
    queues.offer(request("costly", { confidence: 0.5, bytes: 10, loadRatio: 3 }), "immediate", 0);
    queues.offer(request("needed", { isRequired: true, confidence: 0, bytes: 5000 }), "immediate", 0);
    expect(names(queues.entriesOf("immediate"))).toEqual(["large", "small", "costly", "needed"]);
    queues.setOrder("benefit");
    expect(names(queues.entriesOf("immediate"))).toEqual(["needed", "costly", "small", "large"]);
    expect(names(queues.resize("immediate", 2))).toEqual(["large", "small"]);
    queues.setOrder("rank");
    queues.check();
    expect(benefitPerByte({ confidence: 1, loadRatio: 1, bytes: 0 })).toBe(1);
  });

  it("clears what is meant", () => {
    const queues = new PreloadQueues();
    queues.offer(request("a", { user: "ada" }), "immediate", 0);
    queues.offer(request("b", { user: "bob" }), "delayed", 0);
    queues.offer(request("c", { user: "bob", isRequired: true }), "delayed", 0);
    expect(names(queues.clearSpeculative((entry) => entry.user === "bob"))).toEqual(["b"]);
    expect(queues.count).toBe(2);
  });

  it("numbers that cannot be are a programmer's mistake", () => {
    const queues = new PreloadQueues();
    for (const wrong of [{ confidence: 1.1 }, { confidence: Number.NaN }, { priority: Number.NaN }, { bytes: -1 }]) {
      expect(() => queues.offer(request("a", wrong), "immediate", 0)).toThrow(AssertionError);
    }
    expect(() => queues.resize("immediate", 1.5)).toThrow(AssertionError);
    expect(() => new PreloadQueues({ immediate: -1, delayed: 1, background: 1 })).toThrow(AssertionError);
  });
});
