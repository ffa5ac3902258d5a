import { describe, expect, test } from "vitest";
import { checkHeap } from "../../allocator/check-heap.ts";
import { type FitKind, Heap, NO_HANDLE } from "../../allocator/heap.ts";
import { CLASS_SEARCH_LIMIT } from "../../allocator/segregated-index.ts";
import { AssertionError } from "../../core/errors.ts";
import { blockLength, DEFAULT_CAPACITY_BYTES } from "../../core/units.ts";

const FITS: readonly FitKind[] = ["segregated", "best"];

/** Blocks of the given lengths in address order; "-" before a length frees it again, so that it is a hole. */
function layOut(heap: Heap, lengths: readonly number[]): number[] {
  const handles = lengths.map((length) => heap.allocate(Math.abs(length) - 8));
  expect(handles).not.toContain(NO_HANDLE);
  lengths.forEach((length, i) => {
    if (length < 0) heap.free(handles[i]!);
  });
  return handles;
}

function holesOf(heap: Heap): [number, number][] {
  const holes: [number, number][] = [];
  heap.forEachBlock((address, length, handle) => {
    if (handle === NO_HANDLE) holes.push([address, length]);
  });
  return holes;
}

describe("an empty heap", () => {
  test("K27: has 100 KiB by default, all of it one hole of exactly the capacity", () => {
    const heap = new Heap();
    expect(heap.capacityBytes).toBe(DEFAULT_CAPACITY_BYTES);
    expect(heap.buffer.byteLength).toBe(102_416);
    expect(heap.slotCapacity).toBe(6_400);
    expect(holesOf(heap)).toEqual([[0, 102_400]]);
    expect(heap.largestHole()).toBe(102_400);
    expect([heap.freeBytes, heap.usableBytes, heap.allocatedBytes, heap.blockCount]).toEqual([102_400, 102_400, 0, 0]);
    expect(heap.fragmentationRatio()).toBe(0);
    expect(checkHeap(heap)).toEqual([]);
  });

  test.each(FITS)("K27: takes any capacity from 64 bytes to 256 MiB, and one block of all of it, %s fit", (fit) => {
    for (const capacityBytes of [64, 80, 1_008, 1_024, 1_040, 65_536, 1_048_592, 268_435_456]) {
      const heap = new Heap({ capacityBytes, fit });
      expect(heap.allocate(capacityBytes - 7)).toBe(NO_HANDLE);
      const handle = heap.allocate(capacityBytes - 8);
      expect(heap.lengthOf(handle)).toBe(capacityBytes);
      expect(heap.addressOf(handle)).toBe(0);
      expect(heap.largestHole()).toBe(0);
      expect([heap.freeBytes, heap.occupancyRatio(), heap.effectivePressureRatio()]).toEqual([0, 1, 1]);
      expect(heap.fragmentationRatio()).toBe(0);
      expect(heap.allocate(1)).toBe(NO_HANDLE);
      heap.view(handle).subarray(-4).fill(9);
      expect(heap.slotOf(handle)).toBeLessThan(heap.slotCapacity);
      heap.free(handle);
      expect(heap.largestHole()).toBe(capacityBytes);
    }
  });

  test.each([0, 48, 63, 72, 100, -64, 268_435_472, NaN, Infinity, 64.5])(
    "refuses a capacity of %d",
    (capacityBytes) => {
      expect(() => new Heap({ capacityBytes })).toThrow(AssertionError);
    },
  );

  test("refuses other bad options", () => {
    expect(() => new Heap({ fit: "worst" as FitKind })).toThrow(AssertionError);
    for (const zoneTag of [-1, 8, 1.5, NaN]) expect(() => new Heap({ zoneTag })).toThrow(AssertionError);
    for (const referenceLengthBytes of [0, -1, 1.5, NaN, 2 ** 31])
      expect(() => new Heap({ referenceLengthBytes })).toThrow(AssertionError);
  });
});

