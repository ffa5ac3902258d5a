// An item as JSON, for its owner and for others. Whoever does not own it sees what it says and not what its owner makes of it.

import type { RankedItem, Retrieval } from "../engine/preload-engine.ts";
import type { Identity } from "../identity.ts";
import type { Item } from "../item.ts";

/** Whether the bearer may see an item. An admin of the service sees no more than any other user. */
export function maySee(item: Item, { userId, organisationId }: Identity): boolean {
  if (item.ownerId === userId || item.visibility === "public") return true;
  return item.visibility === "organisation" && item.organisationId !== null && item.organisationId === organisationId;
}

export function itemJson(item: Item, identity: Identity): string {
  return item.ownerId === identity.userId ? JSON.stringify(item) : JSON.stringify(othersView(item));
}

export function itemETag({ version }: Item): string {
  return `"${version}"`;
}

export function retrievalJson({ items, servedFrom }: Retrieval, identity: Identity): string {
  let text = `{"servedFrom":"${servedFrom}","items":[`;
  for (let index = 0; index < items.length; index++) {
    const { item, strategy, relevance } = items[index] as RankedItem;
    text += `${index === 0 ? "" : ","}{"strategy":"${strategy}","relevance":${relevance},"item":${itemJson(item, identity)}}`;
  }
  return `${text}]}`;
}

function othersView({ id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version }: Item) {
  return { id, ownerId, content, contexts, visibility, createdMillis, updatedMillis, version };
}
