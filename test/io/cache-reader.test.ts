// Every format of cache traces as people have it: what is read, under which packing, and which format a file is taken for.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { CACHE_TRACE_FORMAT_IDS, CACHE_TRACE_FORMATS } from "../../io/cache-formats.ts";
import { cacheTraceName, readCacheTrace } from "../../io/cache-reader.ts";
import { encodeVb, packVbBrotli } from "../../io/cache-vb.ts";
import { cacheFile, drawKeys, oracleRecord, requestsOf, SHARED_TRACES } from "./cache-files.ts";

const LARGE = drawKeys(7, 300_000, 100_000);
const LARGE_COUNT = new Set(LARGE).size;

describe("vb", () => {
  it("what is written is read again, whatever the packing and however chunks fall", async () => {
    const bytes = encodeVb(LARGE);
    expect(bytes.length).toBeGreaterThan(2 * 262_144); // varints of three bytes over several chunks
    for (const [name, content] of [
      ["round.vb.br", packVbBrotli(LARGE)],
      ["round.vb.gz", gzipSync(bytes)],
      ["round.vb", bytes],
      ["round.data", bytes], // known by its content alone
    ] as const) {
      const trace = await readCacheTrace(cacheFile(name, content));
      expect([trace.format, trace.keyCount, trace.sizesBytes]).toEqual(["vb", LARGE_COUNT, null]);
      expect(trace.keys.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(Buffer.from(encodeVb(trace.keys)).equals(bytes), name).toBe(true);
      expect(trace.warnings).toEqual([]);
    }
  });

  it("ids at the borders of a varint's length", async () => {
    const ids = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455, 268_435_456, 4_294_967_295, 128, 0];
    expect(Buffer.from(encodeVb([300, 128, 127])).toString("hex")).toBe("ac0280017f");
    const trace = await readCacheTrace(cacheFile("sparse.vb", encodeVb(ids)));
    expect(requestsOf(trace)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 3, 0]);
    expect(trace.warnings).toEqual([{ code: "sparse-ids", count: 11, firstPlace: "byte 2" }]);
  });
});

describe("oracleGeneral", () => {
  const records = Buffer.concat([
    oracleRecord(5, 42_932_745n, 512, -1n),
    oracleRecord(5, 2n ** 64n - 1n, 6656, 3n),
    oracleRecord(6, 2n ** 32n + 42_932_745n, 0, -1n), // the same lower half
    oracleRecord(6, 2n ** 64n - 1n, 4_294_967_295, 9_223_372_036_854_775_807n),
  ]);

  it("keys of 64 bits and sizes; nothing is read as 1 byte", async () => {
    for (const name of ["web.oracleGeneral.bin", "web.oracleGeneral.bin.gz", "web"]) {
      const trace = await readCacheTrace(cacheFile(name, name.endsWith("gz") ? gzipSync(records) : records));
      expect([trace.name, trace.format, trace.keyCount]).toEqual(["web", "oracle-general", 3]);
      const sizes = [[0, 512], [1, 6656], [2, 1], [1, 4_294_967_295]]; // biome-ignore format: one line
      expect(requestsOf(trace)).toEqual(sizes);
      expect(trace.warnings).toEqual([{ code: "zero-size", count: 1, firstPlace: "byte 60" }]);
    }
  });

  it("records that lie across chunks", async () => {
    const many = Array.from({ length: 40_000 }, (_, i) =>
      oracleRecord(i, BigInt((i * 7919) % 9001), 1 + (i % 500), -1n),
    );
    const trace = await readCacheTrace(cacheFile("many.bin", Buffer.concat(many)));
    expect([trace.keys.length, trace.keyCount]).toEqual([40_000, 9001]);
    for (let i = 0; i < 40_000; i++) {
      if (i >= 9001 && trace.keys[i] !== trace.keys[i - 9001]) expect.fail(`request ${i}`);
      if (trace.sizesBytes![i] !== 1 + (i % 500)) expect.fail(`size of request ${i}`);
    }
  });
});

