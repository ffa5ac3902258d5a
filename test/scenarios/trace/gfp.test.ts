import { describe, expect, it } from "vitest";
import { CLASS_ATOMIC, CLASS_DEADLINE, CLASS_WAIT } from "../../../core/demand.ts";
import { alignLog2For } from "../../../scenarios/trace/alignment.ts";
import { gfpMeaning } from "../../../scenarios/trace/gfp.ts";
import { LineCursor } from "../../../scenarios/trace/line-cursor.ts";

describe("GFP flags", () => {
  it.each([
    ["GFP_ATOMIC", CLASS_ATOMIC, false],
    ["GFP_ATOMIC|__GFP_ZERO", CLASS_ATOMIC, false],
    ["GFP_NOWAIT|__GFP_NOWARN", CLASS_ATOMIC, false],
    ["__GFP_HIGH|__GFP_KSWAPD_RECLAIM|__GFP_NORETRY", CLASS_ATOMIC, false],
    ["GFP_TRANSHUGE_LIGHT", CLASS_ATOMIC, true],
    ["none", CLASS_ATOMIC, false],
    ["0", CLASS_ATOMIC, false],
    ["0xa20", CLASS_ATOMIC, false],
    ["GFP_KERNEL", CLASS_WAIT, false],
    ["GFP_NOFS|GFP_ZERO", CLASS_WAIT, false],
    ["GFP_NOIO", CLASS_WAIT, false],
    ["GFP_WAIT|GFP_ZERO", CLASS_WAIT, false],
    ["__GFP_DIRECT_RECLAIM|__GFP_KSWAPD_RECLAIM", CLASS_WAIT, false],
    ["GFP_HIGHUSER_MOVABLE|__GFP_COMP", CLASS_WAIT, true],
    ["GFP_KERNEL|__GFP_MOVABLE", CLASS_WAIT, true],
    ["GFP_KERNEL|0x8", CLASS_WAIT, true],
    ["0xdc0", CLASS_WAIT, false],
    ["GFP_KERNEL|GFP_NOWARN|GFP_NORETRY", CLASS_DEADLINE, false],
    ["GFP_KERNEL|__GFP_RETRY_MAYFAIL", CLASS_DEADLINE, false],
    ["0x10dc0", CLASS_DEADLINE, false],
    ["0x4dc0", CLASS_DEADLINE, false],
  ])("%s", (flags, requestClass, isMovable) => {
    expect(gfpMeaning(flags)).toEqual({ requestClass, isMovable });
  });

  it("refuses what are no flags", () => {
    for (const text of ["", "|", "GFP_KERNEL|", "gfp_kernel", "KERNEL", "0xzz"])
      expect(gfpMeaning(text)).toBeUndefined();
  });
});

describe("alignments", () => {
  it("are rounded up to a power of two from 16 bytes to 16 MiB", () => {
    for (const [bytes, log2] of [
      [0, 4],
      [1, 4],
      [16, 4],
      [17, 5],
      [4096, 12],
      [4097, 13],
      [16_777_216, 24],
      [16_777_217, -1],
      [Infinity, -1],
      [-1, -1],
      [NaN, -1],
    ]) {
      expect(alignLog2For(bytes), `${bytes}`).toBe(log2);
    }
  });
});

describe("the line cursor", () => {
  const at = (text: string): LineCursor => {
    const cursor = new LineCursor();
    cursor.set(text);
    return cursor;
  };

  it("reads decimal words", () => {
    const cursor = at(" 12\t-3 9007199254740991 9007199254740993 -99999999999999999999 5");
    expect([cursor.integer(), cursor.integer(), cursor.integer()]).toEqual([12, -3, Number.MAX_SAFE_INTEGER]);
    expect([cursor.integer(), cursor.integer(), cursor.integer()]).toEqual([Infinity, -Infinity, 5]);
    expect(cursor.atEnd()).toBe(true);
    for (const text of ["", "-", "x", "1x", "1.5", "--1", "+1"]) expect(at(text).integer(), text).toBeNaN();
  });

  it("reads hexadecimal words and addresses", () => {
    const cursor = at("ff 0xFF 0X10 1fffffffffffff 20000000000000 7");
    expect([cursor.hex(), cursor.hex(), cursor.hex(), cursor.hex()]).toEqual([255, 255, 16, Number.MAX_SAFE_INTEGER]);
    expect([cursor.hex(), cursor.hex()]).toEqual([Infinity, 7]);
    for (const text of ["", "0x", "xyz", "1g", "(nil)"]) expect(at(text).hex(), text).toBeNaN();
    const addresses = at("(nil) (null) 0x0 0 0xffff888108ba9000 deadbeef (x)");
    expect([1, 2, 3, 4].map(() => addresses.address())).toEqual([0, 0, 0, 0]);
    expect(addresses.address()).toBe(0xf888108ba9000);
    expect(addresses.address()).toBe(0xdeadbeef);
    expect(addresses.address()).toBeNaN();
  });

  it("keeps exactly the low 52 bits of any address", () => {
    for (const text of [
      "fffffffffffff",
      "1fffffffffffff",
      "ffffffffffffffff",
      "123456789abcdef01",
      "b400007a12345670",
    ]) {
      const exact = Number(BigInt(`0x${text}`) & 0xfffffffffffffn);
      expect(at(`0x${text}`).address(), text).toBe(exact);
    }
  });

  it("reads letters and words", () => {
    const cursor = at("a bc d");
    expect([cursor.letter(), cursor.letter(), cursor.word(), cursor.letter()]).toEqual([97, -1, "bc", 100]);
    expect([cursor.letter(), cursor.word()]).toEqual([-1, ""]);
  });
});