describe.each(FITS)("allocate and free, %s fit", (fit) => {
  test("a block has the length of core/units, its exact size and a payload on a multiple of 16", () => {
    const heap = new Heap({ fit });
    for (let size = 1; size <= 200; size++) {
      const handle = heap.allocate(size);
      expect(heap.lengthOf(handle)).toBe(blockLength(size));
      expect(heap.sizeOf(handle)).toBe(size);
      expect(heap.view(handle).length).toBe(size);
      expect(heap.payloadOffsetOf(handle)).toBe(heap.addressOf(handle) + 16);
      expect(heap.payloadOffsetOf(handle) % 16).toBe(0);
      expect(heap.alignmentOf(handle)).toBe(16);
    }
    expect(checkHeap(heap)).toEqual([]);
  });

  test("every alignment from 16 bytes to 512 KiB is kept, and the gap before it is a hole", () => {
    const heap = new Heap({ capacityBytes: 2 ** 21, fit });
    heap.allocate(1);
    for (let align = 16; align <= 524_288; align *= 2) {
      const handle = heap.allocate(100, align);
      expect(heap.payloadOffsetOf(handle) % align).toBe(0);
      expect(heap.alignmentOf(handle)).toBe(align);
    }
    expect(checkHeap(heap)).toEqual([]);
  });

  test("an aligned request is refused only when no hole holds it", () => {
    const heap = new Heap({ capacityBytes: 128, fit });
    expect(heap.allocate(8, 256)).toBe(NO_HANDLE); // only payload offset 256 would do, beyond the end
    expect(heap.allocate(9, 128)).toBe(NO_HANDLE); // the payload at 128 has 8 bytes to the end
    expect(heap.addressOf(heap.allocate(8, 128))).toBe(112);
    expect(heap.allocate(8, 128)).toBe(NO_HANDLE);
    expect(holesOf(heap)).toEqual([[0, 112]]);
  });

  test.each([0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32 + 5])("refuses a size of %d", (size) => {
    const heap = new Heap({ fit });
    const handle = heap.allocate(10);
    expect(() => heap.allocate(size)).toThrow(AssertionError);
    expect(() => heap.resize(handle, size)).toThrow(AssertionError);
  });

  test("a size over the capacity is NO_HANDLE, not an error", () => {
    const heap = new Heap({ fit });
    expect(heap.allocate(102_393)).toBe(NO_HANDLE);
    expect(heap.allocate(2 ** 31 - 1)).toBe(NO_HANDLE);
    const handle = heap.allocate(5);
    expect(heap.resize(handle, 2 ** 31 - 1)).toBe(false);
  });

  test.each([0, 8, 24, 48, -16, 1_048_576, NaN, 2 ** 31])("refuses an alignment of %d", (align) => {
    expect(() => new Heap({ fit }).allocate(10, align)).toThrow(AssertionError);
  });

  test("exhaustion: smallest blocks fill every granule, and every slot is handed out once", () => {
    const heap = new Heap({ capacityBytes: 1_024, fit });
    const handles: number[] = [];
    for (let handle = heap.allocate(8); handle !== NO_HANDLE; handle = heap.allocate(8)) handles.push(handle);
    expect(handles.length).toBe(heap.slotCapacity);
    expect(new Set(handles.map((handle) => heap.slotOf(handle))).size).toBe(64);
    expect(heap.holeCount).toBe(0);
    for (const handle of handles.filter((_, i) => i % 2 === 0)) heap.free(handle);
    expect([heap.holeCount, heap.freeBytes, heap.largestHole()]).toEqual([32, 512, 16]);
    expect(heap.allocate(9)).toBe(NO_HANDLE);
    for (const handle of handles.filter((_, i) => i % 2 === 1)) heap.free(handle);
    expect(holesOf(heap)).toEqual([[0, 1_024]]);
  });

  test("freed neighbours become one hole at once, whatever the order", () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const heap = new Heap({ capacityBytes: 256, fit });
      const handles = layOut(heap, [48, 64, 32, 112]);
      for (const i of order) heap.free(handles[i]!);
      expect(holesOf(heap)).toEqual([[0, 144]]);
    }
  });
});

