// What lasts: users, their items, tokens and settings. Asynchronous, so that a store may be anywhere.
//
// Operating errors of every method: BACKEND_UNAVAILABLE (locked, gone), BACKEND_FULL (no room), BACKEND_DAMAGED. When a write has
// returned it is kept. Every read is of one moment.

import type { PartHealth } from "../health.ts";
import type { Identity, Organisation, Role, StoredToken, User } from "../identity.ts";
import type { Item, ItemDraft } from "../item.ts";
import type { ConfigOverrides, ConfigScope } from "../preload-config.ts";

export interface ItemPage {
  readonly items: readonly Item[];
  /** Where to go on; null: that was all. */
  readonly next: string | null;
}

/** Reads of one item, to be counted. */
export interface ItemUse {
  readonly itemId: string;
  readonly count: number;
  readonly lastUsedMillis: number;
}

export interface UserActivity {
  readonly userId: string;
  readonly lastActiveMillis: number;
}

export interface ItemStore {
  /** Of this database: lists in a cache say what they were made of. "" while it could not be opened yet. */
  readonly id: string;
  /**
   * Grows when others may have changed the database behind this store's back (it lost the file and has it again): what was known
   * of revisions and settings is not certain any more. A store without it never loses the database.
   */
  readonly openings?: number | undefined;

  createOrganisation(name: string): Promise<Organisation>;
  organisation(id: string): Promise<Organisation | undefined>;
  createUser(user: { readonly organisationId: string | null; readonly role: Role }): Promise<User>;
  user(id: string): Promise<User | undefined>;
  countUsers(): Promise<number>;

  addToken(token: StoredToken): Promise<void>;
  /** The token with this hash and its bearer, revoked and expired ones too; undefined: there is none. */
  findToken(hash: Uint8Array): Promise<{ readonly token: StoredToken; readonly identity: Identity } | undefined>;
  /** False when there is none of that id. */
  revokeToken(id: string): Promise<boolean>;
  tokensOf(userId: string): Promise<readonly StoredToken[]>;

  insert(ownerId: string, draft: ItemDraft): Promise<Item>;
  /** Any user's: the caller checks who may see it. */
  get(id: string): Promise<Item | undefined>;
  /** Those of `ids` that are there, in no order. */
  getMany(ids: readonly string[]): Promise<readonly Item[]>;
  /** "conflict": its version is not `ifVersion`. undefined: this owner has none of that id. */
  update(
    id: string,
    ownerId: string,
    changes: Partial<ItemDraft>,
    ifVersion?: number,
  ): Promise<Item | "conflict" | undefined>;
  /** False: this owner has none of that id. "conflict": its version is not `ifVersion`. */
  remove(id: string, ownerId: string, ifVersion?: number): Promise<boolean | "conflict">;
  /** One user's items, the newest first. @param after what `next` said */
  list(ownerId: string, limit: number, after?: string): Promise<ItemPage>;

  /** Grows with each change of this user's items, in the same step as the change. 0: no change yet. Users' own lists depend on it. */
  revision(userId: string): Promise<number>;
  /** Grows with each change that takes something away from what is public. */
  publicRevision(): Promise<number>;

  /** Used or changed since then, the latest first. */
  recent(ownerId: string, sinceMillis: number, limit: number): Promise<readonly Item[]>;
  /** Of so many uses or more, the most used first. */
  frequent(ownerId: string, leastUses: number, limit: number): Promise<readonly Item[]>;
  /** Pinned, or of that importance or more; pinned first, then by importance. */
  important(ownerId: string, importantFrom: number, limit: number): Promise<readonly Item[]>;
  inContext(ownerId: string, context: string, limit: number): Promise<readonly Item[]>;
  /** Contexts of this user's items, the commonest first. */
  contextsOf(ownerId: string, limit: number): Promise<readonly string[]>;
  /** Public items used since then, by uses. */
  trending(sinceMillis: number, limit: number): Promise<readonly Item[]>;
  /** The latest active first. */
  activeUsers(limit: number): Promise<readonly UserActivity[]>;
  /** Counts uses and activity, in one step; items that are gone are left out. */
  noteUses(uses: readonly ItemUse[], activity: readonly UserActivity[]): Promise<void>;

  config(scope: ConfigScope): Promise<ConfigOverrides>;
  setConfig(scope: ConfigScope, overrides: ConfigOverrides): Promise<void>;

  health(): PartHealth;
  close(): Promise<void>;
}
