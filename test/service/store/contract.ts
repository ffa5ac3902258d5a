// What every ItemStore does, case by case. item-store.test.ts runs it on both.

import { describe, expect, it } from "vitest";
import type { ItemDraft } from "../../../service/item.ts";
import type { ItemStore } from "../../../service/store/item-store.ts";
import { draft } from "./draft.ts";

export interface StoreOptions {
  readonly now: () => number;
}

const HOUR = 3_600_000;
const START = 1_700_000_000_000;

export function describeStore(name: string, open: (options: StoreOptions) => Promise<ItemStore>): void {
  describe(`${name}: the contract of stores`, () => {
    let now = START;
    const setUp = async () => {
      now = START;
      const store = await open({ now: () => now });
      const organisation = await store.createOrganisation("Örg \0 😀");
      const user = await store.createUser({ organisationId: organisation.id, role: "user" });
      const other = await store.createUser({ organisationId: null, role: "admin" });
      return { store, organisation, user, other };
    };
    const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

    it("keeps users and organisations, and counts users", async () => {
      const { store, organisation, user, other } = await setUp();
      expect(await store.organisation(organisation.id)).toEqual({
        id: organisation.id,
        name: "Örg \0 😀",
        createdMillis: START,
      });
      expect(await store.user(user.id)).toEqual(user);
      expect(user).toMatchObject({ role: "user", createdMillis: START, lastActiveMillis: START });
      expect(other.organisationId).toBeNull();
      expect(await store.user("nobody")).toBeUndefined();
      expect(await store.organisation("nobody")).toBeUndefined();
      expect(await store.countUsers()).toBe(2);
      await expect(store.createUser({ organisationId: "none", role: "user" })).rejects.toMatchObject({
        code: "INVALID_INPUT",
      });
      expect(await store.countUsers()).toBe(2);
      expect(store.id).not.toBe("");
      await store.close();
    });

    it("finds tokens by their hash, revokes each once, and refuses doubles and strangers", async () => {
      const { store, user, other } = await setUp();
      const hash = Uint8Array.from({ length: 32 }, (_, i) => i * 8);
      const token = {
        id: "token-1",
        userId: user.id,
        hash,
        createdMillis: START,
        expiresMillis: START + HOUR,
        revokedMillis: null,
      };
      await store.addToken(token);
      const found = await store.findToken(hash.slice());
      expect(found!.identity).toEqual({
        tokenId: "token-1",
        userId: user.id,
        organisationId: user.organisationId,
        role: "user",
      });
      expect({ ...found!.token, hash: [...found!.token.hash] }).toEqual({ ...token, hash: [...hash] });
      expect(await store.findToken(hash.slice(1))).toBeUndefined();
      const invalid = { code: "INVALID_INPUT" };
      await expect(store.addToken({ ...token, id: "token-2" })).rejects.toMatchObject(invalid);
      await expect(store.addToken({ ...token, hash: hash.slice(1) })).rejects.toMatchObject(invalid);
      await expect(store.addToken({ ...token, userId: "nobody" })).rejects.toMatchObject(invalid);
      now += 5;
      expect(await store.revokeToken("token-1")).toBe(true);
      now += 5;
      expect(await store.revokeToken("token-1")).toBe(true);
      expect(await store.revokeToken("token-9")).toBe(false);
      expect((await store.findToken(hash))!.token.revokedMillis).toBe(START + 5);
      expect(ids(await store.tokensOf(user.id))).toEqual(["token-1"]);
      expect(await store.tokensOf(other.id)).toEqual([]);
      await store.close();
    });

    it("keeps any content: every plane of Unicode, zeros, the longest, the empty; a lone surrogate becomes U+FFFD", async () => {
      const { store, user } = await setUp();
      const contents = ["", "\0a\0", "é😀\u{10ffff}", "x".repeat(65_536), "'; DROP TABLE items; --", "\r\n\t"];
      for (const content of contents) {
        const item = await store.insert(user.id, draft({ content }));
        expect((await store.get(item.id))!.content).toBe(content);
      }
      const item = await store.insert(user.id, draft({ content: "a\ud800b" }));
      expect(item.content).toBe("a\ufffdb");
      expect(await store.get(item.id)).toEqual(item);
      await store.close();
    });

    it("inserts, changes, removes: own items only, with versions and revisions", async () => {
      const { store, user, other } = await setUp();
      expect(await store.revision(user.id)).toBe(0);
      expect(await store.publicRevision()).toBe(0);
      const item = await store.insert(user.id, draft({ contexts: ["work", "home"] }));
      expect(item).toMatchObject({ ownerId: user.id, organisationId: user.organisationId, version: 1, useCount: 0 });
      const first = await store.revision(user.id);
      expect(first).toBeGreaterThan(0);
      now += 10;
      expect(await store.update(item.id, other.id, { content: "stolen" })).toBeUndefined();
      expect(await store.update("none", user.id, {})).toBeUndefined();
      expect(await store.update(item.id, user.id, { content: "x" }, 2)).toBe("conflict");
      expect(await store.remove(item.id, other.id)).toBe(false);
      expect(await store.revision(user.id)).toBe(first);
      expect(await store.revision(other.id)).toBe(0);
      const changes = { content: "new", contexts: ["home", "garden"], isPinned: true, importance: undefined };
      const changed = await store.update(item.id, user.id, changes as object, 1);
      expect(changed).toEqual({
        ...item,
        content: "new",
        contexts: ["home", "garden"],
        isPinned: true,
        version: 2,
        updatedMillis: START + 10,
      });
      expect(await store.get(item.id)).toEqual(changed);
      expect(ids(await store.inContext(user.id, "work", 9))).toEqual([]);
      expect(ids(await store.inContext(user.id, "garden", 9))).toEqual([item.id]);
      const second = await store.revision(user.id);
      expect(second).toBeGreaterThan(first);
      expect(await store.remove(item.id, user.id)).toBe(true);
      expect(await store.remove(item.id, user.id)).toBe(false);
      expect(await store.revision(user.id)).toBeGreaterThan(second);
      expect(await store.get(item.id)).toBeUndefined();
      expect(await store.inContext(user.id, "garden", 9)).toEqual([]);
      expect(await store.contextsOf(user.id, 9)).toEqual([]);
      await expect(store.insert("nobody", draft())).rejects.toMatchObject({ code: "INVALID_INPUT" });
      await store.close();
    });

    it("S19: the public revision grows when something public is changed, hidden or removed, and only then", async () => {
      const { store, user } = await setUp();
      const hidden = await store.insert(user.id, draft());
      const shown = await store.insert(user.id, draft({ visibility: "public" }));
      await store.update(hidden.id, user.id, { visibility: "public" });
      await store.insert(user.id, draft({ visibility: "organisation" }));
      expect(await store.publicRevision()).toBe(0);
      let last = 0;
      for (const step of [
        () => store.update(shown.id, user.id, { content: "other" }),
        () => store.update(shown.id, user.id, { visibility: "private" }),
        () => store.remove(hidden.id, user.id),
      ]) {
        await step();
        expect(await store.publicRevision()).toBeGreaterThan(last);
        last = await store.publicRevision();
      }
      await store.remove(shown.id, user.id);
      expect(await store.publicRevision()).toBe(last);
      await store.close();
    });

    it("removes only the version that is asked for, and only its owner's", async () => {
      const { store, user, other } = await setUp();
      const item = await store.insert(user.id, draft());
      await store.update(item.id, user.id, { content: "two" });
      const revision = await store.revision(user.id);
      expect(await store.remove(item.id, user.id, 1)).toBe("conflict");
      expect(await store.remove(item.id, other.id, 2)).toBe(false);
      expect([(await store.get(item.id))?.version, await store.revision(user.id)]).toEqual([2, revision]);
      expect(await store.remove(item.id, user.id, 2)).toBe(true);
      expect(await store.remove(item.id, user.id, 2)).toBe(false);
      await store.close();
    });

    it("lists in pages, the newest first, each once, whatever happens between the pages", async () => {
      const { store, user, other } = await setUp();
      const made: string[] = [];
      for (let i = 0; i < 25; i++) made.unshift((await store.insert(user.id, draft({ content: String(i) }))).id);
      await store.insert(other.id, draft());
      const first = await store.list(user.id, 10);
      expect(ids(first.items)).toEqual(made.slice(0, 10));
      await store.remove(first.items.at(-1)!.id, user.id);
      await store.insert(user.id, draft());
      const second = await store.list(user.id, 10, first.next!);
      expect(ids(second.items)).toEqual(made.slice(10, 20));
      const third = await store.list(user.id, 10, second.next!);
      expect(ids(third.items)).toEqual(made.slice(20));
      expect(third.next).toBeNull();
      await expect(store.list(user.id, 10, "no place; at all")).rejects.toMatchObject({ code: "INVALID_INPUT" });
      await store.close();
    });

    it("S03, S04, S05, S06: recent, frequent, important, in context: their orders and their limits", async () => {
      const { store, user, other } = await setUp();
      const make = (changes: Partial<ItemDraft> = {}) => store.insert(user.id, draft({ importance: 0, ...changes }));
      const old = await make({ contexts: ["a", "b"] });
      now += HOUR;
      const middle = await make({ contexts: ["a"], importance: 0.9 });
      const pinned = await make({ contexts: ["a", "c"], isPinned: true, importance: 0.1 });
      now += HOUR;
      const late = await make({ importance: 0.7 });
      await store.insert(other.id, draft({ importance: 1, isPinned: true, contexts: ["a"] }));
      await store.noteUses(
        [
          { itemId: middle.id, count: 7, lastUsedMillis: START + 1.5 * HOUR },
          { itemId: late.id, count: 9, lastUsedMillis: START },
          { itemId: "gone", count: 1, lastUsedMillis: START },
        ],
        [{ userId: user.id, lastActiveMillis: START + 9 * HOUR }],
      );
      expect(ids(await store.recent(user.id, START + HOUR, 9))).toEqual([late.id, middle.id, pinned.id]);
      await store.noteUses([{ itemId: old.id, count: 5, lastUsedMillis: START + 3 * HOUR }], []);
      expect(ids(await store.recent(user.id, START, 2))).toEqual([old.id, late.id]);
      expect(ids(await store.frequent(user.id, 5, 9))).toEqual([late.id, middle.id, old.id]);
      expect(ids(await store.frequent(user.id, 6, 1))).toEqual([late.id]);
      expect(ids(await store.important(user.id, 0.7, 9))).toEqual([pinned.id, middle.id, late.id]);
      expect(ids(await store.important(user.id, 0, 2))).toEqual([pinned.id, middle.id]);
      expect(ids(await store.inContext(user.id, "a", 2))).toEqual([pinned.id, middle.id]);
      expect(await store.contextsOf(user.id, 2)).toEqual(["a", "b"]);
      expect(await store.get(middle.id)).toMatchObject({ useCount: 7, lastUsedMillis: START + 1.5 * HOUR, version: 1 });
      expect(await store.get(late.id)).toMatchObject({ useCount: 9, lastUsedMillis: START + 2 * HOUR });
      expect(await store.activeUsers(1)).toEqual([{ userId: user.id, lastActiveMillis: START + 9 * HOUR }]);
      expect((await store.activeUsers(9)).length).toBe(2);
      expect(ids(await store.getMany([late.id, "none", old.id, late.id])).sort()).toEqual([old.id, late.id].sort());
      await store.close();
    });

    it("S10, S19: trending is of public items that were used since then, the most used first", async () => {
      const { store, user, other } = await setUp();
      const a = await store.insert(user.id, draft({ visibility: "public" }));
      const b = await store.insert(other.id, draft({ visibility: "public" }));
      const hidden = await store.insert(user.id, draft({ visibility: "organisation" }));
      const unused = await store.insert(user.id, draft({ visibility: "public" }));
      const use = (itemId: string, count: number) => ({ itemId, count, lastUsedMillis: START + HOUR });
      await store.noteUses([use(a.id, 2), use(b.id, 3), use(hidden.id, 9)], []);
      expect(ids(await store.trending(START + 1, 9))).toEqual([b.id, a.id]);
      expect(ids(await store.trending(START, 9))).toEqual([b.id, a.id, unused.id]);
      expect((await store.trending(START, 9))[0]!.organisationId).toBeNull();
      expect(ids(await store.trending(START, 1))).toEqual([b.id]);
      await store.close();
    });

    it("S14, S17: keeps what each scope sets", async () => {
      const { store, user } = await setUp();
      const scope = { kind: "user", id: user.id } as const;
      expect(await store.config(scope)).toEqual({});
      await store.setConfig(scope, { itemsPerUser: 5, isEnabled: undefined });
      await store.setConfig({ kind: "global" }, { isEnabled: false });
      await store.setConfig({ kind: "organisation", id: user.id }, { recentDays: 1 });
      expect(await store.config(scope)).toEqual({ itemsPerUser: 5 });
      await store.setConfig(scope, { recentDays: 3 });
      expect(await store.config(scope)).toEqual({ recentDays: 3 });
      expect(await store.config({ kind: "global" })).toEqual({ isEnabled: false });
      expect(await store.config({ kind: "organisation", id: user.id })).toEqual({ recentDays: 1 });
      await store.close();
    });

    it("when closed, every call is BACKEND_UNAVAILABLE", async () => {
      const { store, user } = await setUp();
      expect(store.health()).toMatchObject({ part: "store", state: "up", reason: "" });
      const pending = store.insert(user.id, draft());
      await store.close();
      await pending; // began before: it is kept
      await store.close();
      const unavailable = { code: "BACKEND_UNAVAILABLE" };
      await expect(store.get("x")).rejects.toMatchObject(unavailable);
      await expect(store.insert(user.id, draft())).rejects.toMatchObject(unavailable);
      await expect(store.revision(user.id)).rejects.toMatchObject(unavailable);
      expect(store.health()).toMatchObject({ state: "down", reason: "closed" });
    });
  });
}
