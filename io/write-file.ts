// Writes whole files or nothing: into a new file in the same folder, flushed, then renamed over the target. Whatever fails
// on the way, what stood there before still stands. Devices and pipes cannot be replaced and are written to directly.

import type { Stats } from "node:fs";
import { chmod, type FileHandle, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { MempredError } from "../core/errors.ts";

let temporaryFiles = 0;

/** A file that is written bit by bit and appears as a whole. */
export class AtomicFile {
  readonly #path: string; // as given, for messages
  readonly #target: string; // links followed
  readonly #temporary: string; // "" when the target is written directly
  readonly #handle: FileHandle;
  readonly #mode: number | undefined;

  private constructor(path: string, target: string, temporary: string, handle: FileHandle, mode: number | undefined) {
    this.#path = path;
    this.#target = target;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#mode = mode;
  }

  /** Opens it; nothing shows until `commit`. Throws NOT_WRITABLE: no folder, a folder of that name, no permission. */
  static async open(path: string): Promise<AtomicFile> {
    try {
      const target = await realpath(path).catch(() => path);
      const old = await stat(target).catch(() => undefined);
      if (old?.isDirectory()) throw notWritable(path, "it is a folder");
      if (old && !old.isFile()) return new AtomicFile(path, target, "", await open(target, "w"), undefined);
      if (old) await (await open(target, "r+")).close(); // a rename would go over a protected file
      const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.${temporaryFiles++}.tmp`);
      return new AtomicFile(path, target, temporary, await open(temporary, "wx"), permissionsOf(old));
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Appends. Throws NOT_WRITABLE, after which the file is gone. */
  async write(data: string | Uint8Array): Promise<void> {
    await this.#orDiscard(() => this.#handle.appendFile(data));
  }

  /** Puts the file in place. Throws NOT_WRITABLE, after which the file is gone. */
  async commit(): Promise<void> {
    await this.#orDiscard(async () => {
      if (this.#temporary !== "") await this.#handle.sync();
      await this.#handle.close();
      if (this.#temporary === "") return;
      if (this.#mode !== undefined) await chmod(this.#temporary, this.#mode);
      await rename(this.#temporary, this.#target);
    });
  }

  /** Throws the file away. Does not throw. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    if (this.#temporary !== "") await unlink(this.#temporary).catch(() => undefined);
  }

  async #orDiscard(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      await this.discard();
      throw writeError(this.#path, error);
    }
  }
}

/** Writes a whole file. Throws NOT_WRITABLE; what stood there before then still stands. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const file = await AtomicFile.open(path);
  await file.write(data);
  await file.commit();
}

function permissionsOf(old: Stats | undefined): number | undefined {
  return old === undefined ? undefined : old.mode & 0o7777;
}

function writeError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof MempredError || code === undefined) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "its folder does not exist",
    ENOTDIR: "a part of the path is not a folder",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the file system is read-only",
    ENOSPC: "the disk is full",
    ENAMETOOLONG: "the name is too long",
  };
  return notWritable(path, reasons[code] ?? code, error);
}

function notWritable(path: string, reason: string, cause?: unknown): MempredError {
  const details = { file: path, expected: "a path that can be written" };
  return new MempredError("NOT_WRITABLE", `${path}: cannot be written: ${reason}`, details, cause);
}
