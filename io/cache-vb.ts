// The vb form of a cache trace: dense ids in order of first appearance, each as an unsigned LEB128 varint (seven bits a byte,
// the lowest first, the top bit says that more follow), nothing before, between or after. On disk it is packed with brotli.

import { brotliCompressSync, constants } from "node:zlib";
import type { CacheReader } from "./cache-formats.ts";
import type { CacheTraceBuilder } from "./cache-trace.ts";

const MORE = 128;
const TWO_POW_32 = 4_294_967_296;
/** Eight bytes carry 56 bits, more than a number can. */
const MOST_VARINT_BYTES = 8;
/** Of 11: the last two cost some twenty times the time for a few percent. */
const QUALITY = 9;

/** Reads vb. Ids that are not dense are numbered anew and counted as a warning. */
export class VbReader implements CacheReader {
  readonly #builder: CacheTraceBuilder;
  #value = 0;
  #factor = 1;
  #bytes = 0; // of the varint at hand
  #offset = 0; // of the next byte, in the unpacked data

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  push(chunk: Uint8Array): void {
    const builder = this.#builder;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      this.#value += (byte & (MORE - 1)) * this.#factor;
      this.#bytes++;
      if (byte < MORE) {
        const value = this.#value;
        const start = this.#offset + i + 1 - this.#bytes;
        if (value > Number.MAX_SAFE_INTEGER) builder.fail({ byte: start }, "an id under 2^53", "a larger one");
        builder.request(this.#idOf(value, start), -1);
        this.#value = 0;
        this.#factor = 1;
        this.#bytes = 0;
      } else if (this.#bytes === MOST_VARINT_BYTES) {
        const start = this.#offset + i + 1 - this.#bytes;
        builder.fail({ byte: start }, `a varint of at most ${MOST_VARINT_BYTES} bytes`, "a longer one");
      } else this.#factor *= MORE;
    }
    this.#offset += chunk.length;
  }

  end(): void {
    if (this.#bytes === 0) return;
    const start = this.#offset - this.#bytes;
    this.#builder.fail({ byte: start }, "a whole varint", `a truncated one after ${this.#builder.length} requests`);
  }

  #idOf(value: number, start: number): number {
    if (this.#builder.dense(value)) return value;
    this.#builder.warn("sparse-ids", { byte: start });
    return this.#builder.number(value >>> 0, Math.floor(value / TWO_POW_32));
  }
}

/** The ids as varints. Any ids below 2^32; a reader expects dense ones. */
export function encodeVb(keys: ArrayLike<number>): Uint8Array {
  let length = 0;
  for (let i = 0; i < keys.length; i++) length += varintBytes(keys[i]!);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let i = 0; i < keys.length; i++) {
    let rest = keys[i]!;
    while (rest >= MORE) {
      bytes[at++] = (rest & (MORE - 1)) | MORE;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes;
}

/** What a `.vb.br` file of these ids holds. */
export function packVbBrotli(keys: ArrayLike<number>): Uint8Array {
  const bytes = encodeVb(keys);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: QUALITY };
  return brotliCompressSync(bytes, { params });
}

/** Whether a sample, perhaps cut within a varint, is nothing but dense ids in order of first appearance. */
export function looksLikeVb(sample: Uint8Array): boolean {
  let count = 0;
  let value = 0;
  let factor = 1;
  for (const byte of sample) {
    value += (byte & (MORE - 1)) * factor;
    if (value > count && byte < MORE) return false;
    if (factor > TWO_POW_32) return false;
    if (byte < MORE) {
      if (value === count) count++;
      value = 0;
      factor = 1;
    } else factor *= MORE;
  }
  return count > 0;
}

function varintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : value < 268_435_456 ? 4 : 5;
}
