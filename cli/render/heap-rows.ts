// A heap map in characters: each cell stands for a stretch of the arena and shows what most of it is. Kinds differ by character,
// not by colour alone.

import { CELL_CACHE, CELL_FREE, CELL_OWN, CELL_PINNED, CELL_USED } from "../../sim/recording/heap-view.ts";

/** By state of a granule: what stands for it. */
export const MAP_MARKS = { unicode: ["·", "█", "▓", "▒", "◆"], ascii: [".", "#", "P", "c", "*"] } as const;
/** What is shown of a stretch with several states in it, in this order: what is rare would not be seen otherwise. */
const PRECEDENCE = [CELL_OWN, CELL_PINNED] as const;

/** State of each of `count` stretches of the arena. */
export function mapStates(cells: Uint8Array, count: number): Uint8Array {
  const states = new Uint8Array(count);
  const counts = new Uint32Array(5);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * cells.length) / count);
    const to = Math.max(from + 1, Math.floor(((i + 1) * cells.length) / count));
    counts.fill(0);
    for (let cell = from; cell < to; cell++) counts[cells[cell]!]!++;
    const rare = PRECEDENCE.find((state) => counts[state]! > 0);
    const isMostlyFree = counts[CELL_FREE]! * 2 > to - from;
    const kept = counts[CELL_CACHE]! > counts[CELL_USED]! ? CELL_CACHE : CELL_USED;
    states[i] = rare ?? (isMostlyFree ? CELL_FREE : kept);
  }
  return states;
}

/** `rows` lines of `width` characters, the arena from its start to its end. */
export function heapRows(
  cells: Uint8Array,
  width: number,
  rows: number,
  paint: (state: number, text: string) => string = (_, text) => text,
  isUnicode = true,
): string[] {
  const states = mapStates(cells, width * rows);
  const marks = isUnicode ? MAP_MARKS.unicode : MAP_MARKS.ascii;
  return Array.from({ length: rows }, (_, row) => {
    let line = "";
    for (let at = row * width; at < (row + 1) * width; ) {
      const state = states[at]!;
      let end = at;
      while (end < (row + 1) * width && states[end] === state) end++;
      line += paint(state, marks[state]!.repeat(end - at));
      at = end;
    }
    return line;
  });
}
