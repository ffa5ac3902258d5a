// Items one by one. Whoever may not see an item gets the answer of one that is not there; only its owner changes it.

import type { z } from "@hono/zod-openapi";
import type { PreloadEngine } from "../engine/preload-engine.ts";
import type { Item, ItemDraft } from "../item.ts";
import type { ItemStore } from "../store/item-store.ts";
import { itemETag, itemJson, maySee } from "./item-view.ts";
import { notFound, Problem } from "./problem.ts";
import { type Call, emptyResponse, jsonResponse, type Route, route } from "./route.ts";
import {
  ID_PATTERN,
  ItemChangesSchema,
  ItemDraftSchema,
  ItemPageSchema,
  ItemSchema,
  PageQuerySchema,
} from "./schemas.ts";

const IF_MATCH = { "if-match": "ETag of the version to change; 412 when it is another one by now" };
const IF_NONE_MATCH = { "if-none-match": "ETag of a version that is known; 304 when it is still that one" };

export function itemRoutes(store: ItemStore, engine: PreloadEngine): Route[] {
  /** The item, if the bearer may see it. */
  async function seen({ id, identity }: Call<unknown, unknown>): Promise<Item> {
    const item = ID_PATTERN.test(id) ? await store.get(id) : undefined;
    if (item === undefined || !maySee(item, identity)) throw notFound();
    return item;
  }

  /** The same, to be changed. */
  async function owned(call: Call<unknown, unknown>): Promise<Item> {
    const item = await seen(call);
    if (item.ownerId !== call.identity.userId) throw new Problem("forbidden", "Only its owner may change an item.");
    return item;
  }

  async function change(call: Call<unknown, unknown>, changes: Partial<ItemDraft>): Promise<Response> {
    const ifVersion = await versionToChange(call);
    if (!ID_PATTERN.test(call.id)) throw notFound();
    const { userId } = call.identity;
    const updated = await store.update(call.id, userId, changes, ifVersion);
    if (updated === "conflict") throw conflict();
    if (updated === undefined) {
      await owned(call);
      throw notFound(); // it came in between
    }
    await engine.changed(userId);
    return jsonResponse(itemJson(updated, call.identity), 200, { etag: itemETag(updated) });
  }

  /** The version that If-Match asks for; 0, which no item has: none of this service; undefined: any. */
  async function versionToChange(call: Call<unknown, unknown>): Promise<number | undefined> {
    const header = call.headers.get("if-match");
    if (header === null || header.trim() === "*") return undefined;
    const versions = versionsOf(header);
    if (versions.length <= 1) return versions[0] ?? 0;
    const { version } = await owned(call);
    return versions.includes(version) ? version : 0;
  }

  return [
    route<unknown, z.output<typeof ItemDraftSchema>>({
      method: "post",
      path: "/memory/items",
      summary: "Make an item",
      access: "user",
      body: ItemDraftSchema,
      answers: [{ status: 201, description: "It is kept; Location and ETag say where and which", schema: ItemSchema }],
      async handle({ identity, body }) {
        const item = await store.insert(identity.userId, body);
        await engine.changed(identity.userId);
        const headers = { etag: itemETag(item), location: `/memory/items/${item.id}` };
        return jsonResponse(itemJson(item, identity), 201, headers);
      },
    }),
    route<z.output<typeof PageQuerySchema>, unknown>({
      method: "get",
      path: "/memory/items",
      summary: "Your items, the newest first, page by page",
      access: "user",
      query: PageQuerySchema,
      answers: [{ status: 200, description: "A page", schema: ItemPageSchema }],
      async handle({ identity, query }) {
        const page = await store.list(identity.userId, query.limit, query.after);
        const items = page.items.map((item) => itemJson(item, identity));
        return jsonResponse(`{"items":[${items.join(",")}],"next":${JSON.stringify(page.next)}}`);
      },
    }),
    route({
      method: "get",
      path: "/memory/items/{id}",
      summary: "An item; counts as a use of it",
      access: "user",
      headers: IF_NONE_MATCH,
      answers: [
        { status: 200, description: "The item", schema: ItemSchema },
        { status: 304, description: "It is still that version" },
      ],
      problems: ["not-found"],
      async handle(call) {
        const item = await seen(call);
        engine.noteUse(item.id, call.identity.userId);
        const etag = itemETag(item);
        const known = call.headers.get("if-none-match");
        if (known !== null && isNamed(known, etag)) return emptyResponse(304, { etag });
        return jsonResponse(itemJson(item, call.identity), 200, { etag });
      },
    }),
    route<unknown, z.output<typeof ItemChangesSchema>>({
      method: "patch",
      path: "/memory/items/{id}",
      summary: "Change some of an item",
      access: "user",
      body: ItemChangesSchema,
      headers: IF_MATCH,
      answers: [{ status: 200, description: "As it is now", schema: ItemSchema }],
      problems: ["not-found", "forbidden", "version-conflict"],
      handle: (call) => change(call, definedOnly(call.body)),
    }),
    route<unknown, z.output<typeof ItemDraftSchema>>({
      method: "put",
      path: "/memory/items/{id}",
      summary: "Write an item anew; what is left out gets its default. Makes none: ids are given by the service",
      access: "user",
      body: ItemDraftSchema,
      headers: IF_MATCH,
      answers: [{ status: 200, description: "As it is now", schema: ItemSchema }],
      problems: ["not-found", "forbidden", "version-conflict"],
      handle: (call) => change(call, call.body),
    }),
    route({
      method: "delete",
      path: "/memory/items/{id}",
      summary: "Remove an item",
      access: "user",
      headers: IF_MATCH,
      answers: [{ status: 204, description: "It is gone" }],
      problems: ["not-found", "forbidden", "version-conflict"],
      async handle(call) {
        const { id, ownerId } = await owned(call);
        const outcome = await store.remove(id, ownerId, await versionToChange(call));
        if (outcome === "conflict") throw conflict();
        if (!outcome) throw notFound(); // it went in between
        await engine.changed(ownerId);
        return emptyResponse(204);
      },
    }),
  ];
}

/** Versions of the strong tags in an If-Match. */
function versionsOf(header: string): number[] {
  return header.split(",").flatMap((part) => {
    const match = /^"([1-9]\d{0,15})"$/.exec(part.trim());
    return match === null ? [] : [Number(match[1])];
  });
}

function isNamed(header: string, etag: string): boolean {
  return header.split(",").some((part) => part.trim() === "*" || part.trim().replace(/^W\//, "") === etag);
}

function definedOnly(changes: z.output<typeof ItemChangesSchema>): Partial<ItemDraft> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function conflict(): Problem {
  return new Problem("version-conflict", "The item is of another version than If-Match says: read it again.");
}
