// The server on a real port: what is not HTTP, what is too large, too slow or too much, and an end that loses nothing.

import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { MempredError } from "../../../core/errors.ts";
import { RandomStream } from "../../../core/random.ts";
import type { HttpOptions, ServerLimits } from "../../../service/http/options.ts";
import { listen, type RunningServer } from "../../../service/http/server.ts";
import { unavailable } from "../fake-store.ts";
import { checkProblem, makeWorld, type Person, type World } from "./harness.ts";
import { parseAnswer, sendRaw } from "./raw.ts";

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

async function start(options: HttpOptions = {}, limits: ServerLimits = {}) {
  const world = await makeWorld(options);
  const server = await listen(world.app, { host: "127.0.0.1", port: 0, limits });
  running.push(server);
  return { world, server, user: await world.person() };
}

const get = (path: string, token: string, more = "") =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
const post = (path: string, token: string, body: string, more = `Content-Length: ${Buffer.byteLength(body)}\r\n`) =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${more}\r\n${body}`;
const deferred = () => {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
};

describe("limits of a request", () => {
  it("413: a body over the limit, declared or not, is not read on", async () => {
    const { server, user, world } = await start({ maxBodyBytes: 1_000 });
    const declared = await sendRaw(server.port, [post("/memory/items", user.token, "", "Content-Length: 1001\r\n")]);
    expect([declared.status, declared.headers["connection"]]).toEqual([413, "close"]);
    const chunk = `${(600).toString(16)}\r\n${"x".repeat(600)}\r\n`;
    const chunked = post("/memory/items", user.token, "", "Transfer-Encoding: chunked\r\n");
    const counted = await sendRaw(server.port, [chunked, chunk, chunk, chunk], 5);
    expect(counted.status).toBe(413);
    for (const one of [declared, counted]) checkProblem(413, one.headers, JSON.parse(one.body));
    const draft = JSON.stringify({ content: "in chunks" });
    const small = `${draft.length.toString(16)}\r\n${draft}\r\n0\r\n\r\n`;
    expect((await sendRaw(server.port, [chunked, small], 5)).status).toBe(201);
    expect(world.store.items.size).toBe(1);
  });

  it("431: headers over the limit; 414: a path over it", async () => {
    const { server, user } = await start({ maxPathLength: 512 }, { maxHeaderBytes: 4_096 });
    const large = await sendRaw(server.port, [get("/memory/items", user.token, `X-Large: ${"x".repeat(8_000)}\r\n`)]);
    expect(large.status).toBe(431);
    checkProblem(431, large.headers, JSON.parse(large.body));
    const long = await sendRaw(server.port, [get(`/memory/items?after=${"x".repeat(600)}`, user.token)]);
    expect(long.status).toBe(414);
    checkProblem(414, long.headers, JSON.parse(long.body));
  });

  it("408: headers that dawdle, and a body that never comes", async () => {
    const { server, user } = await start({ bodyMillis: 200 }, { headersMillis: 300, requestMillis: 600 });
    const headers = await sendRaw(server.port, ["GET / HTTP/1.1\r\nHost: local"]);
    const body = await sendRaw(server.port, [post("/memory/items", user.token, "{", "Content-Length: 10\r\n")]);
    for (const one of [headers, body]) {
      expect(one.status).toBe(408);
      checkProblem(408, one.headers, JSON.parse(one.body));
      expect(one.headers["connection"]).toBe("close");
    }
    // Without the app's own limit the server's takes over.
    const { server: other, user: another } = await start({}, { headersMillis: 300, requestMillis: 500 });
    const raw = await sendRaw(other.port, [post("/memory/items", another.token, "{", "Content-Length: 10\r\n")]);
    expect(raw.status).toBe(408);
    checkProblem(408, raw.headers, JSON.parse(raw.body));
  });

  it("429: over the rate of a token, then of an address; a health check is never refused", async () => {
    const { world, user } = await start({
      tokenRate: { perSecond: 1, burst: 3 },
      addressRate: { perSecond: 2, burst: 5 },
    });
    const other = await world.person();
    const ask = async (person: Person) => (await world.ask("GET", "/memory/memories", person.token)).status;
    expect([await ask(user), await ask(user), await ask(user), await ask(user)]).toEqual([200, 200, 200, 429]);
    expect([await ask(other), await ask(other)]).toEqual([200, 429]);
    expect((await world.ask("GET", "/nowhere")).status).toBe(429);
    expect((await world.ask("GET", "/healthz")).status).toBe(200);
    world.pass(1_000);
    expect([await ask(user), await ask(other), await ask(other)]).toEqual([200, 200, 429]);
  });

  it("503: an answer that does not come within the deadline, and then the service goes on", async () => {
    const { server, user, world } = await start({ deadlineMillis: 100 });
    const { promise, resolve } = deferred();
    await sendRaw(server.port, [get("/memory/items", user.token)]);
    world.store.delay = promise;
    const late = await sendRaw(server.port, [get("/memory/items", user.token)]);
    expect(late.status).toBe(503);
    checkProblem(503, late.headers, JSON.parse(late.body));
    expect(JSON.parse(late.body).code).toBe("overdue");
    world.store.delay = null;
    resolve();
    expect((await sendRaw(server.port, [get("/memory/items", user.token)])).status).toBe(200);
    world.store.failure = unavailable();
    expect(JSON.parse((await sendRaw(server.port, [get("/memory/items", user.token)])).body).code).toBe("unavailable");
  });

  it("connections over the limit are closed as they come", async () => {
    const { server } = await start({}, { maxConnections: 3 });
    const opened: Socket[] = [];
    const outcome = (socket: Socket) =>
      new Promise<string>((resolve) => {
        socket.on("error", () => resolve("closed")).on("close", () => resolve("closed"));
        socket.on("data", (data) => resolve(String(parseAnswer(data.toString("latin1")).status)));
        socket.on("connect", () => socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      });
    const outcomes: string[] = [];
    for (let index = 0; index < 6; index++) {
      const socket = connect(server.port, "127.0.0.1");
      opened.push(socket);
      outcomes.push(await outcome(socket));
    }
    expect(outcomes).toEqual(["200", "200", "200", "closed", "closed", "closed"]);
    for (const socket of opened) socket.destroy();
  });
});

describe("what is not HTTP", () => {
  const BROKEN: readonly [name: string, text: string, status: number][] = [
    ["nonsense", "hello\r\n\r\n", 400],
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["no version", "GET /\r\n\r\n", 400],
    ["another version", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", 400],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["a bad host", "GET / HTTP/1.1\r\nHost: a b/\\?\r\n\r\n", 400],
    ["two lengths", "POST /memory/items HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400],
    [
      "length and chunks",
      "POST /memory/items HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a negative length", "POST /memory/items HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400],
    ["a control character", "GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400],
    ["a folded header", "GET / HTTP/1.1\r\n folded\r\nHost: a\r\n\r\n", 400],
    ["a method of its own", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["an expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 400],
    ["a backslash", "GET /\\..\\x HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["an address of another host", "GET http://other.example/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200],
    ["a star", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405],
    ["a NUL in the path", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400],
    ["raw bytes in the path", "GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ];
  it.each(BROKEN)("%s", async (_name, text, status) => {
    const { server } = await start();
    const answer = await sendRaw(server.port, [Buffer.from(text, "latin1")]);
    expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(/^HTTP\/1\.1 \d{3} /)]);
    if (status >= 400) checkProblem(status, answer.headers, JSON.parse(answer.body));
    expect((await sendRaw(server.port, ["GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"])).status).toBe(200);
  });

  it("two thousand broken requests from a seed: documented codes or a closed connection, and it goes on", async () => {
    const seed = Number(process.env["SEED"] ?? 5);
    const line = `SEED=${seed} npx vitest run test/service/http/server.test.ts`;
    console.log(`reproduce: ${line}`);
    const { server, user, world } = await start({ bodyMillis: 100 }, { headersMillis: 150, requestMillis: 300 });
    const random = new RandomStream(seed, "raw");
    const good = [get("/memory/memories?limit=3", user.token), post("/memory/items", user.token, '{"content":"x"}')];
    const damage = (text: string): Buffer => {
      const bytes = Buffer.from(text, "latin1");
      const at = random.integer(bytes.length);
      const kind = random.integer(5);
      if (kind === 0) return bytes.subarray(0, at);
      if (kind === 1) bytes[at] = random.integer(256);
      if (kind === 2) return Buffer.concat([bytes.subarray(0, at), Buffer.from("\r\n"), bytes.subarray(at)]);
      if (kind === 3) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(8))]);
      if (kind === 4) return Buffer.concat([bytes, bytes.subarray(0, at)]);
      return bytes;
    };
    const seen = new Map<number, number>();
    for (let round = 0; round < 4; round++) {
      const sent = Array.from({ length: 500 }, () => damage(good[random.integer(2)]!));
      const answers = await Promise.all(sent.map((bytes) => sendRaw(server.port, [bytes])));
      answers.forEach((answer, index) => {
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        const where = `${line}: ${JSON.stringify(sent[index]!.toString("latin1"))} gave ${answer.text.slice(0, 300)}`;
        const isKnown = [200, 201, 400, 401, 404, 405, 408, 415].includes(answer.status);
        if (!isKnown) throw new Error(where);
        if (answer.status >= 400) checkProblem(answer.status, answer.headers, JSON.parse(answer.body));
      });
    }
    console.log(`answers by status: ${JSON.stringify(Object.fromEntries([...seen].sort()))}`);
    expect((await sendRaw(server.port, [get("/memory/memories", user.token)])).status).toBe(200);
    const { text } = await world.ask("GET", "/metrics");
    expect(text).toMatch(/^mempred_http_requests_in_flight 1$/m); // this one
  });
});

describe("the end", () => {
  async function draining(world: World, server: RunningServer, user: Person) {
    const { promise, resolve } = deferred();
    await sendRaw(server.port, [get("/memory/items", user.token)]);
    world.store.delay = promise;
    const drafts = Array.from({ length: 20 }, (_, index) => JSON.stringify({ content: `kept ${index}` }));
    const answers = drafts.map((draft) => sendRaw(server.port, [post("/memory/items", user.token, draft)]));
    while (world.app.metrics.inFlight < drafts.length) await new Promise((next) => setTimeout(next, 5));
    return { answers, resolve };
  }

  it("requests under way are answered, each acknowledged write is kept, and no connection is taken any more", async () => {
    const { server, user, world } = await start();
    const idle = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => idle.on("connect", resolve));
    const { answers, resolve } = await draining(world, server, user);
    const closed = server.close();
    const refused = await sendRaw(server.port, [get("/healthz", user.token)]);
    expect(refused.status).toBe(0);
    resolve();
    for (const answer of await Promise.all(answers)) {
      expect([answer.status, answer.headers["connection"]]).toEqual([201, "close"]);
      expect(world.store.items.get(JSON.parse(answer.body).id)).toBeDefined();
    }
    expect(await closed).toBe(0);
    expect(world.store.items.size).toBe(20);
  });

  it("what is not done within the limit is cut off, and said", async () => {
    const { server, user, world } = await start({}, { drainMillis: 100 });
    const { answers } = await draining(world, server, user);
    expect(await server.close()).toBe(20);
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(0);
  });
});

describe("the address", () => {
  it("a port in use, and a host that is not here, are ADDRESS_UNAVAILABLE", async () => {
    const { server, world } = await start();
    const attempt = (host: string, port: number) => listen(world.app, { host, port }).catch((error: unknown) => error);
    const taken = (await attempt("127.0.0.1", server.port)) as MempredError;
    expect(taken).toBeInstanceOf(MempredError);
    expect([taken.code, taken.message]).toEqual([
      "ADDRESS_UNAVAILABLE",
      `127.0.0.1:${server.port}: something listens there already`,
    ]);
    expect(await attempt("192.0.2.1", 0)).toMatchObject({ code: "ADDRESS_UNAVAILABLE" });
    expect(await attempt("nowhere.invalid", 0)).toMatchObject({ code: "ADDRESS_UNAVAILABLE" });
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  });
});