describe("handles", () => {
  test("double free, stale, foreign and made-up handles are programmer's mistakes everywhere", () => {
    const heap = new Heap();
    const live = heap.allocate(10);
    const stale = heap.allocate(10);
    heap.free(stale);
    const foreign = new Heap({ zoneTag: 3 }).allocate(10);
    for (const handle of [
      stale,
      foreign,
      NO_HANDLE,
      -live,
      ~live,
      live + 0.5,
      live + 2 ** 32,
      NaN,
      Infinity,
      2 ** 31,
      1,
    ]) {
      expect(heap.isLive(handle)).toBe(false);
      for (const use of [
        () => heap.free(handle),
        () => heap.resize(handle, 5),
        () => heap.addressOf(handle),
        () => heap.lengthOf(handle),
        () => heap.sizeOf(handle),
        () => heap.payloadOffsetOf(handle),
        () => heap.view(handle),
        () => heap.isPinned(handle),
        () => heap.setPinned(handle, true),
        () => heap.slotOf(handle),
      ])
        expect(use).toThrow(AssertionError);
    }
    expect(heap.isLive(live)).toBe(true);
    expect(() => heap.free(foreign)).toThrow("another zone");
    expect(() => heap.free(stale)).toThrow("freed");
  });

  test("a slot comes back with another handle, and only after the stated number of lives with the same one", () => {
    for (const zoneTag of [0, 7]) {
      const heap = new Heap({ capacityBytes: 1_048_576, zoneTag }); // 16 slot bits: 2^12 − 1 generations
      const first = heap.allocate(10);
      let handle = first;
      let lives = 0;
      do {
        heap.free(handle);
        handle = heap.allocate(10);
        lives++;
        expect(handle).toBeGreaterThan(0);
        expect(handle).toBeLessThan(2 ** 31);
      } while (handle !== first && lives < 10_000);
      expect(lives).toBe(4_095);
      expect(checkHeap(heap)).toEqual([]);
    }
  });

  test("pins count their bytes and change nothing when they stay", () => {
    const heap = new Heap();
    const pinned = heap.allocate(100, 16, true);
    const other = heap.allocate(50);
    expect([heap.isPinned(pinned), heap.isPinned(other), heap.pinnedBytes]).toEqual([true, false, 112]);
    const { version } = heap;
    heap.setPinned(pinned, true);
    expect(heap.version).toBe(version);
    heap.setPinned(other, true);
    expect(heap.pinnedBytes).toBe(176);
    heap.resize(other, 10);
    expect(heap.pinnedBytes).toBe(144);
    heap.setPinned(pinned, false);
    expect(heap.pinnedBytes).toBe(32);
    heap.free(other);
    expect(heap.pinnedBytes).toBe(0);
  });
});

