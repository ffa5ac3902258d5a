// What the routes do: items, what is warm, settings, users and tokens; and that the OpenAPI document says the same.

import { beforeEach, describe, expect, it } from "vitest";
import { PROBLEMS } from "../../../service/http/problem.ts";
import { problemsOf } from "../../../service/http/route.ts";
import { TokenAuthority } from "../../../service/http/token-authority.ts";
import { DEFAULT_CONFIG } from "../../../service/preload-config.ts";
import { unavailable } from "../fake-store.ts";
import { makeWorld, type Person, type World } from "./harness.ts";

let world: World;
let user: Person;
let admin: Person;
beforeEach(async () => {
  world = await makeWorld();
  user = await world.person();
  admin = await world.person("admin");
});

describe("items", () => {
  it("are made, read, changed, replaced and removed; the cache is told of each change before it is acknowledged", async () => {
    const made = await world.ask("POST", "/memory/items", user.token, { content: "one ünïcödé \ud83d\ude00" });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      content: "one ünïcödé \ud83d\ude00",
      contexts: [],
      importance: 0,
      isPinned: false,
    });
    expect(made.json).toMatchObject({ ownerId: user.id, version: 1, visibility: "private" });
    const path = made.headers["location"]!;
    expect([path, made.headers["etag"]]).toEqual([`/memory/items/${made.json.id}`, '"1"']);
    const read = await world.ask("GET", path, user.token);
    expect([read.status, read.json, read.headers["etag"]]).toEqual([200, made.json, '"1"']);
    const patched = await world.ask("PATCH", path, user.token, { importance: 0.9 });
    expect(patched.json).toMatchObject({ content: made.json.content, importance: 0.9, version: 2 });
    const put = await world.ask("PUT", path, user.token, { content: "two" });
    expect(put.json).toMatchObject({ content: "two", importance: 0, version: 3 });
    expect((await world.ask("DELETE", path, user.token)).status).toBe(204);
    for (const method of ["GET", "DELETE"]) expect((await world.ask(method, path, user.token)).status).toBe(404);
    expect((await world.ask("PUT", path, user.token, { content: "two" })).status).toBe(404);
    expect(world.engine.changes).toEqual(Array(4).fill(user.id));
    expect(world.engine.used).toEqual([`${user.id} ${made.json.id}`]);
  });

  it("are changed only as the version that If-Match names; a known version is not sent again", async () => {
    const { id } = await world.item(user, "one");
    const path = `/memory/items/${id}`;
    const change = async (tag: string) =>
      (await world.ask("PATCH", path, user.token, { isPinned: true }, { "if-match": tag })).status;
    expect([await change('"2"'), await change('W/"1"'), await change("1"), await change('"one"')]).toEqual(
      Array(4).fill(412),
    );
    expect(world.store.items.get(id)!.version).toBe(1);
    expect([await change('"1"'), await change("*"), await change('"1", "3"'), await change('"1", "2"')]).toEqual([
      ...[200, 200, 200, 412],
    ]);
    const known = async (tag: string) => world.ask("GET", path, user.token, undefined, { "if-none-match": tag });
    const same = await known('"4"');
    expect([same.status, same.text, same.headers["etag"]]).toEqual([304, "", '"4"']);
    expect([(await known('"3"')).status, (await known('"9", W/"4"')).status, (await known("*")).status]).toEqual([
      200, 304, 304,
    ]);
    const remove = async (tag: string) =>
      (await world.ask("DELETE", path, user.token, undefined, { "if-match": tag })).status;
    expect([await remove('"3"'), await remove('"4"')]).toEqual([412, 204]);
  });

  it("come in pages, the newest first, each once", async () => {
    for (let index = 0; index < 7; index++) await world.item(user, `item ${index}`);
    const found: string[] = [];
    let next: string | null = "";
    for (let page = 0; next !== null; page++) {
      expect(page).toBeLessThan(4);
      const after: string = next === "" ? "" : `&after=${next}`;
      const answer = await world.ask("GET", `/memory/items?limit=3${after}`, user.token);
      found.push(...answer.json.items.map((item: { content: string }) => item.content));
      next = answer.json.next;
    }
    expect(found).toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `item ${index}`));
  });

  it.each([
    [{}, "content"],
    [{ content: 1 }, "content"],
    [{ content: "x".repeat(65_537) }, "content"],
    [{ content: "ü".repeat(32_769) }, "content"],
    [{ content: "a\0b" }, "content"],
    [{ content: "x", contexts: ["Work"] }, "contexts[0]"],
    [{ content: "x", contexts: ["a", "a"] }, "contexts"],
    [{ content: "x", contexts: Array.from({ length: 17 }, (_, i) => `c${i}`) }, "contexts"],
    [{ content: "x", contexts: ["a:b"] }, "contexts[0]"],
    [{ content: "x", importance: 1.5 }, "importance"],
    [{ content: "x", isPinned: 1 }, "isPinned"],
    [{ content: "x", visibility: "all" }, "visibility"],
    [{ content: "x", ownerId: "someone" }, "ownerId"],
    [[], ""],
    ["text", ""],
    [null, ""],
  ])("that do not fit are refused with the place: %j", async (draft, place) => {
    const answer = await world.ask("POST", "/memory/items", user.token, JSON.stringify(draft));
    expect([answer.status, answer.json.code]).toEqual([400, "invalid-body"]);
    expect(answer.json.faults.map((fault: { path: string }) => fault.path)).toContain(place);
    expect(world.store.items.size).toBe(0);
  });

  it("mistyped names come with the right one, and __proto__ is a name like any other", async () => {
    const answer = await world.ask("POST", "/memory/items", user.token, '{"conten":"x","__proto__":{"isAdmin":true}}');
    expect(answer.text).toContain('did you mean \\"content\\"?');
    expect(answer.text).toContain("__proto__");
    expect(({} as Record<string, unknown>)["isAdmin"]).toBeUndefined();
    const query = await world.ask("GET", "/memory/memories?limitt=3", user.token);
    expect(query.json.detail).toBe('limitt: is not known, did you mean "limit"?');
  });
});

