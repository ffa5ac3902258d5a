// A journal on its way to disk: lines are gathered and written in large pieces to a neighbour of the file, which takes its
// place only when the run is over. A journal that was cut off never looks like one that ended.

import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { MempredError } from "../core/errors.ts";

const PIECE_CHARACTERS = 1 << 18;

export class JournalFile {
  readonly #path: string;
  readonly #partPath: string;
  #descriptor: number;
  #pending: string[] = [];
  #pendingCharacters = 0;

  /** Errors: NOT_WRITABLE. */
  constructor(path: string) {
    this.#path = path;
    this.#partPath = `${path}.part-${process.pid}`;
    try {
      this.#descriptor = openSync(this.#partPath, "w");
    } catch (error) {
      throw new MempredError("NOT_WRITABLE", `the journal ${path} cannot be written`, { file: path }, error);
    }
  }

  write(line: string): void {
    this.#pending.push(line);
    this.#pendingCharacters += line.length + 1;
    if (this.#pendingCharacters >= PIECE_CHARACTERS) this.#flush();
  }

  /** Puts the journal in its place. */
  finish(): void {
    this.#flush();
    this.#close();
    renameSync(this.#partPath, this.#path);
  }

  /** Leaves no trace. */
  discard(): void {
    this.#close();
    rmSync(this.#partPath, { force: true });
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(`${this.#pending.join("\n")}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    this.#pending = [];
    this.#pendingCharacters = 0;
  }

  #close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}
