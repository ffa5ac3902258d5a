// Reads a sequence from disk in one pass: sessions a line (MSNBC), one component a line (the commands of a shell user), CSV or JSON
// Lines; packed or not (unpack.ts). The content decides which; a file of another kind is refused with the command that reads it.

import { MempredError } from "../core/errors.ts";
import { TRACE_FORMATS } from "../scenarios/trace/registry.ts";
import { commonFieldCount } from "./cache-records.ts";
import { LineFeed, type LineReader } from "./line-feed.ts";
import {
  CsvSequenceReader,
  JsonlSequenceReader,
  looksLikeSequenceCsv,
  looksLikeSequenceJsonl,
} from "./sequence-records.ts";
import { SequenceBuilder, type SequenceTrace } from "./sequence-trace.ts";
import { looksLikeSessions, SessionLines } from "./session-lines.ts";
import { openUnpacked } from "./unpack.ts";

const SAMPLE_BYTES = 65_536;
const PACKINGS = ["gz", "br", "zip"];

export interface SequenceFormat {
  readonly id: string;
  readonly title: string;
  /** Endings of names, without the dot. */
  readonly extensions: readonly string[];
  looksLike(lines: readonly string[]): boolean;
  create(builder: SequenceBuilder): LineReader;
}

/** In the order in which they are tried. */
export const SEQUENCE_FORMATS: readonly SequenceFormat[] = [
  {
    id: "jsonl",
    title: "JSON Lines, an object or a component a line",
    extensions: ["jsonl", "ndjson"],
    looksLike: looksLikeSequenceJsonl,
    create: (builder) => new JsonlSequenceReader(builder),
  },
  {
    id: "csv",
    title: "CSV with a header: component, and time, user, session where they are known",
    extensions: ["csv", "tsv"],
    looksLike: looksLikeSequenceCsv,
    create: (builder) => new CsvSequenceReader(builder),
  },
  {
    id: "sessions",
    title: "a session a line, its components with blanks between (MSNBC)",
    extensions: ["seq"],
    looksLike: looksLikeSessions,
    create: (builder) => new SessionLines((words) => builder.session(words)),
  },
  {
    id: "text",
    title: "one component a line, all of them one session (shell commands)",
    extensions: ["txt", "log"],
    looksLike: (lines) => lines.some((line) => line.trim() !== "") && commonFieldCount(lines) === 0,
    create: (builder) => new ComponentLines(builder),
  },
];

export const SEQUENCE_FORMAT_IDS: readonly string[] = SEQUENCE_FORMATS.map((format) => format.id);

/**
 * Reads one sequence. `archive.zip:entry` names an entry of an archive.
 * @param format id of a format; "auto": the content decides
 * Errors: NOT_FOUND; INVALID_TRACE with the file and the line, also for an empty, cut or damaged file; UNKNOWN_FORMAT.
 */
export async function readSequence(path: string, format = "auto"): Promise<SequenceTrace> {
  const extensions = SEQUENCE_FORMATS.flatMap((candidate) => candidate.extensions);
  const source = await openUnpacked(path, new Set([...extensions, ...PACKINGS]));
  const reading = new SequenceReading(source.file, format);
  for await (const chunk of source.chunks()) reading.push(chunk);
  return reading.finish();
}

/** The same of a text that is in memory. @param file what messages call it */
export function readSequenceText(text: string, file: string, format = "auto"): SequenceTrace {
  const reading = new SequenceReading(file, format);
  reading.push(new TextEncoder().encode(text));
  return reading.finish();
}

class SequenceReading {
  readonly #builder: SequenceBuilder;
  #format: SequenceFormat | undefined;
  #feed: LineFeed | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(file: string, format: string) {
    this.#builder = new SequenceBuilder(file);
    this.#format = format === "auto" ? undefined : formatOf(format);
  }

  push(chunk: Uint8Array): void {
    if (this.#feed !== undefined) this.#feed.push(chunk);
    else {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      if (this.#pendingBytes >= SAMPLE_BYTES) this.#begin();
    }
  }

  finish(): SequenceTrace {
    const { file } = this.#builder;
    if (this.#feed === undefined && this.#pendingBytes === 0)
      this.#builder.fail({ line: 1 }, "a sequence", "an empty file");
    if (this.#feed === undefined) this.#begin();
    this.#feed!.end();
    return this.#builder.finish(sequenceName(file), this.#format!.id);
  }

  #begin(): void {
    const head = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#format ??= sniff(head.subarray(0, SAMPLE_BYTES), this.#builder.file);
    this.#feed = new LineFeed(this.#format.create(this.#builder), this.#builder);
    this.#feed.push(head);
  }
}

/** One component a line, blanks around it removed. Empty lines are passed over, and lines that start with # above the first. */
class ComponentLines implements LineReader {
  readonly #builder: SequenceBuilder;

  constructor(builder: SequenceBuilder) {
    this.#builder = builder;
  }

  line(text: string, line: number): void {
    const component = text.trim();
    if (component === "" || (component.startsWith("#") && this.#builder.length === 0)) return;
    this.#builder.request({ component, user: "", atMillis: NaN, session: undefined }, line);
  }
}

/** "unix-user1" of "sequence/unix-user1.txt.gz". */
function sequenceName(file: string): string {
  const endings = new Set([...PACKINGS, ...SEQUENCE_FORMATS.flatMap((format) => format.extensions)]);
  let name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"), file.lastIndexOf(":")) + 1);
  for (;;) {
    const dot = name.lastIndexOf(".");
    if (dot <= 0 || !endings.has(name.slice(dot + 1).toLowerCase())) return name;
    name = name.slice(0, dot);
  }
}

function formatOf(id: string): SequenceFormat {
  const format = SEQUENCE_FORMATS.find((candidate) => candidate.id === id);
  if (format !== undefined) return format;
  throw new MempredError("UNKNOWN_FORMAT", `there is no sequence format "${id}"`, {
    expected: SEQUENCE_FORMAT_IDS.join(", "),
  });
}

function sniff(sample: Uint8Array, file: string): SequenceFormat {
  const text = new TextDecoder("utf-8").decode(sample);
  if (sample.includes(0) || text.split("\ufffd").length * 10 > text.length + 10) throw unknown(file, "binary data");
  const lines = text.split(/\r?\n/);
  if (sample.length >= SAMPLE_BYTES && lines.length > 1) lines.pop(); // perhaps half a line
  const format = SEQUENCE_FORMATS.find((candidate) => candidate.looksLike(lines));
  if (format !== undefined && format.id !== "text") return format;
  const heap = TRACE_FORMATS.find((candidate) => candidate.looksLike(lines));
  if (heap !== undefined)
    throw unknown(file, `a recording of allocations (${heap.id}), which \`mempred replay\` reads, not of components`);
  if (format !== undefined) return format;
  const fields = commonFieldCount(lines);
  if (fields === 0) throw unknown(file, "no line with anything in it");
  throw unknown(file, `${fields} fields a line and no header that names them: add one such as "time,user,component"`);
}

function unknown(file: string, what: string): MempredError {
  const known = SEQUENCE_FORMAT_IDS.join(", ");
  return new MempredError("UNKNOWN_FORMAT", `${file}: ${what}; formats of --format: ${known}`, {
    file,
    line: 1,
    expected: known,
  });
}
