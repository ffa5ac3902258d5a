// The last run, kept so that `status` and `report` have something to talk about: the result and the predictor's block at
// its end, in .mempred below the current folder, or in --output DIR or MEMPRED_HOME. A folder that cannot be written costs a
// warning and no more: the run itself is worth more than its copy.

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MempredError } from "../core/errors.ts";
import type { CompactPredictor } from "../predictor/compact-predictor.ts";
import type { PressurePredictor } from "../predictor/pressure-predictor.ts";
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
    else await writeFileAtomic(join(folder, STATE_NAME), await sealState(predictorState));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.note(`mempred: warning: the last run is not kept for \`status\` and \`report\`: ${reason}`);
  }
}

export interface KeptRun {
  readonly result: StoredResult;
  /** Where it was read from. */
  readonly path: string;
  /** As it was at the end of the run. Null for a file of its own, and for runs without a predictor. */
  readonly predictor: PressurePredictor | CompactPredictor | null;
}

/** The run in `path`, or the last one. Errors: NOT_FOUND, INVALID_RESULT. */
export async function loadRun(context: CommandContext, path: string | undefined): Promise<KeptRun> {
  if (path !== undefined) return { result: await readResultFile(path), path, predictor: null };
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
  return { result, path: kept, predictor: await readState(context, join(folder, STATE_NAME)) };
}

/** The block as a file: little-endian, with a check value. */
async function sealState(block: Uint8Array): Promise<Uint8Array> {
  const { PressurePredictor, PREDICTOR_STATE_BYTES } = await import("../predictor/pressure-predictor.ts");
  const { CompactPredictor } = await import("../predictor/compact-predictor.ts");
  const { saveCompactState, saveState } = await import("../predictor/weights-file.ts");
  const { buffer } = Uint8Array.from(block);
  return block.length === PREDICTOR_STATE_BYTES
    ? saveState(PressurePredictor.attach(buffer))
    : saveCompactState(CompactPredictor.attach(buffer));
}

/** A damaged state is a note: the result beside it is still good. */
async function readState(context: CommandContext, path: string): Promise<KeptRun["predictor"]> {
  if (!existsSync(path)) return null;
  try {
    const { isCompactState, loadCompactState, loadState } = await import("../predictor/weights-file.ts");
    const bytes = readFileSync(path);
    return isCompactState(bytes) ? loadCompactState(bytes, path) : loadState(bytes, {}, path);
  } catch (error) {
    context.note(`mempred: warning: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}
