// Values as bytes, for backends and snapshots. The default is the structured clone of the engine: it keeps Map, Set, Date, BigInt,
// typed arrays and cycles, which JSON does not; classes come back as plain objects. It is not for bytes that a stranger can
// write: take `jsonCodec` there, which refuses what JSON would silently change.

import { deserialize, serialize } from "node:v8";
import { MempredError } from "../core/errors.ts";

export interface ValueCodec<V> {
  readonly id: string;
  /** Throws anything for a value that it cannot write. */
  encode(value: V): Uint8Array;
  /** Throws anything for bytes that it did not write. */
  decode(bytes: Uint8Array): V;
}

export const structuredCodec: ValueCodec<unknown> = {
  id: "structured",
  encode: (value) => serialize(value),
  decode: (bytes) => deserialize(bytes),
};

export const jsonCodec: ValueCodec<unknown> = {
  id: "json",
  encode: (value) => {
    refuseLossy(value, []);
    return Buffer.from(JSON.stringify(value));
  },
  decode: (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")),
};

/** @throws MempredError INVALID_CACHE_ENTRY with the codec's error as cause */
export function encodeValue<V>(codec: ValueCodec<V>, key: string, value: V): Uint8Array {
  try {
    return codec.encode(value);
  } catch (error) {
    const shown = key.length > 80 ? `${key.slice(0, 80)}...` : key;
    const message = `the value of "${shown}" cannot be written as bytes: ${(error as Error).message}`;
    throw new MempredError("INVALID_CACHE_ENTRY", message, { codec: codec.id, expected: "a value that can be" }, error);
  }
}

/** Throws TypeError for what `JSON.stringify` would drop, change or not end with. `path` holds the objects above. */
function refuseLossy(value: unknown, path: unknown[]): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
    return;
  }
  if (typeof value !== "object") throw new TypeError(`JSON has no ${typeof value}`);
  if (path.includes(value)) throw new TypeError("it contains itself");
  const prototype = Object.getPrototypeOf(value);
  const isArray = Array.isArray(value);
  if (!isArray && prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`JSON has no ${prototype?.constructor?.name ?? "such object"}`);
  }
  path.push(value);
  if (isArray) for (let i = 0; i < value.length; i++) refuseLossy(value[i], path);
  else for (const key of Object.keys(value)) refuseLossy((value as Record<string, unknown>)[key], path);
  path.pop();
}
