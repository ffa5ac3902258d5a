// rep, the malloc-lab form (Bryant & O'Hallaron, CS:APP): a header of four numbers, some copies two or none, then
// `a <id> <size>`, `r <id> <size>`, `f <id>`. Two dialects of the header: suggested heap size, ids, operations, weight; and
// weight, ids, operations, peak live bytes. Order only, no times. Seen in the wild and read: `f -1` is free(NULL), `r` on an
// unknown id is an allocation, ids come back, `#` comments instead of a header, one operation more than the header says.

import { readDeclaredCounts } from "../declared-counts.ts";
import { LineCursor } from "../line-cursor.ts";
import { LiveKeys } from "../live-keys.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const HASH = 35;
const ZERO = 48;
const NINE = 57;
const LETTER_A = 97;
const LETTER_F = 102;
const LETTER_R = 114;
const EXPECTED = '"a <id> <size>", "r <id> <size>" or "f <id>"';

/** Reads rep. */
export class RepReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #keys: LiveKeys;
  readonly #cursor = new LineCursor();
  readonly #header: number[] = [];
  #operations = 0;
  #lines = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#keys = new LiveKeys(sink);
  }

  line(text: string, lineNumber: number): void {
    this.#lines = lineNumber;
    const first = text.charCodeAt(0);
    if (first === HASH) {
      readDeclaredCounts(text, this.#sink.declared);
      return;
    }
    const cursor = this.#cursor;
    cursor.set(text);
    if (cursor.atEnd()) return;
    if (this.#operations === 0 && first >= ZERO && first <= NINE) {
      this.#headerLine(text, lineNumber);
      return;
    }
    if (this.#operations++ === 0) this.#endHeader(text, lineNumber);
    const letter = cursor.letter();
    if (letter === LETTER_F) this.#free(text, lineNumber);
    else if (letter === LETTER_A || letter === LETTER_R) this.#sized(letter, text, lineNumber);
    else this.#sink.fail(lineNumber, EXPECTED, text);
  }

  end(isTerminated = true): void {
    this.#sink.checkOperationCount(this.#sink.declared["ops"], this.#operations, this.#lines, isTerminated);
  }

  #sized(letter: number, text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const expected = letter === LETTER_A ? '"a <id> <size>"' : '"r <id> <size>"';
    const key = cursor.integer();
    const size = this.#sink.checkSize(cursor.integer(), lineNumber, expected, text);
    if (!(key >= 0 && key < Infinity) || !cursor.atEnd()) this.#sink.fail(lineNumber, expected, text);
    if (letter === LETTER_A) this.#keys.allocate(key, size, lineNumber);
    else this.#keys.resize(key, key, size, lineNumber);
  }

  #free(text: string, lineNumber: number): void {
    const key = this.#cursor.integer();
    if (!(key >= -1 && key < Infinity) || !this.#cursor.atEnd()) this.#sink.fail(lineNumber, '"f <id>"', text);
    if (key === -1) this.#sink.warn("free-of-null", lineNumber);
    else this.#keys.free(key, lineNumber);
  }

  #headerLine(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    while (!cursor.atEnd()) {
      const value = cursor.integer();
      if (!(value >= 0) || this.#header.length === 4) {
        this.#sink.fail(lineNumber, "a header of at most four numbers, then operations", text);
      }
      this.#header.push(value);
    }
  }

  #endHeader(text: string, lineNumber: number): void {
    const [first, second, third, fourth] = this.#header;
    const declared = this.#sink.declared;
    if (this.#header.length === 2) {
      declared["ids"] = first;
      declared["ops"] = second;
    } else if (this.#header.length === 4) {
      declared["ids"] = second;
      declared["ops"] = third;
      // A weight is 0 to 3; the other outer number is a number of bytes.
      if (first < fourth) declared["peak_live_bytes"] = fourth;
      else declared["suggested_heap_bytes"] = first;
    } else if (this.#header.length !== 0) {
      this.#sink.fail(lineNumber, `four header numbers, two or none (there are ${this.#header.length})`, text);
    }
  }
}

/** True when the first lines look like rep. */
export function looksLikeRep(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#") && !/^[\d\s]+$/.test(line));
  return first !== undefined && /^(?:[ar]\s+\d+\s+\d+|f\s+(?:-1|\d+))\s*$/.test(first);
}
