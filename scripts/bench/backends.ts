// Benchmark of the cache backends: a hit and a write of 1 KiB in memory, in SQLite and, where redis-server is installed, in
// Redis; the same keys in the same order for each. SQLite writes to the folder of temporary files. Times are the fastest of
// many short rounds, as the machine may be shared; the median stands in the note. What is measured is the interface with its
// promises, copies, checksums and checks, not the store below it.
//
//   npx tsx scripts/bench/backends.ts [--smoke]

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";
import type { CacheBackend, StoredEntry } from "../../live/backends/backend.ts";
import { MemoryBackend } from "../../live/backends/memory.ts";
import { RedisBackend } from "../../live/backends/redis.ts";
import { SqliteBackend } from "../../live/backends/sqlite.ts";
import type { BenchRow } from "./bench-row.ts";

const KEYS = 10_000;
const VALUE_BYTES = 1_024;
const CONCURRENT = 100;

interface Figures {
  readonly getMicros: Timing;
  readonly setMicros: Timing;
  /** Per read, when many are under way. */
  readonly manyMicros: Timing;
  readonly digest: string;
}

interface Timing {
  readonly best: number;
  readonly median: number;
}

/** The digest is that of what was read, the same from every backend. */
export async function benchBackends({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "mempred-bench-"));
  let server: ChildProcess | undefined;
  try {
    const memory = await measure(new MemoryBackend(), smoke, smoke ? 100 : 2_000);
    const sqlite = await measure(await SqliteBackend.open(join(folder, "bench.db")), smoke, smoke ? 50 : 1_000);
    const rows = [
      ...rowsOf("memory", memory),
      ...rowsOf("SQLite", sqlite, "< 20"),
      ratioRow("SQLite hit / memory hit", sqlite, memory),
    ];
    let last = sqlite;
    if (spawnSync("redis-server", ["--version"]).status === 0) {
      const port = await freePort();
      const words = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
      server = spawn("redis-server", words, { stdio: "ignore" });
      const redis = await measure(await openRedis(port), smoke, smoke ? 20 : 200);
      rows.push(...rowsOf("Redis", redis), ratioRow("Redis hit / SQLite hit", redis, sqlite));
      last = redis;
    }
    for (const figures of [sqlite, last])
      if (figures.digest !== memory.digest) throw new Error("a backend gave back something else than was stored");
    return [...rows, { name: "digest of what was read", value: 0, unit: "", note: memory.digest }];
  } finally {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(backend: CacheBackend, smoke: boolean, count: number): Promise<Figures> {
  const rounds = smoke ? 2 : 60;
  const random = new RandomStream(1, "bench-backends");
  const keys = Array.from({ length: smoke ? 200 : KEYS }, (_, index) => `key:${index}`);
  const order = Array.from({ length: count }, () => keys[random.integer(keys.length)]!);
  const entries = new Map(keys.map((key, index) => [key, entryOf(index)]));
  try {
    const all = [...entries];
    for (let from = 0; from < all.length; from += 500) await backend.setMany(new Map(all.slice(from, from + 500)));
    const digest = new Digest();
    for (const key of order.slice(0, 20)) digest.addInteger((await backend.get(key))!.bytes[7]!);
    const getMicros = await time(rounds, count, async () => {
      for (const key of order) await backend.get(key);
    });
    const setMicros = await time(rounds, count, async () => {
      for (const key of order) await backend.set(key, entries.get(key)!);
    });
    const manyMicros = await time(rounds, count, async () => {
      for (let from = 0; from < count; from += CONCURRENT)
        await Promise.all(order.slice(from, from + CONCURRENT).map((key) => backend.get(key)));
    });
    return { getMicros, setMicros, manyMicros, digest: digest.hex() };
  } finally {
    await backend.close();
  }
}

async function time(rounds: number, count: number, work: () => Promise<void>): Promise<Timing> {
  await work();
  const micros: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begin = process.hrtime.bigint();
    await work();
    micros.push(Number(process.hrtime.bigint() - begin) / 1000 / count);
  }
  micros.sort((a, b) => a - b);
  return { best: micros[0]!, median: micros[rounds >> 1]! };
}

function rowsOf(name: string, figures: Figures, mark?: string): BenchRow[] {
  const row = (what: string, { best, median }: Timing): BenchRow => ({
    name: `${name}: ${what}`,
    value: best,
    unit: "us/op",
    note: `median ${median.toFixed(2)}`,
  });
  return [
    { ...row("hit of 1 KiB", figures.getMicros), ...(mark === undefined ? {} : { mark }) },
    row(`hit, ${CONCURRENT} at a time`, figures.manyMicros),
    row("write of 1 KiB", figures.setMicros),
  ];
}

function ratioRow(name: string, one: Figures, other: Figures): BenchRow {
  return { name, value: one.getMicros.best / other.getMicros.best, unit: "x" };
}

function entryOf(index: number): StoredEntry {
  const bytes = new Uint8Array(VALUE_BYTES).fill(index & 255);
  return { bytes, storedAtMillis: 0, expiresAtMillis: Infinity, keepUntilMillis: Infinity, tags: [] };
}

async function openRedis(port: number): Promise<RedisBackend> {
  // The figures are of a server that answers: no limit is to cut one short on a busy machine.
  const backend = await RedisBackend.open(`redis://127.0.0.1:${port}`, { commandTimeoutMillis: 10_000 });
  for (let attempt = 0; attempt < 200; attempt++) {
    const isThere = await backend.get("a").then(
      () => true,
      () => false,
    );
    if (isThere) return backend;
    await sleep(50);
  }
  await backend.close();
  throw new Error("redis-server did not start");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchBackends({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
