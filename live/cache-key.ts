// One text for a context and a key, for stores that know only keys. Nearly always it is the key itself; a named context, or a key
// that would not survive UTF-8 or could be taken for an encoded one, is written as JSON behind a NUL, which also escapes lone
// surrogates. No two pairs share a text, so no context can see another's keys.

import { MempredError } from "../core/errors.ts";
import { MAX_KEY_BYTES } from "./backends/backend.ts";

const MARK = "\u0000";
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws MempredError INVALID_CACHE_ENTRY where both together are longer than a backend's keys may be */
export function encodeCacheKey(context: string, key: string): string {
  const isPlain = context === "" && key !== "" && !key.startsWith(MARK) && !LONE_SURROGATE.test(key);
  const text = isPlain ? key : MARK + JSON.stringify([context, key]);
  // A UTF-16 unit is at most 3 bytes of UTF-8.
  if (text.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(text) > MAX_KEY_BYTES) {
    throw new MempredError("INVALID_CACHE_ENTRY", "the key is too long for the cache's backend", {
      expected: `at most ${MAX_KEY_BYTES} bytes of UTF-8`,
      keyBytes: Buffer.byteLength(text),
    });
  }
  return text;
}

/** The context of an encoded key. */
export function contextOfCacheKey(text: string): string {
  return text.startsWith(MARK) ? (JSON.parse(text.slice(1)) as [string, string])[0] : "";
}

/** The tag under which a backend finds what carries `tag` within one context. */
export function tagInContext(context: string, tag: string): string {
  return MARK + JSON.stringify([context, tag]);
}
