import { describe, expect, it } from "vitest";
import { AssertionError } from "../../core/errors.ts";
import { LeaseBook } from "../../preload/lease-book.ts";

const deadlineMillis = 1000;

describe("LeaseBook", () => {
  it("a load counts from the grant on, before there are any bytes", () => {
    const book = new LeaseBook({ budgetBytes: 100, reserveRatio: 0 });
    const first = book.grant({ bytes: 60, deadlineMillis })!;
    expect(book.usedBytes).toBe(60);
    expect(book.grant({ bytes: 60, deadlineMillis })).toBeUndefined();
    expect(book.begin(first)).toBe(true);
    expect(book.resize(first, 30)).toBe(true);
    expect(book.grant({ bytes: 60, deadlineMillis })).toBeDefined();
    expect(book.release(first)).toBe(true);
    expect([book.usedBytes, book.peakBytes]).toEqual([60, 90]);
    book.check();
  });

  it("P45: the reserve is for what is required, and what must not be dropped is granted over the budget", () => {
    const book = new LeaseBook({ budgetBytes: 100, reserveRatio: 0.2 });
    expect(book.grant({ bytes: 81, deadlineMillis })).toBeUndefined();
    expect(book.grant({ bytes: 80, deadlineMillis })).toBeDefined();
    expect(book.grant({ bytes: 1, deadlineMillis })).toBeUndefined();
    expect(book.grant({ bytes: 20, deadlineMillis, isRequired: true })).toBeDefined();
    expect(book.grant({ bytes: 1, deadlineMillis, isRequired: true })).toBeUndefined();
    const forced = book.grant({ bytes: 500, deadlineMillis, mayExceed: true })!;
    expect(forced.isRequired).toBe(true);
    expect(book.resize(forced, 700)).toBe(true);
    expect([book.usedBytes, book.speculativeBytes, book.freeBytes(true)]).toEqual([800, 80, 0]);
    book.check();
  });

  it("P43: when the budget falls, speculation is named for rolling back, the youngest first", () => {
    const book = new LeaseBook({ budgetBytes: 100, reserveRatio: 0 });
    const [old, young] = [book.grant({ bytes: 30, deadlineMillis })!, book.grant({ bytes: 30, deadlineMillis })!];
    book.grant({ bytes: 40, deadlineMillis, isRequired: true });
    expect(book.excess()).toEqual([]);
    book.setBudget(70);
    expect(book.excess()).toEqual([young]);
    book.setBudget(10);
    expect(book.excess()).toEqual([young, old]);
    for (const lease of book.excess()) book.rollBack(lease);
    expect(book.usedBytes).toBe(40);
    book.check();
  });

  it("a late end of an expired lease is told apart and harmless, once; any other second end is a mistake", () => {
    const book = new LeaseBook({ budgetBytes: 100 });
    const lease = book.grant({ bytes: 10, deadlineMillis: 5 })!;
    expect(book.begin(lease, 8)).toBe(true);
    expect(book.advance(7)).toEqual([]);
    expect(book.advance(8)).toEqual([lease]);
    expect(book.usedBytes).toBe(0);
    expect([book.begin(lease), book.resize(lease, 20), book.release(lease)]).toEqual([false, false, false]);
    expect(book.counts.lateEnds).toBe(1);
    expect(() => book.rollBack(lease)).toThrow(AssertionError);
    const other = book.grant({ bytes: 10, deadlineMillis: 20 })!;
    expect(() => book.release(other)).toThrow(/never began/);
    book.rollBack(other);
    expect(() => book.rollBack(other)).toThrow(AssertionError);
    book.check();
  });

  it("a lease of another book, bytes that are none and deadlines in the past are mistakes", () => {
    const book = new LeaseBook({ budgetBytes: Infinity });
    const foreign = new LeaseBook({ budgetBytes: 10 }).grant({ bytes: 1, deadlineMillis })!;
    book.grant({ bytes: 2 ** 40, deadlineMillis });
    expect(() => book.rollBack(foreign)).toThrow(AssertionError);
    for (const bytes of [-1, 0.5, Number.NaN, Infinity])
      expect(() => book.grant({ bytes, deadlineMillis })).toThrow(AssertionError);
    book.advance(10);
    expect(() => book.grant({ bytes: 1, deadlineMillis: 10 })).toThrow(AssertionError);
    expect(() => book.setBudget(Number.NaN)).toThrow(AssertionError);
    expect(() => new LeaseBook({ budgetBytes: 1, reserveRatio: 1 })).toThrow(AssertionError);
    book.check();
  });
});
