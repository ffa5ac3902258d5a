// heaptrack's text (KDE heaptrack, src/track/libheaptrack.cpp, src/interpret, src/analyze/accumulatedtracedata.cpp), file
// versions 0 to 3, numbers in hexadecimal:
//   v <heaptrack version> [<file version>]     `v 10200` alone is file version 1
//   a <size> <trace>                           an allocation info: what is allocated, and from where; counted from 0
//   + <info>   - <info>                        allocate, free one block of that info (file versions 1 to 3)
//   + <size> <trace> <ptr>   - <ptr>           the same by address: file version 0, and raw files of any version
//   c <ms>                                     time since the start, written about every 10 ms
//   x X s t i m I R S A #                      program, strings, traces, modules, memory in use, attach mark: passed over
// Interpreted files do not say which block of an info is freed; all are of one size. The youngest is taken, which is right
// for every temporary allocation. Operations between two time stamps are spread evenly between them, the ones before the
// last stamp of a file included. Reallocations are recorded as a free and an allocation.

import { LineCursor } from "../line-cursor.ts";
import { LiveKeys } from "../live-keys.ts";
import type { TraceReader } from "../raw-trace.ts";
import type { TraceSink } from "../trace-sink.ts";

const PASSED_OVER = "xXstimIRSA#";
const MICROS_PER_MILLI = 1000;
const NEWEST_FILE_VERSION = 3;
const FIRST_VERSION_WITH_INFOS = 1;
const VERSION_OF_BARE_10200 = 1;

/** Reads heaptrack files, interpreted or raw. */
export class HeaptrackReader implements TraceReader {
  readonly #sink: TraceSink;
  readonly #keys: LiveKeys;
  readonly #cursor = new LineCursor();
  readonly #sizeOfInfo: number[] = [];
  readonly #liveOfInfo: number[][] = [];
  #fileVersion = 0;
  #isRaw = false;
  #stampMicros = 0;
  #rowsBeforeStamp = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#keys = new LiveKeys(sink);
    sink.timing = "recorded";
    sink.setTime(0, 1, "");
  }

  line(text: string, lineNumber: number): void {
    if (text === "") return;
    this.#cursor.set(text, 1);
    switch (text[0]) {
      case "+":
        this.#allocate(text, lineNumber);
        break;
      case "-":
        this.#free(text, lineNumber);
        break;
      case "a":
        this.#info(text, lineNumber);
        break;
      case "c":
        this.#stamp(text, lineNumber);
        break;
      case "v":
        this.#version(text, lineNumber);
        break;
      case "x":
        this.#isRaw = true; // only raw files name the program with a small x
        break;
      default:
        if (!PASSED_OVER.includes(text[0])) this.#sink.fail(lineNumber, "a line of heaptrack data", text);
        if (text[0] === "X" && this.#sink.description === "") this.#sink.description = text.slice(2).trim();
    }
  }

  end(): void {}

  #allocate(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const sink = this.#sink;
    const first = cursor.hex();
    if (this.#isByAddress()) {
      const trace = cursor.hex();
      const address = cursor.address();
      const size = sink.checkSize(first, lineNumber, '"+ <size> <trace> <ptr>"', text);
      if (!(trace >= 0) || !(address > 0) || !cursor.atEnd()) sink.fail(lineNumber, '"+ <size> <trace> <ptr>"', text);
      this.#keys.allocate(address, size, lineNumber);
      return;
    }
    if (!(first >= 0) || !cursor.atEnd()) sink.fail(lineNumber, '"+ <info>"', text);
    if (first >= this.#sizeOfInfo.length) sink.fail(lineNumber, "an info that an a line gave above", text);
    this.#liveOfInfo[first].push(sink.allocate(this.#sizeOfInfo[first]));
  }

  #free(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const sink = this.#sink;
    const isByAddress = this.#isByAddress();
    const which = isByAddress ? cursor.address() : cursor.hex();
    if (!(which >= 0) || !cursor.atEnd()) sink.fail(lineNumber, isByAddress ? '"- <ptr>"' : '"- <info>"', text);
    if (isByAddress) {
      if (which === 0) sink.warn("free-of-null", lineNumber);
      else this.#keys.free(which, lineNumber);
      return;
    }
    if (which >= this.#sizeOfInfo.length) sink.fail(lineNumber, "an info that an a line gave above", text);
    const id = this.#liveOfInfo[which].pop();
    if (id === undefined) sink.warn("free-of-unknown", lineNumber);
    else sink.free(id);
  }

  #info(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const size = this.#sink.checkSize(cursor.hex(), lineNumber, '"a <size> <trace>"', text);
    const trace = cursor.hex();
    if (!(trace >= 0) || !cursor.atEnd()) this.#sink.fail(lineNumber, '"a <size> <trace>"', text);
    this.#sizeOfInfo.push(size);
    this.#liveOfInfo.push([]);
  }

  #stamp(text: string, lineNumber: number): void {
    const sink = this.#sink;
    const millis = this.#cursor.hex();
    if (!(millis >= 0) || !this.#cursor.atEnd()) sink.fail(lineNumber, '"c <ms>"', text);
    sink.setTime(millis * MICROS_PER_MILLI, lineNumber, text);
    sink.spreadTimes(this.#rowsBeforeStamp, this.#stampMicros, sink.timeMicros);
    this.#stampMicros = sink.timeMicros;
    this.#rowsBeforeStamp = sink.length;
  }

  #version(text: string, lineNumber: number): void {
    const cursor = this.#cursor;
    const tool = cursor.hex();
    if (!(tool >= 0)) this.#sink.fail(lineNumber, '"v <version> <file version>"', text);
    if (cursor.atEnd()) this.#fileVersion = tool === 0x10200 ? VERSION_OF_BARE_10200 : 0;
    else this.#fileVersion = cursor.hex();
    if (!(this.#fileVersion <= NEWEST_FILE_VERSION)) {
      this.#sink.fail(lineNumber, `a file version of at most ${NEWEST_FILE_VERSION}`, text);
    }
  }

  #isByAddress(): boolean {
    return this.#isRaw || this.#fileVersion < FIRST_VERSION_WITH_INFOS;
  }
}

/** True when the first lines look like heaptrack's. */
export function looksLikeHeaptrack(lines: readonly string[]): boolean {
  return /^v [\da-f]+(?: [\da-f]+)?$/.test(lines[0] ?? "") || /^X \S/.test(lines[0] ?? "");
}
