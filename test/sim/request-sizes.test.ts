// The distribution of recent request lengths against a naive one that keeps a list of bins as plain numbers.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DemandBuilder } from "../../core/demand.ts";
import { AssertionError } from "../../core/errors.ts";
import { REQUEST_SIZES_BYTES, RequestSizes } from "../../sim/request-sizes.ts";
import { simulate } from "../../sim/simulate.ts";
import { runs } from "../runs.ts";
import { handDemand } from "./hand-demand.ts";

/** By the header's words: a map from bin to count, widened and halved in the plainest way. */
class NaiveSizes {
  width = 16;
  counts = new Map<number, number>();

  get sum(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  add(length: number): void {
    while (Math.ceil(length / this.width) > 32) {
      this.width *= 2;
      const old = this.counts;
      this.counts = new Map();
      for (const [bin, count] of old) this.#raise(Math.floor(bin / 2), count);
    }
    this.#raise(Math.ceil(length / this.width) - 1, 1);
    if (this.sum >= 8192) for (const [bin, count] of this.counts) this.counts.set(bin, Math.floor(count / 2));
  }

  shareAbove(length: number): number {
    let above = 0;
    for (const [bin, count] of this.counts) {
      const inside = Math.max(0, Math.min(1, (Math.max(0, length) - bin * this.width) / this.width));
      above += count * (1 - inside);
    }
    return this.sum === 0 ? 0 : above / this.sum;
  }

  largestBytes(): number {
    return Math.max(0, ...[...this.counts].filter(([, count]) => count > 0).map(([bin]) => (bin + 1) * this.width));
  }

  #raise(bin: number, by: number): void {
    this.counts.set(bin, (this.counts.get(bin) ?? 0) + by);
  }
}

const lengths = fc.array(
  fc.record({
    length: fc.oneof(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 200_000 }),
      fc.integer({ min: 1, max: 2 ** 32 }),
    ),
    times: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6000 })),
  }),
  { maxLength: 12 },
);

describe("request sizes", () => {
  it("agree with the naive ones, halvings and widenings included", () => {
    fc.assert(
      fc.property(lengths, fc.array(fc.integer({ min: -10, max: 300_000 }), { maxLength: 8 }), (rows, asked) => {
        const sizes = new RequestSizes();
        const naive = new NaiveSizes();
        for (const { length, times } of rows) {
          for (let i = 0; i < times; i++) {
            sizes.add(length);
            naive.add(length);
          }
          expect(sizes.largestBytes()).toBe(naive.largestBytes());
          for (const bound of [0, length - 1, length, ...asked])
            expect(sizes.shareAbove(bound)).toBeCloseTo(naive.shareAbove(bound), 9);
        }
      }),
      { numRuns: runs(60) },
    );
  });

  it("say nothing before any request, and that everything is above nothing after one", () => {
    const sizes = new RequestSizes();
    expect([sizes.shareAbove(0), sizes.largestBytes()]).toEqual([0, 0]);
    sizes.add(100);
    expect([sizes.shareAbove(0), sizes.shareAbove(-5), sizes.largestBytes()]).toEqual([1, 1, 112]);
    expect([sizes.shareAbove(96), sizes.shareAbove(104), sizes.shareAbove(112), sizes.shareAbove(1e9)]).toEqual([
      1, 0.5, 0, 0,
    ]);
  });

  it("the share falls as the length grows, and none is above the largest", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 300 }), (all) => {
        const sizes = new RequestSizes();
        for (const length of all) sizes.add(length);
        const largest = sizes.largestBytes();
        expect(largest).toBeGreaterThanOrEqual(Math.max(...all));
        expect(sizes.shareAbove(largest)).toBe(0);
        let last = 1;
        for (let bound = 0; bound <= largest; bound += largest / 64) {
          const share = sizes.shareAbove(bound);
          expect(share).toBeLessThanOrEqual(last + 1e-12);
          last = share;
        }
      }),
      { numRuns: runs(50) },
    );
  });

  it("forget: a length that no longer comes is gone after some ten thousand requests, and counts never overflow", () => {
    const sizes = new RequestSizes();
    for (let i = 0; i < 10; i++) sizes.add(480);
    expect(sizes.largestBytes()).toBe(480);
    let added = 0;
    while (sizes.largestBytes() === 480) {
      sizes.add(32);
      expect(++added).toBeLessThan(4 * 8192); // 10 are halved to nothing in four halvings
    }
    expect(added).toBeGreaterThan(8192); // but not at once
    for (let i = 0; i < 200_000; i++) sizes.add(32);
    expect([sizes.shareAbove(16), sizes.shareAbove(32)]).toEqual([1, 0]);
  });

  it("live in a block of someone else's buffer, and start it over", () => {
    const bytes = new Uint8Array(200).fill(255);
    const sizes = new RequestSizes(bytes.buffer, 16);
    expect(REQUEST_SIZES_BYTES).toBe(72);
    expect(sizes.largestBytes()).toBe(0);
    for (let i = 0; i < 10_000; i++) sizes.add(1 + ((i * 7919) % 5000));
    expect(bytes.every((byte, i) => (i >= 16 && i < 88) || byte === 255)).toBe(true);
  });

  it.each([0, -1, Number.NaN])("a request of %d bytes is a mistake", (length) => {
    expect(() => new RequestSizes().add(length)).toThrow(AssertionError);
  });

  it("a request of gigabytes is taken in like any other, and denied", () => {
    const write = (builder: DemandBuilder) => {
      for (const [i, size] of [2 ** 30 + 1, 2 ** 31 - 1].entries()) builder.allocate(i, i, size, 2);
    };
    const { result } = simulate({ demand: handDemand(write, { capacityBytes: 102_400 }), policy: "blind", seed: 1 });
    expect(result.ooms).toMatchObject({ total: 2, avoidable: 0 });
  });
});
