// Errors of the product. A programmer's mistake is an AssertionError and is never caught inside the core; an operating
// error (bad input, a missing file, a damaged document) is a MempredError with a code from the union below.

/** Every operating error has one of these codes. `EXIT_STATUS` maps each to the exit status of the command line. */
export type ErrorCode =
  | "USAGE" // a flag or an argument that makes no sense
  | "INVALID_INPUT" // a value out of its range
  | "UNKNOWN_SCENARIO"
  | "UNKNOWN_POLICY"
  | "INVALID_SCENARIO" // a scenario file that does not fit the schema
  | "INVALID_TRACE" // a trace that cannot be read; details: file, line, expected
  | "UNKNOWN_FORMAT" // no reader recognises the content
  | "INVALID_RESULT" // a result file that does not fit the schema
  | "INVALID_WEIGHTS" // damaged or foreign weights
  | "INCOMPATIBLE_BASELINE" // baseline and current do not describe the same suite
  | "NOT_FOUND" // a file that is not there
  | "NOT_WRITABLE" // an output that cannot be written
  | "INVALID_CACHE_ENTRY" // a key or a value that a cache cannot hold
  | "INVALID_MODEL" // a damaged or foreign model file, or a snapshot of a cache
  | "LOAD_FAILED" // a loader of the caller's threw; `cause` is what it threw
  | "OUTSIDE_ROOT" // a path that leaves the folder that a loader is confined to
  | "BACKEND_UNAVAILABLE" // a cache's store did not answer in time or is known to be gone
  | "BACKEND_FULL" // a cache's store has no room
  | "BACKEND_DAMAGED" // what a cache's store holds cannot be read
  | "DEPENDENCY_CYCLE" // components that need each other; the message names them in order
  | "DEPENDENCY_FAILED" // something that a component needs could not be loaded; `cause` says why
  | "CANCELLED" // a load that was given up before it began
  | "ADDRESS_UNAVAILABLE" // a port that cannot be listened on
  | "INTERNAL"; // an invariant broke

export const EXIT_STATUS: Readonly<Record<ErrorCode, number>> = {
  USAGE: 2,
  INVALID_INPUT: 2,
  UNKNOWN_SCENARIO: 2,
  UNKNOWN_POLICY: 2,
  INVALID_SCENARIO: 2,
  INVALID_TRACE: 2,
  UNKNOWN_FORMAT: 2,
  INVALID_RESULT: 2,
  INVALID_WEIGHTS: 2,
  INCOMPATIBLE_BASELINE: 4,
  NOT_FOUND: 2,
  NOT_WRITABLE: 2,
  INVALID_CACHE_ENTRY: 2,
  INVALID_MODEL: 2,
  LOAD_FAILED: 1,
  OUTSIDE_ROOT: 2,
  BACKEND_UNAVAILABLE: 1,
  BACKEND_FULL: 1,
  BACKEND_DAMAGED: 2,
  DEPENDENCY_CYCLE: 2,
  DEPENDENCY_FAILED: 1,
  CANCELLED: 1,
  ADDRESS_UNAVAILABLE: 2,
  INTERNAL: 3,
};

/** Where the trouble is and what was expected; `file` and `line` (from 1) where there is one. */
export interface ErrorDetails {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly expected?: string | undefined;
  readonly [key: string]: unknown;
}

/** An operating error: something outside the program is wrong, and the message says what and where. */
export class MempredError extends Error {
  override readonly name = "MempredError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}

/** A broken invariant: a mistake of the programmer, here or in the calling code. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws AssertionError when `condition` is false. The message is a constant: no string is built on the hot path. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
