// A Markov model as JSON: everything that it will ever decide by, so that a model that was read predicts and learns on exactly
// like the one that was written. Every number is looked at, as a document may have been made by someone who can compute a CRC.
//
//   { "schema": "mempred.markov/1", "crc32": "8 hex digits", "content": { "shape", "tick", "keys", "contexts", "nodes" } }
//   keys: [number, key, seenAt]; contexts: [number, name, seenAt, recent, used, uses, hot, hot counts, weights, squares];
//   nodes: [index, context's number, visits, seenAt, [latest keys], [successors], [slow counts], [fast counts]]

import { HOT_COUNT } from "./hot-symbols.ts";
import { MarkovModel, type MarkovModelShape, markovShape } from "./markov-model.ts";
import {
  brief,
  different,
  integer,
  integers,
  listOf,
  Malformed,
  namedRow,
  readModelDocument,
  recordOf,
  writeModelDocument,
} from "./model-document.ts";
import { RECENCY_COUNT } from "./sequence-history.ts";
import { MOST_ORDER } from "./sequence-table.ts";

export const MARKOV_SCHEMA = "mempred.markov/1";
const MOST_TEXT_UNITS = 1_048_576;
const MOST_NODES = 1 << 22;
/** A document that asks for more memory than this was not written by a program in its right mind. */
const MOST_STATE_BYTES = 1 << 28;

/** The model as one line of JSON with a newline. Equal models give equal texts. */
export function markovToJson(model: MarkovModel): string {
  return writeModelDocument(MARKOV_SCHEMA, contentOf(model));
}

/**
 * The model in a JSON document.
 * @param file named in errors
 * @throws MempredError INVALID_MODEL: not JSON, another schema or version, damaged, or made up
 */
export function markovFromJson(text: string, file?: string): MarkovModel {
  return readModelDocument(text, MARKOV_SCHEMA, file, modelOf);
}

function contentOf(markov: MarkovModel): unknown {
  const { model, histories, hot, shape } = markov;
  const { table, weights, squares, weightsPerSpace } = model;
  const contexts = markov.contexts.entries().map(([space, name, seenAt]) => {
    const { recent, length, used, uses, usedCount } = histories[space]!;
    const { symbols, counts, length: hotLength } = hot[space]!;
    const first = space * weightsPerSpace;
    return [
      space,
      name,
      seenAt,
      Array.from(recent.subarray(0, length)),
      Array.from(used.subarray(0, usedCount)),
      Array.from(uses.subarray(0, usedCount)),
      Array.from(symbols.subarray(0, hotLength)),
      Array.from(counts.subarray(0, hotLength)),
      Array.from(weights.subarray(first, first + weightsPerSpace)),
      Array.from(squares.subarray(first, first + weightsPerSpace)),
    ];
  });
  const nodes: unknown[] = [];
  for (let node = 0; node < table.nodeCount; node++) {
    if (table.spaces[node] === 0) continue;
    const context = node * table.order;
    const first = node * table.successorCount;
    const end = first + table.successorCounts[node]!;
    nodes.push([
      node,
      table.spaces[node]! - 1,
      table.visits[node],
      table.seenAt[node],
      Array.from(table.contexts.subarray(context, context + table.orders[node]!)),
      Array.from(table.successors.subarray(first, end)),
      Array.from(table.slow.subarray(first, end)),
      Array.from(table.fast.subarray(first, end)),
    ]);
  }
  return { shape, tick: model.tick, keys: markov.keys.entries(), contexts, nodes };
}

function modelOf(content: unknown): MarkovModel {
  const { shape, tick, keys, contexts, nodes } = recordOf(content, "the content");
  const markov = new MarkovModel(shapeOf(shape));
  const { keyCount, contextCount, mostKeyUnits } = markov.shape;
  markov.model.tick = integer(tick, 0, 4_294_967_295, "the tick");
  const keyRows = listOf(keys, 0, keyCount, "the keys").map((row) => namedRow(row, 3, keyCount, mostKeyUnits, "a key"));
  different(keyRows, "keys");
  markov.keys.restore(keyRows);
  const contextRows = listOf(contexts, 0, contextCount, "the contexts");
  const names = contextRows.map((row) => namedRow(row, 10, contextCount, mostKeyUnits, "a context"));
  different(names, "contexts");
  markov.contexts.restore(names);
  for (const row of contextRows) readContext(markov, row as unknown[]);
  for (const row of listOf(nodes, 0, markov.shape.nodeCount, "the nodes")) readNode(markov, row);
  try {
    markov.check();
  } catch (error) {
    throw new Malformed(error instanceof Error ? error.message : String(error));
  }
  return markov;
}

