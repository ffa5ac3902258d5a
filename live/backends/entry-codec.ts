// An entry as bytes, the same in SQLite and in Redis: header, tags, value. The checksum covers everything behind it and begins
// with the key, so that an entry under the wrong key is found out as well as a flipped bit or a missing end.
//
//   0  magic "mpe", then the version of this layout   4 bytes
//   4  CRC-32 of the key, then of all that follows    u32
//   8  stored at, expires at, keep until              3 × f64, ms since the epoch, Infinity allowed
//  32  length of the tags                             u32
//  36  length of the value                            u32
//  40  tags, each: length u32, bytes                  then the value
//
// All numbers are little-endian.

import { crc32 } from "node:zlib";
import { MempredError } from "../../core/errors.ts";
import { MAX_VALUE_BYTES, type StoredEntry } from "./backend.ts";
import { decodeKey, encodeKey } from "./key-bytes.ts";

/** The script in Redis looks for tags too: redis-scripts.ts knows these. */
export const HEADER_BYTES = 40;
export const TAGS_LENGTH_AT = 32;

const MAGIC = 0x0165706d; // "mpe" and version 1, read as one little-endian word
const CHECKSUM_AT = 4;
const TIMES_AT = 8;
const VALUE_LENGTH_AT = 36;

/**
 * The bytes of `entry` as stored under `keyBytes`. Throws INVALID_CACHE_ENTRY: a time that is no integer, an end before the
 * beginning, a value longer than MAX_VALUE_BYTES, a tag that is no key.
 */
export function encodeEntry(keyBytes: Uint8Array, entry: StoredEntry): Buffer {
  checkEntry(entry);
  const tags = entry.tags.map((tag) => encodeKey(tag, "tag"));
  let tagsLength = 0;
  for (const tag of tags) tagsLength += 4 + tag.length;
  const out = Buffer.allocUnsafeSlow(HEADER_BYTES + tagsLength + entry.bytes.length);
  out.writeUInt32LE(MAGIC, 0);
  out.writeDoubleLE(entry.storedAtMillis, TIMES_AT);
  out.writeDoubleLE(entry.expiresAtMillis, TIMES_AT + 8);
  out.writeDoubleLE(entry.keepUntilMillis, TIMES_AT + 16);
  out.writeUInt32LE(tagsLength, TAGS_LENGTH_AT);
  out.writeUInt32LE(entry.bytes.length, VALUE_LENGTH_AT);
  let at = HEADER_BYTES;
  for (const tag of tags) {
    out.writeUInt32LE(tag.length, at);
    out.set(tag, at + 4);
    at += 4 + tag.length;
  }
  out.set(entry.bytes, at);
  out.writeUInt32LE(checksum(keyBytes, out), CHECKSUM_AT);
  return out;
}

/** The entry in `bytes`; its value is a view of them. Throws BACKEND_DAMAGED. */
export function decodeEntry(keyBytes: Uint8Array, bytes: Uint8Array): StoredEntry {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < HEADER_BYTES) throw damaged("it is shorter than its header");
  if (buffer.readUInt32LE(0) !== MAGIC) throw damaged("it does not begin as an entry of this version");
  const tagsLength = buffer.readUInt32LE(TAGS_LENGTH_AT);
  const valueLength = buffer.readUInt32LE(VALUE_LENGTH_AT);
  const valueAt = HEADER_BYTES + tagsLength;
  if (buffer.length !== valueAt + valueLength) throw damaged("its length is not what its header says");
  if (buffer.readUInt32LE(CHECKSUM_AT) !== checksum(keyBytes, buffer)) throw damaged("its checksum does not match");
  const tags: string[] = [];
  for (let at = HEADER_BYTES; at < valueAt; ) {
    const length = buffer.readUInt32LE(at);
    tags.push(decodeKey(buffer.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return {
    bytes: new Uint8Array(buffer.buffer, buffer.byteOffset + valueAt, valueLength),
    storedAtMillis: buffer.readDoubleLE(TIMES_AT),
    expiresAtMillis: buffer.readDoubleLE(TIMES_AT + 8),
    keepUntilMillis: buffer.readDoubleLE(TIMES_AT + 16),
    tags,
  };
}

/** Throws INVALID_CACHE_ENTRY for what no backend can hold; tags are checked where they are encoded. */
export function checkEntry(entry: StoredEntry): void {
  const { bytes, storedAtMillis, expiresAtMillis, keepUntilMillis } = entry;
  if (!(bytes instanceof Uint8Array)) throw invalid("its value is no Uint8Array");
  if (bytes.length > MAX_VALUE_BYTES) throw invalid(`its value is longer than ${MAX_VALUE_BYTES} bytes`);
  if (!Number.isSafeInteger(storedAtMillis)) throw invalid("storedAtMillis is no integer");
  if (!isTime(expiresAtMillis)) throw invalid("expiresAtMillis is neither an integer nor Infinity");
  if (!isTime(keepUntilMillis)) throw invalid("keepUntilMillis is neither an integer nor Infinity");
  if (keepUntilMillis < expiresAtMillis) throw invalid("keepUntilMillis is before expiresAtMillis");
}

function isTime(value: number): boolean {
  return Number.isSafeInteger(value) || value === Infinity;
}

function checksum(keyBytes: Uint8Array, entry: Buffer): number {
  return crc32(entry.subarray(TIMES_AT), crc32(keyBytes));
}

function damaged(why: string): MempredError {
  return new MempredError("BACKEND_DAMAGED", `a stored entry cannot be read: ${why}`, { expected: "an intact entry" });
}

function invalid(why: string): MempredError {
  return new MempredError("INVALID_CACHE_ENTRY", `this entry cannot be stored: ${why}`);
}
