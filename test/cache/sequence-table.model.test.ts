// The table of contexts against a naive one with maps and real numbers, and what it does when it is full.

import { describe, expect, it } from "vitest";
import { FAST_UNIT, SequenceTable, SLOW_UNIT } from "../../cache/sequence-table.ts";
import { RandomStream } from "../../core/random.ts";

/** Counts as they would be without rounding, by context and successor. */
class NaiveTable {
  readonly nodes = new Map<string, { visits: number; slow: Map<number, number>; fast: Map<number, number> }>();

  count(key: string, symbol: number): void {
    let node = this.nodes.get(key);
    if (node === undefined) this.nodes.set(key, (node = { visits: 0, slow: new Map(), fast: new Map() }));
    for (const [other, count] of node.slow) if (node.visits % 4 === 0) node.slow.set(other, count * (63 / 64));
    for (const [other, count] of node.fast) node.fast.set(other, count * (7 / 8));
    node.slow.set(symbol, (node.slow.get(symbol) ?? 0) + 1);
    node.fast.set(symbol, (node.fast.get(symbol) ?? 0) + 1);
    node.visits++;
  }
}

describe("sequence table", () => {
  it.each([1, 2, 3])("counts as the naive one does, seed %i", (seed) => {
    const random = new RandomStream(seed, "sequence-table test");
    const table = new SequenceTable({ nodeCount: 4096, successorCount: 8, order: 2 });
    const naive = new NaiveTable();
    const recent = new Uint16Array(2);
    for (let tick = 1; tick <= 6000; tick++) {
      const space = random.integer(2);
      const order = random.integer(3);
      recent[0] = random.integer(4);
      recent[1] = random.integer(4);
      const symbol = Math.min(random.integer(8), random.integer(8));
      let node = table.find(space, order, recent);
      if (node < 0) node = table.insert(space, order, recent, tick);
      table.count(node, symbol, tick);
      naive.count(`${space}|${Array.from(recent.subarray(0, order)).join()}`, symbol);
    }
    table.check(2, 8);
    let nodes = 0;
    for (let node = 0; node < table.nodeCount; node++) {
      if (table.spaces[node] === 0) continue;
      nodes++;
      const context = Array.from(table.contexts.subarray(node * 2, node * 2 + table.orders[node]));
      const expected = naive.nodes.get(`${table.spaces[node] - 1}|${context.join()}`);
      expect(table.visits[node], `seed ${seed}`).toBe(expected?.visits);
      expect(table.successorCounts[node]).toBe(expected?.slow.size);
      for (let i = node * 8; i < node * 8 + table.successorCounts[node]; i++) {
        const symbol = table.successors[i];
        // Rounding: half a unit at each fade, kept within half of what a fade takes, 1/64 and 1/8.
        expect(Math.abs(table.slow[i] / SLOW_UNIT - (expected?.slow.get(symbol) ?? NaN))).toBeLessThan(1.1);
        expect(Math.abs(table.fast[i] / FAST_UNIT - (expected?.fast.get(symbol) ?? NaN))).toBeLessThan(0.01);
      }
    }
    expect(nodes).toBe(naive.nodes.size);
  });

  it("counts of either column stay in 16 bits, however long one symbol repeats", () => {
    const table = new SequenceTable({ nodeCount: 8, successorCount: 2, order: 0 });
    const node = table.insert(0, 0, new Uint16Array(0), 0);
    for (let i = 0; i < 200_000; i++) table.count(node, 1, i);
    table.check(1, 2);
    expect(table.visits[node]).toBeGreaterThan(65_000);
    const before = table.slow[node * 2];
    for (let i = 0; i < 4000; i++) table.count(node, 0, i);
    expect(table.slow[node * 2]).toBeLessThan(before / 100); // it goes on to fade past the largest number of visits
  });

  it("a full table gives up what is rare and old and keeps what is common", () => {
    const table = new SequenceTable({ nodeCount: 64, successorCount: 4, order: 1 });
    const recent = new Uint16Array(1);
    const visit = (symbol: number, tick: number) => {
      recent[0] = symbol;
      const found = table.find(0, 1, recent);
      table.count(found < 0 ? table.insert(0, 1, recent, tick) : found, symbol & 3, tick);
    };
    for (let tick = 0; tick < 4000; tick++) visit(tick % 2 === 0 ? (tick / 2) % 16 : 16 + tick, tick);
    table.check(1, 5000);
    for (let common = 0; common < 16; common++) {
      recent[0] = common;
      expect(table.find(0, 1, recent), `context ${common}`).toBeGreaterThanOrEqual(0);
    }
  });

  it("a full node gives up its rarest successor", () => {
    const table = new SequenceTable({ nodeCount: 8, successorCount: 3, order: 0 });
    const node = table.insert(0, 0, new Uint16Array(0), 0);
    for (const symbol of [1, 1, 1, 2, 2, 3, 4]) table.count(node, symbol, 1);
    expect(Array.from(table.successors.subarray(node * 3, node * 3 + 3)).sort()).toEqual([1, 2, 4]);
  });

  it("a purge leaves no trace of a dead symbol or space", () => {
    const table = new SequenceTable({ nodeCount: 256, successorCount: 6, order: 2 });
    const random = new RandomStream(4, "sequence-table test");
    const recent = new Uint16Array(2);
    for (let tick = 0; tick < 3000; tick++) {
      recent[0] = random.integer(6);
      recent[1] = random.integer(6);
      const [space, order] = [random.integer(3), random.integer(3)];
      const found = table.find(space, order, recent);
      table.count(found < 0 ? table.insert(space, order, recent, tick) : found, random.integer(6), tick);
    }
    table.purge(Uint8Array.from([0, 0, 1, 0, 0, 1]), Uint8Array.from([0, 1, 0]));
    table.check(3, 6);
    let nodes = 0;
    for (let node = 0; node < table.nodeCount; node++) {
      if (table.spaces[node] === 0) continue;
      nodes++;
      expect(table.spaces[node] - 1).not.toBe(1);
      const context = Array.from(table.contexts.subarray(node * 2, node * 2 + table.orders[node]));
      const first = node * table.successorCount;
      const successors = Array.from(table.successors.subarray(first, first + table.successorCounts[node]));
      for (const symbol of [...context, ...successors]) expect([2, 5]).not.toContain(symbol);
    }
    expect(nodes).toBeGreaterThan(20);
  });
});
