// Cache traces that are cut, damaged, empty or something else: one clear error with the file and the place, never a wrong trace.

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readCacheTrace } from "../../io/cache-reader.ts";
import { encodeVb, packVbBrotli } from "../../io/cache-vb.ts";
import { cacheFile, drawKeys, oracleRecord, refusal } from "./cache-files.ts";

const KEYS = drawKeys(11, 2_000, 700);

describe("binary traces", () => {
  it("a varint that is cut: the file, the byte where it starts, the requests before it", async () => {
    const path = cacheFile("cut.vb.br", brotliCompressSync(Buffer.from([0, 1, 0x81])));
    const error = await refusal(path);
    expect(error.code).toBe("INVALID_TRACE");
    expect(error.message).toBe(`${path}: byte 2: expected a whole varint, got a truncated one after 2 requests`);
    expect(error.details).toMatchObject({ file: path, byte: 2 });
  });

  it("a varint without an end, and an id that no number can hold", async () => {
    const long = await refusal(cacheFile("long.vb", Buffer.from([0, ...new Array(30).fill(0xff)])), "vb");
    expect(long.message).toMatch(/byte 1: expected a varint of at most 8 bytes, got a longer one/);
    const large = await refusal(cacheFile("large.vb", Buffer.from([0, ...new Array(7).fill(0xff), 0x7f])), "vb");
    expect(large.message).toMatch(/byte 1: expected an id under 2\^53, got a larger one/);
  });

  it("brotli and gzip that were cut anywhere, or damaged", async () => {
    const whole = packVbBrotli(KEYS);
    for (const length of [1, 2, 10, whole.length >> 1, whole.length - 1]) {
      const error = await refusal(cacheFile("cut.vb.br", whole.subarray(0, length)));
      expect([error.code, error.message], `${length} bytes`).toEqual([
        "INVALID_TRACE",
        expect.stringMatching(
          /cut\.vb\.br: expected a (?:whole|sound) brotli file, got a (?:truncated|damaged) brotli/,
        ),
      ]);
    }
    const damaged = Buffer.from(whole);
    damaged.fill(0xff, 8, 40);
    expect((await refusal(cacheFile("bad.vb.br", damaged))).message).toContain("damaged brotli");
    const text = await refusal(cacheFile("text.vb.br", "0\n1\n2\n"));
    expect(text.message).toMatch(/brotli/);
    const zipped = gzipSync(encodeVb(KEYS));
    const cut = await refusal(cacheFile("cut.vb.gz", zipped.subarray(0, zipped.length >> 1)));
    expect(cut.message).toContain("truncated gzip");
  });

  it("half a record of oracleGeneral", async () => {
    const records = Buffer.concat([oracleRecord(1, 5n, 512, -1n), oracleRecord(2, 6n, 512, -1n)]);
    for (const rest of [1, 12, 23]) {
      const error = await refusal(cacheFile("half.oracleGeneral.bin", records.subarray(0, 24 + rest)));
      expect(error.message).toContain(
        `byte 24: expected whole records of 24 bytes, got ${rest} bytes after 1 requests`,
      );
      expect(error.details["byte"]).toBe(24);
    }
  });

  it("bytes of no known kind", async () => {
    const noise = Buffer.from(Array.from({ length: 999 }, (_, i) => (i * i * 31 + 7 * i) & 0xff));
    const error = await refusal(cacheFile("noise", noise));
    expect(error.code).toBe("UNKNOWN_FORMAT");
    expect(error.message).toContain("binary data of no known kind");
    expect(error.message).toContain("oracle-general");
  });
});

