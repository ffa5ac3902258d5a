// minimalloc's problems (Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning",
// ASPLOS 2023, and its converter.cc): CSV, one buffer a line: id, lower, upper, size, and perhaps alignment, gaps, offset. A
// buffer lives in [lower, upper); an older header says start and end, and then `end` is the last step that it lives in.
// Unlike the other formats it lists lives, not operations, in any order: rows are kept and sorted at the end; at one step
// what ends is freed before what begins is allocated. Times are steps: they keep their proportions and are stretched.

import { alignLog2For } from "../alignment.ts";
import { delimiterOf, splitFields } from "../delimited.ts";
import { LineCursor } from "../line-cursor.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const ALIASES: Readonly<Record<string, string>> = {
  id: "id",
  buffer: "id",
  buffer_id: "id",
  lower: "lower",
  begin: "lower",
  start: "lower",
  upper: "upper",
  end: "upper",
  size: "size",
  alignment: "alignment",
  gaps: "gaps",
  offset: "offset",
};
const EXPECTED_HEADER = "a header with id, lower, upper and size";

/** Reads minimalloc CSV. */
export class MinimallocReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #cursor = new LineCursor();
  readonly #fields: string[] = [];
  readonly #column = new Map<string, number>();
  #delimiter = "";
  #columns = 0;
  #upperShift = 0;
  readonly #lower: number[] = [];
  readonly #upper: number[] = [];
  readonly #size: number[] = [];
  readonly #align: number[] = [];

  constructor(sink: TraceSink) {
    this.#sink = sink;
    sink.timing = "steps";
  }

  line(text: string, lineNumber: number): void {
    if (text.trim() === "" || text.startsWith("#")) return;
    if (this.#delimiter === "") this.#header(text, lineNumber);
    else this.#row(text, lineNumber);
  }

  end(): void {
    const sink = this.#sink;
    const rows = this.#lower.length;
    const starts = Array.from({ length: rows }, (_, i) => i).sort((a, b) => this.#lower[a] - this.#lower[b] || a - b);
    const ends = Array.from({ length: rows }, (_, i) => i).sort((a, b) => this.#upper[a] - this.#upper[b] || a - b);
    const idOfRow = new Uint32Array(rows);
    let ended = 0;
    const freeUntil = (step: number): void => {
      // Lives are not empty, so whatever ends by `step` has begun.
      for (; ended < rows && this.#upper[ends[ended]] <= step; ended++) {
        sink.setTime(this.#upper[ends[ended]], 0, "");
        sink.free(idOfRow[ends[ended]]);
      }
    };
    for (const row of starts) {
      freeUntil(this.#lower[row]);
      sink.setTime(this.#lower[row], 0, "");
      idOfRow[row] = sink.allocate(this.#size[row], this.#align[row]);
    }
    freeUntil(Infinity);
  }

  #header(text: string, lineNumber: number): void {
    this.#delimiter = delimiterOf(text);
    this.#columns = splitFields(text, this.#delimiter, this.#fields);
    for (let i = 0; i < this.#columns; i++) {
      const name = this.#fields[i].toLowerCase();
      const known = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
      if (this.#column.has(known)) this.#sink.fail(lineNumber, `${EXPECTED_HEADER}, each once`, text);
      this.#column.set(known, i);
      if (name === "end") this.#upperShift = 1;
    }
    for (const name of ["id", "lower", "upper", "size"]) {
      if (!this.#column.has(name)) this.#sink.fail(lineNumber, EXPECTED_HEADER, text);
    }
  }

  #row(text: string, lineNumber: number): void {
    const sink = this.#sink;
    const count = splitFields(text, this.#delimiter, this.#fields);
    if (count !== this.#columns) sink.fail(lineNumber, `${this.#columns} fields, as in the header`, text);
    const lower = this.#number("lower");
    const upper = this.#number("upper") + this.#upperShift;
    const bytes = this.#number("size");
    const alignLog2 = alignLog2For(this.#column.has("alignment") ? this.#number("alignment") : 1);
    if (!(Math.abs(lower) <= Number.MAX_SAFE_INTEGER) || !(Math.abs(upper) <= Number.MAX_SAFE_INTEGER)) {
      sink.fail(lineNumber, "whole numbers for lower and upper", text);
    }
    if (upper <= lower) sink.fail(lineNumber, "a buffer that ends after it begins", text);
    if (alignLog2 < 0) sink.fail(lineNumber, "an alignment of at most 16 MiB", text);
    if (this.#column.has("gaps") && this.#fields[this.#column.get("gaps")!] !== "")
      sink.warn("ignored-gaps", lineNumber);
    this.#size.push(sink.checkSize(bytes, lineNumber, "a whole number for the size", text));
    this.#lower.push(lower);
    this.#upper.push(upper);
    this.#align.push(alignLog2);
  }

  #number(name: string): number {
    this.#cursor.set(this.#fields[this.#column.get(name)!]);
    const value = this.#cursor.integer();
    return this.#cursor.atEnd() ? value : NaN;
  }
}

/** True when the first lines look like minimalloc. */
export function looksLikeMinimalloc(lines: readonly string[]): boolean {
  const header = lines.find((line) => line.trim() !== "" && !line.startsWith("#"));
  if (header === undefined) return false;
  const fields: string[] = [];
  const count = splitFields(header, delimiterOf(header), fields);
  const names = new Set(fields.slice(0, Math.max(0, count)).map((name) => ALIASES[name.toLowerCase()]));
  return ["id", "lower", "upper", "size"].every((name) => names.has(name));
}
