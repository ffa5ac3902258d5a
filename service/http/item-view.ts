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
  return item.ownerId === identity.userId ? forOwner.json(item) : forOthers.json(item);
}

export function itemETag({ version }: Item): string {
  return `"${version}"`;
}

/**
 * A retrieval as JSON, in bytes. What the engine holds in memory it gives again and again: its items are made into JSON once, and a
 * warm answer is a few copies. What the bearer may not see is left out, whoever gave it. Cost: about 0.3 us an item.
 */
export function retrievalBytes({ items, servedFrom }: Retrieval, identity: Identity): Uint8Array<ArrayBuffer> {
  const heads: string[] = [];
  const parts: Buffer[] = [];
  let size = 0;
  for (let index = 0; index < items.length; index++) {
    const { item, strategy, relevance } = items[index] as RankedItem;
    if (!maySee(item, identity)) continue;
    const before = parts.length === 0 ? `{"servedFrom":"${servedFrom}","items":[` : "},";
    const head = `${before}{"strategy":"${strategy}","relevance":${relevance},"item":`;
    const part = preparedJson(item, item.ownerId === identity.userId ? forOwner : forOthers);
    heads.push(head);
    parts.push(part);
    size += head.length + part.length;
  }
  if (parts.length === 0) return Buffer.from(`{"servedFrom":"${servedFrom}","items":[]}`);
  const bytes = Buffer.allocUnsafe(size + 3);
  let at = 0;
  for (let index = 0; index < parts.length; index++) {
    at += bytes.write(heads[index] as string, at, "latin1");
    bytes.set(parts[index] as Buffer, at);
    at += (parts[index] as Buffer).length;
  }
  bytes.write("}]}", at, "latin1");
  return bytes;
}

interface Prepared {
  readonly bytes: WeakMap<Item, Buffer>;
  readonly json: (item: Item) => string;
}

const forOwner: Prepared = { bytes: new WeakMap(), json: (item) => JSON.stringify(item) };
const forOthers: Prepared = { bytes: new WeakMap(), json: (item) => JSON.stringify(othersView(item)) };

function preparedJson(item: Item, { bytes, json }: Prepared): Buffer {
  let made = bytes.get(item);
  if (made === undefined) {
    made = Buffer.from(json(item));
    bytes.set(item, made);
  }
  return made;
}

function othersView({ id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version }: Item) {
  return { id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version };
}
