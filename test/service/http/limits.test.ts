// Limits by themselves: rates and addresses, JSON from strangers, bodies.

import { describe, expect, it } from "vitest";
import type { Retrieval } from "../../../service/engine/preload-engine.ts";
import { BodyMemo } from "../../../service/http/body-memo.ts";
import { addressKey, RateLimiter } from "../../../service/http/rate-limiter.ts";
import { MAX_DEPTH, parseStrictJson } from "../../../service/http/strict-json.ts";
import type { Identity } from "../../../service/identity.ts";
import type { Item } from "../../../service/item.ts";

describe("RateLimiter", () => {
  it("lets a burst through, then so many a second, and says how long to wait", () => {
    const limiter = new RateLimiter({ perSecond: 10, burst: 3 });
    expect([0, 0, 0].map((now) => limiter.take("a", now))).toEqual([0, 0, 0]);
    expect(limiter.take("a", 0)).toBeCloseTo(0.1);
    expect(limiter.take("b", 0)).toBe(0);
    expect(limiter.take("a", 99)).toBeGreaterThan(0);
    expect(limiter.take("a", 100)).toBe(0);
    expect(limiter.take("a", 50), "a clock that goes back gives nothing").toBeGreaterThan(0);
    let passed = 0;
    for (let now = 1_000; now < 11_000; now += 10) if (limiter.take("a", now) === 0) passed++;
    expect(passed).toBeGreaterThanOrEqual(100);
    expect(passed).toBeLessThanOrEqual(103);
  });

  it("its table has a size, whoever comes", () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 2 }, 100);
    for (let index = 0; index < 10_000; index++) limiter.take(`address ${index}`, index);
    expect(limiter.size).toBeLessThanOrEqual(100);
    const none = new RateLimiter({ perSecond: Infinity, burst: 1 });
    for (let index = 0; index < 100; index++) expect(none.take("a", 0)).toBe(0);
    expect(none.size).toBe(0);
  });

  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::9", "2001:db8:1:2"],
    ["2001:db8::9", "2001:db8:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["::1", "0:0:0:0"],
    ["", ""],
  ])("%s is limited as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe("parseStrictJson", () => {
  const parse = (text: string | Uint8Array) => parseStrictJson(typeof text === "string" ? Buffer.from(text) : text);

  it("takes JSON", () => {
    expect(parse(' {"a": [1, "\\u20ac", null]} ')).toEqual({ a: [1, "\u20ac", null] });
    expect(parse('"\ud83d\ude00"')).toBe("\ud83d\ude00");
    expect(parse("[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH))).toHaveLength(1);
    expect(parse(`"${"[".repeat(1_000)}\\"${"[".repeat(1_000)}"`)).toHaveLength(2_001);
  });

  it.each([
    ["nothing", ""],
    ["half", '{"a":'],
    ["a comment", "{} // x"],
    ["a byte order mark", "\ufeff{}"],
    ["a number that is none", "NaN"],
    ["too deep", "[".repeat(MAX_DEPTH + 1) + "]".repeat(MAX_DEPTH + 1)],
    ["deep enough for a stack to end", "[".repeat(300_000)],
    ["half of a character", '{"a": ["\\ud800"]}'],
    ["half of a character in a name", '{"\\udc00": 1}'],
    ["no UTF-8", Uint8Array.of(34, 0xff, 34)],
    ["a character written too long", Uint8Array.of(34, 0xc0, 0xaf, 34)],
  ])("refuses %s, and quotes nothing of it", (_name, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: "invalid-json" }));
  });
});

describe("BodyMemo", () => {
  const item = (ownerId: string, content: string): Item => ({
    id: "i",
    ownerId,
    organisationId: null,
    content,
    contexts: [],
    importance: 0,
    isPinned: false,
    visibility: "private",
    createdMillis: 1,
    updatedMillis: 1,
    version: 1,
    useCount: 0,
    lastUsedMillis: 1,
  });
  const of = (owner: string, content: string): Retrieval => ({
    servedFrom: "preloaded",
    items: [{ item: item(owner, content), strategy: "recent", relevance: 1 }],
  });
  const who = (userId: string): Identity => ({ tokenId: "t", userId, organisationId: null, role: "user" });

  it("gives the same bytes for the same list, and others for another list, source or user", () => {
    const memo = new BodyMemo();
    const list = of("a", "one");
    const bytes = memo.of(list, who("a"));
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(JSON.parse(JSON.stringify({ ...list })));
    expect(memo.of({ ...list }, who("a"))).toBe(bytes);
    expect(Buffer.from(memo.of({ ...list, servedFrom: "store" }, who("a"))).toString()).toContain('"store"');
    expect(Buffer.from(memo.of(of("a", "two"), who("a"))).toString()).toContain("two");
    expect(JSON.parse(Buffer.from(memo.of(list, who("b"))).toString()).items, "not b's").toEqual([]);
  });

  it("holds so many bytes and no more", () => {
    const memo = new BodyMemo(20_000);
    for (let index = 0; index < 100; index++) memo.of(of(`u${index}`, "x".repeat(800)), who(`u${index}`));
    expect(memo.bytes).toBeGreaterThan(15_000);
    expect(memo.bytes).toBeLessThanOrEqual(20_000);
    memo.of(of("u99", "x".repeat(5_000)), who("u99"));
    expect(memo.bytes).toBeLessThanOrEqual(20_000);
  });
});