describe("S15 S16: what is warm", () => {
  it("memories, relevant and trending give items with why, how much, and from where", async () => {
    const mine = await world.item(user, "mine");
    const theirs = await world.item(admin, "theirs", "public");
    const memories = await world.ask("GET", "/memory/memories?limit=5", user.token);
    expect(memories.json).toEqual({
      servedFrom: "store",
      items: [{ strategy: "recent", relevance: 1, item: { ...mine } }],
    });
    const relevant = await world.ask("GET", "/memory/relevant?context=work&context=home&limit=5", user.token);
    expect(relevant.json.items.map((one: { item: { id: string } }) => one.item.id)).toEqual([mine.id]);
    const trending = await world.ask("GET", "/memory/trending", user.token);
    expect(trending.json.items).toHaveLength(1);
    expect(trending.json.items[0].item).toMatchObject({ id: theirs.id, content: "theirs" });
    expect(trending.json.items[0].item).not.toHaveProperty("useCount");
    expect((await world.ask("GET", "/memory/memories", admin.token)).json.items[0].item).toHaveProperty("useCount", 0);
  });

  it.each([
    "limit=0",
    "limit=201",
    "limit=1.5",
    "limit=-1",
    "limit=",
    "limit=1e1",
    "limit=1&limit=2",
    "user=a",
    "=1",
    "%",
  ])("a query that does not fit is refused: %s", async (query) => {
    for (const path of ["/memory/memories", "/memory/trending", "/memory/items"])
      expect((await world.ask("GET", `${path}?${query}`, user.token)).json).toMatchObject({ code: "invalid-query" });
  });

  it("contexts are needed, and few", async () => {
    const status = async (query: string) => (await world.ask("GET", `/memory/relevant${query}`, user.token)).status;
    const many = Array.from({ length: 17 }, (_, index) => `context=c${index}`).join("&");
    expect([await status(""), await status("?context="), await status("?context=A"), await status(`?${many}`)]).toEqual(
      Array(4).fill(400),
    );
    expect(await status("?context=a&context=a&context=b")).toBe(200);
  });
});

