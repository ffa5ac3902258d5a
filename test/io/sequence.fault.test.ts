// Sequences that are cut, damaged, empty or something else: one clear error with the file and the line.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { RandomStream } from "../../core/random.ts";
import { readSequence, readSequenceText } from "../../io/sequence-reader.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-sequence-fault-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function refusal(text: string, format?: string): MempredError {
  try {
    readSequenceText(text, "in.txt", format);
  } catch (error) {
    if (error instanceof MempredError) return error;
    throw error;
  }
  throw new Error(`was read: ${text}`);
}

async function fileRefusal(name: string, content: Uint8Array): Promise<MempredError> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readSequence(path).then(
    () => {
      throw new Error(`was read: ${path}`);
    },
    (error: MempredError) => error,
  );
}

describe("sequences that are not", () => {
  it.each([
    ["csv", "time,component\n1,a\n2\n", 'in.txt:3: expected 2 fields, got "2"'],
    ["csv", "time,component\n1,\n", 'in.txt:2: expected a component, got "1,"'],
    ["csv", 'time,component\n1,"a\n', "in.txt:2: expected a closing quote"],
    ["csv", "time,component\nsoon,a\n", "in.txt:2: expected a time in milliseconds, or a date"],
    ["csv", "time,component\n5,a\n4,b\n", "in.txt:3: expected a time that is not before 5 ms, the line above, got 4"],
    ["csv", "a,b\n", "in.txt:1: expected a header that names the component"],
    ["csv", "component,user\n", "in.txt:1: expected requests, got none at all"],
    ["jsonl", '{"component":"a"}\n{"time":1}\n', "in.txt:2: expected an object with a component"],
    ["jsonl", '{"component":"a","time":1}\n"b"\n', "in.txt:2: expected a time on every line or on none, got none"],
    ["jsonl", '{"component":"a"}\n{"component"\n', "in.txt:2: expected an object with a component"],
    ["auto", "", "in.txt:1: expected a sequence, got an empty file"],
    ["sessions", "% only\n", "in.txt:1: expected requests, got none at all"],
  ])("%s: %j", (format, text, message) => {
    const error = refusal(text, format);
    expect(error.code).toBe("INVALID_TRACE");
    expect(error.message).toContain(message);
    expect(error.details.file).toBe("in.txt");
  });

  it.each([
    ["1,2\n3,4\n", "2 fields a line and no header that names them"],
    ["\n\n", "no line with anything in it"],
    ["a\u0000b\n", "binary data"],
    ["# trep v1; bash\n# fields dt op id size\n0 a 1 32\n5 f 1\n", "which `mempred replay` reads"],
  ])("content of another kind: %j", (text, message) => {
    const error = refusal(text);
    expect(error.code).toBe("UNKNOWN_FORMAT");
    expect(error.message).toContain(message);
    expect(error.message).toContain("jsonl, csv, sessions, text");
  });

  it("a format that does not exist, a file that does not, a line without an end", async () => {
    expect(refusal("a\n", "nonsense").code).toBe("UNKNOWN_FORMAT");
    await expect(readSequence(join(folder, "absent.txt"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(readSequence(folder)).rejects.toMatchObject({ code: "INVALID_TRACE" });
    expect(refusal("a".repeat(1_100_000)).message).toContain("in.txt:1: expected a line of at most");
  });

  it("gzip that was cut or damaged", async () => {
    const whole = gzipSync(Array.from({ length: 500 }, (_, i) => `command-${(i * 7) % 31}`).join("\n"));
    const cut = await fileRefusal("cut.txt.gz", whole.subarray(0, whole.length >> 1));
    expect([cut.code, cut.message]).toEqual(["INVALID_TRACE", expect.stringContaining("truncated gzip")]);
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 20, 60);
    expect((await fileRefusal("bad.txt.gz", damaged)).code).toBe("INVALID_TRACE");
  });

  it("whatever stands in a file, it is read or refused with one of two codes", () => {
    const random = new RandomStream(3, "sequence fuzz");
    const pieces = [
      "time",
      "component",
      "user",
      ",",
      ";",
      "\n",
      '"',
      "1",
      "2026-01-01",
      "{",
      "}",
      ":",
      "%",
      " ",
      "a",
      "-",
    ];
    for (let run = 0; run < 3000; run++) {
      const text = Array.from({ length: random.integer(30) }, () => pieces[random.integer(pieces.length)]).join("");
      const format = ["auto", "csv", "jsonl", "sessions", "text"][random.integer(5)];
      try {
        readSequenceText(text, "in.txt", format);
      } catch (error) {
        if (!(error instanceof MempredError)) throw new Error(`${format}: ${JSON.stringify(text)}: ${String(error)}`);
        expect(["INVALID_TRACE", "UNKNOWN_FORMAT"]).toContain(error.code);
      }
    }
  });
});
