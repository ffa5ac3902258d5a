// From chunks of text to a RawTrace: strips a byte order mark, finds the format, cuts the text into lines whatever their
// ends, and hands them to the reader. Pure, so that a file dropped on the page is read by the same code as one on disk.
// Memory: the events, one chunk and one unfinished line.

import type { RawTrace, TraceReader } from "./raw-trace.ts";
import { TRACE_FORMATS, type TraceFormat, traceFormat } from "./registry.ts";
import { SNIFF_CHARACTERS, sniffFormat } from "./sniff.ts";
import { TraceSink } from "./trace-sink.ts";

const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = 0xfeff;
/** Longer lines are not text for people or programs; the limit bounds memory. */
export const MAX_LINE_CHARACTERS = 1 << 20;

/** Parses one trace that arrives in chunks of text. */
export class TraceParser {
  readonly #sink: TraceSink;
  #format: TraceFormat | undefined;
  #reader: TraceReader | undefined;
  #pending = "";
  #lines = 0;
  #isFirst = true;

  /**
   * @param file the path or name, for messages and for the trace's name
   * @param formatId an id of the registry; by default the content decides. Throws UNKNOWN_FORMAT.
   */
  constructor(file: string, formatId?: string) {
    this.#sink = new TraceSink(file);
    if (formatId !== undefined && formatId !== "auto") this.#format = traceFormat(formatId);
  }

  /** Operations so far. */
  get length(): number {
    return this.#sink.length;
  }

  /** Takes in the next chunk. Throws INVALID_TRACE, UNKNOWN_FORMAT; the parser is of no use afterwards. */
  push(text: string): void {
    if (text === "") return;
    if (this.#isFirst) {
      this.#isFirst = false;
      if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
    }
    const data = this.#pending + text;
    if (!this.#reader && !this.#format && data.length < SNIFF_CHARACTERS) this.#pending = data;
    else this.#feed(data);
  }

  /** The text ends: returns the trace. Throws INVALID_TRACE, UNKNOWN_FORMAT. */
  end(): RawTrace {
    const sink = this.#sink;
    if (this.#lines === 0 && this.#pending.trim() === "") sink.failWith(1, "a trace", "an empty file");
    this.#feed(this.#pending);
    const rest = this.#pending;
    const reader = this.#reader!;
    if (rest !== "") reader.line(withoutReturn(rest, 0, rest.length), ++this.#lines);
    reader.end(rest === "");
    return sink.finish({ format: this.#format!.id, name: traceName(sink.file), lines: this.#lines });
  }

  #feed(data: string): void {
    if (!this.#reader) {
      this.#format ??= sniffFormat(data, this.#sink.file);
      this.#reader = this.#format.create(this.#sink);
    }
    const reader = this.#reader;
    let start = 0;
    for (;;) {
      const end = data.indexOf("\n", start);
      if (end < 0) break;
      reader.line(withoutReturn(data, start, end), ++this.#lines);
      start = end + 1;
    }
    this.#pending = data.slice(start);
    if (this.#pending.length > MAX_LINE_CHARACTERS) {
      this.#sink.fail(this.#lines + 1, `a line of at most ${MAX_LINE_CHARACTERS} characters`, this.#pending);
    }
  }
}

/** Parses a whole text. Throws INVALID_TRACE, UNKNOWN_FORMAT. */
export function parseTrace(text: string, file: string, formatId?: string): RawTrace {
  const parser = new TraceParser(file, formatId);
  parser.push(text);
  return parser.end();
}

/** "bash" of "traces/bash.trep.gz", "systemui" of "systemui.zip:systemui.txt". */
export function traceName(file: string): string {
  const endings = new Set(["gz", "zip", "br", ...TRACE_FORMATS.flatMap((format) => format.extensions)]);
  let name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"), file.lastIndexOf(":")) + 1);
  for (;;) {
    const dot = name.lastIndexOf(".");
    if (dot <= 0 || !endings.has(name.slice(dot + 1).toLowerCase())) return name;
    name = name.slice(0, dot);
  }
}

function withoutReturn(text: string, start: number, end: number): string {
  return text.slice(start, end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end);
}
