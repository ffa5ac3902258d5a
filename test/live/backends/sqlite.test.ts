// C24: the SQLite backend.

import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeKey } from "../../../live/backends/key-bytes.ts";
import { SqliteBackend } from "../../../live/backends/sqlite.ts";
import { describeBackend } from "./conformance.ts";
import { collect, entryOf, textOf } from "./entries.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-sqlite-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `cache-${files++}.db`);

let nowMillis = 1_800_000_000_000;
const now = () => nowMillis;
let current: SqliteBackend;

describeBackend("sqlite", {
  open: async (onProblem) => (current = await SqliteBackend.open(newPath(), { now, onProblem })),
  openSmall: async () => SqliteBackend.open(newPath(), { now, maxBytes: 3_500_000 }),
  now,
  advance: async (millis) => {
    nowMillis += millis;
  },
  damage: async (key) => {
    current.withDatabase((database) => {
      const row = database.get("SELECT entry FROM entries WHERE key = ?", [encodeKey(key)])!;
      const entry = row["entry"] as Uint8Array;
      entry[entry.length - 1]! ^= 1;
      database.run("UPDATE entries SET entry = ? WHERE key = ?", [entry, encodeKey(key)]);
    });
  },
  hasSize: true,
});

describe("sqlite", () => {
  it("keeps what it holds from one opening to the next", async () => {
    const path = newPath();
    const first = await SqliteBackend.open(path);
    await first.set("a", entryOf("1", { tags: ["t"] }));
    await first.set("b", entryOf("2"));
    await first.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(existsSync(`${path}.owner`)).toBe(false);
    const second = await SqliteBackend.open(path);
    expect(textOf(await second.get("b"))).toBe("2");
    expect(await second.deleteTag("t")).toBe(1);
    expect(await collect(second.keys())).toEqual(["b"]);
    await second.close();
  });

  it("lets go of what is over, so that the file does not grow", async () => {
    const path = newPath();
    let time = 1_000;
    const backend = await SqliteBackend.open(path, { now: () => time });
    for (let i = 0; i < 3_000; i++) {
      await backend.set(
        `key ${i}`,
        entryOf("x".repeat(1_000), { expiresAtMillis: time + 50, keepUntilMillis: time + 50 }),
      );
      time += 1;
    }
    expect((await backend.size()).entries).toBeLessThanOrEqual(50);
    await backend.close();
    expect(statSync(path).size).toBeLessThan(1_500_000);
  });

  it("makes room of what is over before it says that it is full", async () => {
    let time = 1_000;
    const backend = await SqliteBackend.open(newPath(), { now: () => time, maxBytes: 1_500_000 });
    const bytes = new Uint8Array(1_000_000);
    await backend.set("short", entryOf(bytes, { expiresAtMillis: 2_000, keepUntilMillis: 2_000 }));
    await expect(backend.set("next", entryOf(bytes))).rejects.toMatchObject({ code: "BACKEND_FULL" });
    time = 3_000;
    await backend.set("next", entryOf(bytes));
    expect((await backend.get("next"))!.bytes.length).toBe(1_000_000);
    await backend.close();
  });

  it("does not leave its log to grow while it is read and written", async () => {
    const path = newPath();
    const backend = await SqliteBackend.open(path);
    const bytes = new Uint8Array(100_000);
    for (let i = 0; i < 200; i++) {
      await backend.set(`key ${i % 5}`, entryOf(bytes));
      await backend.get(`key ${i % 5}`);
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(8_000_000); // of 20 MB written
    await backend.close();
  });

  it("opens a file once only, in this process too", async () => {
    const path = newPath();
    const backend = await SqliteBackend.open(path);
    await expect(SqliteBackend.open(path)).rejects.toMatchObject({
      code: "BACKEND_UNAVAILABLE",
      message: expect.stringContaining(`in use by process ${process.pid}`),
    });
    const waiting = SqliteBackend.open(path, { lockWaitMillis: 5_000 });
    await backend.set("a", entryOf("1"));
    await backend.close();
    const second = await waiting;
    expect(textOf(await second.get("a"))).toBe("1");
    await second.close();
  });

  it("refuses options and places that make no sense", async () => {
    await expect(SqliteBackend.open(newPath(), { maxBytes: 10 })).rejects.toMatchObject({ code: "INVALID_INPUT" });
    await expect(SqliteBackend.open(newPath(), { lockWaitMillis: -1 })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
    await expect(SqliteBackend.open(join(folder, "absent", "a.db"))).rejects.toMatchObject({ code: "NOT_WRITABLE" });
    await expect(SqliteBackend.open(folder)).rejects.toMatchObject({ code: "NOT_WRITABLE" });
  });
});
