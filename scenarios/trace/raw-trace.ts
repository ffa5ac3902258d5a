// A recording as it was read, before it becomes a Demand: columns of typed arrays, one row an operation. It keeps what the
// file says and nothing else: capacity, request classes that the file does not name and the pace are chosen later, by
// trace-demand.ts, so that one recording serves every level and every seed.

/** The request class of a row whose file does not name one. */
export const CLASS_UNSET = 255;
/** Whether a block may be moved, where the file says so. */
export const MOVABILITY_MOVABLE = 0;
export const MOVABILITY_PINNED = 1;
export const MOVABILITY_UNSET = 255;
/** The largest size of one request: Demand keeps sizes under 2^31. */
export const MAX_SIZE_BYTES = 2_147_483_647;
/** The least alignment, 16 bytes, as an exponent of two. */
export const LEAST_ALIGN_LOG2 = 4;

/** What a reader let pass, counted. Nothing that changes the meaning of a trace passes without one of these. */
export type TraceWarningCode =
  | "free-of-null" // free(NULL): does nothing
  | "free-of-unknown" // a free of a block that is not live: skipped
  | "resize-of-unknown" // a reallocation of a block that is not live: read as an allocation
  | "missed-free" // an address or id handed out while it is live: the old block is taken as freed just before
  | "zero-size" // read as 1 byte
  | "failed-allocation" // the recorded program got no memory: skipped
  | "operation-count" // the header or comment declares another number of operations
  | "time-went-back" // earlier than the row before: moved up to it
  | "too-many-tenants" // beyond the 255th name: counted under "other"
  | "slab-and-pages" // kernel objects and the pages that hold them are both in the file: counted twice
  | "ignored-gaps"; // minimalloc gaps: the buffer is held throughout

/** A warning: how often, and the first line (from 1; 0 when it is about the whole file). */
export interface TraceWarning {
  readonly code: TraceWarningCode;
  readonly count: number;
  readonly firstLine: number;
}

/** `recorded`: real times in µs. `steps`: times in a unit of the trace's own. `order`: no times, only an order. */
export type TraceTiming = "recorded" | "steps" | "order";

/** One recording. Every column has `length` rows. */
export interface RawTrace {
  /** The path or name it was read from, as it appears in messages. */
  readonly file: string;
  /** The file's name without folders and known endings: "bash" of "traces/bash.trep.gz". */
  readonly name: string;
  /** Id of the format, e.g. "trep". */
  readonly format: string;
  /** What the file says about itself, or "". */
  readonly description: string;
  readonly length: number;
  /** Ids are dense, in order of allocation, and never reused: each names one block for its whole life. */
  readonly idCount: number;
  readonly timing: TraceTiming;
  /** µs (or steps), never decreasing, from an origin of the file's own; NaN throughout when timing is `order`. */
  readonly timeMicros: Float64Array;
  /** OP_ALLOCATE, OP_FREE or OP_RESIZE of core/demand.ts. */
  readonly kind: Uint8Array;
  readonly id: Uint32Array;
  /** 1..MAX_SIZE_BYTES; 0 for OP_FREE. */
  readonly sizeBytes: Uint32Array;
  /** Exponent of the alignment, ≥ 4. */
  readonly alignLog2: Uint8Array;
  /** CLASS_* or CLASS_UNSET; 0 for OP_FREE. */
  readonly requestClass: Uint8Array;
  /** MOVABILITY_*; 0 for OP_FREE. */
  readonly movability: Uint8Array;
  /** Index into `tenants`. */
  readonly tenant: Uint8Array;
  readonly tenants: readonly string[];
  readonly allocations: number;
  readonly resizes: number;
  readonly frees: number;
  /** Most bytes live at once and bytes live at the end: payload alone, no headers. */
  readonly peakLiveBytes: number;
  readonly endLiveBytes: number;
  /** Lines of text. */
  readonly lines: number;
  /** Counts that the file declares in a header or comment, e.g. `ops`, `peak_live_bytes`; not trusted. */
  readonly declared: Readonly<Record<string, number>>;
  readonly warnings: readonly TraceWarning[];
}

/** A push parser over lines, without their ends. It writes into a TraceSink and throws INVALID_TRACE. */
export interface TraceReader {
  /** Takes in one line. @param lineNumber from 1. */
  line(text: string, lineNumber: number): void;
  /** The text ends here. @param isTerminated false when the last line had no line end, as in a file that was cut. */
  end(isTerminated?: boolean): void;
}
