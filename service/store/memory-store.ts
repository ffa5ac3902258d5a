// The store in plain maps, for `serve` without a file and as the model that the SQLite store is tested against. Each query says
// what it means and walks everything; nothing outlives the process.

import { randomUUID } from "node:crypto";
import { MempredError } from "../../core/errors.ts";
import type { PartHealth } from "../health.ts";
import type { Identity, Organisation, Role, StoredToken, User } from "../identity.ts";
import type { Item, ItemDraft } from "../item.ts";
import type { ConfigOverrides, ConfigScope } from "../preload-config.ts";
import {
  changedDraft,
  checkCursor,
  draftOf,
  nextRevision,
  noSuch,
  plainOverrides,
  scopeKey,
  wellFormed,
} from "./item-changes.ts";
import type { ItemPage, ItemStore, ItemUse, UserActivity } from "./item-store.ts";
import { ID_PATTERN, idMaker } from "./make-id.ts";

export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. Default Date.now. */
  readonly now?: (() => number) | undefined;
  /** Makes ids that ascend. Default: make-id.ts. */
  readonly makeId?: (() => string) | undefined;
}

type Order = (a: Item, b: Item) => number;
const newestFirst: Order = (a, b) => (a.id < b.id ? 1 : -1);
const touchedMillis = (item: Item) => Math.max(item.updatedMillis, item.lastUsedMillis);

export class MemoryItemStore implements ItemStore {
  readonly id = randomUUID();
  readonly #now: () => number;
  readonly #makeId: () => string;
  readonly #sinceMillis: number;
  readonly #organisations = new Map<string, Organisation>();
  readonly #users = new Map<string, User>();
  readonly #tokens = new Map<string, StoredToken>();
  readonly #tokensByHash = new Map<string, string>();
  /** By owner, so that one user's queries do not walk the others' items. */
  readonly #owned = new Map<string, Map<string, Item>>();
  readonly #items = new Map<string, Item>();
  readonly #configs = new Map<string, ConfigOverrides>();
  readonly #revisions = new Map<string, number>();
  #publicRevision = 0;
  #isClosed = false;

  constructor(options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#makeId = options.makeId ?? idMaker(this.#now);
    this.#sinceMillis = this.#now();
  }

