// The tables of the service's store, and each statement on them. Every query has an index which it follows (a test asks SQLite for
// its plan). Texts that users write are kept as bytes: this build of SQLite ends a text at its first zero.

import type { FileLayout } from "../../live/backends/sqlite-file.ts";

export const STORE_LAYOUT: FileLayout = {
  applicationId: 0x6d707372, // "mpsr"
  what: "store",
  version: 1,
  synchronous: "FULL",
  migrations: [],
  schema: `
  CREATE TABLE facts(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE organisations(id TEXT PRIMARY KEY, name BLOB NOT NULL, created REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE users(id TEXT PRIMARY KEY, organisation_id TEXT REFERENCES organisations(id), role TEXT NOT NULL,
    created REAL NOT NULL, last_active REAL NOT NULL, revision REAL NOT NULL) WITHOUT ROWID;
  CREATE INDEX users_by_activity ON users(last_active, id);
  CREATE TABLE tokens(id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id), hash BLOB NOT NULL UNIQUE,
    created REAL NOT NULL, expires REAL NOT NULL, revoked REAL) WITHOUT ROWID;
  CREATE INDEX tokens_by_user ON tokens(user_id, id);
  CREATE TABLE items(id TEXT NOT NULL UNIQUE, owner_id TEXT NOT NULL REFERENCES users(id), content BLOB NOT NULL,
    contexts TEXT NOT NULL, importance REAL NOT NULL, is_pinned INTEGER NOT NULL, visibility TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, version INTEGER NOT NULL, uses INTEGER NOT NULL,
    last_used REAL NOT NULL, touched REAL NOT NULL);
  CREATE INDEX items_by_owner ON items(owner_id, id);
  CREATE INDEX items_by_touch ON items(owner_id, touched, id);
  CREATE INDEX items_by_uses ON items(owner_id, uses, id);
  CREATE INDEX items_by_importance ON items(owner_id, is_pinned, importance, id);
  CREATE INDEX public_items ON items(last_used, uses, id) WHERE visibility = 'public';
  CREATE TABLE contexts(owner_id TEXT NOT NULL, context TEXT NOT NULL, item_id TEXT NOT NULL,
    PRIMARY KEY(owner_id, context, item_id)) WITHOUT ROWID;
  CREATE TABLE configs(scope TEXT PRIMARY KEY, overrides TEXT NOT NULL) WITHOUT ROWID;
  `,
};

const ITEM = `i.id, i.owner_id, u.organisation_id, i.content, i.contexts, i.importance, i.is_pinned, i.visibility, i.created,
  i.updated, i.version, i.uses, i.last_used`;
const ITEMS = `SELECT ${ITEM} FROM items i JOIN users u ON u.id = i.owner_id`;

export const SQL = {
  fact: "SELECT value FROM facts WHERE name = ?",
  setFact: "INSERT INTO facts(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
  takeFromPublic: "UPDATE facts SET value = MAX(value + 1, ?) WHERE name = 'publicRevision'",

  addOrganisation: "INSERT INTO organisations(id, name, created) VALUES (?, ?, ?)",
  organisation: "SELECT id, name, created FROM organisations WHERE id = ?",
  addUser: "INSERT INTO users(id, organisation_id, role, created, last_active, revision) VALUES (?, ?, ?, ?, ?, 0)",
  user: "SELECT id, organisation_id, role, created, last_active, revision FROM users WHERE id = ?",
  countUsers: "SELECT COUNT(*) AS count FROM users",
  activeUsers: "SELECT id, last_active FROM users ORDER BY last_active DESC, id DESC LIMIT ?",
  setActive: "UPDATE users SET last_active = MAX(last_active, ?) WHERE id = ?",
  nextRevision: "UPDATE users SET revision = MAX(revision + 1, ?) WHERE id = ?",

  addToken: "INSERT INTO tokens(id, user_id, hash, created, expires, revoked) VALUES (?, ?, ?, ?, ?, ?)",
  isTaken: "SELECT 1 FROM tokens WHERE id = ? UNION ALL SELECT 1 FROM tokens WHERE hash = ?",
  findToken: `SELECT t.id, t.user_id, t.hash, t.created, t.expires, t.revoked, u.organisation_id, u.role
    FROM tokens t JOIN users u ON u.id = t.user_id WHERE t.hash = ?`,
  revokeToken: "UPDATE tokens SET revoked = COALESCE(revoked, ?) WHERE id = ?",
  tokensOf: `SELECT id, user_id, hash, created, expires, revoked FROM tokens WHERE user_id = ? ORDER BY id`,

  addItem: `INSERT INTO items(id, owner_id, content, contexts, importance, is_pinned, visibility, created, updated, version,
    uses, last_used, touched) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, 0, ?, ?)`,
  item: `${ITEMS} WHERE i.id = ?`,
  changeItem: `UPDATE items SET content = ?, contexts = ?, importance = ?, is_pinned = ?, visibility = ?, updated = ?,
    version = version + 1, touched = MAX(touched, ?) WHERE id = ?`,
  removeItem: "DELETE FROM items WHERE id = ?",
  addContext: "INSERT INTO contexts(owner_id, context, item_id) VALUES (?, ?, ?)",
  removeContext: "DELETE FROM contexts WHERE owner_id = ? AND context = ? AND item_id = ?",
  useItem: `UPDATE items SET uses = uses + ?, last_used = MAX(last_used, ?), touched = MAX(touched, ?) WHERE id = ?`,

  newest: `${ITEMS} WHERE i.owner_id = ? ORDER BY i.id DESC LIMIT ?`,
  newestAfter: `${ITEMS} WHERE i.owner_id = ? AND i.id < ? ORDER BY i.id DESC LIMIT ?`,
  recent: `${ITEMS} WHERE i.owner_id = ? AND i.touched >= ? ORDER BY i.touched DESC, i.id DESC LIMIT ?`,
  frequent: `${ITEMS} WHERE i.owner_id = ? AND i.uses >= ? ORDER BY i.uses DESC, i.id DESC LIMIT ?`,
  important: `${ITEMS} WHERE i.owner_id = ? AND i.is_pinned = ? AND i.importance >= ?
    ORDER BY i.importance DESC, i.id DESC LIMIT ?`,
  inContext: `SELECT ${ITEM} FROM contexts c JOIN items i ON i.id = c.item_id JOIN users u ON u.id = i.owner_id
    WHERE c.owner_id = ? AND c.context = ? ORDER BY c.item_id DESC LIMIT ?`,
  contextsOf: `SELECT context FROM contexts WHERE owner_id = ? GROUP BY context ORDER BY COUNT(*) DESC, context LIMIT ?`,
  trending: `${ITEMS} WHERE i.visibility = 'public' AND i.last_used >= ? ORDER BY i.uses DESC, i.id DESC LIMIT ?`,

  config: "SELECT overrides FROM configs WHERE scope = ?",
  setConfig:
    "INSERT INTO configs(scope, overrides) VALUES (?, ?) ON CONFLICT(scope) DO UPDATE SET overrides = excluded.overrides",
} as const;
