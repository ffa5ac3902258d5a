// 50,000 requests that nobody should send: bodies, paths, queries, headers and tokens that are broken in ways drawn from a seed. Each
// is answered with a code that the OpenAPI document has for it, errors in their one shape, and the service goes on as before.
//
// SEED=n repeats a run.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import type { Method, Route } from "../../../service/http/route.ts";
import { answerOf, makeWorld, type Person, type World } from "./harness.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_128);
const COUNT = 50_000;

const PIECES = [
  ...["", "a", "0", "-1", "1e999", "null", "true", "[", "]", "{", "}", '"', "'", "\\", "\\u0000", "\\ud800", "\u0000"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "content", "contexts", "importance", "limit", "after"],
  ...["%", "%00", "%zz", "%2f", "%2e%2e", "..", "/", "//", "\\", "?", "#", "&", "=", ";", "+", " ", "\t", "*", ":"],
  ...[
    "\u00fc",
    "\u20ac",
    "\u{1f600}",
    "\ufeff",
    "\u202e",
    "\ud800",
    "\udfff",
    "<script>",
    "' OR 1=1 --",
    "$(id)",
    "{{7*7}}",
  ],
  ...["item-1", "user-1", "memory", "admin", "preload", "config", "users", "all", "global", "organisation", "public"],
];
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "PROPFIND", "FOO", "get"];
const TYPES = [
  ...[
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=latin1",
    "text/plain",
    "",
    "json",
  ],
  ...[
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/vnd.api+json",
    "APPLICATION/JSON",
  ],
];

class Trouble {
  readonly random: RandomStream;
  constructor(seed: number) {
    this.random = new RandomStream(seed, "malformed");
  }
  one<T>(list: readonly T[]): T {
    return list[this.random.integer(list.length)]!;
  }
  text(most = 6): string {
    let text = "";
    for (let count = this.random.integer(most + 1); count > 0; count--)
      text += this.random.chance(0.7) ? this.one(PIECES) : String.fromCharCode(this.random.integer(0x3000));
    return this.random.chance(0.002) ? text.repeat(500) : text;
  }
  value(depth = 0): unknown {
    const kind = this.random.integer(depth > 4 ? 6 : 9);
    if (kind === 0) return this.text();
    if (kind === 1) return this.one([0, -0, 1, -1, 0.5, 1e308, 2 ** 53, 0.1 + 0.2]);
    if (kind === 2) return this.one([true, false, null]);
    if (kind === 3) return this.one(["private", "public", "all", "user", "global", "work", "x"]);
    if (kind < 6) return this.text(2);
    const count = this.random.integer(4);
    if (kind === 6) return Array.from({ length: count }, () => this.value(depth + 1));
    return Object.fromEntries(Array.from({ length: count }, () => [this.key(), this.value(depth + 1)]));
  }
  key(): string {
    const known = [
      "content",
      "contexts",
      "importance",
      "isPinned",
      "visibility",
      "users",
      "scope",
      "id",
      "config",
      "quotas",
    ];
    return this.random.chance(0.7)
      ? this.one([...known, "role", "name", "expiresInSeconds", "organisationId"])
      : this.text(2);
  }
  body(): string | Uint8Array<ArrayBuffer> {
    const kind = this.random.integer(8);
    if (kind === 0) return this.text(12);
    if (kind === 1) return Uint8Array.from({ length: this.random.integer(40) }, () => this.random.integer(256));
    if (kind === 2) return "[".repeat(this.random.integer(3_000)) + this.text(2);
    const json = JSON.stringify(this.value());
    if (kind === 3) return json.slice(0, this.random.integer(json.length + 1));
    if (kind === 4) return `${json.slice(0, 3)}${this.text(2)}${json.slice(3)}`;
    if (kind === 5) return JSON.stringify({ [this.key()]: this.value(), [this.key()]: this.value() });
    return json;
  }
  /** Of a route, most often. */
  path(path: string): string {
    const base = this.random.chance(0.9) ? path.replace("{id}", () => this.piece()) : `/${this.piece()}`;
    const damaged = this.random.chance(0.1) ? `${base}${this.one(["/", "//", "/..", "%", "%2f", ";a", "."])}` : base;
    if (this.random.chance(0.5)) return damaged;
    const names = ["limit", "after", "context", "scope", "id", this.text(2)];
    const parameters = Array.from({ length: 1 + this.random.integer(3) }, () => `${this.one(names)}=${this.text(3)}`);
    return `${damaged}?${parameters.join("&")}`;
  }
  /** Of a path: what the address of a request can have in it after it was escaped. */
  piece(): string {
    if (this.random.chance(0.3)) return this.one(["item-1", "item-2", "user-1", "user-2"]);
    const text = this.text(3);
    return this.random.chance(0.5) ? text : encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, ""));
  }
}

