// Errors that cross from a worker to the main thread. A structured clone keeps a message and drops what makes an error one
// of ours (its class, code, details), so it is packed on one side and rebuilt on the other.

import { AssertionError, type ErrorCode, type ErrorDetails, MempredError } from "../core/errors.ts";
import { type FailureContext, RunFailure } from "./exit.ts";

/** An error as plain data. */
export interface PackedError {
  readonly kind: "operating" | "assertion" | "run" | "other";
  readonly message: string;
  readonly stack: string;
  readonly code?: ErrorCode;
  readonly details?: ErrorDetails;
  readonly context?: FailureContext;
  readonly cause?: PackedError;
}

/** Takes an error apart. Details that cannot be cloned are turned into text. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { kind: "other", message: String(error), stack: "" };
  const { message, stack = "" } = error;
  if (error instanceof MempredError) {
    const details = JSON.parse(JSON.stringify(error.details)) as ErrorDetails;
    return { kind: "operating", message, stack, code: error.code, details };
  }
  if (error instanceof RunFailure)
    return { kind: "run", message, stack, context: error.context, cause: packError(error.cause) };
  return { kind: error instanceof AssertionError ? "assertion" : "other", message, stack };
}

/** Puts it together again, with the stack of where it happened. */
export function unpackError(packed: PackedError): Error {
  const { kind, message, stack } = packed;
  let error: Error;
  if (kind === "operating") error = new MempredError(packed.code!, message, packed.details);
  else if (kind === "run") error = new RunFailure(message, packed.context!, unpackError(packed.cause!));
  else error = kind === "assertion" ? new AssertionError(message) : new Error(message);
  error.stack = stack;
  return error;
}
