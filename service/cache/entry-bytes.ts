// What a list costs while it lies in this process.

/** Both strings' headers, the slot in the map and in the columns of the store, the policy's part of it. */
const OVERHEAD_BYTES = 250;

/** About how many bytes of memory the key and its value take: V8 keeps text of ASCII in one byte a character, other text in two. */
export function entryBytes(key: string, value: string): number {
  return OVERHEAD_BYTES + textBytes(key) + textBytes(value);
}

function textBytes(text: string): number {
  const isAscii = Buffer.byteLength(text, "utf8") === text.length;
  return isAscii ? text.length : 2 * text.length;
}