describe("texts", () => {
  const cases: readonly [name: string, text: string, format: string, requests: (number | [number, number])[]][] = [
    ["one key a line", "a\nb\n a \n\nb c\n", "text", [0, 1, 0, 2]],
    ["a comment above the first key, a key that starts with #", "# made by hand\nx\n#y\nx\n", "text", [0, 1, 0]],
    ["numbers are names", "1\n01\n1", "text", [0, 1, 0]],
    ["CRLF and a byte order mark", "\ufeffa\r\nb\r\na\r\n", "text", [0, 1, 0]],
    ["csv", "time,key,size\n1,a,10\n2,b,20\n3,a,10\n", "csv", [[0, 10], [1, 20], [0, 10]]], // biome-ignore format: one line
    ["csv in another order with other names", "Object ID;op;Obj Size\na;get;7\nb;put;8\n", "csv", [[0, 7], [1, 8]]], // biome-ignore format: one line
    ["csv with tabs and without sizes", "ts\turl\n1\t/a,b\n2\t/c\n3\t/a,b\n", "csv", [0, 1, 0]],
    ["csv with quotes", 'key,size\n"a,1",5\n"a,1",5\n', "csv", [[0, 5], [0, 5]]], // biome-ignore format: one line
    ["time,key,size without a header", "1,x,10\n2.5,y,20\n", "csv", [[0, 10], [1, 20]]], // biome-ignore format: one line
    ["time key size with blanks", "1 17 10\n2 18 20\n2 17 10\n", "csv", [[0, 10], [1, 20], [0, 10]]], // biome-ignore format: one line
    ["jsonl", '{"time":1,"key":"a","size":3}\n\n{"key":7,"size":4}\n', "jsonl", [[0, 3], [1, 4]]], // biome-ignore format: one line
    ["jsonl with other names and no sizes", '{"objectId":"a","op":"get"}\n{"objectId":"a"}\n', "jsonl", [0, 0]],
    ["jsonl of keys alone", '"a b"\n"c"\n"a b"\n', "jsonl", [0, 1, 0]],
    ["arc", "10 3 0 1\n11 1 0 2\n10 2 0 3\n", "arc", [0, 1, 2, 1, 0, 1]],
    ["sequences", "% one session a line\n1 2 1\n3\n\n2 2 \n", "sequence", [0, 1, 0, 2, 1, 1]],
    ["sequences with a header", "% Categories:\n\na b c\n% Sequences:\n\n1 1\n2\n", "sequence", [0, 0, 1]],
  ];

  it.each(cases)("%s", async (_, text, format, requests) => {
    const trace = await readCacheTrace(cacheFile("a.dat", text));
    expect(trace.format).toBe(format);
    expect(requestsOf(trace)).toEqual(requests);
    const forced = await readCacheTrace(cacheFile("b.txt.gz", gzipSync(text)), { format });
    expect(requestsOf(forced)).toEqual(requests);
    const packed = await readCacheTrace(cacheFile("c.txt.br", brotliCompressSync(Buffer.from(text))));
    expect(requestsOf(packed)).toEqual(requests);
  });

  it("a format that is asked for is not guessed", async () => {
    const lone = cacheFile("lone.csv", "key\na\nb\n");
    expect(requestsOf(await readCacheTrace(lone))).toEqual([0, 1, 2]);
    expect(requestsOf(await readCacheTrace(lone, { format: "csv" }))).toEqual([0, 1]);
    const words = cacheFile("words.txt", "a b\nb a\n");
    expect(requestsOf(await readCacheTrace(words))).toEqual([0, 1]);
    expect(requestsOf(await readCacheTrace(words, { format: "sequence" }))).toEqual([0, 1, 1, 0]);
    expect(requestsOf(await readCacheTrace(words, { format: "auto" }))).toEqual([0, 1]);
  });

  it("lines that lie across chunks, and letters of several bytes", async () => {
    const keys = drawKeys(3, 120_000, 5000);
    const text = keys.map((key) => `ключ-${key}`).join("\n");
    const trace = await readCacheTrace(cacheFile("long.txt", text));
    expect(Buffer.from(encodeVb(trace.keys)).equals(Buffer.from(encodeVb(keys)))).toBe(true);
  });

  it("what is repaired is counted, with its first place", async () => {
    const marks = await readCacheTrace(cacheFile("lirs.trc", "1\n*\n2\n*\n1\n"));
    expect(requestsOf(marks)).toEqual([0, 1, 0]);
    expect(marks.warnings).toEqual([{ code: "mark-line", count: 2, firstPlace: "line 2" }]);
    const empty = await readCacheTrace(cacheFile("zero.csv", "key,size\na,5\nb,0\n"));
    expect(empty.warnings).toEqual([{ code: "zero-size", count: 1, firstPlace: "line 3" }]);
  });
});