  async createOrganisation(name: string): Promise<Organisation> {
    this.#check();
    const organisation = { id: this.#makeId(), name: wellFormed(name), createdMillis: this.#now() };
    this.#organisations.set(organisation.id, organisation);
    return organisation;
  }

  async organisation(id: string): Promise<Organisation | undefined> {
    this.#check();
    return this.#organisations.get(id);
  }

  async createUser({ organisationId, role }: { organisationId: string | null; role: Role }): Promise<User> {
    this.#check();
    if (organisationId !== null && !this.#organisations.has(organisationId))
      throw noSuch("organisation", organisationId);
    const now = this.#now();
    const user = { id: this.#makeId(), organisationId, role, createdMillis: now, lastActiveMillis: now };
    this.#users.set(user.id, user);
    this.#owned.set(user.id, new Map());
    return user;
  }

  async user(id: string): Promise<User | undefined> {
    this.#check();
    return this.#users.get(id);
  }

  async countUsers(): Promise<number> {
    this.#check();
    return this.#users.size;
  }

  async addToken(token: StoredToken): Promise<void> {
    this.#check();
    const hash = Buffer.from(token.hash).toString("hex");
    if (!this.#users.has(token.userId)) throw noSuch("user", token.userId);
    if (!ID_PATTERN.test(token.id) || this.#tokens.has(token.id) || this.#tokensByHash.has(hash))
      throw new MempredError("INVALID_INPUT", "there is such a token already");
    this.#tokens.set(token.id, { ...token, hash: token.hash.slice() });
    this.#tokensByHash.set(hash, token.id);
  }

  async findToken(hash: Uint8Array): Promise<{ token: StoredToken; identity: Identity } | undefined> {
    this.#check();
    const token = this.#tokens.get(this.#tokensByHash.get(Buffer.from(hash).toString("hex")) ?? "");
    if (token === undefined) return undefined;
    const { id, organisationId, role } = this.#users.get(token.userId)!;
    return { token, identity: { tokenId: token.id, userId: id, organisationId, role } };
  }

  async revokeToken(id: string): Promise<boolean> {
    this.#check();
    const token = this.#tokens.get(id);
    if (token === undefined) return false;
    this.#tokens.set(id, { ...token, revokedMillis: token.revokedMillis ?? this.#now() });
    return true;
  }

  async tokensOf(userId: string): Promise<readonly StoredToken[]> {
    this.#check();
    const own = [...this.#tokens.values()].filter((token) => token.userId === userId);
    return own.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async insert(ownerId: string, draft: ItemDraft): Promise<Item> {
    this.#check();
    const owner = this.#users.get(ownerId);
    if (owner === undefined) throw noSuch("user", ownerId);
    const now = this.#now();
    const times = { createdMillis: now, updatedMillis: now, lastUsedMillis: now };
    const { organisationId } = owner;
    const item = { ...draftOf(draft), id: this.#makeId(), ownerId, organisationId, ...times, version: 1, useCount: 0 };
    this.#put(item);
    this.#bump(ownerId, now);
    return item;
  }

  async get(id: string): Promise<Item | undefined> {
    this.#check();
    return this.#items.get(id);
  }

  async getMany(ids: readonly string[]): Promise<readonly Item[]> {
    this.#check();
    return [...new Set(ids)].map((id) => this.#items.get(id)).filter((item) => item !== undefined);
  }

  async update(
    id: string,
    ownerId: string,
    changes: Partial<ItemDraft>,
    ifVersion?: number,
  ): Promise<Item | "conflict" | undefined> {
    this.#check();
    const item = this.#items.get(id);
    if (item === undefined || item.ownerId !== ownerId) return undefined;
    if (ifVersion !== undefined && ifVersion !== item.version) return "conflict";
    const now = this.#now();
    const changed = { ...item, ...changedDraft(item, changes), updatedMillis: now, version: item.version + 1 };
    this.#put(changed);
    this.#bump(ownerId, now);
    if (item.visibility === "public") this.#publicRevision = nextRevision(this.#publicRevision, now);
    return changed;
  }

  async remove(id: string, ownerId: string, ifVersion?: number): Promise<boolean | "conflict"> {
    this.#check();
    const item = this.#items.get(id);
    if (item === undefined || item.ownerId !== ownerId) return false;
    if (ifVersion !== undefined && ifVersion !== item.version) return "conflict";
    const now = this.#now();
    this.#items.delete(id);
    this.#owned.get(ownerId)!.delete(id);
    this.#bump(ownerId, now);
    if (item.visibility === "public") this.#publicRevision = nextRevision(this.#publicRevision, now);
    return true;
  }

  async list(ownerId: string, limit: number, after?: string): Promise<ItemPage> {
    this.#check();
    checkCursor(after);
    const rest = this.#own(ownerId, (item) => after === undefined || item.id < after, newestFirst);
    const items = rest.slice(0, limit);
    return { items, next: rest.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async revision(userId: string): Promise<number> {
    this.#check();
    return this.#revisions.get(userId) ?? 0;
  }

  async publicRevision(): Promise<number> {
    this.#check();
    return this.#publicRevision;
  }

  async recent(ownerId: string, sinceMillis: number, limit: number): Promise<readonly Item[]> {
    this.#check();
    const order: Order = (a, b) => touchedMillis(b) - touchedMillis(a) || newestFirst(a, b);
    return this.#own(ownerId, (item) => touchedMillis(item) >= sinceMillis, order).slice(0, limit);
  }

  async frequent(ownerId: string, leastUses: number, limit: number): Promise<readonly Item[]> {
    this.#check();
    const order: Order = (a, b) => b.useCount - a.useCount || newestFirst(a, b);
    return this.#own(ownerId, (item) => item.useCount >= leastUses, order).slice(0, limit);
  }

  async important(ownerId: string, importantFrom: number, limit: number): Promise<readonly Item[]> {
    this.#check();
    const order: Order = (a, b) =>
      Number(b.isPinned) - Number(a.isPinned) || b.importance - a.importance || newestFirst(a, b);
    return this.#own(ownerId, (item) => item.isPinned || item.importance >= importantFrom, order).slice(0, limit);
  }

  async inContext(ownerId: string, context: string, limit: number): Promise<readonly Item[]> {
    this.#check();
    return this.#own(ownerId, (item) => item.contexts.includes(context), newestFirst).slice(0, limit);
  }

  async contextsOf(ownerId: string, limit: number): Promise<readonly string[]> {
    this.#check();
    const counts = new Map<string, number>();
    for (const item of this.#owned.get(ownerId)?.values() ?? [])
      for (const context of item.contexts) counts.set(context, (counts.get(context) ?? 0) + 1);
    const commonest = [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
    return commonest.slice(0, limit).map(([context]) => context);
  }

  async trending(sinceMillis: number, limit: number): Promise<readonly Item[]> {
    this.#check();
    const used = [...this.#items.values()].filter(
      (item) => item.visibility === "public" && item.lastUsedMillis >= sinceMillis,
    );
    return used.sort((a, b) => b.useCount - a.useCount || newestFirst(a, b)).slice(0, limit);
  }

  async activeUsers(limit: number): Promise<readonly UserActivity[]> {
    this.#check();
    const users = [...this.#users.values()];
    users.sort((a, b) => b.lastActiveMillis - a.lastActiveMillis || (a.id < b.id ? 1 : -1));
    return users.slice(0, limit).map(({ id, lastActiveMillis }) => ({ userId: id, lastActiveMillis }));
  }

  async noteUses(uses: readonly ItemUse[], activity: readonly UserActivity[]): Promise<void> {
    this.#check();
    for (const { itemId, count, lastUsedMillis } of uses) {
      const item = this.#items.get(itemId);
      if (item === undefined) continue;
      const last = Math.max(item.lastUsedMillis, lastUsedMillis);
      this.#put({ ...item, useCount: item.useCount + count, lastUsedMillis: last });
    }
    for (const { userId, lastActiveMillis } of activity) {
      const user = this.#users.get(userId);
      if (user === undefined) continue;
      const last = Math.max(user.lastActiveMillis, lastActiveMillis);
      this.#users.set(userId, { ...user, lastActiveMillis: last });
    }
  }

  async config(scope: ConfigScope): Promise<ConfigOverrides> {
    this.#check();
    return this.#configs.get(scopeKey(scope)) ?? {};
  }

  async setConfig(scope: ConfigScope, overrides: ConfigOverrides): Promise<void> {
    this.#check();
    this.#configs.set(scopeKey(scope), plainOverrides(overrides));
  }

  health(): PartHealth {
    const [state, reason] = this.#isClosed ? (["down", "closed"] as const) : (["up", ""] as const);
    return { part: "store", state, reason, sinceMillis: this.#sinceMillis };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #check(): void {
    if (this.#isClosed) throw new MempredError("BACKEND_UNAVAILABLE", "the store is closed");
  }

  #put(item: Item): void {
    this.#items.set(item.id, item);
    this.#owned.get(item.ownerId)!.set(item.id, item);
  }

  #bump(userId: string, now: number): void {
    this.#revisions.set(userId, nextRevision(this.#revisions.get(userId) ?? 0, now));
  }

  #own(ownerId: string, isWanted: (item: Item) => boolean, order: Order): Item[] {
    return [...(this.#owned.get(ownerId)?.values() ?? [])].filter(isWanted).sort(order);
  }
}
