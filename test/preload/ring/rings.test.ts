import { describe, expect, it } from "vitest";
import { AssertionError } from "../../../core/errors.ts";
import { ByteRing } from "../../../preload/ring/byte-ring.ts";
import { IntRing } from "../../../preload/ring/int-ring.ts";
import { FIRST_SLOT, POP_CURSOR, PUSH_CURSOR, RingSlots } from "../../../preload/ring/ring-slots.ts";

describe("rings", () => {
  it("P37: full says false and changes nothing, empty says undefined", () => {
    const ring = IntRing.create(2);
    expect(ring.tryPop()).toBeUndefined();
    expect([ring.tryPush(1), ring.tryPush(2), ring.tryPush(3)]).toEqual([true, true, false]);
    expect(ring.pushMany(Int32Array.of(4, 5))).toBe(0);
    expect([ring.tryPop(), ring.tryPush(-3), ring.tryPop(), ring.tryPop(), ring.tryPop()]).toEqual([
      1,
      true,
      2,
      -3,
      undefined,
    ]);
    expect(ring.popMany(new Int32Array(4))).toBe(0);
    ring.check();
  });

  it("P39: cursors have 128 bytes of their own, and slots begin behind them", () => {
    expect(4 * (POP_CURSOR - PUSH_CURSOR)).toBe(128);
    expect(4 * PUSH_CURSOR).toBeGreaterThanOrEqual(128);
    expect(4 * (FIRST_SLOT - POP_CURSOR)).toBe(128);
    expect(IntRing.create(1024).buffer.byteLength).toBe(4 * FIRST_SLOT + 12 * 1024);
  });

  it("P38: a batch is handed over in one piece, and taken in any others", () => {
    const ring = IntRing.create(8, -4);
    expect(ring.pushMany(Int32Array.of(1, 2, 3, 4, 5, 6))).toBe(6);
    const out = new Int32Array(8);
    expect(ring.popMany(out, 0, 2)).toBe(2);
    expect(ring.tryPop()).toBe(3);
    expect(ring.pushMany(Int32Array.of(7, 8, 9, 10, 11, 12))).toBe(5);
    expect(ring.tryPush(13)).toBe(false);
    expect(ring.popMany(out)).toBe(8);
    expect([...out]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    ring.check();
  });

  it("P37: who has claimed and not handed over holds up only what is behind him, and nothing is lost", () => {
    const ring = IntRing.create(4);
    const stopped = RingSlots.attach(ring.buffer, 1);
    ring.tryPush(1);
    expect(stopped.claimPush(2)).toBe(2);
    const { position } = stopped;
    expect(ring.tryPush(4)).toBe(true);
    expect(ring.tryPush(5)).toBe(false);
    expect([ring.tryPop(), ring.tryPop()]).toEqual([1, undefined]);
    expect(ring.tryPush(5)).toBe(true);
    stopped.words[stopped.payloadOf(position)] = 2;
    stopped.words[stopped.payloadOf(position + 1)] = 3;
    stopped.publish(position, 2);
    expect(stopped.claimPop(9)).toBe(4);
    const popped = stopped.position;
    expect([ring.tryPop(), ring.tryPush(6)]).toEqual([undefined, false]);
    stopped.recycle(popped, 4);
    expect([ring.tryPush(6), ring.tryPop()]).toEqual([true, 6]);
    ring.check();
  });

  it("P40: names of components cross as bytes; no bytes are an item, too many a mistake", () => {
    const ring = ByteRing.create(4, 10);
    const out = new Uint8Array(ring.itemBytes);
    expect(ring.itemBytes).toBe(12);
    const names = ["Grüße", "", "a/b.md"];
    for (const name of names) expect(ring.tryPush(new TextEncoder().encode(name))).toBe(true);
    const other = ByteRing.attach(ring.buffer);
    for (const name of names) expect(new TextDecoder().decode(out.subarray(0, other.tryPop(out)))).toBe(name);
    expect(other.tryPop(out)).toBe(-1);
    expect(() => ring.tryPush(new Uint8Array(13))).toThrow(AssertionError);
    expect(() => ring.pushMany([new Uint8Array(1), new Uint8Array(13)])).toThrow(AssertionError);
    expect(() => ring.tryPop(new Uint8Array(11))).toThrow(AssertionError);
    expect(() => ring.popMany(new Uint8Array(23), new Int32Array(2))).toThrow(AssertionError);
    ring.check();
  });

  it("P37: a buffer that is no ring, or another one, is a mistake, and so are sizes that cannot be", () => {
    const ring = IntRing.create(4);
    expect(() => ByteRing.attach(ring.buffer)).toThrow(/another payload/);
    expect(() => IntRing.attach(new SharedArrayBuffer(8))).toThrow(/too short/);
    expect(() => IntRing.attach(new SharedArrayBuffer(4096))).toThrow(/no ring/);
    const longer = new SharedArrayBuffer(ring.buffer.byteLength + 4);
    new Int32Array(longer).set(new Int32Array(ring.buffer));
    expect(() => IntRing.attach(longer)).toThrow(/as long/);
    for (const capacity of [0, 1, 3, 6, 2.5, 2 ** 25, Number.NaN])
      expect(() => IntRing.create(capacity)).toThrow(AssertionError);
    for (const itemBytes of [0, 1.5, 65_537]) expect(() => ByteRing.create(4, itemBytes)).toThrow(AssertionError);
    expect(() => ring.pushMany(new Int32Array(2), 1, 3)).toThrow(AssertionError);
    expect(() => ring.popMany(new Int32Array(2), 2, 1)).toThrow(AssertionError);
  });

  it("the walk over the slots can fail", () => {
    const ring = IntRing.create(4);
    ring.tryPush(1);
    const words = new Int32Array(ring.buffer);
    for (const word of [FIRST_SLOT, FIRST_SLOT + 1, PUSH_CURSOR]) {
      const before = words[word] as number;
      words[word] = 9;
      expect(() => ring.check()).toThrow(AssertionError);
      words[word] = before;
      ring.check();
    }
  });
});
