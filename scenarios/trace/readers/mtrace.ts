// The text that glibc's mtrace(3) writes (malloc/mtrace-impl.c): `@ caller + ptr size`, `@ caller - ptr`, a reallocation as
// the pair `@ caller < old`, `@ caller > new size`, a failed one as `!`, and `= Start` / `= End`. Order only, no times.
// The caller may hold blanks, so a line is read from its end.

import { LineCursor } from "../line-cursor.ts";
import { LiveKeys } from "../live-keys.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const EQUALS = 61;
const SPACE = 32;
const EXPECTED = '"[@ caller] + <ptr> <size>", "- <ptr>", "< <ptr>" or "> <ptr> <size>"';

/** Reads mtrace. */
export class MtraceReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #keys: LiveKeys;
  readonly #cursor = new LineCursor();
  #oldAddress = -1; // of a `<` that waits for its `>`
  #lines = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#keys = new LiveKeys(sink);
  }

  line(text: string, lineNumber: number): void {
    this.#lines = lineNumber;
    const cursor = this.#cursor;
    cursor.set(text);
    if (cursor.atEnd() || text.charCodeAt(0) === EQUALS) return;
    const last = wordBefore(text, text.length);
    const middle = wordBefore(text, last);
    const mark = middle >= 0 && wordLength(text, middle) === 1 ? text[middle] : "";
    if (mark === "-" || mark === "<") {
      this.#release(mark, last, text, lineNumber);
      return;
    }
    const first = wordBefore(text, middle);
    const sizedMark = first >= 0 && wordLength(text, first) === 1 ? text[first] : "";
    if (sizedMark !== "+" && sizedMark !== ">" && sizedMark !== "!") this.#sink.fail(lineNumber, EXPECTED, text);
    cursor.set(text, middle);
    const address = cursor.address();
    const bytes = cursor.hex();
    if (!(address >= 0)) this.#sink.fail(lineNumber, EXPECTED, text);
    this.#sized(sizedMark, address, bytes, text, lineNumber);
  }

  end(): void {
    if (this.#oldAddress >= 0) this.#sink.failWith(this.#lines, '"> <ptr> <size>" after "<"', "the end of the file");
  }

  #release(mark: string, at: number, text: string, lineNumber: number): void {
    this.#cursor.set(text, at);
    const address = this.#cursor.address();
    if (!(address >= 0)) this.#sink.fail(lineNumber, EXPECTED, text);
    this.#noPending(text, lineNumber);
    if (mark === "<") this.#oldAddress = address;
    else if (address === 0) this.#sink.warn("free-of-null", lineNumber);
    else this.#keys.free(address, lineNumber);
  }

  #sized(mark: string, address: number, bytes: number, text: string, lineNumber: number): void {
    const sink = this.#sink;
    if (!(bytes >= 0)) sink.fail(lineNumber, EXPECTED, text);
    if (mark === ">") {
      const old = this.#oldAddress;
      if (old < 0) sink.fail(lineNumber, '"< <ptr>" before ">"', text);
      this.#oldAddress = -1;
      this.#keys.resize(old, address, sink.checkSize(bytes, lineNumber, EXPECTED, text), lineNumber);
      return;
    }
    this.#noPending(text, lineNumber);
    if (mark === "!" || address === 0) sink.warn("failed-allocation", lineNumber);
    else this.#keys.allocate(address, sink.checkSize(bytes, lineNumber, EXPECTED, text), lineNumber);
  }

  #noPending(text: string, lineNumber: number): void {
    if (this.#oldAddress >= 0) this.#sink.fail(lineNumber, '"> <ptr> <size>" after "<"', text);
  }
}

/** Where the last word before `end` starts, −1 when there is none. */
function wordBefore(text: string, end: number): number {
  let at = end - 1;
  while (at >= 0 && text.charCodeAt(at) === SPACE) at--;
  if (at < 0) return -1;
  while (at > 0 && text.charCodeAt(at - 1) !== SPACE) at--;
  return at;
}

function wordLength(text: string, at: number): number {
  const end = text.indexOf(" ", at);
  return (end < 0 ? text.length : end) - at;
}

/** True when the first lines look like mtrace. */
export function looksLikeMtrace(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "");
  return first !== undefined && /^= Start\s*$|^(?:@ .*\s)?(?:[+>] \S+ (?:0x)?[\da-f]+|[-<] 0x[\da-f]+)\s*$/.test(first);
}
