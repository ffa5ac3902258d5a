// Files as they come: packed, cut, damaged, empty, of another kind.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants, crc32, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { MempredError } from "../../core/errors.ts";
import { type ReadProgress, readTrace } from "../../io/read-trace.ts";
import { operations } from "../scenarios/trace/check-raw-trace.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function refusal(path: string, format?: string): Promise<MempredError> {
  try {
    await readTrace(path, { format });
  } catch (error) {
    expect(error).toBeInstanceOf(MempredError);
    return error as MempredError;
  }
  throw new Error(`was read: ${path}`);
}

const SMALL = "a 0 8\nr 0 16\nf 0\n";
const SMALL_OPERATIONS = "a0:8 r0:16 f0";
const LARGE = Array.from({ length: 60_000 }, (_, i) => `a ${i} ${(i * 7919) % 5000}`).join("\n");

interface ZipPart {
  readonly name: string;
  readonly data: string | Uint8Array;
  readonly flags?: number;
  readonly crc?: number;
}

/** A zip archive, by the book (APPNOTE 4.3): local headers and data, central directory, its end. */
function zip(parts: readonly ZipPart[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, flags = 0, crc } of parts) {
    const plain = Buffer.from(data);
    const packed = deflateRawSync(plain);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc ?? crc32(plain), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(plain.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, tail, Buffer.from(name)]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, central, end]);
}