it("the name of a trace is that of its file without what tells packing and format", () => {
  expect(cacheTraceName("/a.b/arc_OLTP.vb.br")).toBe("arc_OLTP");
  expect(cacheTraceName("cloudPhysicsIO.oracleGeneral.bin.gz")).toBe("cloudPhysicsIO");
  expect(cacheTraceName("c.zip:unix-user1.txt.gz")).toBe("unix-user1");
  expect(cacheTraceName(".txt")).toBe(".txt");
  expect(cacheTraceName("v1.2")).toBe("v1.2");
});

it("docs/trace-formats.md tells each format, and each name of a column that is taken", () => {
  const page = readFileSync(new URL("../../docs/trace-formats.md", import.meta.url), "utf8").split(
    "## Cache traces",
  )[1]!;
  for (const id of CACHE_TRACE_FORMAT_IDS) expect(page).toContain(`| \`${id}\` |`);
  const source = readFileSync(new URL("../../io/cache-records.ts", import.meta.url), "utf8");
  const names = [...source.matchAll(/"([a-z_ ]+)"\s*\.split|^ {2}"([a-z_ ]+)"\.split/gm)].map((m) => m[1] ?? m[2]!);
  expect(names).toHaveLength(2);
  for (const name of names.flatMap((list) => list.split(" "))) expect(page).toContain(`\`${name}\``);
  expect(new Set(CACHE_TRACE_FORMATS.map((format) => format.title)).size).toBe(CACHE_TRACE_FORMATS.length);
});

describe.skipIf(SHARED_TRACES === null)("C29: the shared traces", () => {
  it("have the numbers of requests that the oracle counts, and nothing to repair", async () => {
    const folder = join(SHARED_TRACES!, "cache");
    const oracle = JSON.parse(readFileSync(join(SHARED_TRACES!, "oracles/hit-rates.json"), "utf8")) as {
      requests: Record<string, number>;
    };
    const names = readdirSync(folder).filter((name) => name.endsWith(".vb.br"));
    expect(names.length).toBe(Object.keys(oracle.requests).length);
    for (const name of names) {
      const trace = await readCacheTrace(join(folder, name));
      expect([trace.format, trace.warnings]).toEqual(["vb", []]);
      expect(trace.keys.length, name).toBe(oracle.requests[trace.name]);
    }
  });

  it("with sizes, the same accesses as without", async () => {
    const folder = join(SHARED_TRACES!, "cache");
    const sized = await readCacheTrace(join(folder, "cloudPhysicsIO.oracleGeneral.bin.gz"));
    const plain = await readCacheTrace(join(folder, "libcachesim_cloudphysics.vb.br"));
    const hash = (keys: Uint32Array) => createHash("sha256").update(encodeVb(keys)).digest("hex");
    expect([sized.format, sized.keyCount]).toEqual(["oracle-general", plain.keyCount]);
    expect(hash(sized.keys)).toBe(hash(plain.keys));
    expect(sized.sizesBytes).toHaveLength(plain.keys.length);
  });

  it("sequences: shell commands and web sessions", async () => {
    const folder = join(SHARED_TRACES!, "sequence");
    const web = await readCacheTrace(join(folder, "msnbc-120k.txt.gz"));
    expect([web.name, web.format, web.keyCount]).toEqual(["msnbc-120k", "sequence", 17]);
    const shell = await readCacheTrace(join(folder, "unix-user1.txt.gz"));
    expect([shell.name, shell.format]).toEqual(["unix-user1", "text"]);
    expect(shell.keys.length).toBeGreaterThan(10_000);
  });
});