describe.each(FITS)("resize, %s fit", (fit) => {
  function watched(lengths: readonly number[]): { heap: Heap; handles: number[]; moves: number[][] } {
    const heap = new Heap({
      capacityBytes: lengths.reduce((sum, length) => sum + Math.abs(length), 0),
      fit,
      verify: true,
    });
    const handles = layOut(heap, lengths);
    const moves: number[][] = [];
    heap.moveListener = (...move) => moves.push(move);
    return { heap, handles, moves };
  }

  test("within the rounding nothing but the size changes", () => {
    const { heap, handles } = watched([48, 64]);
    expect(heap.resize(handles[0]!, 33)).toBe(true);
    expect([heap.sizeOf(handles[0]!), heap.lengthOf(handles[0]!), heap.holeCount]).toEqual([33, 48, 0]);
  });

  test("shrinking leaves a hole, merged with the one behind", () => {
    const { heap, handles, moves } = watched([64, 32, -48, 16]);
    expect(heap.resize(handles[0]!, 8)).toBe(true);
    expect(heap.resize(handles[1]!, 8)).toBe(true);
    expect(holesOf(heap)).toEqual([
      [16, 48],
      [80, 64],
    ]);
    expect([heap.lastResizeMoved, moves]).toEqual([false, []]);
  });

  test("growing takes part or all of the hole behind", () => {
    const { heap, handles } = watched([32, -64, 16]);
    expect(heap.resize(handles[0]!, 56)).toBe(true);
    expect(holesOf(heap)).toEqual([[64, 32]]);
    expect(heap.resize(handles[0]!, 88)).toBe(true);
    expect([heap.holeCount, heap.lastResizeMoved]).toEqual([0, false]);
  });

  test("growing slides into the hole before, contents and all", () => {
    const { heap, handles, moves } = watched([-48, 32, -16, 64]);
    heap.view(handles[1]!).set([1, 2, 3, 4], 20);
    expect(heap.resize(handles[1]!, 88)).toBe(true);
    expect([heap.addressOf(handles[1]!), heap.lastResizeMoved, heap.holeCount]).toEqual([0, true, 0]);
    expect(moves).toEqual([[handles[1], 48, 0]]);
    expect([...heap.view(handles[1]!).subarray(20, 24)]).toEqual([1, 2, 3, 4]);
  });

  test("an aligned block slides only to an aligned place", () => {
    const heap = new Heap({ capacityBytes: 512, fit, verify: true });
    const before = heap.allocate(104);
    const handle = heap.allocate(8, 64);
    expect(heap.addressOf(handle)).toBe(112);
    heap.allocate(376);
    heap.free(before);
    expect(heap.resize(handle, 24)).toBe(true);
    expect([heap.addressOf(handle), heap.payloadOffsetOf(handle)]).toEqual([48, 64]);
    expect(holesOf(heap)).toEqual([
      [0, 48],
      [80, 48],
    ]);
  });

  test("growing moves elsewhere when nothing else helps, else changes nothing", () => {
    const { heap, handles } = watched([32, 16, -128, 16]);
    heap.view(handles[0]!).fill(7);
    expect(heap.resize(handles[0]!, 100)).toBe(true);
    expect([heap.addressOf(handles[0]!), heap.lastResizeMoved]).toEqual([48, true]);
    expect([...heap.view(handles[0]!).subarray(0, 24)]).toEqual(new Array(24).fill(7));
    expect(holesOf(heap)).toEqual([
      [0, 32],
      [160, 16],
    ]);
    const { version } = heap;
    expect(heap.resize(handles[0]!, 1_000)).toBe(false);
    expect(heap.resize(handles[0]!, 130)).toBe(false);
    expect([heap.version, heap.sizeOf(handles[0]!)]).toEqual([version, 100]);
  });

  test("an aligned block is allocated anew with its alignment", () => {
    const heap = new Heap({ capacityBytes: 256, fit, verify: true });
    const handles = layOut(heap, [32, 16]);
    const handle = heap.allocate(8, 64);
    heap.allocate(8);
    heap.free(handles[1]!);
    expect(holesOf(heap)).toEqual([
      [32, 16],
      [80, 176],
    ]);
    expect(heap.resize(handle, 40)).toBe(true); // the hole before holds no aligned place but its own
    expect([heap.addressOf(handle), heap.payloadOffsetOf(handle)]).toEqual([112, 128]);
  });

  test("a pinned block grows in place or not at all", () => {
    const { heap, handles } = watched([-64, 32, -32, 16]);
    heap.setPinned(handles[1]!, true);
    expect(heap.resize(handles[1]!, 100)).toBe(false);
    expect(heap.resize(handles[1]!, 56)).toBe(true);
    expect(heap.addressOf(handles[1]!)).toBe(64);
  });
});

describe("pressure", () => {
  test("counts whole reference requests in every hole, and P ≥ U", () => {
    const heap = new Heap({ capacityBytes: 512, referenceLengthBytes: 48 });
    layOut(heap, [-64, 16, -32, 16, -112, 272]);
    expect(heap.usableBytes).toBe(48 + 0 + 96);
    expect(heap.occupancyRatio()).toBe(304 / 512);
    expect(heap.effectivePressureRatio()).toBe(1 - 144 / 512);
    expect(heap.fragmentationRatio()).toBe(1 - 144 / 208);
    heap.setReferenceLength(16);
    expect(heap.effectivePressureRatio()).toBe(heap.occupancyRatio());
    const { version } = heap;
    heap.setReferenceLength(16);
    expect(heap.version).toBe(version);
    heap.setReferenceLength(113);
    expect([heap.usableBytes, heap.effectivePressureRatio(), heap.fragmentationRatio()]).toEqual([0, 1, 1]);
  });

  test("the reciprocal gives the same whole numbers as division, at and around every multiple", () => {
    const heap = new Heap();
    for (let n = 1; n < 3_000; n++) {
      heap.setReferenceLength(n);
      for (const factor of [1, 2, 3, 7, 100, Math.floor(2 ** 28 / n)])
        for (const length of [n * factor - 1, n * factor, n * factor + 1])
          if (heap.usableOf(length) !== Math.floor(length / n) * n) throw new Error(`${length} / ${n}`);
    }
    heap.setReferenceLength(2 ** 31 - 1);
    expect(heap.usableOf(2 ** 28)).toBe(0);
  });
});

