// Writing: whole or not at all.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { AtomicFile, writeFileAtomic } from "../../io/write-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mempred-write-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MempredError);
  expect((error as MempredError).code).toBe("NOT_WRITABLE");
  return (error as MempredError).message;
}

describe("writing a whole file", () => {
  it("makes it, replaces it, and leaves nothing beside it", async () => {
    const path = join(folder, "result.json");
    await writeFileAtomic(path, "{}\n");
    await writeFileAtomic(path, new TextEncoder().encode("[]\n"));
    expect(readFileSync(path, "utf8")).toBe("[]\n");
    expect(readdirSync(folder)).toEqual(["result.json"]);
  });

  it("keeps the permissions of what it replaces and follows links", async () => {
    const path = join(folder, "real.json");
    writeFileSync(path, "old");
    chmodSync(path, 0o640);
    symlinkSync(path, join(folder, "link.json"));
    await writeFileAtomic(join(folder, "link.json"), "new");
    expect(lstatSync(join(folder, "link.json")).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it("writes to devices without replacing them", async () => {
    await writeFileAtomic("/dev/null", "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it("refuses a folder, a missing folder, a path through a file, a name that is too long", async () => {
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "file"), "");
    expect(await refusal(writeFileAtomic(join(folder, "sub"), "x"))).toMatch(/cannot be written: it is a folder$/);
    expect(await refusal(writeFileAtomic(join(folder, "no", "x"), "x"))).toMatch(/its folder does not exist$/);
    expect(await refusal(writeFileAtomic(join(folder, "file", "x"), "x"))).toMatch(
      /a part of the path is not a folder$/,
    );
    expect(await refusal(writeFileAtomic(join(folder, "x".repeat(300)), "x"))).toMatch(/the name is too long$/);
    expect(readdirSync(folder).sort()).toEqual(["file", "sub"]);
  });

  // Root may write everywhere, so the test steps down for its duration; another user cannot and need not.
  it.skipIf(process.platform === "win32")(
    "refuses a read-only folder and a read-only file, which stay as they were",
    async () => {
      const path = join(folder, "result.json");
      writeFileSync(path, "old");
      chmodSync(path, 0o444);
      const isRoot = process.getuid?.() === 0;
      try {
        if (isRoot) {
          chmodSync(folder, 0o777);
          process.seteuid?.(65534);
        }
        expect(await refusal(writeFileAtomic(path, "new"))).toMatch(/permission denied$/);
        if (isRoot) process.seteuid?.(0);
        chmodSync(folder, 0o555);
        if (isRoot) process.seteuid?.(65534);
        expect(await refusal(writeFileAtomic(join(folder, "other.json"), "new"))).toMatch(/permission denied$/);
      } finally {
        if (isRoot) process.seteuid?.(0);
        chmodSync(folder, 0o755);
      }
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(readdirSync(folder)).toEqual(["result.json"]);
    },
  );
});

describe("writing bit by bit", () => {
  it("shows nothing before commit, and then all of it", async () => {
    const path = join(folder, "run.jsonl");
    writeFileSync(path, "old");
    const file = await AtomicFile.open(path);
    await file.write("one\n");
    await file.write("two\n");
    expect(readFileSync(path, "utf8")).toBe("old");
    await file.commit();
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  });

  it("discarded, it leaves what was there", async () => {
    const file = await AtomicFile.open(join(folder, "run.jsonl"));
    await file.write("one\n");
    await file.discard();
    await file.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("a target that becomes a folder meanwhile is refused at commit, and nothing is left over", async () => {
    const path = join(folder, "run.jsonl");
    const file = await AtomicFile.open(path);
    await file.write("one\n");
    mkdirSync(path);
    expect(await refusal(file.commit())).toMatch(/cannot be written: EISDIR$/);
    expect(readdirSync(folder)).toEqual(["run.jsonl"]);
    expect(existsSync(path)).toBe(true);
  });

  it("two at once do not meet", async () => {
    const path = join(folder, "run.jsonl");
    const [first, second] = await Promise.all([AtomicFile.open(path), AtomicFile.open(path)]);
    await Promise.all([first.write("1"), second.write("2")]);
    await first.commit();
    await second.commit();
    expect(readFileSync(path, "utf8")).toBe("2");
    expect(readdirSync(folder)).toEqual(["run.jsonl"]);
  });

  it("a mistake of the program is no NOT_WRITABLE", async () => {
    const file = await AtomicFile.open(join(folder, "x"));
    const error: unknown = await file.write(5 as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(readdirSync(folder)).toEqual([]);
  });
});
