// The store in one SQLite file. What is acknowledged is on the disk; how the file is opened, locked and written is the
// connection's business (sqlite-connection.ts), what is in it the layout's (sqlite-layout.ts).

import { randomUUID } from "node:crypto";
import { MempredError } from "../../core/errors.ts";
import type { PartHealth } from "../health.ts";
import type { Identity, Organisation, Role, StoredToken, User } from "../identity.ts";
import type { Item, ItemDraft, Visibility } from "../item.ts";
import type { ConfigOverrides, ConfigScope } from "../preload-config.ts";
import { changedDraft, checkCursor, draftOf, noSuch, plainOverrides, scopeKey, wellFormed } from "./item-changes.ts";
import type { ItemPage, ItemStore, ItemUse, UserActivity } from "./item-store.ts";
import { ID_PATTERN, idMaker } from "./make-id.ts";
import { SqliteConnection } from "./sqlite-connection.ts";
import { SQL } from "./sqlite-layout.ts";

export interface SqliteStoreOptions {
  /** Milliseconds since the epoch. Default Date.now. */
  readonly now?: (() => number) | undefined;
  /** Makes ids that ascend. Default: make-id.ts. */
  readonly makeId?: (() => string) | undefined;
  /** Largest size of the file, bytes; beyond, BACKEND_FULL. Its log comes on top. Default Infinity. */
  readonly maxBytes?: number | undefined;
}

type Row = Record<string, unknown>;
/** Bytes of a row beside its content, roughly. */
const ROW_BYTES = 1_024;

export class SqliteItemStore implements ItemStore {
  readonly #connection: SqliteConnection;
  readonly #now: () => number;
  readonly #makeId: () => string;
  #id: string;
  #users: number;

  private constructor(connection: SqliteConnection, opened: Opened, now: () => number, makeId: () => string) {
    this.#connection = connection;
    this.#now = now;
    this.#makeId = makeId;
    this.#id = opened.id;
    this.#users = opened.users;
    opened.tell = (id, users) => {
      this.#id = id;
      this.#users = users;
    };
  }

  /**
   * Opens the file, or makes it; its folder must exist. While another process has it, the store is there all the same and is
   * "down: locked" until it gets it. Throws INVALID_INPUT (another program's database, or a newer version's), NOT_WRITABLE and
   * BACKEND_DAMAGED: nothing is set aside, nothing overwritten.
   */
  static async open(path: string, options: SqliteStoreOptions = {}): Promise<SqliteItemStore> {
    const { now = Date.now, maxBytes = Infinity, makeId = idMaker(now) } = options;
    if (!(maxBytes >= 262_144))
      throw new MempredError("INVALID_INPUT", "maxBytes must be at least 262144", { maxBytes });
    const opened: Opened = { id: "", users: 0, connection: undefined, tell: undefined };
    const connection = await SqliteConnection.open(path, { now, maxBytes, onOpen: (one) => identify(one, opened) });
    return new SqliteItemStore(connection, opened, now, makeId);
  }

  /** "" until the file could be opened for the first time. */
  get id(): string {
    return this.#id;
  }

  get openings(): number {
    return this.#connection.openings;
  }

  /** Transactions that were committed: with many writes at a time far fewer than those. */
  get commits(): number {
    return this.#connection.commits;
  }

