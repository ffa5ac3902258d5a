// What can be wrong about a cache replay: exit 2, one clear sentence with the place, and nothing on disk has changed.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runCacheCell } from "../../cli/cache-cell.ts";
import { AssertionError } from "../../core/errors.ts";
import { packVbBrotli } from "../../io/cache-vb.ts";
import { drawKeys } from "../io/cache-files.ts";
import { run, temporaryFolder } from "./fake-host.ts";

const folder = temporaryFolder();
const put = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const WHOLE = packVbBrotli(drawKeys(1, 500, 100));
const GOOD = put("good.vb.br", WHOLE);
const SIZED = put("sized.csv", "time,key,size\n1,a,10\n2,b,20\n");
const OLD = put("old.json", '{"schema":"mempred.cache/1"}\n');

describe("bad flags", () => {
  test.each([
    [
      ["--policies", "lru,aarc"],
      /--policies: there is no cache policy "aarc", did you mean "arc"\?[\s\S]*expected: all, /,
    ],
    [["--policies", "reactive"], /--policies: there is no cache policy "reactive"\n/],
    [["--policies", ","], /--policies: the list is empty/],
    [["--entries", "0"], /--entries: "0" entries cannot be\n {2}expected: a number of entries from 1 to 2147483648/],
    [["--entries", "-5"], /--entries/],
    [["--entries", "2147483649"], /--entries: "2147483649" entries cannot be/],
    [["--entries", "1.5"], /--entries: "1.5" entries cannot be/],
    [["--entries", "many"], /--entries: "many" entries cannot be/],
    [["--entries", "0%"], /--entries: "0%" is no such share/],
    [["--entries", "101%"], /--entries: "101%" is no such share/],
    [["--bytes", "0"], /--bytes: a cache of 0 bytes cannot be/],
    [["--bytes", "9PB"], /--bytes: "9PB" is not a size/],
    [
      ["--bytes", "1k"],
      /--bytes: \S*good\.vb\.br has no sizes of objects\n {2}expected: --entries, or a trace with sizes/,
    ],
    [["--format", "vbb"], /--format: unknown format "vbb", did you mean "vb"\?/],
    [["--format", "csv"], /good\.vb\.br:1: expected a header that names the key/],
    [["--seed", "-1"], /--seed/],
    [["--points", "9"], /--points: there is no curve to have points/],
    [["--curve", "--points", "1"], /--points: "1" will not do/],
    [["--jobs", "0"], /--jobs: "0" will not do/],
    [["--json", "--metrics"], /--json and --metrics both want stdout/],
    [["--entriess", "3"], /unknown option '--entriess'/],
    [["--json", "/no/such/folder/x.json"], /cannot be written: its folder does not exist/],
  ])("%j", async (words, message) => {
    const { status, stdout, stderr } = await run(["cache", "replay", GOOD, ...words]);
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("bad traces", () => {
  test.each([
    ["cut.vb.br", brotliCompressSync(Buffer.from([0, 1, 2, 0x80])), /cut\.vb\.br: byte 3: expected a whole varint/],
    ["torn.vb.br", WHOLE.subarray(0, WHOLE.length >> 1), /torn\.vb\.br: expected a whole brotli file, got a truncated/],
    ["bad.vb.br", Buffer.from("not brotli at all, whatever its name"), /bad\.vb\.br: expected a sound brotli file/],
    ["empty.vb.br", brotliCompressSync(""), /empty\.vb\.br:1: expected a cache trace, got an empty file/],
    ["empty.txt", "", /empty\.txt:1: expected a cache trace, got an empty file/],
    ["torn.txt.gz", gzipSync("a\n".repeat(99)).subarray(0, 20), /torn\.txt\.gz: expected a whole gzip file/],
    ["half.oracleGeneral.bin", Buffer.alloc(30), /half\.oracleGeneral\.bin: byte 24: expected whole records/],
    ["size.csv", "key,size\na,1\nb,x\n", /size\.csv:3: expected a size in whole bytes/],
    ["two.csv", "1,2\n3,4\n", /two\.csv: 2 fields a line and no header that names them/],
    [
      "heap.trep",
      "# trep v1; x\n0 a 0 512\n",
      /heap\.trep: a recording of allocations \(trep\), which `mempred replay` reads/,
    ],
  ])("%s", async (name, content, message) => {
    const path = put(name, content);
    const { status, stdout, stderr } = await run(["cache", "replay", GOOD, path, "--json", OLD]);
    expect(stderr).toMatch(message);
    expect([status, stdout, readFileSync(OLD, "utf8")]).toEqual([2, "", '{"schema":"mempred.cache/1"}\n']);
  });

  test("missing, none at all, two of one name", async () => {
    const gone = await run(["cache", "replay", join(folder, "gone.txt")]);
    expect([gone.status, gone.stderr]).toEqual([2, expect.stringContaining("gone.txt: there is no such file")]);
    expect((await run(["cache", "replay"])).status).toBe(2);
    const twins = await run(["cache", "replay", GOOD, put("good.txt", "a\nb\n")]);
    expect([twins.status, twins.stderr]).toEqual([2, expect.stringContaining('two traces are called "good"')]);
  });

  test("a trace without sizes beside one that has some: a note, and rows for the one that can", async () => {
    const { status, stderr, stdout } = await run(["cache", "replay", GOOD, SIZED, "--bytes", "15", "--policies", "lru", "--json"]); // biome-ignore format: one line
    expect([status, stderr]).toEqual([0, `mempred: ${GOOD}: no sizes of objects, so no rows by bytes\n`]);
    const { rows } = JSON.parse(stdout) as { rows: object[] };
    expect(rows).toMatchObject([{ trace: "sized", bytes: 15, requests: 2, hits: 0 }]);
  });

  test("what was repaired is said once, with its place", async () => {
    const path = put("odd.trc", "1\n*\n2\n*\n1\n");
    const { status, stderr } = await run(["cache", "replay", path, "--entries", "1"]);
    expect([status, stderr]).toEqual([0, `mempred: ${path}: mark line, 2 times, first at line 2\n`]);
  });
});

describe("extremes", () => {
  test("sizes far beyond the trace cost nothing and evict nothing; one entry; one request", async () => {
    const { status, stdout } = await run(["cache", "replay", GOOD, put("one.txt", "a\n"), "--policies", "all", "--entries", "1,2147483648", "--json"]); // biome-ignore format: one line
    expect(status).toBe(0);
    const { rows, traces } = JSON.parse(stdout) as {
      rows: { trace: string; entries: number; policy: string; misses: number; evictions: number }[];
      traces: { name: string; keys: number }[];
    };
    for (const { trace, entries, policy, misses, evictions } of rows) {
      const { keys } = traces.find(({ name }) => name === trace)!;
      if (entries > 1) expect([misses, evictions], `${policy} on ${trace}`).toEqual([keys, 0]);
    }
    expect(rows.filter(({ trace }) => trace === "one").every(({ misses }) => misses === 1)).toBe(true);
  });

  test("a broken invariant in a cell is thrown as one, and not counted", () => {
    const broken = { keys: Uint32Array.of(0, 5), keyCount: 2, sizesBytes: null, footprintBytes: 0 };
    const job = { kind: "replay", trace: 0, policy: "lru", unit: "entries", capacity: 2, seed: 1 } as const;
    expect(() => runCacheCell(job, broken)).toThrow(AssertionError);
  });
});