describe("S12 S13 S14 S17 S18 S27: preloading", () => {
  it("is triggered for oneself when nothing is said", async () => {
    for (const body of [undefined, {}, { users: [user.id] }]) {
      const answer = await world.ask("POST", "/memory/preload/trigger", user.token, body);
      expect([answer.status, answer.json.state]).toEqual([202, "running"]);
    }
    expect(world.engine.triggered).toEqual(Array(3).fill([user.id]));
    expect((await world.ask("POST", "/memory/preload/trigger", user.token, { users: [] })).status).toBe(400);
  });

  it("says how it stands, over the API and as metrics", async () => {
    const status = await world.ask("GET", "/memory/preload/status", admin.token);
    expect(status.json).toMatchObject({ retrievals: { preloaded: 1, store: 2, both: 3 }, cache: { bytes: 5 } });
    const { text, headers } = await world.ask("GET", "/metrics");
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'mempred_preload_retrievals_total{from="both"} 3',
      "mempred_preload_cache_bytes 5",
      "mempred_preload_pressure_ratio 0.25",
      'mempred_part_up{part="store"} 1',
      'mempred_part_up{part="redis"} 0',
      'mempred_http_request_duration_seconds_count{method="GET",route="/memory/preload/status",status="200"} 1',
    ])
      expect(text).toContain(line);
  });

  it("is set for all, an organisation and a user: the narrower wins, key by key, and the answer says which it was", async () => {
    const { id: organisationId } = await world.store.createOrganisation("ours");
    const member = await world.person("user", organisationId);
    const set = (body: object, token = admin.token) => world.ask("POST", "/memory/preload/config", token, body);
    await set({ scope: "global", config: { itemsPerUser: 50, recentDays: 3, frequentUses: 9 } });
    await set({ scope: "organisation", id: organisationId, config: { itemsPerUser: 40, recentDays: 2 } });
    await set({ config: { itemsPerUser: 30 } }, member.token);
    const { json } = await world.ask("GET", "/memory/preload/config", member.token);
    expect(json).toMatchObject({ scope: "user", id: member.id, overrides: { itemsPerUser: 30 } });
    expect(json.config).toEqual({ ...DEFAULT_CONFIG, itemsPerUser: 30, recentDays: 2, frequentUses: 9 });
    expect(json.sources).toMatchObject({ itemsPerUser: "user", recentDays: "organisation", frequentUses: "global" });
    expect(json.sources).toMatchObject({ quotas: "default" });
    const back = await set({ config: { itemsPerUser: null, refreshMinutes: 5 } }, member.token);
    expect(back.json.config).toMatchObject({ itemsPerUser: 40, refreshMinutes: 5 });
    expect(back.json.overrides).toEqual({ refreshMinutes: 5 });
    const global = await world.ask("GET", "/memory/preload/config?scope=global", admin.token);
    expect(global.json).toMatchObject({ scope: "global", id: null, sources: { itemsPerUser: "global" } });
    expect(world.engine.configChanges).toBe(4);
  });

  it.each([
    { quotas: { recent: 0.5, frequent: 0.3, important: 0.2, context: 0.1 } },
    { quotas: { recent: 1 } },
    { itemsPerUser: 0 },
    { bytesPerUser: 1e9 },
    { refreshMinutes: 0 },
    { itemsPerUsr: 5 },
  ])("a setting that makes no sense is refused: %j", async (config) => {
    expect((await world.ask("POST", "/memory/preload/config", user.token, { config })).status).toBe(400);
    expect(world.engine.configChanges).toBe(0);
  });
});

describe("users and tokens", () => {
  it("an admin makes an organisation, a user in it and a token, which is shown once and works until it ends", async () => {
    const organisation = await world.ask("POST", "/admin/organisations", admin.token, { name: " ours " });
    expect(organisation.json).toMatchObject({ name: "ours" });
    const body = { organisationId: organisation.json.id, role: "organisation-admin" };
    const made = await world.ask("POST", "/admin/users", admin.token, body);
    expect([made.status, made.json.role]).toEqual([201, "organisation-admin"]);
    const path = `/admin/users/${made.json.id}/tokens`;
    const fresh = await world.ask("POST", path, admin.token, { expiresInSeconds: 60 });
    expect(fresh.json.token).toMatch(/^mp_[\w-]{43}$/);
    expect(fresh.json.expiresMillis - fresh.json.createdMillis).toBe(60_000);
    const listed = await world.ask("GET", path, admin.token);
    expect(listed.json.tokens).toEqual([{ ...fresh.json, token: undefined }]);
    expect(listed.text).not.toContain(fresh.json.token);
    const works = async () => (await world.ask("GET", "/memory/memories", fresh.json.token)).status;
    expect(await works()).toBe(200);
    world.pass(59_999);
    expect(await works()).toBe(200);
    world.pass(1);
    expect(await works()).toBe(401);
  });

  it("what cannot be is refused", async () => {
    const post = async (path: string, body: object) => (await world.ask("POST", path, admin.token, body)).status;
    expect(await post("/admin/users", { organisationId: "nobody" })).toBe(400);
    expect(await post("/admin/users", { role: "organisation-admin" })).toBe(400);
    expect(await post("/admin/users", { role: "root" })).toBe(400);
    expect(await post("/admin/users/nobody/tokens", {})).toBe(404);
    expect(await post(`/admin/users/${user.id}/tokens`, { expiresInSeconds: 0 })).toBe(400);
    expect(await post("/admin/organisations", { name: "  " })).toBe(400);
    expect((await world.ask("DELETE", "/admin/tokens/nobody", admin.token)).status).toBe(404);
  });

  it("a warm read asks the store for no token, and a revoked token opens nothing from then on", async () => {
    const ask = async () => (await world.ask("GET", "/memory/memories", user.token)).status;
    await ask();
    const before = world.store.lookUps;
    for (let turn = 0; turn < 100; turn++) expect(await ask()).toBe(200);
    expect(world.store.lookUps).toBe(before);
    world.pass(5_000);
    await ask();
    expect(world.store.lookUps).toBe(before + 1);
    expect((await world.ask("DELETE", `/admin/tokens/${user.tokenId}`, admin.token)).status).toBe(204);
    expect(await ask()).toBe(401);
  });

  it("a token that is looked up while it is revoked is not remembered; of many, the oldest is forgotten", async () => {
    const authority = new TokenAuthority(world.store, { nowMillis: world.now, entries: 2 });
    const found = authority.identify(user.token);
    authority.forget(user.tokenId);
    expect(await found).toMatchObject({ userId: user.id });
    expect(authority.identify(user.token)).toBeInstanceOf(Promise);
    for (const one of [user, admin, await world.person()]) await authority.identify(one.token);
    expect(authority.identify(admin.token)).toMatchObject({ userId: admin.id });
    expect(authority.identify(user.token)).toBeInstanceOf(Promise);
  });

  it.each([
    "",
    "Bearer",
    "Bearer ",
    "Basic dTpw",
    "mp_x",
    "Bearer mp_x",
    "Bearer mp_x mp_y",
    "Bearer TOKEN, Bearer TOKEN",
  ])("an Authorization header that is none is a 401: %s", async (header) => {
    const authorization = header.replaceAll("TOKEN", user.token);
    const answer = await world.ask("GET", "/memory/memories", null, undefined, { authorization });
    expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="mempred"']);
  });
});