let world: World;
let people: Person[];
const NativeResponse = globalThis.Response;
afterAll(() => {
  globalThis.Response = NativeResponse;
});
beforeAll(async () => {
  world = await makeWorld();
  people = [await world.person(), await world.person("admin"), await world.person("organisation-admin", "org-1")];
  await world.item(people[0]!, "SECRET", "private");
  globalThis.Response = LightResponse as unknown as typeof Response;
});

describe("malformed requests", () => {
  it(`${COUNT} of them: documented codes alone, errors in one shape, no crash, no leak`, {
    timeout: 300_000,
  }, async () => {
    const line = `SEED=${SEED} npx vitest run test/service/http/malformed.model.test.ts`;
    console.log(`reproduce: ${line}`);
    const document = (await world.ask("GET", "/openapi.json")).json;
    const paths = world.app.routes.map(({ path }) => path);
    const patterns = paths.map((path) => ({
      path,
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    }));
    const trouble = new Trouble(SEED);
    const seen = new Map<number, number>();
    /** Answers that were looked at: most are the same as another. */
    const checked = new Set<string>();
    let skipped = 0;
    for (let index = 0; index < COUNT; index++) {
      const request = makeRequest(trouble, world.app.routes, people);
      if (request === null) {
        skipped++;
        index--;
        expect(skipped, "most requests can be made").toBeLessThan(COUNT * 2);
        continue;
      }
      const { method, url } = request;
      const response = await world.app.fetch(request);
      const { status } = response;
      seen.set(status, (seen.get(status) ?? 0) + 1);
      const where = `${line}: request ${index}, ${method} ${JSON.stringify(url)} gave ${status}`;
      const text = await response.text();
      const key = `${status} ${response.headers.get("content-type")} ${text}`;
      if (status >= 400 && !checked.has(key)) {
        checked.add(key);
        const copy = new NativeResponse(text === "" ? null : text, { status, headers: response.headers });
        await answerOf(copy, method === "HEAD").catch((error: unknown) => {
          throw new Error(`${where}: ${String(error)}`);
        });
      }
      if (text.includes("SECRET") && request.headers.get("authorization") !== `Bearer ${people[0]!.token}`)
        throw new Error(`${where}: it leaks`);
      const path = decode(new URL(url).pathname);
      const known = patterns.find(({ pattern }) => pattern.test(path));
      const operation =
        document.paths[known?.path ?? ""]?.[(method === "HEAD" ? "get" : method.toLowerCase()) as Method];
      const documented =
        operation === undefined ? (known === undefined ? ["404"] : ["404", "405"]) : Object.keys(operation.responses);
      if (!documented.includes(String(status))) throw new Error(`${where}: not documented (${documented.join(", ")})`);
    }
    console.log(
      `answers by status: ${JSON.stringify(Object.fromEntries([...seen].sort()))}; ${skipped} could not be sent`,
    );
    // The generator reaches deep enough to mean something.
    for (const status of [200, 201, 202, 400, 401, 403, 404, 405, 413, 414, 415])
      expect(seen.get(status) ?? 0, `${status}`).toBeGreaterThan(0);
    expect(seen.has(500)).toBe(false);
    expect((await world.ask("GET", "/memory/memories", people[0]!.token)).status).toBe(200);
  });
});

