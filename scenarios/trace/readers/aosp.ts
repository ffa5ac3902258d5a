// Android's memory_replay recordings (malloc_debug's record_allocs): `<tid>: malloc <ptr> <size>`, `calloc <ptr> <n> <size>`,
// `memalign <ptr> <align> <size>`, `realloc <new> <old> <size>`, `free <ptr>`, `thread_done 0x0`. Newer ones end each line
// with two nanosecond times, start and end of the call: then the trace is timed by the start. Of system/extras/memory_replay.

import { alignLog2For } from "../alignment.ts";
import { LineCursor } from "../line-cursor.ts";
import { LiveKeys } from "../live-keys.ts";
import { MAX_SIZE_BYTES, type TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const COLON = 58;
const EXPECTED = '"<tid>: malloc|calloc|memalign|realloc|free|thread_done <ptr> ..."';

/** Reads memory_replay recordings. */
export class AospReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #keys: LiveKeys;
  readonly #cursor = new LineCursor();

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#keys = new LiveKeys(sink);
  }

  line(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    cursor.set(text);
    if (cursor.atEnd()) return;
    const colon = text.indexOf(":");
    if (colon <= 0 || !isNumber(text, colon)) this.#sink.fail(lineNumber, EXPECTED, text);
    cursor.set(text, colon + 1);
    switch (cursor.word()) {
      case "malloc":
        this.#allocate('"<tid>: malloc <ptr> <size>"', false, false, text, lineNumber);
        break;
      case "calloc":
        this.#allocate('"<tid>: calloc <ptr> <count> <size>"', true, false, text, lineNumber);
        break;
      case "memalign":
        this.#allocate('"<tid>: memalign <ptr> <alignment> <size>"', false, true, text, lineNumber);
        break;
      case "realloc":
        this.#reallocate(text, lineNumber);
        break;
      case "free":
        this.#free(text, lineNumber);
        break;
      case "thread_done":
        break;
      default:
        this.#sink.fail(lineNumber, EXPECTED, text);
    }
  }

  end(): void {}

  #allocate(expected: string, isCalloc: boolean, isAligned: boolean, text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const sink = this.#sink;
    const address = cursor.address();
    const count = isCalloc ? cursor.integer() : 1;
    const alignLog2 = alignLog2For(isAligned ? cursor.integer() : 0);
    const bytes = cursor.integer();
    if (!(address >= 0) || !(count >= 0) || alignLog2 < 0) sink.fail(lineNumber, expected, text);
    this.#time(expected, text, lineNumber);
    if (address === 0) {
      sink.warn("failed-allocation", lineNumber);
      return;
    }
    // Two factors under 2^31 give a product under 2^62: inexact, but far over the limit that is checked next.
    const total = bytes <= MAX_SIZE_BYTES && count <= MAX_SIZE_BYTES ? bytes * count : bytes + count;
    this.#keys.allocate(address, sink.checkSize(total, lineNumber, expected, text), lineNumber, alignLog2);
  }

  #reallocate(text: string, lineNumber: number): void {
    const expected = '"<tid>: realloc <new ptr> <old ptr> <size>"';
    const cursor = this.#cursor;
    const sink = this.#sink;
    const fresh = cursor.address();
    const old = cursor.address();
    const bytes = cursor.integer();
    if (!(fresh >= 0) || !(old >= 0) || !(bytes >= 0)) sink.fail(lineNumber, expected, text);
    this.#time(expected, text, lineNumber);
    if (fresh === 0) {
      // realloc(p, 0) frees; with a size it is a failure that leaves the old block alone.
      if (bytes > 0) sink.warn("failed-allocation", lineNumber);
      else if (old === 0) sink.warn("free-of-null", lineNumber);
      else this.#keys.free(old, lineNumber);
      return;
    }
    const size = sink.checkSize(bytes, lineNumber, expected, text);
    if (old === 0) this.#keys.allocate(fresh, size, lineNumber);
    else this.#keys.resize(old, fresh, size, lineNumber);
  }

  #free(text: string, lineNumber: number): void {
    const expected = '"<tid>: free <ptr>"';
    const address = this.#cursor.address();
    if (!(address >= 0)) this.#sink.fail(lineNumber, expected, text);
    this.#time(expected, text, lineNumber);
    if (address === 0) this.#sink.warn("free-of-null", lineNumber);
    else this.#keys.free(address, lineNumber);
  }

  /** The two times at the end of a line, both or neither. Threads write a little out of order. */
  #time(expected: string, text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const isTimed = !cursor.atEnd();
    if (isTimed) {
      const startNanos = cursor.integer();
      const endNanos = cursor.integer();
      if (!(startNanos >= 0) || !(endNanos >= 0) || !cursor.atEnd()) this.#sink.fail(lineNumber, expected, text);
      this.#setTiming(true, text, lineNumber);
      this.#sink.setTime(startNanos / 1000, lineNumber, text, true);
    } else this.#setTiming(false, text, lineNumber);
  }

  #setTiming(isTimed: boolean, text: string, lineNumber: number): void {
    const sink = this.#sink;
    if (isTimed && sink.length === 0) sink.timing = "recorded";
    if ((sink.timing === "recorded") !== isTimed) {
      sink.fail(lineNumber, isTimed ? "no times, as above" : "start and end time, as above", text);
    }
  }
}

function isNumber(text: string, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text.charCodeAt(end) === COLON;
}

/** True when the first lines look like a memory_replay recording. */
export function looksLikeAosp(lines: readonly string[]): boolean {
  const first = lines.find((line) => line.trim() !== "");
  return first !== undefined && /^\d+: (?:malloc|calloc|memalign|realloc|free|thread_done) \S/.test(first);
}