describe("health", () => {
  it("lives, and is ready until the store is down; requests say so too, without its name or path", async () => {
    expect((await world.ask("GET", "/healthz")).json).toEqual({ isAlive: true });
    const ready = await world.ask("GET", "/readyz");
    expect([ready.status, ready.json.isReady]).toEqual([200, true]);
    expect(ready.json.parts.map(({ part, state }: { part: string; state: string }) => `${part} ${state}`)).toEqual([
      ...["store up", "redis down"],
    ]);
    world.store.failure = unavailable();
    const down = await world.ask("GET", "/readyz");
    expect([down.status, down.json.isReady, down.headers["retry-after"]]).toEqual([503, false, "1"]);
    expect((await world.ask("GET", "/healthz")).status).toBe(200);
    const read = await world.ask("GET", "/memory/items", user.token);
    expect([read.status, read.json.code]).toEqual([503, "unavailable"]);
    expect(read.text + down.text).not.toContain("secret");
    world.store.failure = null;
    expect((await world.ask("GET", "/memory/items", user.token)).status).toBe(200);
  });

  it("metrics can be for admins alone", async () => {
    const closed = await makeWorld({ isMetricsProtected: true });
    const [one, chief] = [await closed.person(), await closed.person("admin")];
    const status = async (token?: string) => (await closed.ask("GET", "/metrics", token)).status;
    expect([await status(), await status(one.token), await status(chief.token)]).toEqual([401, 403, 200]);
  });
});

describe("the OpenAPI document", () => {
  it("has every route, with every status that it can answer", async () => {
    const { json } = await world.ask("GET", "/openapi.json");
    expect(json.openapi).toBe("3.1.0");
    const described = Object.entries(json.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    expect(described.sort()).toEqual(world.app.routes.map(({ method, path }) => `${method} ${path}`).sort());
    for (const route of world.app.routes) {
      const operation = json.paths[route.path][route.method];
      const expected = [
        ...route.answers.map(({ status }) => status),
        ...[...problemsOf(route)].map((c) => PROBLEMS[c].status),
      ];
      expect(Object.keys(operation.responses).map(Number).sort()).toEqual([...new Set(expected)].sort());
      expect(operation.security).toEqual(route.access === "open" ? undefined : [{ token: [] }]);
      expect(operation.requestBody === undefined).toBe(route.body === undefined);
    }
  });

  it("a path without that method says which it has", async () => {
    const allow = async (method: string, path: string) => {
      const { status, headers } = await world.ask(method, path);
      return [status, headers["allow"]];
    };
    expect(await allow("PUT", "/memory/items")).toEqual([405, "POST, GET, HEAD"]);
    expect(await allow("POST", "/memory/items/x")).toEqual([405, "GET, HEAD, PATCH, PUT, DELETE"]);
    expect(await allow("OPTIONS", "/openapi.json")).toEqual([405, "GET, HEAD"]);
    expect(await allow("GET", "/memory/items/")).toEqual([404, undefined]);
    expect(await allow("GET", "/openapixjson")).toEqual([404, undefined]);
  });
});
