// The trace formats that can be read: one table for sniffing, for --format and for the list in messages and help.

import { MempredError } from "../../core/errors.ts";
import type { TraceReader } from "./raw-trace.ts";
import { AospReader, looksLikeAosp } from "./readers/aosp.ts";
import { CsvReader, looksLikeCsv } from "./readers/csv.ts";
import { HeaptrackReader, looksLikeHeaptrack } from "./readers/heaptrack.ts";
import { JsonlReader, looksLikeJsonl } from "./readers/jsonl.ts";
import { looksLikeMinimalloc, MinimallocReader } from "./readers/minimalloc.ts";
import { looksLikeMtrace, MtraceReader } from "./readers/mtrace.ts";
import { looksLikePerfKmem, PerfKmemReader } from "./readers/perf-kmem.ts";
import { looksLikeRep, RepReader } from "./readers/rep.ts";
import { looksLikeTrep, TrepReader } from "./readers/trep.ts";
import type { TraceSink } from "./trace-sink.ts";

/** One format. */
export interface TraceFormat {
  readonly id: string;
  readonly title: string;
  /** Usual endings of file names, without the dot; content decides, not these. */
  readonly extensions: readonly string[];
  /** `always` real times, `never` (order only), `optional`, or `steps` of a unit of its own. */
  readonly times: "always" | "never" | "optional" | "steps";
  /** Whether the first lines of a text, without their ends, look like it. */
  readonly looksLike: (lines: readonly string[]) => boolean;
  readonly create: (sink: TraceSink) => TraceReader;
}

/** Every format, in the order in which they are tried: the strictest description first. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  {
    id: "trep",
    title: "timed recording of mempred's own recorder",
    extensions: ["trep"],
    times: "always",
    looksLike: looksLikeTrep,
    create: (sink) => new TrepReader(sink),
  },
  {
    id: "heaptrack",
    title: "heaptrack data, interpreted or raw",
    extensions: ["heaptrack"],
    times: "always",
    looksLike: looksLikeHeaptrack,
    create: (sink) => new HeaptrackReader(sink),
  },
  {
    id: "aosp",
    title: "Android memory_replay recording",
    extensions: ["txt"],
    times: "optional",
    looksLike: looksLikeAosp,
    create: (sink) => new AospReader(sink),
  },
  {
    id: "mtrace",
    title: "glibc mtrace log",
    extensions: ["mtrace", "log"],
    times: "never",
    looksLike: looksLikeMtrace,
    create: (sink) => new MtraceReader(sink),
  },
  {
    id: "jsonl",
    title: "generic JSON Lines",
    extensions: ["jsonl", "ndjson"],
    times: "optional",
    looksLike: looksLikeJsonl,
    create: (sink) => new JsonlReader(sink),
  },
  {
    id: "minimalloc",
    title: "minimalloc problem (CSV of lives)",
    extensions: ["csv"],
    times: "steps",
    looksLike: looksLikeMinimalloc,
    create: (sink) => new MinimallocReader(sink),
  },
  {
    id: "csv",
    title: "generic CSV",
    extensions: ["csv", "tsv"],
    times: "optional",
    looksLike: looksLikeCsv,
    create: (sink) => new CsvReader(sink),
  },
  {
    id: "perf-kmem",
    title: "perf script of kmem:* events",
    extensions: ["perf", "txt"],
    times: "optional",
    looksLike: looksLikePerfKmem,
    create: (sink) => new PerfKmemReader(sink),
  },
  {
    id: "rep",
    title: "malloc-lab trace",
    extensions: ["rep", "trace"],
    times: "never",
    looksLike: looksLikeRep,
    create: (sink) => new RepReader(sink),
  },
];

/** The ids of all formats, for messages. */
export const TRACE_FORMAT_IDS: readonly string[] = TRACE_FORMATS.map((format) => format.id);

/** The format of that id. Throws UNKNOWN_FORMAT, which lists the known ones. */
export function traceFormat(id: string): TraceFormat {
  const format = TRACE_FORMATS.find((candidate) => candidate.id === id);
  if (!format) {
    throw new MempredError("UNKNOWN_FORMAT", `unknown trace format "${id}"; known: ${TRACE_FORMAT_IDS.join(", ")}`, {
      expected: TRACE_FORMAT_IDS.join(", "),
    });
  }
  return format;
}