  createOrganisation(name: string): Promise<Organisation> {
    const organisation = { id: this.#makeId(), name: wellFormed(name), createdMillis: this.#now() };
    return this.#connection.write(ROW_BYTES, () => {
      this.#connection.run(SQL.addOrganisation, organisation.id, Buffer.from(name), organisation.createdMillis);
      return organisation;
    });
  }

  async organisation(id: string): Promise<Organisation | undefined> {
    const row = await this.#byId(SQL.organisation, id);
    if (row === undefined) return undefined;
    return { id: row["id"] as string, name: textOf(row["name"]), createdMillis: Number(row["created"]) };
  }

  async createUser({ organisationId, role }: { organisationId: string | null; role: Role }): Promise<User> {
    const now = this.#now();
    const user = { id: this.#makeId(), organisationId, role, createdMillis: now, lastActiveMillis: now };
    await this.#connection.write(ROW_BYTES, () => {
      if (organisationId !== null && this.#known(SQL.organisation, organisationId) === undefined)
        throw noSuch("organisation", organisationId);
      this.#connection.run(SQL.addUser, user.id, organisationId, role, now, now);
    });
    this.#users++;
    return user;
  }

  async user(id: string): Promise<User | undefined> {
    const row = await this.#byId(SQL.user, id);
    return row === undefined ? undefined : userOf(row);
  }

  countUsers(): Promise<number> {
    return this.#connection.read(() => this.#users);
  }

  addToken({ id, userId, hash, createdMillis, expiresMillis, revokedMillis }: StoredToken): Promise<void> {
    return this.#connection.write(ROW_BYTES, () => {
      if (this.#known(SQL.user, userId) === undefined) throw noSuch("user", userId);
      if (!ID_PATTERN.test(id) || this.#connection.one(SQL.isTaken, id, hash) !== undefined)
        throw new MempredError("INVALID_INPUT", "there is such a token already");
      this.#connection.run(SQL.addToken, id, userId, hash, createdMillis, expiresMillis, revokedMillis);
    });
  }

  async findToken(hash: Uint8Array): Promise<{ token: StoredToken; identity: Identity } | undefined> {
    const row = await this.#connection.read(() => this.#connection.one(SQL.findToken, hash));
    if (row === undefined) return undefined;
    const token = tokenOf(row);
    const organisationId = row["organisation_id"] as string | null;
    const identity = { tokenId: token.id, userId: token.userId, organisationId, role: row["role"] as Role };
    return { token, identity };
  }

  revokeToken(id: string): Promise<boolean> {
    const now = this.#now();
    return this.#connection.write(ROW_BYTES, () => isId(id) && this.#connection.run(SQL.revokeToken, now, id) > 0);
  }

  async tokensOf(userId: string): Promise<readonly StoredToken[]> {
    return (await this.#rows(userId, SQL.tokensOf, userId)).map(tokenOf);
  }

  insert(ownerId: string, draft: ItemDraft): Promise<Item> {
    const kept = draftOf(draft);
    const content = Buffer.from(kept.content);
    const id = this.#makeId();
    const now = this.#now();
    return this.#connection.write(2 * content.length + ROW_BYTES, () => {
      const connection = this.#connection;
      const owner = this.#known(SQL.user, ownerId);
      if (owner === undefined) throw noSuch("user", ownerId);
      const { contexts, importance, isPinned, visibility } = kept;
      const texts = [content, JSON.stringify(contexts)] as const;
      connection.run(SQL.addItem, id, ownerId, ...texts, importance, +isPinned, visibility, now, now, now, now);
      for (const context of contexts) connection.run(SQL.addContext, ownerId, context, id);
      connection.run(SQL.nextRevision, now, ownerId);
      const organisationId = owner["organisation_id"] as string | null;
      const times = { createdMillis: now, updatedMillis: now, lastUsedMillis: now };
      return { ...kept, id, ownerId, organisationId, ...times, version: 1, useCount: 0 };
    });
  }

  async get(id: string): Promise<Item | undefined> {
    const row = await this.#byId(SQL.item, id);
    return row === undefined ? undefined : itemOf(row);
  }

  getMany(ids: readonly string[]): Promise<readonly Item[]> {
    return this.#connection.read(() => {
      const items: Item[] = [];
      for (const id of new Set(ids)) {
        const row = this.#known(SQL.item, id);
        if (row !== undefined) items.push(itemOf(row));
      }
      return items;
    });
  }

  update(
    id: string,
    ownerId: string,
    changes: Partial<ItemDraft>,
    ifVersion?: number,
  ): Promise<Item | "conflict" | undefined> {
    const bytes = 2 * Buffer.byteLength(changes.content ?? "") + ROW_BYTES;
    return this.#connection.write(bytes, () => {
      const connection = this.#connection;
      const item = this.#ownItem(id, ownerId);
      if (item === undefined) return undefined;
      if (ifVersion !== undefined && ifVersion !== item.version) return "conflict";
      const now = this.#now();
      const draft = changedDraft(item, changes);
      const { contexts, importance, isPinned, visibility } = draft;
      const texts = [Buffer.from(draft.content), JSON.stringify(contexts)] as const;
      connection.run(SQL.changeItem, ...texts, importance, +isPinned, visibility, now, now, id);
      for (const context of item.contexts)
        if (!contexts.includes(context)) connection.run(SQL.removeContext, ownerId, context, id);
      for (const context of contexts)
        if (!item.contexts.includes(context)) connection.run(SQL.addContext, ownerId, context, id);
      this.#changed(item, now);
      return { ...item, ...draft, updatedMillis: now, version: item.version + 1 };
    });
  }

  remove(id: string, ownerId: string, ifVersion?: number): Promise<boolean | "conflict"> {
    return this.#connection.write(ROW_BYTES, () => {
      const item = this.#ownItem(id, ownerId);
      if (item === undefined) return false;
      if (ifVersion !== undefined && ifVersion !== item.version) return "conflict";
      this.#connection.run(SQL.removeItem, id);
      for (const context of item.contexts) this.#connection.run(SQL.removeContext, ownerId, context, id);
      this.#changed(item, this.#now());
      return true;
    });
  }

  async list(ownerId: string, limit: number, after?: string): Promise<ItemPage> {
    checkCursor(after);
    const rows =
      after === undefined
        ? await this.#rows(ownerId, SQL.newest, ownerId, limit + 1)
        : await this.#rows(ownerId, SQL.newestAfter, ownerId, after, limit + 1);
    const items = rows.slice(0, limit).map(itemOf);
    return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
  }

  async revision(userId: string): Promise<number> {
    return Number((await this.#byId(SQL.user, userId))?.["revision"] ?? 0);
  }

  publicRevision(): Promise<number> {
    return this.#connection.read(() => Number(this.#connection.one(SQL.fact, "publicRevision")!["value"]));
  }

  async recent(ownerId: string, sinceMillis: number, limit: number): Promise<readonly Item[]> {
    return (await this.#rows(ownerId, SQL.recent, ownerId, sinceMillis, limit)).map(itemOf);
  }

  async frequent(ownerId: string, leastUses: number, limit: number): Promise<readonly Item[]> {
    return (await this.#rows(ownerId, SQL.frequent, ownerId, leastUses, limit)).map(itemOf);
  }

  important(ownerId: string, importantFrom: number, limit: number): Promise<readonly Item[]> {
    if (!isId(ownerId)) return Promise.resolve([]);
    return this.#connection.read(() => {
      const pinned = this.#connection.all(SQL.important, ownerId, 1, 0, limit);
      const others = this.#connection.all(SQL.important, ownerId, 0, importantFrom, limit - pinned.length);
      return [...pinned, ...others].map(itemOf);
    });
  }

  async inContext(ownerId: string, context: string, limit: number): Promise<readonly Item[]> {
    return (await this.#rows(ownerId, SQL.inContext, ownerId, context, limit)).map(itemOf);
  }

  async contextsOf(ownerId: string, limit: number): Promise<readonly string[]> {
    return (await this.#rows(ownerId, SQL.contextsOf, ownerId, limit)).map((row) => row["context"] as string);
  }

  trending(sinceMillis: number, limit: number): Promise<readonly Item[]> {
    return this.#connection.read(() => this.#connection.all(SQL.trending, sinceMillis, limit).map(itemOf));
  }

  activeUsers(limit: number): Promise<readonly UserActivity[]> {
    return this.#connection.read(() =>
      this.#connection
        .all(SQL.activeUsers, limit)
        .map((row) => ({ userId: row["id"] as string, lastActiveMillis: Number(row["last_active"]) })),
    );
  }

  noteUses(uses: readonly ItemUse[], activity: readonly UserActivity[]): Promise<void> {
    const connection = this.#connection;
    return connection.write(100 * (uses.length + activity.length), () => {
      for (const { itemId, count, lastUsedMillis } of uses)
        if (isId(itemId)) connection.run(SQL.useItem, count, lastUsedMillis, lastUsedMillis, itemId);
      for (const { userId, lastActiveMillis } of activity)
        if (isId(userId)) connection.run(SQL.setActive, lastActiveMillis, userId);
    });
  }

  config(scope: ConfigScope): Promise<ConfigOverrides> {
    return this.#connection.read(() => {
      const row = this.#connection.one(SQL.config, scopeKey(scope));
      return row === undefined ? {} : (JSON.parse(row["overrides"] as string) as ConfigOverrides);
    });
  }

  setConfig(scope: ConfigScope, overrides: ConfigOverrides): Promise<void> {
    const text = JSON.stringify(plainOverrides(overrides));
    return this.#connection.write(ROW_BYTES, () => void this.#connection.run(SQL.setConfig, scopeKey(scope), text));
  }

  health(): PartHealth {
    return this.#connection.health();
  }

  /** Writes what is under way. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  /** @internal For tests: the plan of a statement. */
  explain(sql: string): Promise<string[]> {
    const values = Array.from({ length: sql.split("?").length - 1 }, () => 1);
    return this.#connection.read(() =>
      this.#connection.all(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => row["detail"] as string),
    );
  }

  /** The user's lists are others from now on, and what is public may be less. */
  #changed(before: Item, now: number): void {
    this.#connection.run(SQL.nextRevision, now, before.ownerId);
    if (before.visibility === "public") this.#connection.run(SQL.takeFromPublic, now);
  }

  #ownItem(id: string, ownerId: string): Item | undefined {
    const row = this.#known(SQL.item, id);
    return row === undefined || row["owner_id"] !== ownerId ? undefined : itemOf(row);
  }

  /** The row of an id; no row for what cannot be one. Within steps. */
  #known(sql: string, id: string): Row | undefined {
    return isId(id) ? this.#connection.one(sql, id) : undefined;
  }

  #byId(sql: string, id: string): Promise<Row | undefined> {
    return this.#connection.read(() => this.#known(sql, id));
  }

  #rows(ownerId: string, sql: string, ...values: (string | number)[]): Promise<Row[]> {
    return this.#connection.read(() => (isId(ownerId) ? this.#connection.all(sql, ...values) : []));
  }
}

