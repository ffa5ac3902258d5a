// The last run, kept so that `status` and `report` have something to talk about: the result and the predictor's block at
// its end, in .mempred below the current folder, or in --output DIR or MEMPRED_HOME. A folder that cannot be written costs a
// warning and no more: the run itself is worth more than its copy.

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MempredError } from "../core/errors.ts";
import type { CommandContext } from "./command.ts";
import { readResultFile } from "./read-result.ts";
import type { StoredResult } from "./stored-result.ts";
import { stringifyResult } from "./stored-result.ts";

const RESULT_NAME = "last-run.json";
const STATE_NAME = "last-predictor.bin";

/** The folder of the last run. */
export function lastRunFolder({ settings, host }: CommandContext): string {
  const home = host.environment["MEMPRED_HOME"];
  return settings.get("output", (path) => path, home ? home : join(host.currentFolder, ".mempred"));
}

/** Keeps a run. Never throws; what goes wrong is a note. */
export async function saveLastRun(
  context: CommandContext,
  result: StoredResult,
  predictorState: Uint8Array | null,
): Promise<void> {
  const folder = lastRunFolder(context);
  try {
    const { writeFileAtomic } = await import("../io/write-file.ts");
    mkdirSync(folder, { recursive: true });
    await writeFileAtomic(join(folder, RESULT_NAME), stringifyResult(result));
    if (predictorState === null) rmSync(join(folder, STATE_NAME), { force: true });
    else await writeFileAtomic(join(folder, STATE_NAME), predictorState);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.note(`mempred: warning: the last run is not kept for \`status\` and \`report\`: ${reason}`);
  }
}

export interface KeptRun {
  readonly result: StoredResult;
  /** Where it was read from. */
  readonly path: string;
  /** Null for a file of its own, and for runs without a predictor. */
  readonly predictorState: Uint8Array | null;
}

/** The run in `path`, or the last one. Errors: NOT_FOUND, INVALID_RESULT. */
export async function loadRun(context: CommandContext, path: string | undefined): Promise<KeptRun> {
  if (path !== undefined) return { result: await readResultFile(path), path, predictorState: null };
  const folder = lastRunFolder(context);
  const kept = join(folder, RESULT_NAME);
  let result: StoredResult;
  try {
    result = await readResultFile(kept);
  } catch (error) {
    if (!(error instanceof MempredError) || error.code !== "NOT_FOUND") throw error;
    throw new MempredError("NOT_FOUND", `there is no last run in ${folder}`, {
      expected: "a run before this, such as `mempred stress --scenario burst`, or a result file as an argument",
    });
  }
  return { result, path: kept, predictorState: readState(join(folder, STATE_NAME)) };
}

function readState(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
