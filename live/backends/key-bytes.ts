// Keys and tags as bytes, one to one. UTF-8 alone is not: every lone surrogate would become the same replacement character, so
// two keys could share an entry. Lone surrogates are written as the three bytes their code point would have, which well-formed
// UTF-8 never contains (WTF-8, S. Sapin, section 3).

import { MempredError } from "../../core/errors.ts";
import { MAX_KEY_BYTES } from "./backend.ts";

/** With the flag u a class of surrogates matches only those that stand alone; the group keeps them in the split. */
const LONE_SURROGATE = /([\uD800-\uDFFF])/u;

/**
 * The bytes of a key or a tag; equal for equal strings only. Throws INVALID_CACHE_ENTRY unless there are 1 to MAX_KEY_BYTES.
 * @param what for the message: "key" or "tag"
 */
export function encodeKey(key: string, what = "key"): Buffer {
  if (typeof key !== "string" || key.length === 0 || key.length > MAX_KEY_BYTES) throw invalidKey(what);
  const bytes = isWellFormed(key) ? Buffer.from(key, "utf8") : encodeLoneSurrogates(key);
  if (bytes.length > MAX_KEY_BYTES) throw invalidKey(what);
  return bytes;
}

/** The string of bytes that `encodeKey` made. */
export function decodeKey(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let from = 0;
  let text = "";
  for (let at = buffer.indexOf(0xed); at >= 0; at = buffer.indexOf(0xed, at + 1)) {
    if (buffer[at + 1]! < 0xa0 || at + 2 >= buffer.length) continue; // U+D000..U+D7FF, an ordinary character
    const unit = 0xd000 | ((buffer[at + 1]! & 0x3f) << 6) | (buffer[at + 2]! & 0x3f);
    text += buffer.toString("utf8", from, at) + String.fromCharCode(unit);
    from = at + 3;
  }
  return text + buffer.toString("utf8", from);
}

function encodeLoneSurrogates(key: string): Buffer {
  const parts = key.split(LONE_SURROGATE).map((part, index) => {
    if (index % 2 === 0) return Buffer.from(part, "utf8");
    const unit = part.charCodeAt(0);
    return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
  });
  return Buffer.concat(parts);
}

/** In every Node since 20, not yet in the library types of ES2022. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

function invalidKey(what: string): MempredError {
  const expected = `a string of 1 to ${MAX_KEY_BYTES} bytes in UTF-8`;
  return new MempredError("INVALID_CACHE_ENTRY", `this ${what} cannot be stored: expected ${expected}`, { expected });
}
