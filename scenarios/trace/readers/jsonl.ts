// Generic JSON Lines: one object a line, one operation an object, keys by the same names as the columns of generic CSV
// (docs/trace-formats.md). Keys that mean nothing here are passed over.

import { type ColumnMeaning, columnMeaning, emptyRecord, GenericEvents, type GenericField } from "../generic-events.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const EXPECTED = 'a JSON object with op, id and size, as {"op":"alloc","id":1,"size":64}';

/** Reads generic JSON Lines. */
export class JsonlReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #events: GenericEvents;
  readonly #meanings = new Map<string, ColumnMeaning | undefined>();
  readonly #record = emptyRecord();
  readonly #ranks = new Map<GenericField, number>();

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#events = new GenericEvents(sink);
  }

  line(text: string, lineNumber: number): void {
    if (text.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.#sink.fail(lineNumber, EXPECTED, text);
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.#sink.fail(lineNumber, EXPECTED, text);
    }
    const record = this.#record;
    for (const field in record) record[field as GenericField] = "";
    this.#ranks.clear();
    let unitMicros = NaN;
    for (const [key, content] of Object.entries(value as object)) {
      const meaning = this.#meaning(key);
      if (!meaning || (this.#ranks.get(meaning.field) ?? Infinity) <= meaning.rank) continue;
      this.#ranks.set(meaning.field, meaning.rank);
      if (typeof content === "number" && (meaning.field === "id" || meaning.field === "old")) {
        // Beyond 2^53 two blocks could read as one.
        if (!Number.isSafeInteger(content)) this.#sink.fail(lineNumber, "an id under 2^53, or in quotes", text);
      }
      record[meaning.field] = this.#plain(content, lineNumber, text);
      if (meaning.field === "time") unitMicros = meaning.unitMicros;
    }
    if (record.op === "") this.#sink.fail(lineNumber, EXPECTED, text);
    this.#events.event(record, unitMicros, lineNumber, text);
  }

  end(): void {}

  #meaning(key: string): ColumnMeaning | undefined {
    if (!this.#meanings.has(key)) this.#meanings.set(key, columnMeaning(key));
    return this.#meanings.get(key);
  }

  #plain(content: unknown, lineNumber: number, text: string): string {
    if (content === null || content === undefined) return "";
    if (typeof content === "object") this.#sink.fail(lineNumber, "plain values, no lists or objects", text);
    return String(content).trim();
  }
}

/** True when the first lines look like JSON Lines. */
export function looksLikeJsonl(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "");
  if (first === undefined || !first.trimStart().startsWith("{")) return false;
  try {
    const value = JSON.parse(first) as object;
    return Object.keys(value).some((key) => columnMeaning(key)?.field === "op");
  } catch {
    return false;
  }
}
