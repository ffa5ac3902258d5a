// Models of accesses as files: written whole or not at all, refused when damaged. A refused file changes nothing, so that the cache
// goes on with the model that it has.

import { readFile, stat } from "node:fs/promises";
import { markovFromJson, markovToJson } from "../cache/markov-document.ts";
import type { MarkovModel } from "../cache/markov-model.ts";
import { MempredError } from "../core/errors.ts";
import { writeFileAtomic } from "../io/write-file.ts";

/** No model is larger. */
const MOST_FILE_BYTES = 1 << 29;

/** Writes the model. Rejects with NOT_WRITABLE; what stood there before then still stands. */
export async function saveModelFile(path: string, model: MarkovModel): Promise<void> {
  await writeFileAtomic(path, markovToJson(model));
}

/** Reads a model. Rejects with NOT_FOUND where there is no file to read and with INVALID_MODEL where it is no model or damaged. */
export async function loadModelFile(path: string): Promise<MarkovModel> {
  const expected = "a model that saveModel wrote";
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_FILE_BYTES) {
      throw new MempredError("INVALID_MODEL", `${path}: too large for a model`, { file: path, expected, bytes: size });
    }
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof MempredError) throw cause;
    throw new MempredError("NOT_FOUND", `${path}: cannot be read`, { file: path, expected }, cause);
  }
  return markovFromJson(text, path);
}
