// About how much memory a value holds, for caches whose users do not say. Strings count 2 bytes a unit, numbers 8, an object 16 and
// 8 a field; buffers their length. It looks at 1,000 parts at most and takes the rest of the last list for like what it saw, so
// the cost is bounded; cycles end there too. An estimate, not a measurement: V8 stores Latin-1 strings in half of it.

const MOST_PARTS = 1_000;

/** Bytes, a whole number ≥ 1. */
export function estimateBytes(value: unknown): number {
  const pending: unknown[] = [value];
  let bytes = 0;
  let parts = 0;
  while (pending.length > 0) {
    if (parts++ === MOST_PARTS) return Math.ceil((bytes * (parts + pending.length)) / parts);
    const part = pending.pop();
    bytes += ownBytes(part);
    if (typeof part === "object" && part !== null && !ArrayBuffer.isView(part) && !(part instanceof ArrayBuffer)) {
      pushParts(part, pending);
    }
  }
  return Math.max(1, bytes);
}

function ownBytes(value: unknown): number {
  if (typeof value === "string") return 16 + 2 * value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 64 + value.byteLength;
  return 16;
}

/** Adds what the object holds, as far as it may still be looked at. */
function pushParts(value: object, pending: unknown[]): void {
  if (Array.isArray(value) || value instanceof Set) {
    for (const part of value) {
      if (pending.length > MOST_PARTS * 2) return;
      pending.push(part);
    }
  } else if (value instanceof Map) {
    for (const [key, part] of value) {
      if (pending.length > MOST_PARTS * 2) return;
      pending.push(key, part);
    }
  } else {
    for (const key in value) {
      if (pending.length > MOST_PARTS * 2) return;
      pending.push((value as Record<string, unknown>)[key]);
    }
  }
}