/** What is read from the file each time it is opened. */
interface Opened {
  id: string;
  users: number;
  connection: SqliteConnection | undefined;
  tell: ((id: string, users: number) => void) | undefined;
}

function identify(connection: SqliteConnection, opened: Opened): void {
  let id = connection.one(SQL.fact, "id")?.["value"] as string | undefined;
  if (id === undefined) {
    id = randomUUID();
    connection.run(SQL.setFact, "publicRevision", 0);
    connection.run(SQL.setFact, "id", id);
  }
  opened.id = id;
  opened.users = Number(connection.one(SQL.countUsers)!["count"]);
  opened.tell?.(opened.id, opened.users);
}

function isId(id: string): boolean {
  return ID_PATTERN.test(id);
}

function textOf(bytes: unknown): string {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString();
}

function userOf(row: Row): User {
  return {
    id: row["id"] as string,
    organisationId: row["organisation_id"] as string | null,
    role: row["role"] as Role,
    createdMillis: Number(row["created"]),
    lastActiveMillis: Number(row["last_active"]),
  };
}

function tokenOf(row: Row): StoredToken {
  const revoked = row["revoked"];
  return {
    id: row["id"] as string,
    userId: row["user_id"] as string,
    hash: row["hash"] as Uint8Array,
    createdMillis: Number(row["created"]),
    expiresMillis: Number(row["expires"]),
    revokedMillis: revoked === null ? null : Number(revoked),
  };
}

function itemOf(row: Row): Item {
  return {
    id: row["id"] as string,
    ownerId: row["owner_id"] as string,
    organisationId: row["organisation_id"] as string | null,
    content: textOf(row["content"]),
    contexts: JSON.parse(row["contexts"] as string) as string[],
    importance: Number(row["importance"]),
    isPinned: row["is_pinned"] === 1,
    visibility: row["visibility"] as Visibility,
    createdMillis: Number(row["created"]),
    updatedMillis: Number(row["updated"]),
    version: Number(row["version"]),
    useCount: Number(row["uses"]),
    lastUsedMillis: Number(row["last_used"]),
  };
}
