// A predictor as JSON: everything that it will ever decide by, so that one that was read expects and learns on exactly like the
// one that was written. Typed arrays are told by where they differ from those of a predictor that has learned nothing. Every number
// is looked at, as a document may have been made by someone who can compute a CRC.
//
//   { "schema": "mempred.preload-model/1", "crc32": "8 hex digits", "content": { "shape", "components", "users", "ticks", "words", "columns" } }
//   components: [number, name, seenAt]; users: [number, name, seenAt, requests, hour, recent, used, uses];
//   ticks: by expert; words: [word, [components]]; columns: by part and array, [start, [values]] for each run that differs

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
} from "../../cache/model-document.ts";
import { RECENCY_COUNT, SequenceHistory } from "../../cache/sequence-history.ts";
import { MOST_ORDER } from "../../cache/sequence-table.ts";
import type { Column, Columns } from "./columns.ts";
import { shapeOfDocument } from "./document-shape.ts";
import { NextComponentPredictor } from "./next-component-predictor.ts";

export const PRELOAD_MODEL_SCHEMA = "mempred.preload-model/1";
const MOST_HOUR = 47;

/** The predictor as one line of JSON with a newline. Equal predictors give equal texts. */
export function predictorToJson(model: NextComponentPredictor): string {
  return writeModelDocument(PRELOAD_MODEL_SCHEMA, contentOf(model));
}

/**
 * The predictor in a JSON document.
 * @param file named in errors
 * @throws MempredError INVALID_MODEL: not JSON, another schema or version, damaged, or made up
 */
export function predictorFromJson(text: string, file?: string): NextComponentPredictor {
  return readModelDocument(text, PRELOAD_MODEL_SCHEMA, file, modelOf);
}

function partsOf(model: NextComponentPredictor): Record<string, Columns> {
  return { ...model.experts.columns(), calibrator: model.calibrator.columns(), open: model.open.columns() };
}

function contentOf(model: NextComponentPredictor): unknown {
  const { shape, components, experts } = model;
  const users = model.users.entries().map(([number, name, seenAt]) => {
    const { history, requestCount, hour } = model.situations[number]!;
    const { recent, length, used, uses, usedCount } = history;
    const lists = [recent.subarray(0, length), used.subarray(0, usedCount), uses.subarray(0, usedCount)];
    return [number, name, seenAt, requestCount, hour, ...lists.map((list) => Array.from(list))];
  });
  const blank = partsOf(new NextComponentPredictor(shape));
  const columns: Record<string, Record<string, unknown>> = {};
  for (const [part, arrays] of Object.entries(partsOf(model))) {
    columns[part] = {};
    for (const [name, column] of Object.entries(arrays)) columns[part]![name] = runsOf(column, blank[part]![name]!);
  }
  const ticks = Object.fromEntries(experts.experts.map(({ source, tick }) => [source, tick]));
  return { shape, components: components.entries(), users, ticks, words: experts.words?.postings() ?? [], columns };
}

/** Where a column differs from another: [start, [values]] for each run. */
function runsOf(column: Column, blank: Column): [number, number[]][] {
  const runs: [number, number[]][] = [];
  let last: [number, number[]] | undefined;
  for (let i = 0; i < column.length; i++) {
    if (column[i] === blank[i]) last = undefined;
    else if (last !== undefined) last[1].push(column[i]!);
    else runs.push((last = [i, [column[i]!]]));
  }
  return runs;
}

function modelOf(content: unknown): NextComponentPredictor {
  const { shape, components, users, ticks, words, columns } = recordOf(content, "the content");
  const model = new NextComponentPredictor(shapeOfDocument(shape));
  const { componentCount, userCount, mostNameUnits } = model.shape;
  const names = listOf(components, 0, componentCount, "the components").map((row) =>
    namedRow(row, 3, componentCount, mostNameUnits, "a component"),
  );
  different(names, "components");
  model.components.restore(names);
  const userRows = listOf(users, 0, userCount, "the users");
  const userNames = userRows.map((row) => namedRow(row, 8, userCount, mostNameUnits, "a user"));
  different(userNames, "users");
  model.users.restore(userNames);
  for (const row of userRows) readUser(model, row as unknown[]);
  const tickOf = recordOf(ticks, "the ticks");
  for (const expert of model.experts.experts) {
    expert.tick = integer(tickOf[expert.source], 0, 4_294_967_295, `the tick of ${expert.source}`);
  }
  readWords(model, names, words);
  const given = recordOf(columns, "the columns");
  for (const [part, arrays] of Object.entries(partsOf(model))) {
    const of = recordOf(given[part], part);
    for (const [name, column] of Object.entries(arrays)) readRuns(column, of[name], `${part}.${name}`);
  }
  try {
    model.check();
  } catch (error) {
    throw new Malformed(error instanceof Error ? error.message : String(error));
  }
  return model;
}

function readUser(model: NextComponentPredictor, row: unknown[]): void {
  const [number, , , requestCount, hour, recent, used, uses] = row;
  const user = number as number; // looked at with the names
  const history = new SequenceHistory(user);
  const last = model.shape.componentCount - 1;
  const fill = (to: Uint16Array | Uint8Array, values: readonly number[]) => {
    to.set(values);
    return values.length;
  };
  history.length = fill(history.recent, integers(recent, 0, last, MOST_ORDER, "a history"));
  history.usedCount = fill(history.used, integers(used, 0, last, RECENCY_COUNT, "a recency list"));
  const useCount = fill(history.uses, integers(uses, 1, 255, RECENCY_COUNT, "uses"));
  if (useCount !== history.usedCount) throw new Malformed(`there are ${useCount} uses for ${history.usedCount}`);
  model.situations[user] = {
    user,
    history,
    requestCount: integer(requestCount, 0, Number.MAX_SAFE_INTEGER, "a user's requests"),
    hour: integer(hour, 0, MOST_HOUR, "a user's hour"),
  };
}

function readWords(model: NextComponentPredictor, names: readonly [number, string, number][], words: unknown): void {
  const last = model.shape.componentCount - 1;
  const postings = listOf(words, 0, Number.MAX_SAFE_INTEGER, "the words").map((row): [string, number[]] => {
    const [word, list] = listOf(row, 2, 2, "a word");
    if (typeof word !== "string") throw new Malformed(`a word is ${brief(word)}`);
    return [word, integers(list, 0, last, 64, "a word's components")];
  });
  if (new Set(postings.map(([word]) => word)).size !== postings.length) throw new Malformed("two words are the same");
  model.experts.words?.restore(
    names.map(([symbol, name]) => [symbol, name]),
    postings,
  );
}

function readRuns(column: Column, runs: unknown, what: string): void {
  for (const run of listOf(runs, 0, column.length, what)) {
    const [start, values] = listOf(run, 2, 2, `a run of ${what}`);
    const first = integer(start, 0, column.length - 1, `a place in ${what}`);
    const list = listOf(values, 1, column.length - first, `values of ${what}`);
    list.forEach((value, i) => {
      if (typeof value === "number") column[first + i] = value;
      if (column[first + i] !== value) throw new Malformed(`${what} holds ${brief(value)}`);
    });
  }
}
