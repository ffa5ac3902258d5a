import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot, resolveTrace, shippedTraces } from "../../io/find-trace.ts";
import { readText } from "../../io/read-text.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-text-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe("reading a document", () => {
  it("takes a byte order mark off and keeps the rest", async () => {
    expect(await readText(file("a.json", '\ufeff{"ü":1}\r\n'))).toBe('{"ü":1}\r\n');
    expect(await readText(file("empty", ""))).toBe("");
    expect(await readText("/dev/null")).toBe("");
  });

  it("refuses what is missing, a folder, too large, or not UTF-8", async () => {
    const large = file("large.txt", "x".repeat(101));
    expect(await readText(large, 101)).toHaveLength(101);
    for (const [path, limit, code, message] of [
      [join(folder, "missing"), 100, "NOT_FOUND", "there is no such file"],
      [join(large, "below"), 100, "NOT_FOUND", "there is no such file"],
      ["a\0b", 100, "NOT_FOUND", "cannot be read"],
      [folder, 100, "INVALID_INPUT", "expected a file, got a folder"],
      [large, 100, "INVALID_INPUT", "expected at most 100 bytes, got 101"],
      [file("latin1.txt", Uint8Array.of(0x67, 0xfc, 0x21)), 100, "INVALID_INPUT", "expected text in UTF-8"],
    ] as const) {
      await expect(readText(path, limit)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message) as string,
        details: { file: path },
      });
    }
  });

  it.skipIf(!existsSync("/proc/self/status"))("limits what has no size in advance", async () => {
    await expect(readText("/proc/self/status", 10)).rejects.toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("finding a recording", () => {
  it("finds shipped ones by name, with or without endings", () => {
    expect(shippedTraces()).toContain("bash");
    const path = join(packageRoot(), "traces", "bash.trep.gz");
    for (const name of ["bash", "bash.trep", "bash.trep.gz"]) expect(resolveTrace(name)).toBe(path);
  });

  it("prefers a file that is there", () => {
    const path = file("bash", "a 0 8\n");
    expect(resolveTrace(path)).toBe(path);
    expect(resolveTrace("package.json")).toBe("package.json");
    expect(resolveTrace(folder)).toBe(folder); // reading says that it is a folder
    const archive = file("x.zip", "");
    expect(resolveTrace(`${archive}:entry.rep`)).toBe(`${archive}:entry.rep`);
  });

  it("lists the names there are", () => {
    expect(() => resolveTrace("bosh")).toThrow(/^bosh: there is no such trace; shipped recordings: bash, gcc, /);
    expect(() => resolveTrace(join(folder, "bosh.rep"))).toThrow(/bosh\.rep: there is no such trace$/);
    expect(() => resolveTrace("bosh")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }) as Error);
    expect(() => resolveTrace("no.zip:x")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }) as Error);
  });
});
