// Cache traces made for tests: files that are gone when the tests are done, and requests drawn from a seed.

import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { readCacheTrace } from "../../io/cache-reader.ts";
import type { CacheTrace } from "../../io/cache-trace.ts";
import { packageRoot } from "../../io/find-trace.ts";

const shared = join(packageRoot(), "..", "shared", "traces");

/** The shared traces, or null where they are absent: then whoever asks skips, and says so. */
export const SHARED_TRACES: string | null = existsSync(join(shared, "cache")) ? shared : null;
if (SHARED_TRACES === null)
  console.warn("SKIPPED: ../shared/traces is not there: no test reads the shared cache traces");

const folder = mkdtempSync(join(tmpdir(), "mempred-cache-"));

export function cacheFile(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The error that reading ends in. */
export async function refusal(path: string, format?: string): Promise<MempredError> {
  try {
    await readCacheTrace(path, { format });
  } catch (error) {
    if (error instanceof MempredError) return error;
    throw error;
  }
  throw new Error(`was read: ${path}`);
}

/** Keys as plain numbers, and sizes where there are some. */
export function requestsOf({ keys, sizesBytes }: CacheTrace): (number | [number, number])[] {
  return [...keys].map((key, i) => (sizesBytes === null ? key : [key, sizesBytes[i]!]));
}

/** Keys 0, 1, 2, … in order of first appearance: low ones often, with runs of new ones. */
export function drawKeys(seed: number, requests: number, distinct: number): number[] {
  const random = new RandomStream(seed, "cache-keys");
  const names = new Map<number, number>();
  return Array.from({ length: requests }, () => {
    const drawn = Math.floor(distinct * random.next() * random.next() * random.next());
    if (!names.has(drawn)) names.set(drawn, names.size);
    return names.get(drawn)!;
  });
}

/** An oracleGeneral record. */
export function oracleRecord(time: number, object: bigint, size: number, next: bigint): Buffer {
  const record = Buffer.alloc(24);
  record.writeUInt32LE(time, 0);
  record.writeBigUInt64LE(object, 4);
  record.writeUInt32LE(size, 12);
  record.writeBigInt64LE(next, 16);
  return record;
}
