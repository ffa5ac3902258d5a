// S19: every route, as the app itself lists them, with every kind of token: the exact status, and not one byte of somebody else's.

import { beforeAll, describe, expect, it } from "vitest";
import type { Route } from "../../../service/http/route.ts";
import { badTokens, makeWorld, type Person, type World } from "./harness.ts";

/** What a call of each route is, and what it answers: to the owner, to another user, to an admin who does not own it. */
interface Case {
  readonly body?: unknown;
  readonly query?: string;
  readonly own: number;
  readonly other: number;
  readonly admin: number;
}

const DRAFT = { content: "mine" };
const SCENES: Readonly<Record<string, Case>> = {
  "get /": { own: 200, other: 200, admin: 200 },
  "get /healthz": { own: 200, other: 200, admin: 200 },
  "get /readyz": { own: 200, other: 200, admin: 200 },
  "get /metrics": { own: 200, other: 200, admin: 200 },
  "get /openapi.json": { own: 200, other: 200, admin: 200 },
  "get /memory/memories": { own: 200, other: 200, admin: 200 },
  "get /memory/relevant": { query: "?context=work", own: 200, other: 200, admin: 200 },
  "get /memory/trending": { own: 200, other: 200, admin: 200 },
  "post /memory/preload/trigger": { body: { users: ["OWNER"] }, own: 202, other: 403, admin: 202 },
  "get /memory/preload/status": { own: 200, other: 200, admin: 200 },
  "get /memory/preload/config": { query: "?id=OWNER", own: 200, other: 403, admin: 200 },
  "post /memory/preload/config": { body: { id: "OWNER", config: { recentDays: 3 } }, own: 200, other: 403, admin: 200 },
  "post /memory/items": { body: DRAFT, own: 201, other: 201, admin: 201 },
  "get /memory/items": { own: 200, other: 200, admin: 200 },
  "get /memory/items/{id}": { own: 200, other: 404, admin: 404 },
  "patch /memory/items/{id}": { body: { importance: 1 }, own: 200, other: 404, admin: 404 },
  "put /memory/items/{id}": { body: { content: "SECRET anew" }, own: 200, other: 404, admin: 404 },
  "delete /memory/items/{id}": { own: 204, other: 404, admin: 404 },
  "post /admin/organisations": { body: { name: "one" }, own: 403, other: 403, admin: 201 },
  "post /admin/users": { body: {}, own: 403, other: 403, admin: 201 },
  "post /admin/users/{id}/tokens": { body: {}, own: 403, other: 403, admin: 201 },
  "get /admin/users/{id}/tokens": { own: 403, other: 403, admin: 200 },
  "delete /admin/tokens/{id}": { own: 403, other: 403, admin: 204 },
};
const KINDS = ["no token", "malformed token", "unknown token", "expired token", "revoked token"] as const;
const SECRET = "SECRET-of-the-owner";

let world: World;
let owner: Person;
let other: Person;
let colleague: Person;
let admin: Person;
let routes: readonly Route[];

beforeAll(async () => {
  world = await makeWorld();
  const ours = await world.store.createOrganisation("ours");
  const theirs = await world.store.createOrganisation("theirs");
  owner = await world.person("user", ours.id);
  colleague = await world.person("user", ours.id);
  other = await world.person("user", theirs.id);
  admin = await world.person("admin");
  routes = world.app.routes;
});

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** Asks with things of the owner that are new each time, so that one call does not spoil the next. */
async function ask(route: Route, scene: Case, token: string | null) {
  const item = await world.item(owner, `${SECRET} ${Math.PI}`);
  const spare = await world.person("user");
  let path = route.path;
  if (path.startsWith("/memory/items/")) path = path.replace("{id}", item.id);
  else if (path.startsWith("/admin/users/")) path = path.replace("{id}", owner.id);
  else path = path.replace("{id}", spare.tokenId);
  const fill = (text: string) => text.replaceAll("OWNER", owner.id);
  const body = scene.body === undefined ? undefined : fill(JSON.stringify(scene.body));
  return world.ask(route.method.toUpperCase(), `${path}${fill(scene.query ?? "")}`, token, body);
}

