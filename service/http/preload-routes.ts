// What is kept warm: reading it, asking for it anew, how it stands, and how it is set.

import type { z } from "@hono/zod-openapi";
import type { PreloadEngine, PreloadStatus } from "../engine/preload-engine.ts";
import type { Identity } from "../identity.ts";
import type { ItemStore } from "../store/item-store.ts";
import { BodyMemo } from "./body-memo.ts";
import { changedOverrides, effectiveConfig, scopeOf } from "./config-scope.ts";
import { retrievalBytes } from "./item-view.ts";
import { notFound, Problem } from "./problem.ts";
import { jsonResponse, type Route, route } from "./route.ts";
import {
  ConfigChangeSchema,
  ConfigQuerySchema,
  EffectiveConfigSchema,
  LimitQuerySchema,
  RelevantQuerySchema,
  RetrievalSchema,
  RunSchema,
  StatusSchema,
  TriggerSchema,
} from "./schemas.ts";

type Limited = z.output<typeof LimitQuerySchema>;

export function preloadRoutes(store: ItemStore, engine: PreloadEngine): Route[] {
  const bodies = new BodyMemo();
  return [
    route<Limited, unknown>({
      method: "get",
      path: "/memory/memories",
      summary: "Your most valuable items, the most relevant first, from what is warm",
      access: "user",
      query: LimitQuerySchema,
      answers: [{ status: 200, description: "Items, and where they came from", schema: RetrievalSchema }],
      handle: ({ identity, query }) =>
        engine.memories(identity, query.limit).then((found) => jsonResponse(bodies.of(found, identity))),
    }),
    route<z.output<typeof RelevantQuerySchema>, unknown>({
      method: "get",
      path: "/memory/relevant",
      summary: "What suits these contexts: your items, and trending ones that you may see",
      access: "user",
      query: RelevantQuerySchema,
      answers: [{ status: 200, description: "Items, and where they came from", schema: RetrievalSchema }],
      handle: ({ identity, query }) =>
        engine
          .relevant(identity, query.context, query.limit)
          .then((found) => jsonResponse(retrievalBytes(found, identity))),
    }),
    route<Limited, unknown>({
      method: "get",
      path: "/memory/trending",
      summary: "Public items that are used most",
      access: "user",
      query: LimitQuerySchema,
      answers: [{ status: 200, description: "Items, and where they came from", schema: RetrievalSchema }],
      handle: ({ identity, query }) =>
        engine.trending(identity, query.limit).then((found) => jsonResponse(retrievalBytes(found, identity))),
    }),
    route<unknown, z.output<typeof TriggerSchema>>({
      method: "post",
      path: "/memory/preload/trigger",
      summary: "Preload now: yourself; an organisation-admin: users of the organisation; an admin: anybody, or all",
      access: "user",
      body: TriggerSchema,
      isBodyOptional: true,
      answers: [{ status: 202, description: "The run that does it", schema: RunSchema }],
      problems: ["forbidden", "not-found"],
      async handle({ identity, body }) {
        const users = await usersToPreload(store, identity, body.users);
        return jsonResponse(JSON.stringify(engine.trigger(users)), 202);
      },
    }),
    route({
      method: "get",
      path: "/memory/preload/status",
      summary: "Runs, retrievals, what the cache holds, pressure, and what is up or down",
      access: "user",
      answers: [{ status: 200, description: "How it stands", schema: StatusSchema }],
      handle: ({ identity }) => jsonResponse(JSON.stringify(statusFor(engine.status(), identity))),
    }),
    route<z.output<typeof ConfigQuerySchema>, unknown>({
      method: "get",
      path: "/memory/preload/config",
      summary: "The settings that apply, and where each comes from",
      access: "user",
      query: ConfigQuerySchema,
      answers: [{ status: 200, description: "The settings", schema: EffectiveConfigSchema }],
      problems: ["forbidden", "not-found"],
      async handle({ identity, query }) {
        const target = await scopeOf(store, identity, query.scope, query.id, "invalid-query");
        return jsonResponse(JSON.stringify(await effectiveConfig(store, target)));
      },
    }),
    route<unknown, z.output<typeof ConfigChangeSchema>>({
      method: "post",
      path: "/memory/preload/config",
      summary: "Set some for yourself; an organisation-admin: for the organisation and its users; an admin: for all",
      access: "user",
      body: ConfigChangeSchema,
      answers: [{ status: 200, description: "The settings that apply now", schema: EffectiveConfigSchema }],
      problems: ["forbidden", "not-found"],
      async handle({ identity, body }) {
        const target = await scopeOf(store, identity, body.scope, body.id, "invalid-body");
        await store.setConfig(target.scope, changedOverrides(await store.config(target.scope), body.config));
        engine.configChanged();
        return jsonResponse(JSON.stringify(await effectiveConfig(store, target)));
      },
    }),
  ];
}

async function usersToPreload(
  store: ItemStore,
  identity: Identity,
  asked: readonly string[] | "all" | undefined,
): Promise<readonly string[] | "all"> {
  if (asked === undefined) return [identity.userId];
  if (asked === "all") {
    if (identity.role !== "admin") throw new Problem("forbidden", "Only an admin may preload all users.");
    return "all";
  }
  const others = [...new Set(asked)].filter((id) => id !== identity.userId);
  if (others.length > 0 && identity.role === "user") throw new Problem("forbidden", "You may preload yourself alone.");
  for (const user of await Promise.all(others.map((id) => store.user(id)))) {
    if (user === undefined) throw notFound();
    if (identity.role !== "admin" && user.organisationId !== identity.organisationId) throw notFound();
  }
  return [...new Set(asked)];
}

/** What is wrong with a part, in words, is for an admin: it may tell how the service is built. */
function statusFor(status: PreloadStatus, { role }: Identity): unknown {
  if (role === "admin") return status;
  return { ...status, health: status.health.map(({ part, state, sinceMillis }) => ({ part, state, sinceMillis })) };
}
