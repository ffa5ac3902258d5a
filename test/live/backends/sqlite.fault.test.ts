// C24, C32: the SQLite backend when its process dies, its file is damaged or in use, its disk is full.

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sqlite from "node-sqlite3-wasm";
import { afterAll, describe, expect, it } from "vitest";
import type { MempredError } from "../../../core/errors.ts";
import { SqliteBackend } from "../../../live/backends/sqlite.ts";
import { Child } from "./child-process.ts";
import { entryOf, textOf } from "./entries.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-sqlite-fault-"));
const mounts: string[] = [];
afterAll(() => {
  for (const mount of mounts) spawnSync("umount", [mount]);
  rmSync(folder, { recursive: true, force: true });
});
let files = 0;
const newPath = () => join(folder, `cache-${files++}.db`);

describe("sqlite: its process dies", () => {
  it("keeps what was acknowledged before SIGKILL, and opens at once although the lock was left behind", async () => {
    const path = newPath();
    const child = new Child("write", `sqlite:${path}`);
    await child.line((line) => line === "acknowledged 200");
    await child.kill();
    expect(existsSync(`${path}.lock`)).toBe(true);
    const last = Number(/\d+/.exec(child.lines.at(-1)!)![0]);
    const backend = await SqliteBackend.open(path);
    const found = await backend.getMany(Array.from({ length: last + 1 }, (_, i) => `key-${i}`));
    expect(found.map(textOf)).toEqual(Array.from({ length: last + 1 }, (_, i) => `value ${i}`));
    expect(await backend.deleteTag("tag-1")).toBeGreaterThanOrEqual(Math.floor((last + 1) / 3));
    await backend.close();
  });

  it("another process has the file: BACKEND_UNAVAILABLE at once, or after the time stated, or it opens when it is free", async () => {
    const path = newPath();
    const holder = new Child("hold", `sqlite:${path}`);
    await holder.line((line) => line === "open");
    const inUse = { code: "BACKEND_UNAVAILABLE", message: expect.stringContaining(`process ${holder.process.pid}`) };
    await expect(SqliteBackend.open(path)).rejects.toMatchObject(inUse);
    const begin = performance.now();
    await expect(SqliteBackend.open(path, { lockWaitMillis: 100 })).rejects.toMatchObject(inUse);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(100);
    const waiting = SqliteBackend.open(path, { lockWaitMillis: 20_000 });
    await holder.kill();
    await (await waiting).close();
  });
});

