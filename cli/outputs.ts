// Files that a command is asked to write. They are looked at before the work starts, because an hour of simulation must not
// end in "no such folder": the folder is there, the path is no folder, nothing foreign stands there, and it is no input.

import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { MempredError } from "../core/errors.ts";
import { usage } from "./settings.ts";

/** One file to be written. */
export interface OutputFile {
  /** For messages: "--json". */
  readonly option: string;
  readonly path: string;
  /** What a file written by mempred before starts with, somewhere in its first bytes; only such a file is overwritten. */
  readonly signature: string;
}

/** Signatures by kind. */
export const RESULT_SIGNATURE = '"mempred.result/';
export const BASELINE_SIGNATURE = '"mempred.baseline/';
export const JOURNAL_SIGNATURE = '"mempred.journal/';
export const MARKDOWN_SIGNATURE = "# mempred";
/** Of a report page, which holds it near its head. */
export const PAGE_SIGNATURE = '"mempred.page/';
export const WEIGHTS_SIGNATURE = '"mempred.weights/';
export const CACHE_SIGNATURE = '"mempred.cache/';
export const PRELOAD_SIGNATURE = '"mempred.preload/';
export const AUTONOMY_SIGNATURE = '"mempred.autonomy/';
export const PERFETTO_SIGNATURE = '"displayTimeUnit":"ms","traceEvents"';
export const TICKS_SIGNATURE = "policy,micros,occupancy_ratio";
export const EVENTS_SIGNATURE = "policy,micros,event";
export const PARQUET_SIGNATURE = "PAR1";
export const SVG_SIGNATURE = "<svg xmlns";

const HEAD_BYTES = 256;

/**
 * Throws unless every output can be written: NOT_WRITABLE, or USAGE when two are the same or one is an input. Nothing is
 * changed on disk.
 */
export async function checkOutputs(outputs: readonly OutputFile[], inputs: readonly string[]): Promise<void> {
  const { AtomicFile } = await import("../io/write-file.ts");
  const taken = new Map(inputs.map((path) => [identityOf(path), "an input"]));
  for (const { option, path, signature } of outputs) {
    const identity = identityOf(path);
    const owner = taken.get(identity);
    if (owner !== undefined) throw usage(`${option}: ${path} is ${owner} as well`, "a path of its own");
    taken.set(identity, `the output of ${option}`);
    if (isFilledFile(path) && !headOf(path).includes(signature))
      throw new MempredError("NOT_WRITABLE", `${option}: ${path} is there and was not written by mempred`, {
        file: path,
        expected: "a path where nothing is, or an older file of the same kind",
      });
    const probe = await AtomicFile.open(path);
    await probe.discard();
  }
}

function isFilledFile(path: string): boolean {
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size > 0;
  } catch {
    return false; // not there, or not to be reached: opening it says which
  }
}

function identityOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // nothing there yet
  }
}

function headOf(path: string): string {
  const buffer = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(path, "r");
  try {
    return buffer.toString("utf8", 0, readSync(descriptor, buffer, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}
