// Cache traces in text whose lines are records: a key, often a time, often the size of the object. CSV with a header that names
// the columns, or without one as `time,key,size`; JSON Lines with the same names. Every line is one request: operations,
// clients and what else a recording has are passed over.

import { delimiterOf, splitFields } from "../scenarios/trace/delimited.ts";
import type { CacheLineReader } from "./cache-formats.ts";
import { type CacheTraceBuilder, MOST_OBJECT_BYTES, quoted } from "./cache-trace.ts";
import { findColumn, isNumber, normalisedName } from "./column-names.ts";

const KEY_NAMES =
  "key id obj_id object_id objid obj object item item_id url uri path block block_id lbn lba address addr page page_id".split(
    " ",
  );
const SIZE_NAMES = "size bytes size_bytes obj_size object_size value_size response_size nbytes length len".split(" ");
const DELIMITERS = [",", ";", "\t"] as const;
const EXPECTED_HEADER = `a header that names the key (${KEY_NAMES.slice(0, 4).join(", ")}, ...), or lines "time,key,size"`;
const EXPECTED_SIZE = `a size in whole bytes, at most ${MOST_OBJECT_BYTES}`;
const EXPECTED_OBJECT = 'an object with a key, as {"time":1,"key":"a","size":64}, or a key in quotes';

/** Where things are on a line. `size` is −1 where there is none. */
interface Columns {
  readonly delimiter: string;
  readonly key: number;
  readonly size: number;
  readonly count: number;
  readonly hasHeader: boolean;
}

/** Reads CSV: comma, semicolon or tab; blanks where there is no header. */
export class CsvCacheReader implements CacheLineReader {
  readonly #builder: CacheTraceBuilder;
  readonly #fields: string[] = [];
  #columns: Columns | undefined;

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    if (text.trim() === "" || (text.startsWith("#") && this.#builder.length === 0)) return;
    if (this.#columns === undefined) {
      this.#columns = columnsOf(text);
      if (this.#columns === undefined) this.#builder.fail({ line }, EXPECTED_HEADER, quoted(text));
      if (this.#columns.hasHeader) return;
    }
    const { delimiter, key, size, count } = this.#columns;
    const found = split(text, delimiter, this.#fields);
    if (found < 0) this.#builder.fail({ line }, "a closing quote", quoted(text));
    if (found !== count) this.#builder.fail({ line }, `${count} fields`, quoted(text));
    const name = this.#fields[key]!;
    if (name === "") this.#builder.fail({ line }, "a key", quoted(text));
    const bytes = size < 0 ? -1 : sizeOf(this.#builder, this.#fields[size]!, line, text);
    this.#builder.request(this.#builder.name(name), bytes);
  }
}

/** Reads JSON Lines: an object a line, or a key alone. */
export class JsonlCacheReader implements CacheLineReader {
  readonly #builder: CacheTraceBuilder;
  #hasSizes: boolean | undefined;

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    if (text.trim() === "") return;
    const builder: CacheTraceBuilder = this.#builder;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      builder.fail({ line }, EXPECTED_OBJECT, quoted(text));
    }
    const record = recordOf(value);
    if (record === undefined) builder.fail({ line }, EXPECTED_OBJECT, quoted(text));
    const { key, size } = record;
    if (typeof key === "number" && !Number.isSafeInteger(key))
      builder.fail({ line }, "a key that is a whole number under 2^53, or in quotes", quoted(text));
    this.#hasSizes ??= size !== undefined;
    if (this.#hasSizes !== (size !== undefined))
      builder.fail({ line }, "a size on every line or on none", quoted(text));
    const bytes = size === undefined ? -1 : sizeOf(builder, String(size), line, text);
    builder.request(builder.name(String(key)), bytes);
  }
}

/** True when the first lines are such CSV. */
export function looksLikeCacheCsv(lines: readonly string[]): boolean {
  const full = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const columns = full[0] === undefined ? undefined : columnsOf(full[0]);
  if (columns === undefined) return false;
  if (columns.hasHeader) return columns.count > 1;
  return full.every((line) => bareColumns(line)?.delimiter === columns.delimiter);
}

/** True when the first line is such JSON. */
export function looksLikeCacheJsonl(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "");
  if (first === undefined || !/^\s*[{"]/.test(first)) return false;
  try {
    return recordOf(JSON.parse(first)) !== undefined;
  } catch {
    return false;
  }
}

/** How many fields every line of a sample has, where they have the same number, two or more; else 0. */
export function commonFieldCount(lines: readonly string[]): number {
  const full = lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  for (const delimiter of DELIMITERS) {
    const counts = new Set(full.map((line) => line.split(delimiter).length));
    const [count] = counts;
    if (counts.size === 1 && count !== undefined && count > 1) return count;
  }
  return 0;
}

function columnsOf(first: string): Columns | undefined {
  return headerColumns(first) ?? bareColumns(first);
}

/** Names of columns, one of them the key's, and no number among them. A lone name might be a key itself. */
function headerColumns(text: string): Columns | undefined {
  const fields: string[] = [];
  const delimiter = delimiterOf(text);
  const count = split(text, delimiter, fields);
  const names = fields.slice(0, Math.max(0, count)).map(normalisedName);
  const key = findColumn(names, KEY_NAMES);
  if (key < 0 || names.some(isNumber)) return;
  return { delimiter, key, size: findColumn(names, SIZE_NAMES), count, hasHeader: true };
}

/** `time,key,size` without a header: three fields, the outer two numbers. */
function bareColumns(text: string): Columns | undefined {
  const fields: string[] = [];
  for (const delimiter of [...DELIMITERS, " "]) {
    if (split(text, delimiter, fields) !== 3) continue;
    if (!isNumber(fields[0]!) || fields[1] === "" || !/^\d+$/.test(fields[2]!)) continue;
    return { delimiter, key: 1, size: 2, count: 3, hasHeader: false };
  }
  return;
}

/** Fields into `out`, their number returned; −1 for a quote that does not close. Blanks run together. */
function split(text: string, delimiter: string, out: string[]): number {
  if (delimiter !== " ") return splitFields(text, delimiter, out);
  const words = text.trim().split(/\s+/);
  for (let i = 0; i < words.length; i++) out[i] = words[i]!;
  return words.length;
}

function recordOf(value: unknown): { readonly key: string | number; readonly size: unknown } | undefined {
  if (typeof value === "string") return { key: value, size: undefined };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const entries = Object.entries(value).map(([name, content]) => [normalisedName(name), content] as const);
  const first = (names: readonly string[]) => {
    for (const name of names) {
      const found = entries.find(([known]) => known === name);
      if (found !== undefined && found[1] !== null) return found[1] as unknown;
    }
    return;
  };
  const key = first(KEY_NAMES);
  return typeof key === "string" || typeof key === "number" ? { key, size: first(SIZE_NAMES) } : undefined;
}

/** Whole bytes ≥ 1: 0 is read as 1 and counted. */
function sizeOf(builder: CacheTraceBuilder, text: string, line: number, whole: string): number {
  const bytes = /^\d+(?:\.0*)?$/.test(text) ? Number(text) : NaN;
  if (!(bytes <= MOST_OBJECT_BYTES)) builder.fail({ line }, EXPECTED_SIZE, quoted(whole));
  if (bytes > 0) return bytes;
  builder.warn("zero-size", { line });
  return 1;
}
