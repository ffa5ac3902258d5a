// The service put together: real store, cache and engine behind a real port.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { ensureAdmin } from "../../service/bootstrap.ts";
import { hashToken, makeToken } from "../../service/http/access-token.ts";
import { issueToken } from "../../service/http/admin-routes.ts";
import type { RunningService } from "../../service/run-service.ts";
import { type ServeOptions, startService } from "../../service/serve.ts";
import { MemoryItemStore } from "../../service/store/memory-store.ts";
import { UNLIMITED } from "./http/harness.ts";

const folder = mkdtempSync(join(tmpdir(), "mempred-serve-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const running: RunningService[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
});

async function start(options: Partial<ServeOptions> = {}): Promise<RunningService> {
  const http = { tokenRate: UNLIMITED, addressRate: UNLIMITED, deadlineMillis: 60_000 };
  const service = await startService({ databasePath: null, port: 0, http, ...options });
  running.push(service);
  return service;
}

async function ask(service: RunningService, token: string, method: string, path: string, body?: unknown) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { "content-type": "application/json" }),
  };
  const answer = await fetch(service.url + path, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

async function makeUser(
  service: RunningService,
  adminToken: string,
  body: object = {},
): Promise<{ id: string; token: string }> {
  const { id } = (await ask(service, adminToken, "POST", "/admin/users", body)).json;
  return { id, token: (await ask(service, adminToken, "POST", `/admin/users/${id}/tokens`, {})).json.token };
}

async function areThere(service: RunningService, items: ReadonlyMap<string, string>): Promise<void> {
  const read = ([id, token]: [string, string]) => ask(service, token, "GET", `/memory/items/${id}`);
  const statuses = (await Promise.all([...items].map(read))).map(({ status }) => status);
  expect(statuses).toEqual(Array(items.size).fill(200));
}

/** @returns the state it ended in */
async function runEnds(service: RunningService, token: string, runId: string): Promise<string> {
  for (let turn = 0; turn < 1_000; turn++) {
    const { runs } = (await ask(service, token, "GET", "/memory/preload/status")).json;
    const state = runs.find(({ id }: { id: string }) => id === runId)?.state ?? "running";
    if (state !== "running") return state;
    await new Promise((next) => setTimeout(next, 10));
  }
  return "running";
}

describe("S15 S16 S19: the service as a whole", () => {
  it("items are warm after they were read, changed at once for whoever reads next, and nobody else's", async () => {
    const service = await start();
    const admin = service.adminToken!;
    const [one, other] = [await makeUser(service, admin), await makeUser(service, admin)];
    const draft = { content: "SECRET one", contexts: ["work"], importance: 0.9, isPinned: true };
    const { id } = (await ask(service, one.token, "POST", "/memory/items", draft)).json;
    const memories = (token: string) => ask(service, token, "GET", "/memory/memories");
    await memories(one.token);
    const warm = await memories(one.token);
    expect(warm.json.servedFrom).toBe("preloaded");
    expect(warm.json.items.map((ranked: { item: { content: string } }) => ranked.item.content)).toEqual(["SECRET one"]);
    await ask(service, one.token, "PATCH", `/memory/items/${id}`, { content: "SECRET two" });
    expect((await memories(one.token)).text).toContain("SECRET two");
    expect((await ask(service, one.token, "GET", "/memory/relevant?context=work")).text).toContain("SECRET two");
    for (const path of ["memories", "relevant?context=work", "trending", "items", `items/${id}`])
      expect((await ask(service, other.token, "GET", `/memory/${path}`)).text, path).not.toContain("SECRET");
  });

  it("what is public trends for others until it is public no more", async () => {
    const service = await start();
    const [one, other] = [await makeUser(service, service.adminToken!), await makeUser(service, service.adminToken!)];
    const draft = { content: "OPEN", contexts: ["work"], visibility: "public" };
    const { id } = (await ask(service, one.token, "POST", "/memory/items", draft)).json;
    // The list of what trends is made anew by each run.
    const { json } = await ask(service, service.adminToken!, "POST", "/memory/preload/trigger", { users: [other.id] });
    await runEnds(service, service.adminToken!, json.id);
    for (const path of ["trending", "relevant?context=work"]) {
      const seen = await ask(service, other.token, "GET", `/memory/${path}`);
      expect(seen.text, path).toContain("OPEN");
      expect(seen.text, path).not.toContain("useCount");
    }
    expect((await ask(service, one.token, "PATCH", `/memory/items/${id}`, { visibility: "private" })).status).toBe(200);
    for (const path of ["trending", "relevant?context=work", `items/${id}`])
      expect((await ask(service, other.token, "GET", `/memory/${path}`)).text, path).not.toContain("OPEN");
  });

  it("S12 S13 S27: a trigger is a run that the status shows", async () => {
    const service = await start();
    const one = await makeUser(service, service.adminToken!);
    const run = await ask(service, one.token, "POST", "/memory/preload/trigger");
    expect([run.status, run.json.reason]).toEqual([202, "trigger"]);
    expect(await runEnds(service, one.token, run.json.id)).toBe("done");
    expect((await fetch(`${service.url}/metrics`).then((answer) => answer.text())).includes("mempred_part_up")).toBe(
      true,
    );
  });
});

describe("the end and the next start", () => {
  it("stopped four times while 8 users write: what was acknowledged is in the store, and only whole answers were given", async () => {
    const databasePath = join(folder, "stopped.db");
    let adminToken: string | null = null;
    let writers: { id: string; token: string }[] = [];
    const acknowledged = new Map<string, string>();
    let acknowledgedBefore = 0;
    for (let round = 0; round < 4; round++) {
      const service = await start({ databasePath });
      adminToken ??= service.adminToken;
      expect(service.adminToken === null).toBe(round > 0);
      if (round === 0) writers = await Promise.all(Array.from({ length: 8 }, () => makeUser(service, adminToken!)));
      await areThere(service, acknowledged);
      let isOver = false;
      const writing = writers.map(async ({ token }) => {
        for (let count = 0; !isOver; count++) {
          const answer = await ask(service, token, "POST", "/memory/items", { content: `${round} ${count}` }).catch(
            () => null,
          );
          if (answer === null) return; // the connection was closed before it was taken
          expect(answer.status).toBe(201);
          acknowledged.set(answer.json.id, token);
        }
      });
      while (acknowledged.size < acknowledgedBefore + 25) await new Promise((next) => setTimeout(next, 2));
      await service.stop();
      isOver = true;
      await Promise.all(writing);
      acknowledgedBefore = acknowledged.size;
    }
    await areThere(await start({ databasePath }), acknowledged);
    expect(acknowledged.size).toBeGreaterThanOrEqual(100);
  });

  it("a port in use closes what was opened: the database can be opened again", async () => {
    const first = await start();
    const databasePath = join(folder, "again.db");
    const second = startService({ databasePath, port: first.port });
    await expect(second).rejects.toMatchObject({ code: "ADDRESS_UNAVAILABLE" });
    expect((await start({ databasePath })).adminToken).toMatch(/^mp_/);
  });

  it("stop is one stop, however often it is asked for", async () => {
    const service = await start();
    expect(service.stop()).toBe(service.stop());
    await service.stop();
    await expect(fetch(service.url)).rejects.toThrow();
  });
});

describe("the first admin", () => {
  it("is made in an empty store, once", async () => {
    const store = new MemoryItemStore();
    const token = await ensureAdmin(store, Date.now());
    expect((await store.findToken(hashToken(token!)))?.identity.role).toBe("admin");
    expect(await ensureAdmin(store, Date.now())).toBeNull();
    expect(await store.countUsers()).toBe(1);
  });

  it("is made as soon as a database that was locked at the start can be had; until then 503, and the status names the store", async () => {
    const databasePath = join(folder, "locked.db");
    mkdirSync(`${databasePath}.lock`);
    const service = await start({ databasePath });
    expect(service.adminToken).toBeNull();
    expect((await ask(service, makeToken(), "GET", "/memory/memories")).status).toBe(503);
    const { status, json } = await ask(service, "", "GET", "/readyz");
    expect([status, json.isReady]).toEqual([503, false]);
    expect(json.parts.find((one: { part: string }) => one.part === "store")).toMatchObject({ state: "down" });
    rmSync(`${databasePath}.lock`, { recursive: true });
    const token = await service.adminReady; // the time limit of the test is the limit here
    expect((await ask(service, token!, "GET", "/memory/memories")).status).toBe(200);
  });

  it("a service that ends while it waits for its database waits no more", async () => {
    const databasePath = join(folder, "locked-for-good.db");
    mkdirSync(`${databasePath}.lock`);
    const service = await start({ databasePath });
    await service.stop();
    await expect(service.adminReady.catch(() => null)).resolves.toBeNull();
  });

  it("can be given, again and again, and a new one beside it; a token that opens nothing more is an error", async () => {
    const store = new MemoryItemStore();
    const [given, another] = [makeToken(), makeToken()];
    for (const token of [given, given, another]) expect(await ensureAdmin(store, Date.now(), token)).toBeNull();
    expect(await store.countUsers()).toBe(2);
    await expect(ensureAdmin(store, Date.now(), "mp_x")).rejects.toMatchObject({ code: "INVALID_INPUT" });
    const { token, identity } = (await store.findToken(hashToken(given)))!;
    await store.revokeToken(token.id);
    await expect(ensureAdmin(store, Date.now(), given)).rejects.toThrow("was revoked");
    const expired = await issueToken(store, identity.userId, -1, Date.now());
    await expect(ensureAdmin(store, Date.now(), expired.token)).rejects.toThrow("has expired");
    const user = await store.createUser({ organisationId: null, role: "user" });
    const plain = await issueToken(store, user.id, 60, Date.now());
    await expect(ensureAdmin(store, Date.now(), plain.token)).rejects.toThrow("no admin");
  });
});
