// The rows of a cache replay cell by cell, a cell being one trace at one size, and how each policy stands over all of them.
// Every cell counts the same, whatever its number of requests: one long trace would otherwise decide alone.

import type { CacheDocument, CacheRow } from "../cache-document.ts";

export interface CacheCell {
  readonly trace: string;
  readonly unit: "entries" | "bytes";
  readonly size: number;
  /** In the order of the policies. */
  readonly rows: readonly CacheRow[];
}

export interface CacheStanding {
  readonly policy: string;
  readonly isBound: boolean;
  readonly meanHitRatio: number;
  /** Cells where no competitor has more hits; bounds do not compete. */
  readonly most: number;
  /** Mean and least of its hit ratio less that of LRU; null without LRU, and of LRU itself. */
  readonly meanAgainstLru: number | null;
  readonly worstAgainstLru: number | null;
  /** Of the gap between LRU and the best bound, in sums over the cells; null without either or where there is no gap. */
  readonly gapClosed: number | null;
}

/** In the order of the rows. A cell that was interrupted is left out. */
export function cellsOf({ rows, policies }: CacheDocument): CacheCell[] {
  const cells = new Map<string, { trace: string; unit: "entries" | "bytes"; size: number; rows: CacheRow[] }>();
  for (const row of rows) {
    const unit = row.entries === null ? "bytes" : "entries";
    const size = row.entries ?? row.bytes!;
    const key = `${row.trace}\n${unit}\n${size}`;
    const cell = cells.get(key);
    if (cell === undefined) cells.set(key, { trace: row.trace, unit, size, rows: [row] });
    else cell.rows.push(row);
  }
  const whole = [...cells.values()].filter((cell) => cell.rows.length === policies.length);
  return whole.length > 0 ? whole : [...cells.values()];
}

/** One per policy, in the order of the policies. */
export function standings(document: CacheDocument): CacheStanding[] {
  const cells = cellsOf(document);
  const isBound = (id: string) => document.policies.some((policy) => policy.id === id && policy.isBound);
  const ratioOf = (cell: CacheCell, policy: string) => cell.rows.find((row) => row.policy === policy)?.hitRatio;
  const boundOf = (cell: CacheCell) =>
    Math.max(-Infinity, ...cell.rows.filter((row) => isBound(row.policy)).map((row) => row.hitRatio));
  return document.policies.flatMap(({ id, isBound: isYardstick }): CacheStanding[] => {
    const own = cells.filter((cell) => ratioOf(cell, id) !== undefined);
    if (own.length === 0) return [];
    const differences = own.flatMap((cell) => {
      const lru = ratioOf(cell, "lru");
      return lru === undefined || id === "lru" ? [] : [ratioOf(cell, id)! - lru];
    });
    const gap = sum(own.map((cell) => boundOf(cell) - (ratioOf(cell, "lru") ?? NaN)));
    const isLeading = (cell: CacheCell) => {
      const rivals = cell.rows.filter((row) => !isBound(row.policy)).map((row) => row.hits);
      return cell.rows.find((row) => row.policy === id)!.hits >= Math.max(...rivals);
    };
    return [
      {
        policy: id,
        isBound: isYardstick,
        meanHitRatio: sum(own.map((cell) => ratioOf(cell, id)!)) / own.length,
        most: isYardstick ? 0 : own.filter(isLeading).length,
        meanAgainstLru: differences.length === 0 ? null : sum(differences) / differences.length,
        worstAgainstLru: differences.length === 0 ? null : Math.min(...differences),
        gapClosed: differences.length > 0 && gap > 0 && gap < Infinity ? sum(differences) / gap : null,
      },
    ];
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
