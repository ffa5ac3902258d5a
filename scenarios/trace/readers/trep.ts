// trep, the project's own recordings: real programs with microsecond times. `# trep v1; what` and `# fields ...` comments,
// then `<dt_us> <a|r|f> <id> [size]`, dt since the operation before. Unlike rep its ids are never reused and its recorder
// drops what does not match, so that an operation on a dead or unknown id is damage and an error.
//
// Gaps are whole microseconds cut down, and programs allocate more often than that: the gaps of a busy recording add to much
// less than the span that its comment states. Where the difference is under a microsecond an operation, as cutting leaves
// it, it is given back evenly; else the comment is not believed.

import { MICROS_PER_MILLI } from "../../../core/units.ts";
import { readDeclaredCounts } from "../declared-counts.ts";
import { LineCursor } from "../line-cursor.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const HASH = 35;
const LETTER_A = 97;
const LETTER_F = 102;
const LETTER_R = 114;
const EXPECTED = '"<dt_us> a|r <id> <size>" or "<dt_us> f <id>"';

/** Reads trep. */
export class TrepReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #cursor = new LineCursor();
  readonly #idOf = new Map<number, number>(); // dead ids stay, mapped to their block
  #timeMicros = 0;
  #firstMicros = NaN;
  #operations = 0;
  #lines = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    sink.timing = "recorded";
  }

  line(text: string, lineNumber: number): void {
    this.#lines = lineNumber;
    if (text.charCodeAt(0) === HASH) {
      this.#comment(text);
      return;
    }
    const cursor = this.#cursor;
    cursor.set(text);
    if (cursor.atEnd()) return;
    const sink = this.#sink;
    const deltaMicros = cursor.integer();
    const letter = cursor.letter();
    const fileId = cursor.integer();
    if (!(deltaMicros >= 0) || !(fileId >= 0 && fileId < Infinity)) sink.fail(lineNumber, EXPECTED, text);
    this.#timeMicros += deltaMicros;
    if (this.#operations === 0) this.#firstMicros = this.#timeMicros;
    sink.setTime(this.#timeMicros, lineNumber, text);
    this.#operations++;
    if (letter === LETTER_F) {
      if (!cursor.atEnd()) sink.fail(lineNumber, '"<dt_us> f <id>"', text);
      sink.free(this.#live(fileId, lineNumber, text));
    } else if (letter === LETTER_A || letter === LETTER_R) {
      const size = sink.checkSize(cursor.integer(), lineNumber, EXPECTED, text);
      if (!cursor.atEnd()) sink.fail(lineNumber, EXPECTED, text);
      if (letter === LETTER_R) {
        sink.resize(this.#live(fileId, lineNumber, text), size);
      } else {
        if (this.#idOf.has(fileId)) sink.fail(lineNumber, "an id that was not used before", text);
        this.#idOf.set(fileId, sink.allocate(size));
      }
    } else sink.fail(lineNumber, EXPECTED, text);
  }

  end(isTerminated = true): void {
    const sink = this.#sink;
    sink.checkOperationCount(sink.declared["ops"], this.#operations, this.#lines, isTerminated);
    const spanMicros = (sink.declared["span_ms"] ?? 0) * MICROS_PER_MILLI;
    const lostMicros = spanMicros - (sink.timeMicros - this.#firstMicros);
    if (lostMicros > 0 && lostMicros < this.#operations) sink.driftTimes(lostMicros);
  }

  #live(fileId: number, lineNumber: number, text: string): number {
    const id = this.#idOf.get(fileId);
    if (id === undefined || !this.#sink.isLive(id)) this.#sink.fail(lineNumber, "the id of a live block", text);
    return id;
  }

  #comment(text: string): void {
    const what = text.indexOf(";");
    if (/^#\s*trep\b/.test(text) && what >= 0) this.#sink.description = text.slice(what + 1).trim();
    else readDeclaredCounts(text, this.#sink.declared);
  }
}

/** True when the first lines look like trep. */
export function looksLikeTrep(lines: readonly string[]): boolean {
  if (/^#\s*trep\b/.test(lines[0] ?? "")) return true;
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#"));
  return first !== undefined && /^\s*\d+\s+[arf]\s+\d+(\s+\d+)?\s*$/.test(first);
}
