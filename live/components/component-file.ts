// A component's file, and how an edit of it is noticed: by times in ns, length and inode, from the open file itself. What was
// edited within the last moment could be edited again without any of them changing, so such a stamp is never trusted (the
// "racily clean" entries of git's index).

import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { MempredError } from "../../core/errors.ts";
import { realConfinedPath } from "../../io/confined-path.ts";

/** Longest time in which a file system may give two edits the same time. */
const RACY_MILLIS = 50;
const MOST_ATTEMPTS = 3;

export interface ComponentFile {
  readonly text: string;
  /** Equal for equal contents; "" is equal to none. */
  readonly stamp: string;
}

/**
 * Reads a file under `root` as UTF-8.
 * Errors: OUTSIDE_ROOT, NOT_FOUND (nothing there, or no plain file), INVALID_INPUT (too long, or no UTF-8), LOAD_FAILED.
 */
export async function readComponent(root: string, name: string, mostBytes: number): Promise<ComponentFile> {
  const path = await realConfinedPath(root, name);
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a pipe would be waited for.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    for (let attempt = 1; ; attempt++) {
      const before = await file.stat({ bigint: true });
      if (!before.isFile()) throw new MempredError("NOT_FOUND", `"${name}" is no file`, { file: name });
      if (before.size > BigInt(mostBytes))
        throw new MempredError("INVALID_INPUT", `"${name}" has ${before.size} bytes`, {
          file: name,
          expected: `at most ${mostBytes} bytes`,
        });
      const bytes = Buffer.alloc(Number(before.size));
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      const after = await file.stat({ bigint: true });
      const isQuiet = stampOf(after) === stampOf(before) && length === bytes.length;
      // Written to while it is read: the next look finds another stamp and reads again.
      if (!isQuiet && attempt < MOST_ATTEMPTS) continue;
      return { text: decode(bytes.subarray(0, length), name), stamp: isQuiet ? trustedStamp(after) : "" };
    }
  } catch (error) {
    if (error instanceof MempredError) throw error;
    throw new MempredError(
      "LOAD_FAILED",
      `"${name}" cannot be read: ${(error as Error).message}`,
      { file: name },
      error,
    );
  } finally {
    await file?.close().catch(() => undefined);
  }
}

/** The stamp of what is there now; "" when it is not to be trusted. Errors: OUTSIDE_ROOT, NOT_FOUND. */
export async function stampComponent(root: string, name: string): Promise<string> {
  const path = await realConfinedPath(root, name);
  try {
    return trustedStamp(await stat(path, { bigint: true }));
  } catch (error) {
    throw new MempredError("NOT_FOUND", `there is no "${name}"`, { file: name }, error);
  }
}

interface FileTimes {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly size: bigint;
  readonly ino: bigint;
}

function stampOf({ mtimeNs, ctimeNs, size, ino }: FileTimes): string {
  return `${mtimeNs}:${ctimeNs}:${size}:${ino}`;
}

function trustedStamp(times: FileTimes): string {
  return Date.now() - Number(times.ctimeNs / 1_000_000n) < RACY_MILLIS ? "" : stampOf(times);
}

function decode(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (error) {
    throw new MempredError("INVALID_INPUT", `"${name}" is not UTF-8`, { file: name, expected: "UTF-8 text" }, error);
  }
}
