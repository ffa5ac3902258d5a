// Benchmark of the preload service: warm reads of 50 users, each over a connection of its own, on the loopback. The service (SQLite in
// the folder of temporary files, embedded cache) is in this process, the load in another; two cores are busy then. Beside it, in the same
// run, a bare server of node:http that answers with the same bytes: what of the time is Node's own. The best of several rounds counts,
// as the machine may be shared; the p99 is that of the same round.
//
//   npx tsx scripts/bench/service.ts [--smoke]

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Digest } from "../../core/hash.ts";
import { startService } from "../../service/serve.ts";
import type { BenchRow } from "./bench-row.ts";
import type { LoadResult, LoadTask } from "./load-generator.ts";

const CONNECTIONS = 50;
const ITEMS = 20;
const PATH = `/memory/memories?limit=${ITEMS}`;
const GENERATOR = fileURLToPath(new URL("load-generator.ts", import.meta.url));

/** The digest is that of what the first user reads. */
export async function benchService({ smoke }: { smoke: boolean }): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "mempred-bench-"));
  const noLimit = { perSecond: Infinity, burst: 1 };
  const service = await startService({
    databasePath: join(folder, "service.db"),
    port: 0,
    http: { tokenRate: noLimit, addressRate: noLimit },
  });
  let bare: Server | undefined;
  try {
    const users = smoke ? 2 : CONNECTIONS;
    const tokens: string[] = [];
    for (let user = 0; user < users; user++) tokens.push(await makeUser(service.url, service.adminToken!, user));
    const bodies = await Promise.all(tokens.map((token) => read(service.url, token)));
    const text = bodies[0]!;
    bare = await startBare(text);
    const bareRequest = `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens[0]}\r\n\r\n`;
    const requests = tokens.map(
      (token) => `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    const rounds = smoke ? 1 : 4;
    let best: LoadResult | undefined;
    let bestBare: LoadResult | undefined;
    let errors = 0;
    for (let round = 0; round < rounds; round++) {
      bestBare = better(bestBare, await load((bare.address() as AddressInfo).port, [bareRequest], smoke));
      const result = await load(service.port, requests, smoke);
      errors += result.errors;
      best = better(best, result);
    }
    const { perSecond, p50Millis, p99Millis } = best!;
    const found = JSON.parse(text) as { servedFrom: string; items: { item: { content: string } }[] };
    const digest = new Digest();
    for (const { item } of found.items) digest.addText(item.content);
    const note = `${CONNECTIONS} connections, ${users} users, ${ITEMS} items of 200 B, ${Buffer.byteLength(text)} B an answer`;
    return [
      { name: "warm reads", value: perSecond, unit: "requests/s", mark: ">= 5000 (stretch 15000)", note },
      { name: "warm reads, p50", value: p50Millis, unit: "ms" },
      { name: "warm reads, p99", value: p99Millis, unit: "ms", mark: "< 20" },
      { name: "errors", value: errors, unit: "requests", mark: "= 0", note: "of all rounds" },
      { name: "bare node:http, same bytes", value: bestBare!.perSecond, unit: "requests/s" },
      { name: "service / bare", value: perSecond / bestBare!.perSecond, unit: "x" },
      { name: "digest of what was read", value: 0, unit: "", note: digest.hex() },
    ];
  } finally {
    bare?.close();
    bare?.closeAllConnections();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function better(one: LoadResult | undefined, other: LoadResult): LoadResult {
  return one === undefined || other.perSecond > one.perSecond ? other : one;
}

async function load(port: number, requests: readonly string[], smoke: boolean): Promise<LoadResult> {
  const task: LoadTask = {
    port,
    connections: CONNECTIONS,
    seconds: smoke ? 0.3 : 4,
    warmSeconds: smoke ? 0.2 : 1,
    requests,
  };
  const words = [...process.execArgv, GENERATOR, JSON.stringify(task)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as LoadResult;
}

async function startBare(text: string): Promise<Server> {
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
  const server = createServer((_request, answer) => answer.writeHead(200, headers).end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

async function read(url: string, token: string): Promise<string> {
  const answer = await fetch(url + PATH, { headers: { authorization: `Bearer ${token}` } });
  return answer.text();
}

/** @returns a token of a new user who has ITEMS items */
async function makeUser(url: string, adminToken: string, user: number): Promise<string> {
  const post = async (path: string, token: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (answer.status !== 201) throw new Error(`POST ${path} gave ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const { id } = await post("/admin/users", adminToken, {});
  const { token } = await post(`/admin/users/${id}/tokens`, adminToken, {});
  for (let item = 0; item < ITEMS; item++) {
    const content = `item ${item} of user ${user} `.padEnd(200, "x");
    await post("/memory/items", token!, { content, contexts: ["work"], importance: item / ITEMS });
  }
  return token!;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const row of await benchService({ smoke: process.argv.includes("--smoke") }))
    console.log(`${row.name}: ${row.value.toFixed(2)} ${row.unit}  ${row.mark ?? ""}  ${row.note ?? ""}`);
}