describe("the class that may hold a fitting hole", () => {
  const capacityBytes = 1_048_576;

  test("is looked through when the classes above are empty", () => {
    const heap = new Heap({ capacityBytes });
    const handles = layOut(heap, [1_024, 16, 1_040, 16]); // both lengths are in one class
    heap.allocate(heap.largestHole() - 8);
    heap.free(handles[2]!);
    heap.free(handles[0]!); // first in the list
    expect(heap.canPlace(1_040)).toBe(true);
    expect(heap.canPlace(1_041)).toBe(false);
    expect(heap.addressOf(heap.allocate(1_032))).toBe(1_040);
    expect(heap.allocate(1_032)).toBe(NO_HANDLE);
  });

  test("is looked through for a bounded number of holes", () => {
    const heap = new Heap({ capacityBytes });
    const lengths = [1_040, 16];
    for (let i = 0; i < CLASS_SEARCH_LIMIT; i++) lengths.push(1_024, 16);
    const handles = layOut(heap, lengths);
    heap.allocate(heap.largestHole() - 8);
    for (let i = 0; i < CLASS_SEARCH_LIMIT; i++) heap.free(handles[2 * i]!);
    expect(heap.canPlace(1_040)).toBe(true);
    heap.free(handles[2 * CLASS_SEARCH_LIMIT]!);
    expect(heap.canPlace(1_040)).toBe(false); // the one that fits is now one too deep
    expect(heap.largestHole()).toBe(1_040);
    expect(heap.allocate(1_032)).toBe(NO_HANDLE);
  });

  test("best fit looks as deep as it takes", () => {
    const heap = new Heap({ capacityBytes, fit: "best" });
    const lengths = [1_040, 16];
    for (let i = 0; i < 2 * CLASS_SEARCH_LIMIT; i++) lengths.push(1_024, 16);
    const handles = layOut(heap, lengths);
    heap.allocate(heap.largestHole() - 8);
    for (let i = 0; i < handles.length; i += 2) heap.free(handles[i]!);
    expect(heap.allocate(1_032, 4_096)).toBe(NO_HANDLE);
    expect(heap.addressOf(heap.allocate(1_032))).toBe(0);
    expect(heap.canPlace(1_040)).toBe(false);
    expect(heap.addressOf(heap.allocate(1_016))).toBe(1_056);
  });

  test("canPlace refuses what makes no sense and says no beyond the capacity", () => {
    const heap = new Heap();
    expect(() => heap.canPlace(0)).toThrow(AssertionError);
    expect(() => heap.canPlace(NaN)).toThrow(AssertionError);
    expect(heap.canPlace(102_401)).toBe(false);
    expect(heap.canPlace(102_399.5)).toBe(true);
  });
});

describe("verify mode", () => {
  test("notices a write behind a payload at the next operation", () => {
    const heap = new Heap({ verify: true });
    const handle = heap.allocate(10);
    heap.bytes[heap.payloadOffsetOf(handle) + 10] = 0;
    expect(() => heap.allocate(10)).toThrow("redzone");
  });

  test("notices a write over the next block's header and over the end", () => {
    const heap = new Heap({ capacityBytes: 64, verify: true });
    const first = heap.allocate(8);
    const last = heap.allocate(40);
    heap.bytes[heap.payloadOffsetOf(last) + 40] = 1;
    expect(() => heap.setPinned(first, true)).toThrow("sentinel");
    heap.bytes.fill(255, heap.payloadOffsetOf(first) + 8, heap.payloadOffsetOf(first) + 16);
    expect(() => heap.free(first)).toThrow(AssertionError);
  });
});
