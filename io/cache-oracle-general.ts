// libCacheSim's oracleGeneral: packed little-endian records of 24 bytes, {u32 time, u64 object, u32 size, i64 index of the next
// access}. The next access is of no use here, where the clairvoyant policy looks ahead by itself.
// Source: libCacheSim, traceReader/customizedReader/oracle/oracleGeneralBin.h.

import type { CacheReader } from "./cache-formats.ts";
import type { CacheTraceBuilder } from "./cache-trace.ts";

export const RECORD_BYTES = 24;
const SIZE_AT = 12;
const NEXT_AT = 16;
/** A next access beyond this index is no index. */
const MOST_NEXT = 1_099_511_627_776n;
const NEVER = 9_223_372_036_854_775_807n;

/** Reads oracleGeneral. */
export class OracleGeneralReader implements CacheReader {
  readonly #builder: CacheTraceBuilder;
  readonly #rest = new Uint8Array(RECORD_BYTES);
  #restBytes = 0;
  #offset = 0; // of the next record

  constructor(builder: CacheTraceBuilder) {
    this.#builder = builder;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(chunk.length, RECORD_BYTES - this.#restBytes);
      this.#rest.set(chunk.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < RECORD_BYTES) return;
      this.#records(this.#rest, 0, RECORD_BYTES);
      this.#restBytes = 0;
    }
    const end = at + Math.floor((chunk.length - at) / RECORD_BYTES) * RECORD_BYTES;
    this.#records(chunk, at, end);
    this.#rest.set(chunk.subarray(end));
    this.#restBytes = chunk.length - end;
  }

  end(): void {
    if (this.#restBytes === 0) return;
    const got = `${this.#restBytes} bytes after ${this.#builder.length} requests`;
    this.#builder.fail({ byte: this.#offset }, `whole records of ${RECORD_BYTES} bytes`, got);
  }

  #records(bytes: Uint8Array, start: number, end: number): void {
    const builder = this.#builder;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = start; at < end; at += RECORD_BYTES) {
      let size = view.getUint32(at + SIZE_AT, true);
      if (size === 0) {
        builder.warn("zero-size", { byte: this.#offset + SIZE_AT });
        size = 1;
      }
      builder.request(builder.number(view.getUint32(at + 4, true), view.getUint32(at + 8, true)), size);
      this.#offset += RECORD_BYTES;
    }
  }
}

/** Whether the whole records of a sample could be such: time never goes back, the next access lies ahead or never comes. */
export function looksLikeOracleGeneral(sample: Uint8Array): boolean {
  const records = Math.floor(sample.length / RECORD_BYTES);
  const view = new DataView(sample.buffer, sample.byteOffset, sample.byteLength);
  let time = 0;
  for (let i = 0; i < records; i++) {
    const next = view.getBigInt64(i * RECORD_BYTES + NEXT_AT, true);
    const isNext = next === -1n || next === NEVER || (next > 0n && next < MOST_NEXT);
    if (!isNext || view.getUint32(i * RECORD_BYTES, true) < time) return false;
    time = view.getUint32(i * RECORD_BYTES, true);
  }
  return records > 0;
}
