// An item as a user writes it, with whatever a test wants of it.

import type { ItemDraft } from "../../../service/item.ts";

export function draft(changes: Partial<ItemDraft> = {}): ItemDraft {
  return { content: "text", contexts: [], importance: 0.5, isPinned: false, visibility: "private", ...changes };
}
