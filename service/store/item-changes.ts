// What both stores do with an item in the same way: made of a draft, changed, measured against the next revision.

import { MempredError } from "../../core/errors.ts";
import type { Item, ItemDraft } from "../item.ts";
import type { ConfigOverrides, ConfigScope } from "../preload-config.ts";
import { ID_PATTERN } from "./make-id.ts";

/** What of an item its owner writes, and as it is kept: a lone half of a surrogate pair is no UTF-8 and becomes U+FFFD. */
export function draftOf(item: ItemDraft): ItemDraft {
  const { contexts, importance, isPinned, visibility } = item;
  return { content: wellFormed(item.content), contexts: [...contexts], importance, isPinned, visibility };
}

/** @param changes undefined values change nothing */
export function changedDraft(item: Item, changes: Partial<ItemDraft>): ItemDraft {
  const merged: Record<string, unknown> = { ...draftOf(item) };
  for (const key of ["content", "contexts", "importance", "isPinned", "visibility"] as const)
    if (changes[key] !== undefined) merged[key] = changes[key];
  return draftOf(merged as unknown as ItemDraft);
}

/**
 * Revisions are one more than the last and not less than the time: so those of a database that was set back to an older copy do
 * not come again with other contents.
 */
export function nextRevision(last: number, nowMillis: number): number {
  return Math.max(last + 1, nowMillis);
}

export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** What a scope is kept under: ids have no colon. */
export function scopeKey(scope: ConfigScope): string {
  return scope.kind === "global" ? "global" : `${scope.kind}:${scope.id}`;
}

/** Without what is undefined. */
export function plainOverrides(overrides: ConfigOverrides): ConfigOverrides {
  return JSON.parse(JSON.stringify(overrides)) as ConfigOverrides;
}

export function noSuch(what: string, id: string): MempredError {
  return new MempredError("INVALID_INPUT", `there is no ${what} "${id.slice(0, 64)}"`, {
    expected: `an id of a ${what}`,
  });
}

/** Throws INVALID_INPUT. */
export function checkCursor(after: string | undefined): void {
  if (after !== undefined && !ID_PATTERN.test(after))
    throw new MempredError("INVALID_INPUT", "this is no place in a list", { expected: "what `next` said" });
}
