// Both rings against an array, in one thread: single and batch operations in any order, through two views of one buffer, with
// cursors that begin just before they wrap. All slots are walked after every step. fast-check prints seed and path.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteRing } from "../../../preload/ring/byte-ring.ts";
import { IntRing } from "../../../preload/ring/int-ring.ts";
import { runs } from "../../runs.ts";

const capacity = fc.constantFrom(2, 4, 8, 16);
/** Where 32-bit numbers change their sign, where they begin again, and elsewhere. */
const firstPosition = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: 0, max: 20 }).map((before) => 2 ** 31 - before),
  fc.integer(),
);
const step = fc.record({
  kind: fc.constantFrom("push", "pop", "push-many", "pop-many"),
  count: fc.integer({ min: 0, max: 20 }),
  view: fc.boolean(),
});
const steps = fc.array(step, { maxLength: 80 });

describe("rings against an array", () => {
  it("P37 P38 P40: integers", () => {
    fc.assert(
      fc.property(capacity, firstPosition, steps, fc.integer(), (size, first, all, value) => {
        const created = IntRing.create(size, first);
        const attached = IntRing.attach(created.buffer);
        const model: number[] = [];
        let next = value;
        const draw = () => {
          next = (Math.imul(next, 1664525) + 1013904223) | 0;
          return next;
        };
        for (const { kind, count, view } of all) {
          const ring = view ? created : attached;
          if (kind === "push") {
            const item = draw();
            expect(ring.tryPush(item)).toBe(model.length < size);
            if (model.length < size) model.push(item);
          } else if (kind === "pop") expect(ring.tryPop()).toBe(model.shift());
          else if (kind === "push-many") {
            const items = Int32Array.from({ length: count + 2 }, draw);
            const done = Math.min(count, size - model.length);
            expect(ring.pushMany(items, 1, count + 1)).toBe(done);
            model.push(...items.subarray(1, done + 1));
          } else {
            const out = new Int32Array(count + 2).fill(7);
            const done = Math.min(count, model.length);
            expect(ring.popMany(out, 1, count + 1)).toBe(done);
            expect([...out]).toEqual([7, ...model.splice(0, done), ...new Array(count + 1 - done).fill(7)]);
          }
          expect(ring.countAbout()).toBe(model.length);
          ring.check();
        }
      }),
      { numRuns: runs(150) },
    );
  });

  it("P37 P38 P40: bytes", () => {
    fc.assert(
      fc.property(capacity, firstPosition, fc.constantFrom(1, 5, 12, 300), steps, (size, first, most, all) => {
        const created = ByteRing.create(size, most, first);
        const attached = ByteRing.attach(created.buffer);
        const { itemBytes } = attached;
        expect(itemBytes).toBe(4 * Math.ceil(most / 4));
        const model: number[][] = [];
        let next = 0;
        const draw = () => Uint8Array.from({ length: (next * 7) % (itemBytes + 1) }, () => next++ & 255);
        for (const { kind, count, view } of all) {
          next++;
          const ring = view ? created : attached;
          if (kind === "push") {
            const item = draw();
            expect(ring.tryPush(item)).toBe(model.length < size);
            if (model.length < size) model.push([...item]);
          } else if (kind === "pop") {
            const out = new Uint8Array(itemBytes);
            const expected = model.shift();
            expect(ring.tryPop(out)).toBe(expected?.length ?? -1);
            if (expected !== undefined) expect([...out.subarray(0, expected.length)]).toEqual(expected);
          } else if (kind === "push-many") {
            const items = Array.from({ length: count }, draw);
            const done = Math.min(count, size - model.length);
            expect(ring.pushMany(items)).toBe(done);
            model.push(...items.slice(0, done).map((item) => [...item]));
          } else {
            const lengths = new Int32Array(count);
            const out = new Uint8Array(count * itemBytes);
            const expected = model.splice(0, count);
            expect(ring.popMany(out, lengths)).toBe(expected.length);
            expected.forEach((item, i) => {
              expect([...out.subarray(i * itemBytes, i * itemBytes + (lengths[i] as number))]).toEqual(item);
            });
          }
          expect(ring.countAbout()).toBe(model.length);
          ring.check();
        }
      }),
      { numRuns: runs(100) },
    );
  });
});
