// Exit statuses and what is printed when a command fails. An operating error is a sentence: what, where, what was expected,
// what to do. A stack is printed for a broken invariant alone, with the line that runs it again: that is a mistake of ours.

import { AssertionError, EXIT_STATUS, MempredError } from "../core/errors.ts";

export const EXIT_OK = 0;
export const EXIT_GATE = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERNAL = 3;
export const EXIT_SIGINT = 130;
export const EXIT_SIGTERM = 143;

/** What `mempred help exit-codes` prints. */
export const EXIT_CODES_TEXT = `Exit codes

    0   it ran, and nothing is wrong
    1   it ran, but a gate failed or a regression was found (compare)
    2   usage or invalid input: a flag, a scenario, a trace, a file; nothing was overwritten
    3   internal: an invariant broke; the message says which command and seed reproduce it
    4   the baseline is incompatible: another suite, other seeds, other settings
  130   interrupted (SIGINT); what was done is written and marked isPartial
  143   terminated (SIGTERM); likewise. serve ends so: its requests answered, its writes kept
`;

/** The run in which something broke, and the command that repeats it. */
export interface FailureContext {
  readonly scenario?: string | undefined;
  readonly pressureRatio?: number | undefined;
  readonly seed?: number | undefined;
  readonly policy?: string | undefined;
  readonly reproduce?: string | undefined;
}

/** A broken invariant with the run it broke in; what the pool throws for an error inside a worker. */
export class RunFailure extends Error {
  override readonly name = "RunFailure";
  readonly context: FailureContext;

  constructor(message: string, context: FailureContext, cause: unknown) {
    super(message, { cause });
    this.context = context;
  }
}

/** The exit status that an error ends the process with. */
export function exitStatusOf(error: unknown): number {
  const origin = originOf(error);
  return origin instanceof MempredError ? EXIT_STATUS[origin.code] : EXIT_INTERNAL;
}

/**
 * What stderr says about an error, ending in a newline.
 * @param commandLine the arguments as given, for the line that reproduces an internal error
 */
export function describeError(error: unknown, commandLine: readonly string[]): string {
  const origin = originOf(error);
  if (origin instanceof MempredError && origin.code !== "INTERNAL") return describeOperatingError(origin);
  const context = error instanceof RunFailure ? error.context : {};
  const kind = origin instanceof AssertionError ? "an invariant broke" : "internal error";
  const message = origin instanceof Error ? origin.message : String(origin);
  const lines = [`mempred: ${kind}: ${message}`];
  const place = [
    context.scenario === undefined ? "" : `scenario ${context.scenario}`,
    context.pressureRatio === undefined ? "" : `pressure ${Math.round(context.pressureRatio * 1e4) / 100} %`,
    context.seed === undefined ? "" : `seed ${context.seed}`,
    context.policy === undefined ? "" : `policy ${context.policy}`,
  ].filter((part) => part !== "");
  if (place.length > 0) lines.push(`  in: ${place.join(", ")}`);
  lines.push(`  reproduce: ${context.reproduce ?? ["mempred", ...commandLine].join(" ")}`);
  lines.push("  this is a mistake in mempred, not in your input; please report it with the lines below");
  const stack = origin instanceof Error ? (origin.stack ?? "") : "";
  for (const line of stack.split("\n").slice(1, 9)) lines.push(`  ${line.trim()}`);
  return `${lines.join("\n")}\n`;
}

/** What went wrong, without the wrapping that says where. */
function originOf(error: unknown): unknown {
  return error instanceof RunFailure && error.cause !== undefined ? error.cause : error;
}

function describeOperatingError(error: MempredError): string {
  const { file, line, expected } = error.details;
  let place = "";
  // Readers put the place into their message too; it is not said twice.
  if (file !== undefined && !error.message.includes(file)) place = `${file}:${line === undefined ? "" : `${line}:`} `;
  const lines = [`mempred: ${place}${error.message}`];
  if (expected !== undefined && !error.message.includes(expected)) lines.push(`  expected: ${expected}`);
  const hint = HINTS[error.code];
  if (hint !== undefined) lines.push(`  see: ${hint}`);
  return `${lines.join("\n")}\n`;
}

const HINTS: Readonly<Partial<Record<MempredError["code"], string>>> = {
  UNKNOWN_SCENARIO: "mempred scenarios",
  UNKNOWN_POLICY: "mempred policies, mempred cache policies",
  INCOMPATIBLE_BASELINE: "mempred help exit-codes",
};
