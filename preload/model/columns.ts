// What a part has learned, as named typed arrays: enough to save it and to go on with it. And the check that tables name nothing
// that is not there.

import type { SequenceTable } from "../../cache/sequence-table.ts";
import { assert } from "../../core/errors.ts";

export type Column = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;
export type Columns = Readonly<Record<string, Column>>;

export function tableColumns(table: SequenceTable): Columns {
  const { spaces, orders, contexts, visits, seenAt, successorCounts, successors, slow, fast } = table;
  return { spaces, orders, contexts, visits, seenAt, successorCounts, successors, slow, fast };
}

/** Throws AssertionError when a node names a component that is not known. O(table). */
export function checkNames(table: SequenceTable, isKnown: (symbol: number) => boolean): void {
  const { spaces, orders, order, contexts, successors, successorCount, successorCounts } = table;
  for (let node = 0; node < table.nodeCount; node++) {
    if (spaces[node] === 0) continue;
    const context = contexts.subarray(node * order, node * order + orders[node]!);
    const first = node * successorCount;
    assert(context.every(isKnown), "a context's components are known");
    assert(successors.subarray(first, first + successorCounts[node]!).every(isKnown), "successors are known");
  }
}
