// Any sequence of calls has the same answers from SQLite as from the plain maps; closing and opening again changes none.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { ItemDraft } from "../../../service/item.ts";
import type { ItemStore } from "../../../service/store/item-store.ts";
import { MemoryItemStore } from "../../../service/store/memory-store.ts";
import { SqliteItemStore } from "../../../service/store/sqlite-store.ts";
import { runs } from "../../runs.ts";
import { makeFolder } from "./folder.ts";

const newPath = makeFolder("store-model");
const USERS = 3;
const CONTEXTS = ["a", "b", "c", "long-context_1"];

const draft: fc.Arbitrary<ItemDraft> = fc.record({
  content: fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: "binary", maxLength: 5 })),
  contexts: fc.uniqueArray(fc.constantFrom(...CONTEXTS), { maxLength: 3 }),
  importance: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 0.7, 1)),
  isPinned: fc.boolean(),
  visibility: fc.constantFrom("private", "organisation", "public"),
});
const who = fc.nat(USERS - 1);
const which = fc.nat(30);
const limit = fc.constantFrom(1, 2, 5, 50);
const ago = fc.constantFrom(0, 1, 50, 5_000);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("insert" as const), who, draft }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("update" as const),
      who,
      which,
      changes: fc.record(
        {
          content: fc.string(),
          contexts: draft.map((one) => one.contexts),
          visibility: draft.map((d) => d.visibility),
        },
        { requiredKeys: [] },
      ),
      ifVersion: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), who, which }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("use" as const), which, count: fc.integer({ min: 1, max: 9 }), ago }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("query" as const), who, which, limit, ago, n: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ago }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(steps: readonly Step[]): Promise<void> {
  let now = 1_700_000_000_000;
  const counter = () => {
    let made = 0;
    return () => `id-${String(made++).padStart(6, "0")}`;
  };
  const path = newPath();
  const options = { now: () => now, makeId: counter() };
  let sqlite = await SqliteItemStore.open(path, options);
  const model = new MemoryItemStore({ now: () => now, makeId: counter() });
  const both = async <T>(call: (store: ItemStore) => Promise<T>): Promise<T> => {
    const wanted = await call(model);
    expect(await call(sqlite)).toEqual(wanted);
    return wanted;
  };
  const organisation = await both((store) => store.createOrganisation("one"));
  const users: string[] = [];
  for (let i = 0; i < USERS; i++) {
    const organisationId = i === 0 ? null : organisation.id;
    users.push((await both((store) => store.createUser({ organisationId, role: "user" }))).id);
  }
  const made: string[] = ["id-999999"];
  const idOf = (index: number) => made[index % made.length]!;
  for (const one of steps) {
    switch (one.kind) {
      case "insert":
        made.push((await both((store) => store.insert(users[one.who]!, one.draft))).id);
        break;
      case "update":
        await both((store) =>
          store.update(idOf(one.which), users[one.who]!, one.changes as Partial<ItemDraft>, one.ifVersion),
        );
        break;
      case "remove":
        await both((store) => store.remove(idOf(one.which), users[one.who]!));
        break;
      case "use":
        await both((store) =>
          store.noteUses(
            [{ itemId: idOf(one.which), count: one.count, lastUsedMillis: now - one.ago }],
            [{ userId: users[one.which % USERS]!, lastActiveMillis: now - one.ago }],
          ),
        );
        break;
      case "query":
        await both<unknown>((store) => query(store, users[one.who]!, one));
        break;
      case "wait":
        now += one.ago;
        break;
      case "reopen":
        await sqlite.close();
        sqlite = await SqliteItemStore.open(path, options);
    }
    for (const user of users) await both((store) => store.revision(user));
    await both((store) => store.publicRevision());
  }
  for (const user of users) {
    const page = await both((store) => store.list(user, 999));
    expect(page.next).toBeNull();
  }
  await sqlite.close();

  function query(store: ItemStore, user: string, { n, limit, ago, which }: Extract<Step, { kind: "query" }>) {
    switch (n) {
      case 0:
        return store.recent(user, now - ago, limit);
      case 1:
        return store.frequent(user, which % 12, limit);
      case 2:
        return store.important(user, (which % 11) / 10, limit);
      case 3:
        return store.inContext(user, CONTEXTS[which % CONTEXTS.length]!, limit);
      case 4:
        return store.contextsOf(user, limit);
      case 5:
        return store.trending(now - ago, limit);
      case 6:
        return store.activeUsers(limit);
      case 7:
        return store.list(user, limit, which % 2 === 0 ? undefined : idOf(which));
      case 8:
        return store.get(idOf(which));
      default:
        return store.getMany([idOf(which), idOf(which + 1)]);
    }
  }
}

it("S03-S06: SQLite answers as the model does, whatever is asked in whatever order", async () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1e9);
  console.log(`item-store.model: SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => play(steps)),
    { seed, numRuns: runs(40) },
  );
});