/** null: it cannot be made into a request at all. */
function makeRequest(trouble: Trouble, routes: readonly Route[], people: readonly Person[]): Request | null {
  const { random } = trouble;
  let route = trouble.one(routes);
  // Two have long answers, and look at nothing that is sent.
  if (["/metrics", "/openapi.json"].includes(route.path) && random.chance(0.95)) route = trouble.one(routes);
  const path = trouble.path(route.path);
  const method = random.chance(0.85) ? route.method.toUpperCase() : trouble.one(METHODS);
  const headers: Record<string, string> = {};
  const who = random.integer(10);
  if (who < 6) headers["authorization"] = `Bearer ${trouble.one(people).token}`;
  else if (who < 8) headers["authorization"] = `${trouble.one(["Bearer ", "bearer", "Basic ", ""])}${trouble.text(3)}`;
  else if (who < 9)
    headers["authorization"] = `Bearer mp_${trouble.one(people).token.slice(4)}${trouble.one(["", "A", "=", " "])}`;
  if (random.chance(0.3))
    headers[trouble.one(["if-match", "if-none-match"])] = trouble.one(['"1"', "*", '"', trouble.text(2)]);
  if (random.chance(0.1)) headers["content-encoding"] = trouble.one(["gzip", "identity", trouble.text(1)]);
  const hasBody = method !== "GET" && method !== "HEAD" && random.chance(0.85);
  if (hasBody) headers["content-type"] = random.chance(0.75) ? "application/json" : trouble.one(TYPES);
  let body = hasBody ? trouble.body() : undefined;
  if (body !== undefined && random.chance(0.002)) body = JSON.stringify({ content: "x".repeat(420_000) });
  if (body !== undefined && random.chance(0.05))
    headers["content-length"] = trouble.one(["0", "5", "999999999", "-1", "x"]);
  const suffix = random.chance(0.003) ? `${path.includes("?") ? "&" : "?"}after=${"x".repeat(5_000)}` : "";
  const url = `http://service.test${path}${suffix}`;
  try {
    if (random.chance(0.02)) return new Request(url, { method, headers, ...(body === undefined ? {} : { body }) });
    return lightRequest(method, new URL(url).href, headers, body ?? "");
  } catch {
    return null;
  }
}

/** What the service uses of a request, without the streams that cost more than the answer; the server's own requests are like it. */
function lightRequest(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array<ArrayBuffer>,
): Request {
  const bytes = Buffer.from(body as string);
  const all: Record<string, string> = { "content-length": String(bytes.length), ...headers };
  for (const [name, value] of Object.entries(all)) {
    if (/[^\t\x20-\xff]|\x7f/.test(value)) throw new TypeError("no header");
    all[name] = value.trim();
  }
  const get = (name: string) => all[name] ?? null;
  return {
    method: normal(method),
    url,
    headers: { get },
    body: null,
    arrayBuffer: async () => bytes,
  } as unknown as Request;
}

/** A response as the server's own, which has no streams either. */
class LightResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly #body: string | Uint8Array | null;

  constructor(
    body: string | Uint8Array | null,
    init: { status?: number; headers?: Readonly<Record<string, string>> | Headers } = {},
  ) {
    this.#body = body;
    this.status = init.status ?? 200;
    this.headers = new Headers(init.headers);
  }

  async text(): Promise<string> {
    if (this.#body === null) return "";
    return typeof this.#body === "string" ? this.#body : Buffer.from(this.#body).toString();
  }
}

function normal(method: string): string {
  if (!/^[A-Za-z]+$/.test(method)) throw new TypeError("no method");
  return ["get", "post"].includes(method) ? method.toUpperCase() : method;
}

function decode(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
