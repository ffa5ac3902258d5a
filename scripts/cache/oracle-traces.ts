// The cache traces of ../shared/traces and the hit rates that were measured on them, for the script and the tests that compare.
// They are not part of the project: where the folder is missing, `hasOracle` is false.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { RequestTrace } from "../../cache/policies/policy.ts";

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), "../../../shared/traces");
const ORACLE = join(FOLDER, "oracles/hit-rates.json");

/** Policy ids here and in the oracle file. */
export const ORACLE_NAMES: Readonly<Record<string, string>> = {
  fifo: "fifo",
  lru: "lru",
  clock: "clock",
  lfu: "lfu",
  sieve: "sieve",
  "2q": "2q",
  arc: "arc",
  lirs: "lirs",
  "s3-fifo": "s3fifo",
  "w-tinylfu": "wtinylfu1",
  "w-tinylfu-20": "wtinylfu20",
  opt: "opt",
  "opt-bypass": "opt_bypass",
};
const TWELVE = [
  "lru",
  "fifo",
  "clock",
  "lfu",
  "sieve",
  "2q",
  "arc",
  "lirs",
  "s3fifo",
  "wtinylfu1",
  "wtinylfu20",
  "wtinylfu_climb",
];

export interface OracleCell {
  readonly trace: string;
  readonly size: number;
  /** Percent, by the names of the oracle file. */
  readonly rates: Readonly<Record<string, number>>;
  /** The highest of the twelve policies, and which it is. */
  readonly best: number;
  readonly bestName: string;
}

export const hasOracle = existsSync(ORACLE);

/** The cells in the file's order; none where the file is missing. */
export function oracleCells(): OracleCell[] {
  if (!hasOracle) return [];
  const { results } = JSON.parse(readFileSync(ORACLE, "utf8")) as { results: Record<string, number | string>[] };
  return results.map((row) => {
    const rates = row as Record<string, number>;
    const bestName = TWELVE.reduce((a, b) => ((rates[b] as number) > (rates[a] as number) ? b : a));
    return { trace: String(row.trace), size: Number(row.size), rates, best: rates[bestName] as number, bestName };
  });
}

/** Dense keys of a `.vb.br` trace: LEB128 varints under brotli. */
export function oracleKeys(trace: string): Uint32Array {
  const bytes = brotliDecompressSync(readFileSync(join(FOLDER, "cache", `${trace}.vb.br`)));
  const keys = new Uint32Array(bytes.length);
  let count = 0;
  let value = 0;
  let shift = 0;
  for (const byte of bytes) {
    value += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte >= 128) continue;
    keys[count++] = value;
    value = 0;
    shift = 0;
  }
  return keys.subarray(0, count);
}

/** The requests of cloudPhysicsIO with their sizes in bytes. */
export function sizedTrace(): RequestTrace {
  const bytes = gunzipSync(readFileSync(join(FOLDER, "cache/cloudPhysicsIO.oracleGeneral.bin.gz")));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.byteLength / 24);
  const ids = new Map<bigint, number>();
  const keys = new Uint32Array(count);
  const weights = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    const id = view.getBigUint64(index * 24 + 4, true);
    let key = ids.get(id);
    if (key === undefined) {
      key = ids.size;
      ids.set(id, key);
    }
    keys[index] = key;
    weights[index] = Math.max(1, view.getUint32(index * 24 + 12, true));
  }
  return { keys, weights };
}

/** Shell commands of one user as dense keys. */
export function commandKeys(user: number): Uint32Array {
  const words = gunzipSync(readFileSync(join(FOLDER, "sequence", `unix-user${user}.txt.gz`)))
    .toString("utf8")
    .split("\n");
  const ids = new Map<string, number>();
  const keys: number[] = [];
  for (const word of words) {
    if (word === "") continue;
    const key = ids.get(word) ?? ids.size;
    ids.set(word, key);
    keys.push(key);
  }
  return Uint32Array.from(keys);
}
