// An item as JSON, for its owner and for others. Whoever does not own it sees what it says and not what its owner makes of it.

import type { RankedItem, Retrieval } from "../engine/preload-engine.ts";
import type { Identity } from "../identity.ts";
import type { Item } from "../item.ts";

/** Whether the bearer may see an item. An admin of the service sees no more than any other user. */
export function maySee(item: Item, { userId, organisationId }: Identity): boolean {
  if (item.ownerId === userId || item.visibility === "public") return true;
  return item.visibility === "organisation" && item.organisationId !== null && item.organisationId === organisationId;
}

export function itemJson(item: Item, identity: Pick<Identity, "userId">): string {
  return item.ownerId === identity.userId ? JSON.stringify(item) : JSON.stringify(othersView(item));
}

export function itemETag({ version }: Item): string {
  return `"${version}"`;
}

/**
 * A retrieval as JSON, in bytes. What the engine holds in memory it gives again and again: its items are made into JSON once, and a
 * warm answer is a few copies. Cost: 0.1 us an item and what their bytes take.
 */
export function retrievalBytes({ items, servedFrom }: Retrieval, identity: Identity): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for (let index = 0; index < items.length; index++) {
    const ranked = items[index] as RankedItem;
    const part = ranked.item.ownerId === identity.userId ? ownBytes(ranked) : Buffer.from(rankedJson(ranked, identity));
    parts.push(part);
    size += part.length + 1;
  }
  const head = `{"servedFrom":"${servedFrom}","items":[`;
  const bytes = Buffer.allocUnsafe(head.length + Math.max(0, size - 1) + 2);
  let at = bytes.write(head, 0, "latin1");
  for (let index = 0; index < parts.length; index++) {
    if (index > 0) bytes[at++] = 44;
    at += (parts[index] as Buffer).copy(bytes, at);
  }
  bytes.write("]}", at, "latin1");
  return bytes;
}

const prepared = new WeakMap<RankedItem, Buffer>();

function ownBytes(ranked: RankedItem): Buffer {
  let bytes = prepared.get(ranked);
  if (bytes === undefined) {
    bytes = Buffer.from(rankedJson(ranked, { userId: ranked.item.ownerId }));
    prepared.set(ranked, bytes);
  }
  return bytes;
}

function rankedJson({ item, strategy, relevance }: RankedItem, identity: Pick<Identity, "userId">): string {
  return `{"strategy":"${strategy}","relevance":${relevance},"item":${itemJson(item, identity)}}`;
}

function othersView({ id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version }: Item) {
  return { id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version };
}
