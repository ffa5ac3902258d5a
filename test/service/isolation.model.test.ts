// S19 on the real parts: users of three organisations make, change and remove items of all visibilities at random, and read in every way
// there is; no answer has a byte of what its reader may not see, and what is trending is public at that moment. SEED=n repeats a run.

import { expect, it } from "vitest";
import { RandomStream } from "../../core/random.ts";
import { EmbeddedPreloadCache } from "../../service/cache/embedded.ts";
import { Engine } from "../../service/engine/engine.ts";
import { issueToken } from "../../service/http/admin-routes.ts";
import { createApp } from "../../service/http/app.ts";
import { VISIBILITIES, type Visibility } from "../../service/item.ts";
import { MemoryItemStore } from "../../service/store/memory-store.ts";
import { UNLIMITED } from "./http/harness.ts";

const SEED = Number(process.env["SEED"] ?? 19);
const STEPS = 1_500;

interface Known {
  readonly owner: number;
  readonly secret: string;
  visibility: Visibility | "gone";
}

it(`S19: ${STEPS} steps of 9 users: 0 leaks, and what one may see is found`, async () => {
  const line = `SEED=${SEED} npx vitest run test/service/isolation.model.test.ts`;
  console.log(`reproduce: ${line}`);
  const random = new RandomStream(SEED, "isolation");
  const store = new MemoryItemStore();
  const cache = new EmbeddedPreloadCache();
  const engine = new Engine({ store, cache, rebuildMillis: 1 });
  const app = createApp({
    store,
    engine,
    options: { tokenRate: UNLIMITED, addressRate: UNLIMITED, deadlineMillis: 60_000 },
  });
  const users: { readonly token: string; readonly organisationId: string | null }[] = [];
  const organisations = [null, (await store.createOrganisation("one")).id, (await store.createOrganisation("two")).id];
  for (let index = 0; index < 9; index++) {
    const organisationId = organisations[index % 3] ?? null;
    const { id } = await store.createUser({ organisationId, role: index === 8 ? "admin" : "user" });
    users.push({ token: (await issueToken(store, id, 3_600, Date.now())).token, organisationId });
  }
  const ask = async (user: number, method: string, path: string, body?: object) => {
    const headers = { authorization: `Bearer ${users[user]!.token}`, "content-type": "application/json" };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await app.fetch(new Request(`http://service.test${path}`, init));
    return { status: answer.status, text: await answer.text() };
  };
  const items = new Map<string, Known>();
  const maySee = (reader: number, { owner, visibility }: Known): boolean => {
    if (visibility === "gone") return false;
    if (reader === owner || visibility === "public") return true;
    const { organisationId } = users[owner]!;
    return visibility === "organisation" && organisationId !== null && organisationId === users[reader]!.organisationId;
  };
  const check = (reader: number, path: string, text: string) => {
    for (const [id, known] of items)
      if (text.includes(known.secret) && !maySee(reader, known))
        throw new Error(`${line}: user ${reader} sees ${id} (${known.visibility}, of user ${known.owner}) in ${path}`);
  };
  const counts = { reads: 0, seenOfOthers: 0, refused: 0 };
  for (let step = 0; step < STEPS; step++) {
    const user = random.integer(users.length);
    await new Promise((next) => setImmediate(next)); // runs and rebuilds go on between requests, as between those of a server
    const ids = [...items.keys()];
    const kind = random.integer(10);
    if (kind < 2 || ids.length === 0) {
      const visibility = VISIBILITIES[random.integer(3)]!;
      const secret = `secret-${step}-${random.integer(1e9)};`;
      const draft = {
        content: secret,
        visibility,
        contexts: [random.chance(0.5) ? "work" : "home"],
        importance: random.next(),
      };
      const made = await ask(user, "POST", "/memory/items", draft);
      expect(made.status).toBe(201);
      items.set((JSON.parse(made.text) as { id: string }).id, { owner: user, secret, visibility });
      continue;
    }
    const id = ids[random.integer(ids.length)]!;
    const known = items.get(id)!;
    if (kind === 2) {
      const visibility = VISIBILITIES[random.integer(3)]!;
      const by = random.chance(0.7) ? known.owner : user;
      const { status, text } = await ask(by, "PATCH", `/memory/items/${id}`, { visibility });
      check(by, "PATCH", text);
      expect(status).toBe(known.visibility === "gone" ? 404 : by === known.owner ? 200 : maySee(by, known) ? 403 : 404);
      if (status === 200) known.visibility = visibility;
    } else if (kind === 3 && random.chance(0.3)) {
      const { status } = await ask(known.owner, "DELETE", `/memory/items/${id}`);
      expect(status).toBe(known.visibility === "gone" ? 404 : 204);
      known.visibility = "gone";
    } else if (kind < 6) {
      const { status, text } = await ask(user, "GET", `/memory/items/${id}`);
      expect([status, text.includes(known.secret)]).toEqual(maySee(user, known) ? [200, true] : [404, false]);
      if (status === 404) counts.refused++;
    } else {
      const paths = [
        "memories?limit=200",
        "relevant?context=work&context=home&limit=200",
        "trending?limit=200",
        "items?limit=200",
        "preload/status",
      ];
      const path = `/memory/${paths[random.integer(paths.length)]}`;
      if (random.chance(0.05)) engine.trigger("all");
      const { status, text } = await ask(user, "GET", path);
      expect(status).toBe(200);
      check(user, path, text);
      counts.reads++;
      if ([...items.values()].some(({ owner, secret }) => owner !== user && text.includes(secret)))
        counts.seenOfOthers++;
      if (!path.startsWith("/memory/items?")) continue;
      const missing = [...items.values()].filter(
        ({ owner, visibility, secret }) => owner === user && visibility !== "gone" && !text.includes(secret),
      );
      expect(missing, line).toEqual([]);
    }
  }
  console.log(`reads ${counts.reads}, with items of others ${counts.seenOfOthers}, refused ${counts.refused}`);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(20);
  await engine.stop();
  await store.close();
  await cache.close();
});
