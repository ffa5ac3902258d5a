// File patterns, and the walk that never leaves its folder.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { matchesName, matchesPath, parseFilePattern } from "../../live/file-pattern.ts";
import { findFiles } from "../../live/find-files.ts";

const base = mkdtempSync(join(tmpdir(), "mempred-warm-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const root = join(base, "workspace");

function put(path: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), path);
}

for (const path of ["a.ts", "b.js", "src/a.ts", "src/deep/er/c.ts", "src/x.tsx", ".hidden/s.ts", "node_modules/p/i.ts"])
  put(path);
mkdirSync(join(base, "outside"));
writeFileSync(join(base, "outside/secret.ts"), "secret");
symlinkSync(join(base, "outside/secret.ts"), join(root, "link.ts"));
symlinkSync(join(base, "outside"), join(root, "out"));
symlinkSync(join(root, "src"), join(root, "again"));
symlinkSync(root, join(root, "src/loop"));
symlinkSync(join(root, "nowhere"), join(root, "dangling.ts"));

function codeOf(work: () => unknown): string {
  try {
    work();
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    return (error as MempredError).code;
  }
}

const fits = (pattern: string, path: string) =>
  parseFilePattern(pattern).some((parts) => matchesPath(parts, path.split("/")));

describe("file patterns", () => {
  it("C01: *, ?, ** and {a,b}", () => {
    const cases: [string, string, boolean][] = [
      ["*.ts", "a.ts", true],
      ["*.ts", "src/a.ts", false],
      ["**/*.ts", "a.ts", true],
      ["**/*.ts", "src/deep/er/c.ts", true],
      ["src/**", "src/deep/er/c.ts", true],
      ["src/**/c.ts", "src/c.ts", true],
      ["src/*/c.ts", "src/deep/er/c.ts", false],
      ["?.ts", "a.ts", true],
      ["?.ts", "ab.ts", false],
      ["*.{ts,js}", "b.js", true],
      ["{src,lib}/{a,b}.ts", "lib/b.ts", true],
      ["{src,lib}/{a,b}.ts", "lib/c.ts", false],
      ["a{b,{c,d}}", "ad", true],
      ["a{b", "a{b", true],
      ["x{,y}", "x", true],
      ["./src/./a.ts", "src/a.ts", true],
      ["**/s.ts", ".hidden/s.ts", false],
      [".hidden/*", ".hidden/s.ts", true],
      ["a.ts", "a_ts", false],
      ["[ab].ts", "a.ts", false],
      ["**", "any/thing", true],
    ];
    for (const [pattern, path, expected] of cases) expect(fits(pattern, path), `${pattern} on ${path}`).toBe(expected);
  });

  it("OUTSIDE_ROOT: .. and absolute patterns, in an alternative too", () => {
    for (const pattern of ["../x", "src/../../x", "/etc/*", "{a,../b}", "..\\x", "C:/x", "\\x", "{/etc,a}/p"]) {
      expect(
        codeOf(() => parseFilePattern(pattern)),
        pattern,
      ).toBe("OUTSIDE_ROOT");
    }
    expect(codeOf(() => parseFilePattern("a..b/..c/d.."))).toBe("");
  });

  it("INVALID_INPUT: too long, too manifold", () => {
    expect(codeOf(() => parseFilePattern("x".repeat(5000)))).toBe("INVALID_INPUT");
    expect(codeOf(() => parseFilePattern("{a,b}".repeat(9)))).toBe("INVALID_INPUT");
    expect(codeOf(() => parseFilePattern("{".repeat(4000)))).toBe("");
  });

  it("names match as a regular expression says, and a thousand stars cost nothing", () => {
    const random = new RandomStream(1, "file-pattern test");
    const draw = (letters: string, most: number) =>
      Array.from({ length: random.integer(most + 1) }, () => letters[random.integer(letters.length)]).join("");
    for (let i = 0; i < 5000; i++) {
      const [part, name] = [draw("ab*?", 7), draw("ab", 7)];
      const expression = new RegExp(`^${part.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      expect(matchesName(part, name), `${part} on ${name}`).toBe(expression.test(name));
    }
    expect(matchesName("a*".repeat(1000), `${"a".repeat(999)}b`)).toBe(false);
  });
});

describe("files of a folder", () => {
  it("C01: finds what fits, each once, sorted, without node_modules and hidden folders", async () => {
    const { paths, refused, isCut } = await findFiles({ root, patterns: ["**/*.ts", "*.{js,ts}", "src/a.ts"] });
    // "again" and "src" are one folder, and so is what "loop" leads to.
    expect(paths).toEqual(["a.ts", "again/a.ts", "again/deep/er/c.ts", "b.js"]);
    expect(isCut).toBe(false);
    expect(refused.map((one) => one.code)).toEqual(["OUTSIDE_ROOT", "OUTSIDE_ROOT"]);
    expect(refused.map((one) => one.details.file).sort()).toEqual(["link.ts", "out"]);
  });

  it("OUTSIDE_ROOT: nothing behind a link that leaves the folder, by name either", async () => {
    const { paths, refused } = await findFiles({ root, patterns: ["out/secret.ts", "link.ts", "src/loop/out/*.ts"] });
    expect(paths).toEqual([]);
    expect(refused.length).toBeGreaterThanOrEqual(2);
    await expect(findFiles({ root, patterns: ["../outside/*.ts"] })).rejects.toMatchObject({ code: "OUTSIDE_ROOT" });
    await expect(findFiles({ root: join(root, "src"), patterns: ["deep/../../a.ts"] })).rejects.toMatchObject({
      code: "OUTSIDE_ROOT",
    });
  });

  it("NOT_FOUND without the folder; stops at the most", async () => {
    await expect(findFiles({ root: join(base, "none"), patterns: ["*"] })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const cut = await findFiles({ root, patterns: ["**"], most: 2 });
    expect([cut.paths.length, cut.isCut]).toEqual([2, true]);
    const plain = await findFiles({ root, patterns: ["**/i.ts"], ignored: [] });
    expect(plain.paths).toEqual(["node_modules/p/i.ts"]);
  });
});