describe("sqlite: who owns the file", () => {
  const record = (changes: object) => ({ token: "x", pid: 1, started: "1", world: "elsewhere", ...changes });
  const opens = async (path: string) => {
    const backend = await SqliteBackend.open(path);
    await backend.set("a", entryOf("1"));
    await backend.close();
  };

  it("of another machine or container: while its record is touched", async () => {
    const path = newPath();
    writeFileSync(`${path}.owner`, JSON.stringify(record({})));
    mkdirSync(`${path}.lock`);
    await expect(SqliteBackend.open(path)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    const longAgo = Date.now() / 1000 - 16;
    utimesSync(`${path}.owner`, longAgo, longAgo);
    await opens(path);
  });

  it("a record that was never finished: after some time", async () => {
    const path = newPath();
    writeFileSync(`${path}.owner`, '{"token":');
    await expect(SqliteBackend.open(path)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    const longAgo = Date.now() / 1000 - 11;
    utimesSync(`${path}.owner`, longAgo, longAgo);
    mkdirSync(`${path}.takeover`); // whoever began to take over died as well
    utimesSync(`${path}.takeover`, longAgo, longAgo);
    await opens(path);
    expect(readdirSync(folder).filter((name) => name.includes("takeover"))).toEqual([]);
  });

  it("of a process whose number another has by now", async () => {
    const path = newPath();
    const backend = await SqliteBackend.open(path);
    const own = JSON.parse(readFileSync(`${path}.owner`, "utf8")) as { started: string };
    await backend.close();
    writeFileSync(
      `${path}.owner`,
      JSON.stringify({ ...own, token: "y", pid: process.pid, started: `${own.started}0` }),
    );
    if (own.started === "")
      await expect(SqliteBackend.open(path)).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    else await opens(path);
  });

  it("one that was taken over while it stood still notices, and leaves the new owner's record", async () => {
    const path = newPath();
    const backend = await SqliteBackend.open(path);
    writeFileSync(`${path}.owner`, JSON.stringify(record({ token: "new owner" })));
    await expect
      .poll(
        () =>
          backend.set("a", entryOf("1")).then(
            () => "written",
            (error: MempredError) => error.message,
          ),
        {
          timeout: 10_000,
        },
      )
      .toContain("took over");
    await expect(backend.get("a")).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    await backend.close();
    expect(readFileSync(`${path}.owner`, "utf8")).toContain("new owner");
  });
});

describe("sqlite: a damaged file", () => {
  /** A closed database with some hundred entries. */
  async function filled(): Promise<string> {
    const path = newPath();
    const backend = await SqliteBackend.open(path);
    await backend.setMany(new Map(Array.from({ length: 300 }, (_, i) => [`key ${i}`, entryOf("x".repeat(500))])));
    await backend.close();
    return path;
  }

  const damages: Readonly<Record<string, (path: string) => void>> = {
    "no database at all": (path) => writeFileSync(path, "these are not the bytes of a database, ".repeat(100)),
    "cut in half": (path) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096),
    "cut in its header": (path) => truncateSync(path, 90),
    "pages overwritten": (path) => {
      const bytes = readFileSync(path);
      for (let page = 1; page < bytes.length / 4096; page += 2) bytes.fill(0xa5, page * 4096, page * 4096 + 4096);
      writeFileSync(path, bytes);
    },
    "of another layout": (path) => {
      const database = new sqlite.Database(path);
      database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA user_version = 99");
      database.close();
    },
  };

  it.each(Object.keys(damages))("%s: is set aside, told, and the cache goes on", async (name) => {
    const path = await filled();
    damages[name]!(path);
    const copy = `${path}.copy`;
    copyFileSync(path, copy);
    const problems: MempredError[] = [];
    const backend = await SqliteBackend.open(path, {
      now: () => 1_234,
      onProblem: (problem) => problems.push(problem),
    });
    expect(problems.map((problem) => problem.code)).toEqual(["BACKEND_DAMAGED"]);
    const kept = `${path}.damaged-1234`;
    expect(problems[0]!.details["keptAt"]).toBe(kept);
    expect(problems[0]!.message).toContain(kept);
    expect(readFileSync(kept).equals(readFileSync(copy))).toBe(true);
    expect(await backend.get("key 1")).toBeNull();
    await backend.set("key 1", entryOf("new"));
    expect(textOf(await backend.get("key 1"))).toBe("new");
    await backend.close();
  });

  it("without anybody to tell, opening fails once, and the next attempt begins anew", async () => {
    const path = await filled();
    damages["cut in half"]!(path);
    await expect(SqliteBackend.open(path, { now: () => 7 })).rejects.toMatchObject({ code: "BACKEND_DAMAGED" });
    expect(existsSync(`${path}.damaged-7`)).toBe(true);
    const backend = await SqliteBackend.open(path);
    expect(await backend.size()).toEqual({ entries: 0, bytes: 0 });
    await backend.close();
  });

  it.each([true, false])("found while it is in use: the same (somebody to tell: %s)", async (isTold) => {
    const path = newPath();
    const problems: MempredError[] = [];
    const options = isTold ? { onProblem: (problem: MempredError) => void problems.push(problem) } : {};
    let backend = await SqliteBackend.open(path);
    const large = new Uint8Array(1_000_000);
    for (let i = 0; i < 20; i++) await backend.set(`key ${i}`, entryOf(large)); // too large to be checked at the start
    await backend.close();
    const bytes = readFileSync(path);
    expect(bytes.length).toBeGreaterThan(16_777_216);
    const root = bytes.indexOf("key 0"); // a page of the index of keys
    bytes.fill(0xa5, Math.floor(root / 4096) * 4096, Math.floor(root / 4096) * 4096 + 4096);
    writeFileSync(path, bytes);
    backend = await SqliteBackend.open(path, options);
    if (isTold) expect(await backend.get("key 0")).toBeNull();
    else await expect(backend.get("key 0")).rejects.toMatchObject({ code: "BACKEND_DAMAGED" });
    expect(problems.map((problem) => problem.code)).toEqual(isTold ? ["BACKEND_DAMAGED"] : []);
    expect(readdirSync(folder).some((name) => name.startsWith(`${path.slice(folder.length + 1)}.damaged-`))).toBe(true);
    await backend.set("key 0", entryOf("new"));
    expect(textOf(await backend.get("key 0"))).toBe("new");
    await backend.close();
  });

  it("a database of another program is left alone", async () => {
    const path = newPath();
    const database = new sqlite.Database(path);
    database.exec("CREATE TABLE notes(text); INSERT INTO notes VALUES ('mine')");
    database.close();
    const before = readFileSync(path);
    await expect(SqliteBackend.open(path, { onProblem: () => undefined })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(existsSync(`${path}.owner`)).toBe(false);
  });
});

describe("sqlite: a full disk", () => {
  const mount = join(folder, "small-disk");
  mkdirSync(mount);
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", mount]).status === 0;
  if (isMounted) mounts.push(mount);

  // Not every machine lets a test mount a disk of its own; the file's own limit is tested in the suite of all backends.
  (isMounted ? it : it.skip)(
    "is BACKEND_FULL; reads go on, and writes too when there is room (needs mount)",
    async () => {
      const backend = await SqliteBackend.open(join(mount, "cache.db"));
      const bytes = new Uint8Array(100_000).fill(7);
      let stored = 0;
      let problem: unknown;
      while (problem === undefined && stored < 100)
        await backend.set(`key ${stored}`, entryOf(bytes)).then(
          () => stored++,
          (error: unknown) => (problem = error),
        );
      expect(problem).toMatchObject({ code: "BACKEND_FULL" });
      expect(stored).toBeGreaterThan(3);
      for (let i = 0; i < stored; i++) expect((await backend.get(`key ${i}`))!.bytes.length).toBe(100_000);
      expect(readdirSync(mount).some((name) => name.includes("probe"))).toBe(false);
      expect(await backend.delete("key 0")).toBe(true);
      await backend.set("small", entryOf("fits"));
      expect(textOf(await backend.get("small"))).toBe("fits");
      await backend.close();
      const again = await SqliteBackend.open(join(mount, "cache.db"));
      expect((await again.size()).entries).toBe(stored);
      await again.close();
    },
  );
});
