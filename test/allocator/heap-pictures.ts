// Heaps from pictures and pictures from heaps, for the tests of compactors.

import { expect } from "vitest";
import { type FitKind, Heap } from "../../allocator/heap.ts";

export interface Layout {
  heap: Heap;
  /** By letter. */
  at: Record<string, number>;
}

/** "a32 -48 P16 b64": blocks a, P and b of these lengths, a hole between; capital letters are pinned. */
export function layOut(picture: string, fit: FitKind = "segregated"): Layout {
  const parts = picture.split(" ").map((part) => ({ name: part[0]!, length: Number(part.slice(1)) }));
  const heap = new Heap({ capacityBytes: parts.reduce((sum, part) => sum + part.length, 0), fit, verify: true });
  const handles = parts.map((part) => heap.allocate(part.length - 8, 16, part.name >= "A" && part.name <= "Z"));
  const at: Record<string, number> = {};
  parts.forEach((part, i) => {
    if (part.name === "-") heap.free(handles[i]!);
    else {
      heap.view(handles[i]!).fill(part.name.charCodeAt(0));
      at[part.name] = handles[i]!;
    }
  });
  return { heap, at };
}

/** The picture of a heap, and a check of all contents. */
export function pictureOf({ heap, at }: Layout): string {
  const names = new Map(Object.entries(at).map(([name, handle]) => [handle, name]));
  const parts: string[] = [];
  heap.forEachBlock((_address, length, handle) => parts.push(`${names.get(handle) ?? "-"}${length}`));
  for (const [name, handle] of Object.entries(at))
    if (heap.isLive(handle)) expect(new Set(heap.view(handle))).toEqual(new Set([name.charCodeAt(0)]));
  return parts.join(" ");
}
