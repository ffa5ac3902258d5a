// Generic CSV: a header line names the columns, in any order and by many names (docs/trace-formats.md), one operation a
// line. Comma, semicolon or tab; columns that mean nothing here are passed over. Unlike minimalloc's CSV a line is an
// operation, not a life.

import { delimiterOf, splitFields } from "../delimited.ts";
import { type ColumnMeaning, columnMeaning, emptyRecord, GenericEvents, type GenericField } from "../generic-events.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const EXPECTED_HEADER = "a header with at least op, id and size";

/** Reads generic CSV. */
export class CsvReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #events: GenericEvents;
  readonly #fields: string[] = [];
  readonly #record = emptyRecord();
  #columns: readonly { readonly field: GenericField; readonly index: number }[] = [];
  #columnCount = 0;
  #delimiter = "";
  #unitMicros = NaN;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#events = new GenericEvents(sink);
  }

  line(text: string, lineNumber: number): void {
    if (text.startsWith("#") || text.trim() === "") return;
    if (this.#delimiter === "") {
      this.#header(text, lineNumber);
      return;
    }
    const count = splitFields(text, this.#delimiter, this.#fields);
    if (count < 0) this.#sink.fail(lineNumber, "a closing quote", text);
    // A free may leave out the empty fields at its end.
    if (count > this.#columnCount) this.#sink.fail(lineNumber, `at most ${this.#columnCount} fields`, text);
    for (const { field, index } of this.#columns) this.#record[field] = index < count ? this.#fields[index] : "";
    this.#events.event(this.#record, this.#unitMicros, lineNumber, text);
  }

  end(): void {}

  #header(text: string, lineNumber: number): void {
    this.#delimiter = delimiterOf(text);
    const meanings = headerMeanings(text, this.#delimiter);
    if (!meanings) this.#sink.fail(lineNumber, EXPECTED_HEADER, text);
    this.#columns = [...meanings].map(([field, { index }]) => ({ field, index }));
    this.#columnCount = splitFields(text, this.#delimiter, this.#fields);
    this.#unitMicros = meanings.get("time")?.unitMicros ?? NaN;
  }
}

/** The columns that mean something, by field; undefined when op, id or size is missing. */
function headerMeanings(
  header: string,
  delimiter: string,
): Map<GenericField, ColumnMeaning & { index: number }> | undefined {
  const fields: string[] = [];
  const count = splitFields(header, delimiter, fields);
  const meanings = new Map<GenericField, ColumnMeaning & { index: number }>();
  for (let index = 0; index < count; index++) {
    const meaning = columnMeaning(fields[index]);
    if (!meaning) continue;
    const rival = meanings.get(meaning.field);
    if (!rival || meaning.rank < rival.rank) meanings.set(meaning.field, { ...meaning, index });
  }
  return meanings.has("op") && meanings.has("id") && meanings.has("size") ? meanings : undefined;
}

/** True when the first lines look like generic CSV. */
export function looksLikeCsv(lines: readonly string[]): boolean {
  const header = lines.find((line) => line.trim() !== "" && !line.startsWith("#"));
  return header !== undefined && headerMeanings(header, delimiterOf(header)) !== undefined;
}
