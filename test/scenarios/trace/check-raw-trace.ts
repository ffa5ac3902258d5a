// What must hold of every RawTrace, recomputed naively: for the tests of all readers.

import { expect } from "vitest";
import { OP_ALLOCATE, OP_FREE, OP_RESIZE } from "../../../core/demand.ts";
import type { RawTrace } from "../../../scenarios/trace/raw-trace.ts";

/** Throws when the columns contradict each other. Plain comparisons: a million rows go through it. */
export function checkRawTrace(trace: RawTrace): void {
  const live = new Map<number, number>();
  const counts = [0, 0, 0];
  let bytes = 0;
  let peak = 0;
  let nextId = 0;
  const must = (isGood: boolean, what: string, row: number): void => {
    if (!isGood) throw new Error(`${trace.file}: row ${row}: ${what}`);
  };
  for (let i = 0; i < trace.length; i++) {
    const id = trace.id[i];
    const size = trace.sizeBytes[i];
    const kind = trace.kind[i];
    counts[kind]++;
    must(Number.isNaN(trace.timeMicros[i]) === (trace.timing === "order"), "timed or not", i);
    if (i > 0 && trace.timing !== "order") must(trace.timeMicros[i] >= trace.timeMicros[i - 1], "time order", i);
    must(trace.alignLog2[i] >= 4 && trace.alignLog2[i] <= 24, "alignment", i);
    must(trace.tenant[i] < trace.tenants.length, "tenant", i);
    if (kind === OP_ALLOCATE) must(id === nextId++, "fresh dense id", i);
    else must(live.has(id), "id is live", i);
    if (kind === OP_FREE) {
      must(size === 0, "a free has no size", i);
      bytes -= live.get(id)!;
      live.delete(id);
    } else {
      must(size >= 1 && size <= 2_147_483_647, "size in range", i);
      bytes += size - (live.get(id) ?? 0);
      live.set(id, size);
    }
    peak = Math.max(peak, bytes);
  }
  expect(trace.idCount).toBe(nextId);
  expect([trace.allocations, trace.frees, trace.resizes]).toEqual([
    counts[OP_ALLOCATE],
    counts[OP_FREE],
    counts[OP_RESIZE],
  ]);
  expect(trace.peakLiveBytes).toBe(peak);
  expect(trace.endLiveBytes).toBe(bytes);
  expect(trace.length).toBeGreaterThan(0);
  for (const column of [
    trace.timeMicros,
    trace.kind,
    trace.id,
    trace.sizeBytes,
    trace.requestClass,
    trace.movability,
  ]) {
    expect(column.length).toBe(trace.length);
  }
}

const LETTERS: Readonly<Record<number, string>> = { [OP_ALLOCATE]: "a", [OP_FREE]: "f", [OP_RESIZE]: "r" };

/** The operations in short: "a0:16 r0:32 f0". */
export function operations(trace: RawTrace): string {
  const words: string[] = [];
  for (let i = 0; i < trace.length; i++) {
    const size = trace.kind[i] === OP_FREE ? "" : `:${trace.sizeBytes[i]}`;
    words.push(`${LETTERS[trace.kind[i]]}${trace.id[i]}${size}`);
  }
  return words.join(" ");
}

/** The warnings in short: { "zero-size": 2 }. */
export function warnings(trace: RawTrace): Record<string, number> {
  return Object.fromEntries(trace.warnings.map(({ code, count }) => [code, count]));
}
