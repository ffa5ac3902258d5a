// Organisations, users and their tokens: for admins.

import { randomUUID } from "node:crypto";
import type { z } from "@hono/zod-openapi";
import type { StoredToken } from "../identity.ts";
import type { ItemStore } from "../store/item-store.ts";
import { hashToken, makeToken } from "./access-token.ts";
import { notFound, Problem } from "./problem.ts";
import { emptyResponse, jsonResponse, type Route, route } from "./route.ts";
import {
  FreshTokenSchema,
  ID_PATTERN,
  NewOrganisationSchema,
  NewTokenSchema,
  NewUserSchema,
  OrganisationSchema,
  TokenListSchema,
  UserSchema,
} from "./schemas.ts";
import type { TokenAuthority } from "./token-authority.ts";

export function adminRoutes(store: ItemStore, authority: TokenAuthority, nowMillis: () => number): Route[] {
  return [
    route<unknown, z.output<typeof NewOrganisationSchema>>({
      method: "post",
      path: "/admin/organisations",
      summary: "Make an organisation",
      access: "admin",
      body: NewOrganisationSchema,
      answers: [{ status: 201, description: "It is made", schema: OrganisationSchema }],
      handle: async ({ body }) => jsonResponse(JSON.stringify(await store.createOrganisation(body.name)), 201),
    }),
    route<unknown, z.output<typeof NewUserSchema>>({
      method: "post",
      path: "/admin/users",
      summary: "Make a user",
      access: "admin",
      body: NewUserSchema,
      isBodyOptional: true,
      answers: [{ status: 201, description: "It is made", schema: UserSchema }],
      async handle({ body }) {
        const { organisationId } = body;
        if (organisationId !== null && (await store.organisation(organisationId)) === undefined)
          throw new Problem("invalid-body", "organisationId: there is no such organisation");
        return jsonResponse(JSON.stringify(await store.createUser(body)), 201);
      },
    }),
    route<unknown, z.output<typeof NewTokenSchema>>({
      method: "post",
      path: "/admin/users/{id}/tokens",
      summary: "Make a token for a user; it is shown in this answer alone",
      access: "admin",
      body: NewTokenSchema,
      isBodyOptional: true,
      answers: [{ status: 201, description: "The token", schema: FreshTokenSchema }],
      problems: ["not-found"],
      async handle({ id, body }) {
        await existing(store, id);
        const made = await issueToken(store, id, body.expiresInSeconds, nowMillis());
        return jsonResponse(JSON.stringify({ ...shown(made.stored), token: made.token }), 201);
      },
    }),
    route({
      method: "get",
      path: "/admin/users/{id}/tokens",
      summary: "Tokens of a user, without the tokens themselves",
      access: "admin",
      answers: [{ status: 200, description: "Tokens", schema: TokenListSchema }],
      problems: ["not-found"],
      async handle({ id }) {
        await existing(store, id);
        return jsonResponse(JSON.stringify({ tokens: (await store.tokensOf(id)).map(shown) }));
      },
    }),
    route({
      method: "delete",
      path: "/admin/tokens/{id}",
      summary: "Revoke a token",
      access: "admin",
      answers: [{ status: 204, description: "It opens nothing any more" }],
      problems: ["not-found"],
      async handle({ id }) {
        if (!ID_PATTERN.test(id)) throw notFound();
        authority.forget(id);
        const isThere = await store.revokeToken(id).finally(() => authority.forget(id));
        if (!isThere) throw notFound();
        return emptyResponse(204);
      },
    }),
  ];
}

/** A new token of a user, kept. @param token one that is given, in place of a new one */
export async function issueToken(
  store: ItemStore,
  userId: string,
  expiresInSeconds: number,
  nowMillis: number,
  token = makeToken(),
): Promise<{ readonly token: string; readonly stored: StoredToken }> {
  const stored: StoredToken = {
    id: randomUUID(),
    userId,
    hash: hashToken(token),
    createdMillis: nowMillis,
    expiresMillis: nowMillis + expiresInSeconds * 1000,
    revokedMillis: null,
  };
  await store.addToken(stored);
  return { token, stored };
}

async function existing(store: ItemStore, userId: string): Promise<void> {
  if (!ID_PATTERN.test(userId) || (await store.user(userId)) === undefined) throw notFound();
}

function shown({ id, createdMillis, expiresMillis, revokedMillis }: StoredToken) {
  return { id, createdMillis, expiresMillis, revokedMillis };
}
