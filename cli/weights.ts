// Weights from a file, in either of their forms: JSON as `mempred train` writes it, or the binary form.

import { readFileSync } from "node:fs";
import { MempredError } from "../core/errors.ts";
import { crc32 } from "../core/hash.ts";

export interface LoadedWeights {
  /** (49), order as in predictor/network.ts. */
  readonly weights: Float64Array;
  /** Check value of the weights, 8 hex digits: what a result file says they were. */
  readonly digest: string;
}

/** Errors: NOT_FOUND, INVALID_WEIGHTS. */
export async function loadWeights(path: string): Promise<LoadedWeights> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const message = `${path}: there are no weights that can be read`;
    throw new MempredError("NOT_FOUND", message, { file: path, expected: "a weights file, or cold" }, error);
  }
  const { decodeWeights, weightsFromJson } = await import("../predictor/weights-file.ts");
  const isBinary = bytes[0] === 0x4d; // "M" of "MPRW"; a JSON document starts with a brace or a space
  const weights = isBinary ? decodeWeights(bytes, path) : weightsFromJson(new TextDecoder().decode(bytes), path);
  return { weights, digest: weightsDigest(weights) };
}

/** CRC-32 of the weights as little-endian doubles, 8 hex digits: the same as in the files. */
export function weightsDigest(weights: ArrayLike<number>): string {
  const view = new DataView(new ArrayBuffer(weights.length * 8));
  for (let i = 0; i < weights.length; i++) view.setFloat64(i * 8, weights[i]!, true);
  return crc32(new Uint8Array(view.buffer)).toString(16).padStart(8, "0");
}
