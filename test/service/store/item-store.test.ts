// Both stores keep the contract; every query of the SQLite store follows an index.

import sqlite from "node-sqlite3-wasm";
import { describe, expect, it } from "vitest";
import { type FileLayout, openFile } from "../../../live/backends/sqlite-file.ts";
import { idMaker } from "../../../service/store/make-id.ts";
import { MemoryItemStore } from "../../../service/store/memory-store.ts";
import { SQL } from "../../../service/store/sqlite-layout.ts";
import { SqliteItemStore } from "../../../service/store/sqlite-store.ts";
import { describeStore } from "./contract.ts";
import { draft } from "./draft.ts";
import { makeFolder } from "./folder.ts";

const newPath = makeFolder("item-store");

describeStore("memory", async (options) => new MemoryItemStore(options));
describeStore("sqlite", (options) => SqliteItemStore.open(newPath(), options));

describe("sqlite store", () => {
  it("has no query that walks a whole table, and sorts only one user's or the trending ones", async () => {
    const store = await SqliteItemStore.open(newPath());
    const user = await store.createUser({ organisationId: null, role: "user" });
    await store.insert(user.id, draft({ contexts: ["a"] }));
    let checked = 0;
    for (const [name, sql] of Object.entries(SQL)) {
      if (name === "countUsers") continue; // once, when the file is opened
      const plan = await store.explain(sql);
      const walked = plan.filter((line) => line.startsWith("SCAN") && !line.startsWith("SCAN CONSTANT ROW"));
      if (name === "activeUsers")
        expect(walked).toEqual(["SCAN users USING COVERING INDEX users_by_activity"]); // to the limit
      else expect(walked, `${name}: ${plan.join("; ")}`).toEqual([]);
      const isSorted = plan.some((line) => line.includes("TEMP B-TREE"));
      expect(isSorted, `${name}: ${plan.join("; ")}`).toBe(name === "contextsOf" || name === "trending");
      checked++;
    }
    expect(checked).toBeGreaterThan(25);
    await store.close();
  });

  it("finds everything again when it is opened again, its own id too", async () => {
    const path = newPath();
    const first = await SqliteItemStore.open(path);
    const user = await first.createUser({ organisationId: null, role: "user" });
    const item = await first.insert(user.id, draft({ contexts: ["a"], visibility: "public" }));
    const revision = await first.revision(user.id);
    await first.close();
    const second = await SqliteItemStore.open(path);
    expect(second.id).toBe(first.id);
    expect(second.openings).toBe(1);
    expect(await second.get(item.id)).toEqual(item);
    expect(await second.revision(user.id)).toBe(revision);
    expect(await second.countUsers()).toBe(1);
    await second.close();
  });

  it("writes of one turn are one transaction, and each fails for itself", async () => {
    const store = await SqliteItemStore.open(newPath());
    const user = await store.createUser({ organisationId: null, role: "user" });
    const before = store.commits;
    const writes = Array.from({ length: 200 }, (_, i) => store.insert(i % 50 === 7 ? "nobody" : user.id, draft()));
    expect((await store.list(user.id, 9)).items).toEqual([]); // not acknowledged, not seen
    const results = await Promise.allSettled(writes);
    expect(results.filter(({ status }) => status === "rejected").length).toBe(4);
    expect((await store.list(user.id, 999)).items.length).toBe(196);
    expect(store.commits - before).toBe(1);
    await store.close();
  });

  it("a file of an older version is brought up to date step by step, in one transaction: all of it or none", async () => {
    const path = newPath();
    const layout = (version: number, migrations: string[]): FileLayout => {
      const schema = "CREATE TABLE t(a); INSERT INTO t VALUES ('kept')";
      return { applicationId: 7, what: "test", version, schema, migrations, synchronous: "FULL" };
    };
    (await openFile(path, Infinity, layout(1, []))).close();
    const steps = ["ALTER TABLE t ADD COLUMN b DEFAULT 2", "ALTER TABLE t ADD COLUMN c DEFAULT 3"];
    const broken = layout(3, [steps[0]!, "ALTER TABLE nothing ADD COLUMN c"]);
    await expect(openFile(path, Infinity, broken)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    const file = await openFile(path, Infinity, layout(3, steps));
    expect(file.database.all("SELECT * FROM t")).toEqual([{ a: "kept", b: 2, c: 3 }]);
    file.close();
    await expect(openFile(path, Infinity, layout(2, [steps[0]!]))).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });

  it("a file of a newer version, or of another program, is left alone: INVALID_INPUT", async () => {
    const path = newPath();
    await (await SqliteItemStore.open(path)).close();
    const database = new sqlite.Database(path);
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA user_version = 99");
    database.close();
    await expect(SqliteItemStore.open(path)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    const foreign = newPath();
    const other = new sqlite.Database(foreign);
    other.exec("CREATE TABLE t(a)");
    other.close();
    await expect(SqliteItemStore.open(foreign)).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(SqliteItemStore.open(path, { maxBytes: 1 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("ids", () => {
  it("ascend and differ, also when the clock stands still or goes back", () => {
    let now = 1_700_000_000_000;
    const make = idMaker(() => now);
    const made = Array.from({ length: 5_000 }, (_, i) => {
      if (i === 2_000) now -= 60_000;
      return make();
    });
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(5_000);
    expect(made.every((id) => /^[0-9a-z]{26}$/.test(id))).toBe(true);
  });
});