describe("packings", () => {
  it("reads plain text, gzip of one and of many members, and brotli", async () => {
    const half = SMALL.length / 2;
    const members = Buffer.concat([gzipSync(SMALL.slice(0, half)), gzipSync(SMALL.slice(half)), gzipSync("")]);
    for (const path of [
      file("plain.rep", SMALL),
      file("one.rep.gz", gzipSync(SMALL)),
      file("no-ending", gzipSync(SMALL)),
      file("many.rep.gz", members),
      file("named-gz-but-plain.rep.gz", SMALL),
      file("brotli.rep.br", brotliCompressSync(SMALL)),
    ]) {
      expect(operations(await readTrace(path)), path).toBe(SMALL_OPERATIONS);
    }
  });

  it("reads CRLF, a byte order mark, a last line without an end, and letters of several bytes across chunks", async () => {
    expect(operations(await readTrace(file("crlf.rep", SMALL.replaceAll("\n", "\r\n"))))).toBe(SMALL_OPERATIONS);
    expect(operations(await readTrace(file("bom.rep", `\ufeff${SMALL}`)))).toBe(SMALL_OPERATIONS);
    expect(operations(await readTrace(file("open.rep", SMALL.trimEnd())))).toBe(SMALL_OPERATIONS);
    const rows = Array.from({ length: 40_000 }, (_, i) => `a,${i},8,größe-${"ü".repeat(i % 7)}`).join("\n");
    const trace = await readTrace(file("utf8.csv", `op,id,size,tenant\n${rows}\n`));
    expect(trace.tenants).toEqual(Array.from({ length: 7 }, (_, i) => `größe-${"ü".repeat(i)}`));
  });

  it("reads the trace in a zip, passing over what lies beside it", async () => {
    const notes = { name: "README.txt", data: "see elsewhere" };
    const one = file("one.zip", zip([{ name: "anything.bin", data: SMALL }]));
    const beside = file("beside.zip", zip([notes, { name: "d/", data: "" }, { name: "d/x.rep", data: SMALL }]));
    const packed = file("packed.zip", zip([notes, { name: "x.rep.gz", data: gzipSync(SMALL) }]));
    const odd = file("odd.zip", zip([notes, { name: "x.bin", data: SMALL }, { name: "__MACOSX/x.rep", data: "?" }]));
    for (const path of [one, beside, packed, odd, `${beside}:d/x.rep`]) {
      expect(operations(await readTrace(path)), path).toBe(SMALL_OPERATIONS);
    }
    expect((await readTrace(beside)).name).toBe("beside");
    expect((await readTrace(`${beside}:d/x.rep`)).name).toBe("x");
  });

  it("reports progress", async () => {
    const seen: ReadProgress[] = [];
    const packed = gzipSync(LARGE);
    await readTrace(file("progress.rep.gz", packed), { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toMatchObject({ bytesRead: packed.length, totalBytes: packed.length });
    expect(seen.at(-1)!.operations).toBeGreaterThan(59_000);
    for (let i = 1; i < seen.length; i++) expect(seen[i].operations).toBeGreaterThanOrEqual(seen[i - 1].operations);
  });

  it.skipIf(process.platform === "win32")("reads a pipe", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const writer = execFileSync.bind(null, "sh", ["-c", `printf 'a 0 8\\nf 0\\n' > '${path}' &`]);
    writer({ stdio: "ignore" });
    expect(operations(await readTrace(path))).toBe("a0:8 f0");
  });
});

describe("what cannot be read", () => {
  it("a gzip that was cut anywhere is a truncated gzip", async () => {
    const whole = gzipSync(LARGE);
    for (const length of [
      1,
      2,
      5,
      10,
      11,
      100,
      whole.length >> 1,
      whole.length - 9,
      whole.length - 8,
      whole.length - 1,
    ]) {
      const path = file("cut.rep.gz", whole.subarray(0, length));
      const { code, message, details } = await refusal(path);
      expect([code, details.file, details.line], `${length}`).toEqual(["INVALID_TRACE", path, 1]);
      expect(message, `${length}`).toBe(`${path}: expected a whole gzip file, got a truncated gzip`);
    }
  });

  it("damaged gzip and brotli, cut brotli", async () => {
    const damaged = Buffer.from(gzipSync(LARGE));
    damaged[damaged.length >> 1] ^= 0xff;
    damaged[(damaged.length >> 1) + 1] ^= 0xff;
    expect((await refusal(file("bad.rep.gz", damaged))).message).toMatch(/got a damaged gzip$/);
    const checksum = Buffer.from(gzipSync(SMALL));
    checksum[checksum.length - 6] ^= 1;
    expect((await refusal(file("sum.rep.gz", checksum))).message).toMatch(/got a damaged gzip$/);
    const packed = brotliCompressSync(LARGE, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
    expect((await refusal(file("cut.rep.br", packed.subarray(0, packed.length >> 1)))).code).toBe("INVALID_TRACE");
    expect((await refusal(file("bad.rep.br", Buffer.from("this is no brotli")))).code).toBe("INVALID_TRACE");
  });

  it("half a line is an error at that line", async () => {
    for (const [name, text, line] of [
      ["half.rep", "a 0 8\na 1", 2],
      ["half.trep", "0 a 0 8\n5 ", 2],
      ["half.csv", "op,id,size\na,1,8\na,2", 3],
      ["half.jsonl", '{"op":"a","id":1,"size":8}\n{"op":"a","i', 2],
    ] as const) {
      const { code, details, message } = await refusal(file(name, text));
      expect([code, details.line], name).toEqual(["INVALID_TRACE", line]);
      expect(message).toMatch(new RegExp(`^${join(folder, name)}:${line}: expected `));
    }
  });

  it("nothing, a folder, a missing file", async () => {
    const empty = file("empty.rep", "");
    expect((await refusal(empty)).message).toBe(`${empty}:1: expected a trace, got an empty file`);
    expect((await refusal(file("empty.rep.gz", gzipSync("")))).message).toMatch(/got an empty file$/);
    mkdirSync(join(folder, "sub"), { recursive: true });
    const directory = await refusal(join(folder, "sub"));
    expect([directory.code, directory.message]).toEqual([
      "INVALID_TRACE",
      `${join(folder, "sub")}: expected a trace file, got a folder`,
    ]);
    const missing = await refusal(join(folder, "missing.rep"));
    expect(missing.code).toBe("NOT_FOUND");
    expect(missing.message).toMatch(/there is no such file$/);
    expect((await refusal(join(empty, "below"))).code).toBe("NOT_FOUND");
    expect((await refusal("a\0b")).code).toBe("NOT_FOUND");
  });

  it("bytes that are no text, packings that Node does not know", async () => {
    const garbage = Uint8Array.from({ length: 5000 }, (_, i) => (i * 2654435761) >>> 24);
    expect((await refusal(file("garbage", garbage))).code).toBe("UNKNOWN_FORMAT");
    expect((await refusal(file("garbage", garbage), "rep")).code).toBe("INVALID_TRACE");
    expect((await refusal(file("prose.txt", "dear diary\n"))).code).toBe("UNKNOWN_FORMAT");
    expect((await refusal(file("garbage.gz", gzipSync(garbage)))).code).toBe("UNKNOWN_FORMAT");
    for (const [name, head, command] of [
      ["x.zst", [0x28, 0xb5, 0x2f, 0xfd, 0], "zstd -d"],
      ["x.xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "xz -d"],
      ["x.bz2", [0x42, 0x5a, 0x68, 0x39], "bzip2 -d"],
    ] as const) {
      const { code, message } = await refusal(file(name, Uint8Array.from(head)));
      expect(code).toBe("INVALID_TRACE");
      expect(message).toContain(`unpack it with ${command}`);
    }
  });

  it("a format that is not known, before the file is opened", async () => {
    expect((await refusal(join(folder, "missing.rep"), "elf")).code).toBe("UNKNOWN_FORMAT");
  });

  it("archives that are cut, damaged, encrypted, empty or ambiguous; entries that are not there", async () => {
    const archive = zip([{ name: "x.rep", data: LARGE }]);
    for (const length of [4, 100, archive.length >> 1, archive.length - 1]) {
      const { code, message } = await refusal(file("cut.zip", archive.subarray(0, length)));
      expect(code, `${length}`).toBe("INVALID_TRACE");
      expect(message).toMatch(/expected a sound zip archive, got a truncated or damaged one$/);
    }
    const damaged = Buffer.from(archive);
    damaged.fill(0xff, 1000, 1100);
    expect((await refusal(file("bad.zip", damaged))).code).toBe("INVALID_TRACE");
    const wrongSum = zip([{ name: "x.rep", data: SMALL, crc: 12345 }]);
    expect((await refusal(file("sum.zip", wrongSum))).message).toMatch(/one whose checksum does not match$/);
    const encrypted = zip([{ name: "x.rep", data: SMALL, flags: 1 }]);
    expect((await refusal(file("secret.zip", encrypted))).message).toMatch(
      /an entry that is not encrypted, got x\.rep$/,
    );
    expect((await refusal(file("empty.zip", zip([])))).message).toMatch(
      /name the entry as archive\.zip:entry, got none$/,
    );
    const two = zip([
      { name: "x.bin", data: SMALL },
      { name: "y.bin", data: SMALL },
    ]);
    expect((await refusal(file("two.zip", two))).message).toMatch(/got x\.bin, y\.bin$/);
    const missing = await refusal(`${file("two.zip", two)}:z.rep`);
    expect([missing.code, missing.details.expected]).toEqual(["NOT_FOUND", "x.bin, y.bin"]);
    const plain = file("plain.zip", SMALL);
    expect(operations(await readTrace(plain))).toBe(SMALL_OPERATIONS);
    expect((await refusal(`${plain}:x`)).message).toMatch(
      /expected a zip archive, because an entry is named, got plain$/,
    );
    const cutInside = file("inner.zip", zip([{ name: "x.rep.gz", data: gzipSync(LARGE).subarray(0, 500) }]));
    expect((await refusal(cutInside)).message).toMatch(/got a truncated gzip$/);
  });
});