function shapeOf(value: unknown): MarkovModelShape {
  const given = recordOf(value, "the shape");
  const bounds: { readonly [Name in keyof MarkovModelShape]: readonly [number, number] } = {
    order: [0, MOST_ORDER],
    contextCount: [1, 65_535],
    keyCount: [1, 65_536],
    nodeCount: [8, MOST_NODES],
    successorCount: [1, 64],
    mostKeyUnits: [1, MOST_TEXT_UNITS],
  };
  const read = (name: keyof MarkovModelShape) => integer(given[name], bounds[name][0], bounds[name][1], name);
  const shape = markovShape({
    order: read("order"),
    contextCount: read("contextCount"),
    keyCount: read("keyCount"),
    nodeCount: read("nodeCount"),
    successorCount: read("successorCount"),
    mostKeyUnits: read("mostKeyUnits"),
  });
  if ((shape.nodeCount & (shape.nodeCount - 1)) !== 0) throw new Malformed("the number of nodes is no power of two");
  const nodeBytes = 10 + 2 * shape.order + 6 * shape.successorCount;
  const weightBytes = 64 * (4 * shape.order + 6);
  if (shape.nodeCount * nodeBytes + shape.contextCount * weightBytes > MOST_STATE_BYTES) {
    throw new Malformed("the model would be larger than 256 MiB");
  }
  return shape;
}

function readContext(markov: MarkovModel, row: unknown[]): void {
  const [space, , , recent, used, uses, hot, hotCounts, weights, squares] = row;
  const { model, shape } = markov;
  const at = space as number; // looked at with the names
  const history = markov.histories[at]!;
  const hottest = markov.hot[at]!;
  const symbols = (value: unknown, most: number, what: string) => integers(value, 0, shape.keyCount - 1, most, what);
  history.length = fill(history.recent, symbols(recent, MOST_ORDER, "a history"));
  history.usedCount = fill(history.used, symbols(used, RECENCY_COUNT, "a recency list"));
  sameLength(fill(history.uses, integers(uses, 1, 255, RECENCY_COUNT, "uses")), history.usedCount, "uses");
  hottest.length = fill(hottest.symbols, symbols(hot, HOT_COUNT, "hot keys"));
  sameLength(fill(hottest.counts, integers(hotCounts, 0, 65_534, HOT_COUNT, "hot counts")), hottest.length, "counts");
  const first = at * model.weightsPerSpace;
  const numbers = (value: unknown, what: string): number[] =>
    listOf(value, model.weightsPerSpace, model.weightsPerSpace, what).map((one) => {
      if (typeof one !== "number" || Math.fround(one) !== one) throw new Malformed(`${what} hold ${brief(one)}`);
      return one;
    });
  model.weights.set(numbers(weights, "the weights"), first);
  model.squares.set(numbers(squares, "the squares"), first);
}

function readNode(markov: MarkovModel, row: unknown): void {
  const { model, shape } = markov;
  const { table } = model;
  const [index, space, visits, seenAt, context, successors, slow, fast] = listOf(row, 8, 8, "a node");
  const node = integer(index, 0, shape.nodeCount - 1, "a node's index");
  if (table.spaces[node] !== 0) throw new Malformed(`node ${node} is there twice`);
  table.spaces[node] = integer(space, 0, shape.contextCount - 1, "a node's context") + 1;
  table.visits[node] = integer(visits, 1, 65_535, "visits");
  table.seenAt[node] = integer(seenAt, 0, 4_294_967_295, "a node's time");
  const symbols = (value: unknown, most: number, what: string) => integers(value, 0, shape.keyCount - 1, most, what);
  table.orders[node] = fill(table.contexts, symbols(context, shape.order, "a node's keys"), node * shape.order);
  const { successorCount } = shape;
  const first = node * successorCount;
  const count = fill(table.successors, symbols(successors, successorCount, "successors"), first);
  table.successorCounts[node] = count;
  sameLength(fill(table.slow, integers(slow, 1, 65_535, successorCount, "slow counts"), first), count, "slow counts");
  sameLength(fill(table.fast, integers(fast, 0, 65_535, successorCount, "fast counts"), first), count, "fast counts");
}

function fill(to: Uint16Array | Uint8Array, values: readonly number[], at = 0): number {
  to.set(values, at);
  return values.length;
}

function sameLength(found: number, expected: number, what: string): void {
  if (found !== expected) throw new Malformed(`there are ${found} ${what} for ${expected}`);
}
