// The hash that a policy knows a key by: FNV-1a over the UTF-16 units, then the finalizer of MurmurHash3, so that a table or a
// sketch may use any of its bits. Seeded per cache and per context: the same key in two contexts is two keys.

/** A hash of `text`, 0 ≤ hash < 2^32. Equal on every engine. Cost: one multiplication a unit. */
export function hashKey(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
