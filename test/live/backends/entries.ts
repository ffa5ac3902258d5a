// Entries for the tests.

import type { StoredEntry } from "../../../live/backends/backend.ts";

/** An entry that lasts, with a text as its value. */
export function entryOf(text: string | Uint8Array, changes: Partial<StoredEntry> = {}): StoredEntry {
  const bytes = typeof text === "string" ? new Uint8Array(Buffer.from(text)) : text;
  return {
    bytes,
    storedAtMillis: 1_700_000_000_000,
    expiresAtMillis: Infinity,
    keepUntilMillis: Infinity,
    tags: [],
    ...changes,
  };
}

export function textOf(entry: StoredEntry | null): string | null {
  return entry === null ? null : Buffer.from(entry.bytes).toString();
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
