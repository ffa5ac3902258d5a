import { crc32 as zlibCrc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32, Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";

describe("crc32", () => {
  it("has the check value of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });

  it("agrees with zlib", () => {
    if (zlibCrc32 === undefined) return; // Node ≥ 20.15 has it
    const random = new RandomStream(5, "crc");
    for (let n = 0; n < 100; n++) {
      const bytes = Uint8Array.from({ length: n * 7 }, () => random.integer(256));
      expect(crc32(bytes)).toBe(zlibCrc32(bytes));
    }
  });
});

describe("Digest", () => {
  const of = (...values: number[]) => {
    const digest = new Digest();
    for (const value of values) digest.addInteger(value);
    return digest.hex();
  };

  it("depends on each value and on the order", () => {
    expect(of(1, 2, 3)).toBe(of(1, 2, 3));
    const seen = new Set([of(), of(0), of(1), of(1, 2), of(2, 1), of(-1), of(2 ** 32), of(2 ** 40 + 1), of(0, 0)]);
    expect(seen.size).toBe(9);
  });

  it("tells 100,000 short sequences apart", () => {
    const seen = new Set<string>();
    for (let a = 0; a < 100_000; a++) seen.add(of(a, a * 16 + 2 ** 33));
    expect(seen.size).toBe(100_000);
  });

  it("takes in text", () => {
    const a = new Digest();
    a.addText("tide");
    const b = new Digest();
    b.addText("tidf");
    expect(a.hex()).not.toBe(b.hex());
  });
});