describe("texts", () => {
  it.each([
    ["csv", "key,size\na,5\nb\n", ':3: expected 2 fields, got "b"'],
    ["csv", "key,size\na,5\nb,-1\n", ':3: expected a size in whole bytes, at most 4294967295, got "b,-1"'],
    ["csv", "key,size\na,1.5\n", ":2: expected a size in whole bytes"],
    ["csv", "key,size\na,4294967296\n", ":2: expected a size in whole bytes"],
    ["csv", "key,size\na,\n", ":2: expected a size in whole bytes"],
    ["csv", "key,size\n,4\n", ":2: expected a key"],
    ["csv", 'key,size\n"a,4\n', ":2: expected a closing quote"],
    ["csv", "1,2\n3,4\n", ":1: expected a header that names the key"],
    ["csv", "a,b,c\n", ":1: expected a header that names the key"],
    ["csv", "key,size\n", ":1: expected requests, got none at all"],
    ["jsonl", '{"key":"a"}\n{"key":"b"\n', ":2: expected an object with a key"],
    ["jsonl", '{"key":"a"}\n{"size":3}\n', ":2: expected an object with a key"],
    ["jsonl", '{"key":{"a":1}}\n', ":1: expected an object with a key"],
    ["jsonl", "[1]\n", ":1: expected an object with a key"],
    ["jsonl", '{"key":9007199254740993}\n', ":1: expected a key that is a whole number under 2^53"],
    ["jsonl", '{"key":"a","size":3}\n{"key":"b"}\n', ":2: expected a size on every line or on none"],
    ["jsonl", '{"key":"a","size":"3x"}\n', ":1: expected a size in whole bytes"],
    ["arc", "10 3 0 1\n10 3 0\n", ':2: expected "<first block> <blocks> <ignored> <request>", got "10 3 0"'],
    ["arc", "10 0 0 1\n", ":1: expected"],
    ["arc", "10 99999999 0 1\n", ":1: expected"],
    ["sequence", "% Categories\n1 2\n% Sequences:\n", ":1: expected requests, got none at all"],
    ["text", "\n\n# nothing\n", ":1: expected requests, got none at all"],
  ])("%s %j", async (format, text, message) => {
    const error = await refusal(cacheFile("bad.txt", text), format);
    expect(error.code).toBe("INVALID_TRACE");
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^\S*bad\.txt:\d+: /);
    expect(error.details.line).toBeGreaterThan(0);
  });

  it("what could mean two things is refused, with what to do", async () => {
    for (const text of ["1,2\n3,4\n", "a;b;c;d\ne;f;g;h\n"]) {
      const error = await refusal(cacheFile("two.csv", text));
      expect(error.code).toBe("UNKNOWN_FORMAT");
      expect(error.message).toMatch(
        /[24] fields a line and no header that names them: add one such as "time,key,size"/,
      );
    }
  });

  it("a recording of allocations is told from one of a cache", async () => {
    const error = await refusal(cacheFile("heap.trep", "# trep v1; x\n0 a 0 512\n1 f 0\n"));
    expect(error.message).toContain("a recording of allocations (trep), which `mempred replay` reads");
  });

  it("a line without an end is no text", async () => {
    const error = await refusal(cacheFile("endless.txt", "a".repeat(3_000_000)));
    expect(error.message).toContain(":1: expected a line of at most 1048576 characters");
  });
});

describe("files", () => {
  it("empty, blank, missing, a folder, a packing that cannot be read, an unknown format", async () => {
    for (const name of ["empty.txt", "empty.vb"]) {
      const error = await refusal(cacheFile(name, ""));
      expect([error.code, error.message]).toEqual([
        "INVALID_TRACE",
        expect.stringContaining(":1: expected a cache trace, got an empty file"),
      ]);
    }
    expect((await refusal(cacheFile("nil.vb.br", brotliCompressSync("")))).message).toContain("an empty file");
    expect((await refusal(cacheFile("blank.txt", " \n\n"))).message).toContain("no line with anything in it");
    const path = cacheFile("here.txt", "a\n");
    expect((await refusal(join(dirname(path), "gone.txt"))).code).toBe("NOT_FOUND");
    mkdirSync(join(dirname(path), "folder"));
    expect((await refusal(join(dirname(path), "folder"))).message).toContain("a folder");
    const zstd = await refusal(cacheFile("a.oracleGeneral.zst", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0])));
    expect(zstd.message).toContain("zstd -d");
    expect((await refusal(path, "vbb")).code).toBe("UNKNOWN_FORMAT");
  });

  it("C29: nothing but the trace is taken from what was damaged: any flipped byte is an error or another trace, never a crash", async () => {
    const whole = packVbBrotli(KEYS);
    for (let at = 0; at < whole.length; at += 41) {
      const damaged = Uint8Array.from(whole);
      damaged[at]! ^= 0x55;
      const path = cacheFile("flipped.vb.br", damaged);
      try {
        const trace = await readCacheTrace(path);
        for (const key of trace.keys)
          if (key >= trace.keyCount) expect.fail(`byte ${at}: key ${key} of ${trace.keyCount}`);
      } catch (error) {
        expect((error as { code?: string }).code, `byte ${at}: ${error}`).toMatch(/^(?:INVALID_TRACE|UNKNOWN_FORMAT)$/);
      }
    }
  });
});
