// A cache as bytes: magic, CRC-32 of all that follows, a header as JSON, then for each entry its description as JSON and its value as
// the codec writes it, each behind its length. Entries stand in the order in which they would leave, so that what is put back
// first is what is coldest. A flipped bit anywhere is noticed before anything is taken.

import type { StoredValue } from "../cache/store-options.ts";
import { MempredError } from "../core/errors.ts";
import { crc32 } from "../core/hash.ts";
import type { ValueCodec } from "./codec.ts";

const MAGIC = "MPCACHE1";
const SCHEMA = "mempred.cache-snapshot/1";
const BODY_AT = MAGIC.length + 4;

export interface SnapshotReport {
  readonly entries: number;
  /** Entries whose value the codec could not write, or not read. */
  readonly skipped: number;
}

interface Header {
  readonly schema: string;
  readonly codec: string;
  readonly savedAtMillis: number;
  readonly entries: number;
}

export function writeSnapshot<V>(
  entries: readonly StoredValue<V>[],
  codec: ValueCodec<V>,
  savedAtMillis: number,
): { bytes: Uint8Array; report: SnapshotReport } {
  const parts: Uint8Array[] = [];
  let written = 0;
  for (const { value, expiresAt, keepUntil, ...description } of entries) {
    let bytes: Uint8Array;
    try {
      bytes = codec.encode(value);
    } catch {
      continue;
    }
    const times = { expiresAt: finiteOrNull(expiresAt), keepUntil: finiteOrNull(keepUntil) };
    parts.push(...withLength(Buffer.from(JSON.stringify({ ...description, ...times }))), ...withLength(bytes));
    written++;
  }
  const header: Header = { schema: SCHEMA, codec: codec.id, savedAtMillis, entries: written };
  const body = Buffer.concat([...withLength(Buffer.from(JSON.stringify(header))), ...parts]);
  const start = Buffer.alloc(BODY_AT);
  start.write(MAGIC, "latin1");
  start.writeUInt32LE(crc32(body), MAGIC.length);
  return { bytes: Buffer.concat([start, body]), report: { entries: written, skipped: entries.length - written } };
}

/** @throws MempredError INVALID_MODEL */
export function readSnapshot<V>(
  bytes: Uint8Array,
  codec: ValueCodec<V>,
): { entries: StoredValue<V>[]; skipped: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < BODY_AT || buffer.toString("latin1", 0, MAGIC.length) !== MAGIC)
    throw damaged("it is no snapshot");
  const body = buffer.subarray(BODY_AT);
  if (crc32(body) !== buffer.readUInt32LE(MAGIC.length)) throw damaged("its check value is wrong");
  const reader = new Reader(body);
  const header = reader.json() as Header;
  if (header.schema !== SCHEMA) throw damaged(`it is of version ${String(header.schema)}`);
  if (header.codec !== codec.id) throw damaged(`its values were written by the codec "${header.codec}"`);
  const entries: StoredValue<V>[] = [];
  let skipped = 0;
  for (let i = 0; i < header.entries; i++) {
    const description = reader.json() as StoredValue<V> & { expiresAt: number | null; keepUntil: number | null };
    const { expiresAt, keepUntil } = description;
    const bytesOfValue = reader.next();
    try {
      const value = codec.decode(bytesOfValue);
      entries.push({ ...description, value, expiresAt: expiresAt ?? Infinity, keepUntil: keepUntil ?? Infinity });
    } catch {
      skipped++;
    }
  }
  return { entries, skipped };
}

class Reader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  next(): Buffer {
    if (this.#at + 4 > this.#buffer.length) throw damaged("it ends early");
    const start = this.#at + 4;
    const end = start + this.#buffer.readUInt32LE(this.#at);
    if (end > this.#buffer.length) throw damaged("it ends early");
    this.#at = end;
    return this.#buffer.subarray(start, end);
  }

  json(): unknown {
    try {
      return JSON.parse(this.next().toString("utf8"));
    } catch (error) {
      throw error instanceof MempredError ? error : damaged("a description in it is no JSON");
    }
  }
}

function withLength(bytes: Uint8Array): [Buffer, Uint8Array] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.byteLength);
  return [length, bytes];
}

function finiteOrNull(time: number): number | null {
  return time === Infinity ? null : time;
}

function damaged(what: string): MempredError {
  return new MempredError("INVALID_MODEL", `the snapshot of the cache cannot be used: ${what}`, { expected: SCHEMA });
}