describe("S19: isolation", () => {
  it("has a case for every route that there is, and no other", () => {
    expect(routes.map(nameOf).sort()).toEqual(Object.keys(SCENES).sort());
    const open = routes.filter(({ access }) => access === "open").map(nameOf);
    expect(open).toEqual(["get /", "get /healthz", "get /readyz", "get /metrics", "get /openapi.json"]);
  });

  it.each(Object.entries(SCENES))(
    "%s: each kind of token gets its exact status, and 0 bytes leak",
    async (name, scene) => {
      const route = routes.find((one) => nameOf(one) === name)!;
      const bad = await badTokens(world, owner);
      const refusals = new Set<string>();
      for (const kind of KINDS) {
        const answer = await ask(route, scene, bad[kind]!);
        expect([kind, answer.status]).toEqual([kind, route.access === "open" ? scene.own : 401]);
        expect(answer.text).not.toContain("SECRET");
        if (route.access !== "open") refusals.add(`${JSON.stringify(answer.headers)} ${answer.text}`);
      }
      if (route.access !== "open") expect(refusals.size, "all refusals are the same").toBe(1);
      const asOther = await ask(route, scene, other.token);
      expect(["other", asOther.status]).toEqual(["other", scene.other]);
      expect(asOther.text + JSON.stringify(asOther.headers)).not.toContain("SECRET");
      const asAdmin = await ask(route, scene, admin.token);
      expect(["admin", asAdmin.status]).toEqual(["admin", scene.admin]);
      expect(asAdmin.text + JSON.stringify(asAdmin.headers)).not.toContain("SECRET");
      const asOwner = await ask(route, scene, owner.token);
      expect(["own", asOwner.status]).toEqual(["own", scene.own]);
    },
  );

  it.each(["GET", "PATCH", "PUT", "DELETE", "HEAD"])(
    "%s of another's id is the answer of one that never was",
    async (method) => {
      const item = await world.item(owner, SECRET);
      const body = { PATCH: { importance: 1 }, PUT: DRAFT }[method];
      for (const headers of [{}, { "if-match": '"1"' }, { "if-match": '"7", "1"' }, { "if-none-match": '"1"' }]) {
        const theirs = await world.ask(method, `/memory/items/${item.id}`, other.token, body, headers);
        const nobodys = await world.ask(method, "/memory/items/item-999999", other.token, body, headers);
        const nonsense = await world.ask(method, "/memory/items/%00..%2f", other.token, body, headers);
        expect(theirs).toEqual(nobodys);
        expect(nonsense).toEqual(nobodys);
        expect(theirs.status).toBe(404);
      }
      expect(world.store.items.get(item.id)).toEqual(item);
    },
  );

  it("what is shared is seen by whom it is shared with, changed by its owner alone, and shows nothing of how it is kept", async () => {
    const within = await world.item(owner, "for ours", "organisation");
    const open = await world.item(owner, "for all", "public");
    const see = async (item: { id: string }, person: Person) =>
      (await world.ask("GET", `/memory/items/${item.id}`, person.token)).status;
    expect([await see(within, owner), await see(within, colleague), await see(within, other)]).toEqual([200, 200, 404]);
    expect([await see(open, colleague), await see(open, other), await see(open, admin)]).toEqual([200, 200, 200]);
    expect(await see(within, admin)).toBe(404);
    for (const method of ["PATCH", "PUT", "DELETE"]) {
      const body = { PATCH: { content: "x" }, PUT: DRAFT }[method];
      expect((await world.ask(method, `/memory/items/${open.id}`, other.token, body)).status).toBe(403);
      expect((await world.ask(method, `/memory/items/${within.id}`, other.token, body)).status).toBe(404);
    }
    const shown = await world.ask("GET", `/memory/items/${open.id}`, other.token);
    const fields = "content contexts createdMillis id ownerId updatedMillis version visibility".split(" ");
    expect(Object.keys(shown.json).sort()).toEqual(fields);
    expect(world.engine.used).toContain(`${other.id} ${open.id}`);
  });

  it("an organisation-admin has the users of the organisation, and others are not there", async () => {
    const ours = (await world.store.user(owner.id))!.organisationId!;
    const chief = await world.person("organisation-admin", ours);
    const trigger = async (users: unknown, by = chief) =>
      (await world.ask("POST", "/memory/preload/trigger", by.token, { users })).status;
    expect(await trigger([owner.id, colleague.id])).toBe(202);
    expect(await trigger([owner.id, other.id])).toBe(404);
    expect(await trigger([owner.id, "nobody"])).toBe(404);
    expect(await trigger("all")).toBe(403);
    expect(await trigger("all", admin)).toBe(202);
    expect(await trigger(["nobody"], admin)).toBe(404);
    const config = async (body: object, by = chief) =>
      (await world.ask("POST", "/memory/preload/config", by.token, { config: {}, ...body })).status;
    expect(await config({ scope: "organisation" })).toBe(200);
    expect(await config({ scope: "organisation", id: ours })).toBe(200);
    const theirs = await config({ scope: "organisation", id: (await world.store.user(other.id))!.organisationId });
    expect([theirs, await config({ scope: "organisation", id: "nobody" })]).toEqual([404, 404]);
    expect(await config({ scope: "user", id: owner.id })).toBe(200);
    expect([await config({ id: other.id }), await config({ id: "nobody" })]).toEqual([404, 404]);
    expect([await config({ scope: "global" }), await config({ scope: "global" }, admin)]).toEqual([403, 200]);
    expect(await config({ scope: "organisation" }, owner)).toBe(403);
    expect(await config({ scope: "organisation" }, admin)).toBe(400);
    expect(await config({ scope: "organisation", id: ours }, admin)).toBe(200);
  });

  it("what is wrong with a part is told to an admin alone; nobody's token or content is in the figures", async () => {
    const seen = await world.ask("GET", "/memory/preload/status", owner.token);
    expect(seen.text).not.toContain("redis.internal.example");
    expect((await world.ask("GET", "/memory/preload/status", admin.token)).text).toContain("redis.internal.example");
    for (const path of ["/readyz", "/metrics", "/"]) {
      const { text } = await world.ask("GET", path);
      for (const secret of ["redis.internal.example", "SECRET", owner.token, owner.id])
        expect(text).not.toContain(secret);
    }
  });
});
