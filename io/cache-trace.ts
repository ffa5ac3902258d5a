// A recording of cache accesses: which key, in which order, and how large its object was. Keys are dense ids in order of first
// appearance, for neither a policy nor the hit ratio asks what a key is called. The columns are shared memory, so that any
// number of worker threads replays one copy.

import { MempredError } from "../core/errors.ts";
import { KeyTable } from "./cache-key-table.ts";

export interface CacheTrace {
  /** "arc_OLTP" of "traces/arc_OLTP.vb.br". */
  readonly name: string;
  readonly file: string;
  /** An id of CACHE_TRACE_FORMATS. */
  readonly format: string;
  /** The key of each request: 0 … keyCount − 1, in order of first appearance. On a SharedArrayBuffer. */
  readonly keys: Uint32Array;
  readonly keyCount: number;
  /** Bytes of the object of each request, ≥ 1; null where the recording has none. On a SharedArrayBuffer. */
  readonly sizesBytes: Uint32Array | null;
  readonly warnings: readonly CacheTraceWarning[];
}

export interface CacheTraceWarning {
  readonly code: CacheTraceWarningCode;
  readonly count: number;
  /** Where it was first: "line 17", "byte 240". */
  readonly firstPlace: string;
}

export type CacheTraceWarningCode =
  | "zero-size" // an object of 0 bytes, read as 1
  | "sparse-ids" // ids of a vb file that are not dense in order of first appearance: renumbered
  | "mark-line"; // a line that is "*" alone, as LIRS traces have them: passed over

/** The largest object: 4 GiB − 1. */
export const MOST_OBJECT_BYTES = 4_294_967_295;
const FIRST_LENGTH = 4_096;
/** Past this a Uint32Array of the requests could not be made any more. */
const MOST_REQUESTS = 2_147_483_647;

/** Where in a recording something is: "line 17" of a text, "byte 240" of unpacked binary data. */
export interface TracePlace {
  readonly line?: number;
  readonly byte?: number;
}

/** Takes in requests one by one and becomes a CacheTrace. What a reader finds wrong is thrown from here, with its place. */
export class CacheTraceBuilder {
  readonly file: string;
  #keys = new Uint32Array(FIRST_LENGTH);
  #sizes: Uint32Array | null = null;
  #length = 0;
  #keyCount = 0;
  readonly #names = new Map<string, number>();
  #numbers: KeyTable | undefined;
  readonly #warnings = new Map<CacheTraceWarningCode, { count: number; readonly firstPlace: string }>();

  constructor(file: string) {
    this.file = file;
  }

  /** Requests so far. */
  get length(): number {
    return this.#length;
  }

  /** A key by its name. Call this, `number` or `dense`, but not two of them in one trace. */
  name(key: string): number {
    let id = this.#names.get(key);
    if (id === undefined) {
      id = this.#keyCount++;
      this.#names.set(key, id);
    }
    return id;
  }

  /** A key that is a 64-bit number, in two halves. */
  number(low: number, high: number): number {
    if (this.#numbers === undefined) {
      this.#numbers = new KeyTable();
      for (let id = 0; id < this.#keyCount; id++) this.#numbers.idOf(id, 0); // what `dense` gave out so far
    }
    const id = this.#numbers.idOf(low, high);
    if (id === this.#keyCount) this.#keyCount++;
    return id;
  }

  /** A key that is an id already, an integer ≥ 0; false unless it is known or the next one, and then nothing happened. */
  dense(id: number): boolean {
    if (this.#numbers !== undefined || id > this.#keyCount) return false;
    if (id === this.#keyCount) this.#keyCount++;
    return true;
  }

  /**
   * One request.
   * @param sizeBytes of its object, an integer from 1 to MOST_OBJECT_BYTES; −1 on every request of a trace without sizes
   */
  request(id: number, sizeBytes: number): void {
    const at = this.#length;
    if (at === this.#keys.length) this.#grow();
    this.#keys[at] = id;
    if (sizeBytes >= 0) {
      this.#sizes ??= new Uint32Array(this.#keys.length);
      this.#sizes[at] = sizeBytes;
    }
    this.#length = at + 1;
  }

  warn(code: CacheTraceWarningCode, place: TracePlace): void {
    const known = this.#warnings.get(code);
    if (known) known.count++;
    else this.#warnings.set(code, { count: 1, firstPlace: placeText(place) });
  }

  /** Throws INVALID_TRACE: `file:17: expected …, got "…"` or `file: byte 240: expected …`. */
  fail(place: TracePlace, expected: string, got: string): never {
    const where = place.line === undefined ? `${this.file}: ${placeText(place)}` : `${this.file}:${place.line}`;
    const message = `${where}: expected ${expected}, got ${got}`;
    throw new MempredError("INVALID_TRACE", message, { file: this.file, ...place, expected });
  }

  /** Throws INVALID_TRACE unless there was a request. */
  finish(name: string, format: string): CacheTrace {
    if (this.#length === 0) this.fail({ line: 1 }, "requests", "none at all");
    return {
      name,
      file: this.file,
      format,
      keys: shared(this.#keys, this.#length),
      keyCount: this.#keyCount,
      sizesBytes: this.#sizes === null ? null : shared(this.#sizes, this.#length),
      warnings: [...this.#warnings].map(([code, { count, firstPlace }]) => ({ code, count, firstPlace })),
    };
  }

  #grow(): void {
    const length = Math.min(2 * this.#keys.length, MOST_REQUESTS);
    if (length === this.#keys.length) this.fail({}, `at most ${MOST_REQUESTS} requests`, "more");
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const copy = new Uint32Array(length);
      copy.set(old);
      return copy;
    };
    this.#keys = grown(this.#keys);
    if (this.#sizes !== null) this.#sizes = grown(this.#sizes);
  }
}

/** A piece of a trace as a message shows it. */
export function quoted(text: string): string {
  return text.length > 80 ? `"${text.slice(0, 77)}..."` : `"${text}"`;
}

function placeText({ line, byte }: TracePlace): string {
  return line !== undefined ? `line ${line}` : `byte ${byte ?? 0}`;
}

function shared(column: Uint32Array, length: number): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(4 * length));
  copy.set(column.subarray(0, length));
  return copy;
}
