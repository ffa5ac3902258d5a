// What the service keeps for its users: items. An item belongs to one user; whoever else may see it is said by its visibility.

/** Who may see an item: its owner; everyone of the owner's organisation; every user. */
export const VISIBILITIES = ["private", "organisation", "public"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Limits of one item. */
export const MAX_CONTENT_BYTES = 65_536;
export const MAX_CONTEXTS = 16;
/** Contexts are parts of cache keys: no separator, no pattern. */
export const CONTEXT_PATTERN = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** What a user writes. */
export interface ItemDraft {
  /** UTF-8, at most MAX_CONTENT_BYTES. */
  readonly content: string;
  /** What it is about: each as CONTEXT_PATTERN, without repetition. */
  readonly contexts: readonly string[];
  /** 0..1. */
  readonly importance: number;
  readonly isPinned: boolean;
  readonly visibility: Visibility;
}

export interface Item extends ItemDraft {
  /** Made by the store: 1 to 64 of a-z, 0-9 and "-". */
  readonly id: string;
  readonly ownerId: string;
  /** The owner's organisation when the item is read; null without one. */
  readonly organisationId: string | null;
  readonly createdMillis: number;
  readonly updatedMillis: number;
  /** 1, then one more with each change. */
  readonly version: number;
  /** How often it was read, and when last (creation counts as that). Written behind: may lag by seconds. */
  readonly useCount: number;
  readonly lastUsedMillis: number;
}
