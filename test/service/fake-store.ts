// A store for tests of the HTTP part: maps, and switches for what may go wrong.

import { MempredError } from "../../core/errors.ts";
import type { PartHealth } from "../../service/health.ts";
import type { Organisation, StoredToken, User } from "../../service/identity.ts";
import type { Item, ItemDraft } from "../../service/item.ts";
import type { ConfigOverrides, ConfigScope } from "../../service/preload-config.ts";
import type { ItemPage, ItemStore, ItemUse, UserActivity } from "../../service/store/item-store.ts";

export class FakeStore implements ItemStore {
  readonly id = "fake";
  readonly organisations = new Map<string, Organisation>();
  readonly users = new Map<string, User>();
  readonly tokens = new Map<string, StoredToken>();
  readonly items = new Map<string, Item>();
  readonly configs = new Map<string, ConfigOverrides>();
  /** Thrown by every method that is not "health". */
  failure: MempredError | null = null;
  /** Waited for by every method. */
  delay: Promise<void> | null = null;
  /** Calls of findToken. */
  lookUps = 0;
  #serial = 0;
  #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async createOrganisation(name: string): Promise<Organisation> {
    await this.#step();
    const made = { id: this.#id("org"), name, createdMillis: this.#now() };
    this.organisations.set(made.id, made);
    return made;
  }
  async organisation(id: string): Promise<Organisation | undefined> {
    await this.#step();
    return this.organisations.get(id);
  }
  async createUser(user: Pick<User, "organisationId" | "role">): Promise<User> {
    await this.#step();
    const { organisationId, role } = user;
    const made = { id: this.#id("user"), organisationId, role, createdMillis: this.#now(), lastActiveMillis: 0 };
    this.users.set(made.id, made);
    return made;
  }
  async user(id: string): Promise<User | undefined> {
    await this.#step();
    return this.users.get(id);
  }
  async countUsers(): Promise<number> {
    await this.#step();
    return this.users.size;
  }

  async addToken(token: StoredToken): Promise<void> {
    await this.#step();
    this.tokens.set(token.id, token);
  }
  async findToken(hash: Uint8Array) {
    this.lookUps++;
    await this.#step();
    const token = [...this.tokens.values()].find((one) => Buffer.compare(one.hash, hash) === 0);
    const user = token && this.users.get(token.userId);
    if (token === undefined || user === undefined) return undefined;
    const { organisationId, role } = user;
    return { token, identity: { tokenId: token.id, userId: user.id, organisationId, role } };
  }
  async revokeToken(id: string): Promise<boolean> {
    await this.#step();
    const token = this.tokens.get(id);
    if (token !== undefined) this.tokens.set(id, { ...token, revokedMillis: this.#now() });
    return token !== undefined;
  }
  async tokensOf(userId: string): Promise<readonly StoredToken[]> {
    await this.#step();
    return [...this.tokens.values()].filter((token) => token.userId === userId);
  }

  async insert(ownerId: string, draft: ItemDraft): Promise<Item> {
    await this.#step();
    const now = this.#now();
    const item: Item = {
      ...draft,
      id: this.#id("item"),
      ownerId,
      organisationId: this.users.get(ownerId)?.organisationId ?? null,
      createdMillis: now,
      updatedMillis: now,
      version: 1,
      useCount: 0,
      lastUsedMillis: now,
    };
    this.items.set(item.id, item);
    return item;
  }
  async get(id: string): Promise<Item | undefined> {
    await this.#step();
    return this.items.get(id);
  }
  async getMany(ids: readonly string[]): Promise<readonly Item[]> {
    await this.#step();
    return ids.flatMap((id) => this.items.get(id) ?? []);
  }
  async update(id: string, ownerId: string, changes: Partial<ItemDraft>, ifVersion?: number) {
    await this.#step();
    const item = this.items.get(id);
    if (item === undefined || item.ownerId !== ownerId) return undefined;
    if (ifVersion !== undefined && ifVersion !== item.version) return "conflict" as const;
    const updated = { ...item, ...changes, version: item.version + 1, updatedMillis: this.#now() };
    this.items.set(id, updated);
    return updated;
  }
  async remove(id: string, ownerId: string, ifVersion?: number): Promise<boolean | "conflict"> {
    await this.#step();
    const item = this.items.get(id);
    if (item?.ownerId === ownerId && ifVersion !== undefined && ifVersion !== item.version) return "conflict";
    return item?.ownerId === ownerId && this.items.delete(id);
  }
  async list(ownerId: string, limit: number, after?: string): Promise<ItemPage> {
    await this.#step();
    const own = [...this.items.values()].filter((item) => item.ownerId === ownerId).reverse();
    const from = after === undefined ? 0 : own.findIndex((item) => item.id === after) + 1;
    const items = own.slice(from, from + limit);
    return { items, next: from + limit < own.length ? (items.at(-1)?.id ?? null) : null };
  }

  async revision(): Promise<number> {
    return 0;
  }
  async publicRevision(): Promise<number> {
    return 0;
  }
  async recent(ownerId: string, _sinceMillis: number, limit: number): Promise<readonly Item[]> {
    return (await this.list(ownerId, limit)).items;
  }
  async frequent(): Promise<readonly Item[]> {
    return [];
  }
  async important(): Promise<readonly Item[]> {
    return [];
  }
  async inContext(ownerId: string, context: string, limit: number): Promise<readonly Item[]> {
    return (await this.list(ownerId, limit)).items.filter((item) => item.contexts.includes(context));
  }
  async contextsOf(): Promise<readonly string[]> {
    return [];
  }
  async trending(_sinceMillis: number, limit: number): Promise<readonly Item[]> {
    await this.#step();
    return [...this.items.values()].filter((item) => item.visibility === "public").slice(0, limit);
  }
  async activeUsers(): Promise<readonly UserActivity[]> {
    return [];
  }
  async noteUses(_uses: readonly ItemUse[], _activity: readonly UserActivity[]): Promise<void> {}

  async config(scope: ConfigScope): Promise<ConfigOverrides> {
    await this.#step();
    return this.configs.get(JSON.stringify(scope)) ?? {};
  }
  async setConfig(scope: ConfigScope, overrides: ConfigOverrides): Promise<void> {
    await this.#step();
    this.configs.set(JSON.stringify(scope), overrides);
  }

  health(): PartHealth {
    if (this.failure === null) return { part: "store", state: "up", reason: "", sinceMillis: 1 };
    return { part: "store", state: "down", reason: this.failure.message, sinceMillis: 1 };
  }
  async close(): Promise<void> {}

  #id(prefix: string): string {
    return `${prefix}-${++this.#serial}`;
  }

  async #step(): Promise<void> {
    if (this.delay !== null) await this.delay;
    if (this.failure !== null) throw this.failure;
  }
}

export function unavailable(): MempredError {
  return new MempredError("BACKEND_UNAVAILABLE", "/secret/path/store.db is locked");
}
