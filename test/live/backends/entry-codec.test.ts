// Entries as bytes: what goes in comes out, and no single damaged byte goes unnoticed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredEntry } from "../../../live/backends/backend.ts";
import { decodeEntry, encodeEntry } from "../../../live/backends/entry-codec.ts";
import { decodeKey, encodeKey } from "../../../live/backends/key-bytes.ts";
import { runs } from "../../runs.ts";
import { entryOf } from "./entries.ts";

const anyString = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), minLength: 1 });
const anyTime = fc.oneof(fc.maxSafeInteger(), fc.constant(Infinity));
const anyEntry: fc.Arbitrary<StoredEntry> = fc
  .record({
    bytes: fc.uint8Array({ maxLength: 40 }),
    storedAtMillis: fc.maxSafeInteger(),
    times: fc.tuple(anyTime, anyTime),
    tags: fc.array(anyString, { maxLength: 3 }),
  })
  .map(({ times: [a, b], ...rest }) => ({
    ...rest,
    expiresAtMillis: Math.min(a, b),
    keepUntilMillis: Math.max(a, b),
  }));

describe("entry codec", () => {
  it("is one to one, for keys with lone surrogates too", () => {
    fc.assert(
      fc.property(anyString, anyString, (one, two) => {
        expect(decodeKey(encodeKey(one))).toBe(one);
        expect(encodeKey(one).equals(encodeKey(two))).toBe(one === two);
      }),
      { numRuns: runs(500) },
    );
  });

  it("gives back what went in", () => {
    fc.assert(
      fc.property(anyString, anyEntry, (key, entry) => {
        const keyBytes = encodeKey(key);
        const decoded = decodeEntry(keyBytes, encodeEntry(keyBytes, entry));
        expect({ ...decoded, bytes: [...decoded.bytes] }).toEqual({ ...entry, bytes: [...entry.bytes] });
      }),
      { numRuns: runs(300) },
    );
  });

  it("notices every flipped bit, every missing end, and a wrong key: BACKEND_DAMAGED", () => {
    const key = encodeKey("key");
    const bytes = encodeEntry(key, entryOf("value", { tags: ["a", "tag"] }));
    const isDamaged = expect.objectContaining({ code: "BACKEND_DAMAGED" });
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = Buffer.from(bytes);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => decodeEntry(key, copy)).toThrow(isDamaged);
    }
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeEntry(key, bytes.subarray(0, length))).toThrow(isDamaged);
    expect(() => decodeEntry(key, Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(isDamaged);
    expect(() => decodeEntry(encodeKey("kez"), bytes)).toThrow(isDamaged);
  });

  it("its layout is pinned: a change of it needs a new version", () => {
    const entry = entryOf("v", { storedAtMillis: 1, expiresAtMillis: 2, keepUntilMillis: Infinity, tags: ["t"] });
    // Made by another program (Python's struct and zlib.crc32).
    expect(encodeEntry(encodeKey("k"), entry).toString("hex")).toBe(
      "6d706501dc8fb76b000000000000f03f0000000000000040000000000000f07f0500000001000000010000007476",
    );
  });
});
