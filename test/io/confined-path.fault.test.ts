import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MempredError } from "../../core/errors.ts";
import { confinedPath, isWithin, realConfinedPath } from "../../io/confined-path.ts";

describe("paths that stay in a folder (F15)", () => {
  let folder = "";
  let root = "";
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "mempred-confined-")));
    root = join(folder, "root");
    await mkdir(join(root, "sub"), { recursive: true });
    await mkdir(join(folder, "root-neighbour"));
    await writeFile(join(root, "sub", "a.txt"), "a");
    await writeFile(join(folder, "root-neighbour", "secret"), "s");
    await symlink(join(folder, "root-neighbour"), join(root, "out"));
    await symlink(join(root, "sub"), join(root, "in"));
    await symlink(join(root, "nowhere"), join(root, "broken"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const codeOf = async (name: string): Promise<string> =>
    realConfinedPath(root, name).then(
      () => "none",
      (error: MempredError) => error.code,
    );

  it.each([
    ["sub/a.txt", "none"],
    ["./sub/../sub/a.txt", "none"],
    ["in/a.txt", "none"],
    ["../root-neighbour/secret", "OUTSIDE_ROOT"],
    ["sub/../../root-neighbour/secret", "OUTSIDE_ROOT"],
    ["out/secret", "OUTSIDE_ROOT"],
    ["/etc/passwd", "OUTSIDE_ROOT"],
    [".", "OUTSIDE_ROOT"],
    ["sub/..", "OUTSIDE_ROOT"],
    ["broken", "NOT_FOUND"],
    ["none.txt", "NOT_FOUND"],
    ["", "INVALID_INPUT"],
    ["a\0b", "INVALID_INPUT"],
  ])("%j: %s", async (name, code) => {
    expect(await codeOf(name)).toBe(code);
  });

  it("a neighbour whose name begins alike is outside", () => {
    expect(isWithin("/a/root", "/a/root-neighbour/x")).toBe(false);
    expect(isWithin("/a/root", "/a/root/x")).toBe(true);
    expect(isWithin("/", "/x")).toBe(true);
    expect(confinedPath("/a/root", "b/../c")).toBe("/a/root/c");
  });
});
