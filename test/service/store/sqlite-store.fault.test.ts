// The SQLite store when its process is killed, its file is locked, lost or damaged, its disk full.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { SqliteItemStore } from "../../../service/store/sqlite-store.ts";
import { draft } from "./draft.ts";
import { makeFolder } from "./folder.ts";

const newPath = makeFolder("store-fault");
const diskFolder = mkdtempSync(join(tmpdir(), "mempred-store-fault-"));
const mounts: string[] = [];
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const mount of mounts) spawnSync("umount", [mount]);
  rmSync(diskFolder, { recursive: true, force: true });
});

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

/** Starts child.ts; `lines` grows as it speaks. */
function start(...words: string[]) {
  const child = spawn(process.execPath, ["--import", "tsx", CHILD, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  const waiting: (() => void)[] = [];
  reader.on("line", (line) => {
    lines.push(line);
    for (const wake of waiting.splice(0)) wake();
  });
  const saysLines = async (count: number) => {
    while (lines.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const kill = async () => {
    // All that it said was read, and it is no more: its output ends a moment before it does.
    const ended = [once(reader, "close"), once(child, "exit")];
    child.kill("SIGKILL");
    await Promise.all(ended);
  };
  return { lines, saysLines, kill };
}

const until = async (isSo: () => boolean) => {
  while (!isSo()) await sleep(10);
};

describe("sqlite store: its process is killed", () => {
  it.each([40, 150, 400])(
    "under writes, after %i of them: each that was acknowledged is there, whole",
    async (count) => {
      const path = newPath();
      const child = start("write", path);
      await child.saysLines(count);
      await child.kill();
      const store = await SqliteItemStore.open(path);
      expect(store.health().state).toBe("up");
      const userId = child.lines[0]!.split(" ")[1]!;
      const gone = new Set(child.lines.filter((line) => line.startsWith("gone")).map((line) => line.split(" ")[1]!));
      let found = 0;
      let revision = 0;
      for (const line of child.lines.filter((one) => one.startsWith("item"))) {
        const [, id, number, acknowledged] = line.split(" ") as [string, string, string, string];
        revision = Math.max(revision, Number(acknowledged));
        const item = await store.get(id);
        if (gone.has(id)) expect(item).toBeUndefined();
        else if (item !== undefined) {
          expect(item.content.startsWith(`content ${number} `)).toBe(true);
          found++;
        } else expect(Number(number) % 3, line).toBe(2); // its removal was under way
      }
      expect(found).toBeGreaterThan(count / 4);
      expect(await store.revision(userId)).toBeGreaterThanOrEqual(revision);
      const all = (await store.list(userId, 99_999)).items;
      expect((await store.inContext(userId, "a", 99_999)).map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      await store.insert(userId, draft());
      await store.close();
    },
  );
});

describe("sqlite store: its file is locked", () => {
  it("opens as 'down: locked', fails at once, and has it within 2 s of its being free", async () => {
    const path = newPath();
    const holder = start("hold", path);
    await holder.saysLines(1);
    const store = await SqliteItemStore.open(path);
    expect(store.health()).toMatchObject({ part: "store", state: "down", reason: expect.stringMatching(/^locked: /) });
    expect(store.id).toBe("");
    const unavailable = { code: "BACKEND_UNAVAILABLE", message: expect.stringContaining("locked") };
    await expect(store.get("x")).rejects.toMatchObject(unavailable);
    await expect(store.createOrganisation("x")).rejects.toMatchObject(unavailable);
    await expect(store.countUsers()).rejects.toMatchObject(unavailable);
    await holder.kill();
    await until(() => store.health().state === "up"); // the time limit of the test is the limit here
    expect(store.id).not.toBe("");
    expect(await store.countUsers()).toBe(0);
    await store.createOrganisation("x");
    await store.close();
  });

  it("by SQLite itself (a folder beside it): the same", async () => {
    const path = newPath();
    mkdirSync(`${path}.lock`);
    const store = await SqliteItemStore.open(path);
    expect(store.health()).toMatchObject({ state: "down", reason: expect.stringMatching(/^locked: /) });
    rmSync(`${path}.lock`, { recursive: true });
    await until(() => store.health().state === "up");
    await store.close();
  });

  it("is lost to another process while this one stood still: it keeps off the file, and comes back when it is free", async () => {
    const path = newPath();
    const store = await SqliteItemStore.open(path);
    const user = await store.createUser({ organisationId: null, role: "user" });
    const thief = JSON.stringify({ token: "thief", pid: process.ppid, started: "", world: "elsewhere" });
    writeFileSync(`${path}.owner`, thief);
    await sleep(2_100); // a lock is looked at every two seconds
    await expect(store.insert(user.id, draft())).rejects.toMatchObject({ code: "BACKEND_UNAVAILABLE" });
    expect(store.health()).toMatchObject({ state: "down", reason: expect.stringContaining("took over") });
    const before = readFileSync(path);
    await sleep(400);
    expect(readFileSync(path).equals(before)).toBe(true);
    rmSync(`${path}.lock`, { recursive: true }); // as the other process does when it leaves
    rmSync(`${path}.owner`);
    await until(() => store.health().state === "up");
    expect(store.openings).toBe(2);
    expect(await store.user(user.id)).toEqual(user);
    await store.close();
  });

  it("closing while it is down ends the attempts", async () => {
    const path = newPath();
    mkdirSync(`${path}.lock`);
    const store = await SqliteItemStore.open(path);
    await store.close();
    rmSync(`${path}.lock`, { recursive: true });
    await sleep(400);
    expect(store.health()).toMatchObject({ state: "down", reason: "closed" });
    await (await SqliteItemStore.open(path)).close();
  });
});

describe("sqlite store: no room", () => {
  const mount = join(diskFolder, "small-disk");
  mkdirSync(mount);
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", mount]).status === 0;
  if (isMounted) mounts.push(mount);

  const fill = async (store: SqliteItemStore) => {
    const user = await store.createUser({ organisationId: null, role: "user" });
    const kept: string[] = [];
    let problem: unknown;
    while (problem === undefined && kept.length < 200)
      await store.insert(user.id, draft({ content: "x".repeat(60_000) })).then(
        (item) => kept.push(item.id),
        (error: unknown) => {
          problem = error;
        },
      );
    expect(problem).toMatchObject({ code: "BACKEND_FULL" });
    expect(kept.length).toBeGreaterThan(2);
    expect(store.health()).toMatchObject({ state: "degraded" });
    return { user, kept };
  };

  it("of the file's own limit: BACKEND_FULL; reads go on; writes too when something was removed", async () => {
    const store = await SqliteItemStore.open(newPath(), { maxBytes: 1_000_000 });
    const { user, kept } = await fill(store);
    for (const id of kept) expect((await store.get(id))!.content.length).toBe(60_000);
    // Among others only what is too large fails.
    const writes = ["small", "y".repeat(65_536), "little"].map((content) => store.insert(user.id, draft({ content })));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await store.remove(kept[0]!, user.id)).toBe(true);
    await store.insert(user.id, draft({ content: "x".repeat(50_000) }));
    expect(store.health().state).toBe("up");
    await store.close();
  });

  // Not every machine lets a test mount a disk of its own.
  (isMounted ? it : it.skip)("of the disk: the same, and nothing acknowledged is lost (needs mount)", async () => {
    const store = await SqliteItemStore.open(join(mount, "store.db"));
    const filler = join(mount, "filler");
    writeFileSync(filler, Buffer.alloc(600_000));
    const { user, kept } = await fill(store);
    for (const id of kept) expect((await store.get(id))!.content.length).toBe(60_000);
    rmSync(filler);
    const item = await store.insert(user.id, draft({ content: "z".repeat(60_000) }));
    expect(store.health().state).toBe("up");
    await store.close();
    const again = await SqliteItemStore.open(join(mount, "store.db"));
    expect((await again.getMany([...kept, item.id])).length).toBe(kept.length + 1);
    await again.close();
  });
});

describe("sqlite store: a damaged file", () => {
  it("is BACKEND_DAMAGED and stays where it is", async () => {
    const path = newPath();
    const store = await SqliteItemStore.open(path);
    const user = await store.createUser({ organisationId: null, role: "user" });
    await store.insert(user.id, draft());
    await store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 4096, 12_288);
    writeFileSync(path, bytes);
    await expect(SqliteItemStore.open(path)).rejects.toMatchObject({ code: "BACKEND_DAMAGED" });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
