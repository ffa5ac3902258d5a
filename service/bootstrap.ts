// The first admin. A store with no user in it gets one, whose token is told once; an operator may give the token instead.

import { MempredError } from "../core/errors.ts";
import { hashToken, isToken } from "./http/access-token.ts";
import { issueToken } from "./http/admin-routes.ts";
import type { ItemStore } from "./store/item-store.ts";

const DAY_SECONDS = 86_400;
/** Of the token that is made: long enough to make others. */
export const FIRST_TOKEN_SECONDS = 366 * DAY_SECONDS;
/** Of one that is given: whoever gave it takes care of it. */
const GIVEN_TOKEN_SECONDS = 3_660 * DAY_SECONDS;

/**
 * Sees to it that there is an admin. Throws INVALID_INPUT for a given token that is no token, or no longer one of an admin.
 * @param given the token to open with, from the operator
 * @returns a token that was made here, to be told once; null: none was
 */
export async function ensureAdmin(store: ItemStore, nowMillis: number, given?: string): Promise<string | null> {
  if (given !== undefined) {
    const expected = "mp_ and 43 characters: 32 random bytes in base64url";
    if (!isToken(given)) throw new MempredError("INVALID_INPUT", "the admin token is no token", { expected });
    const known = await store.findToken(hashToken(given));
    if (known === undefined) {
      const admin = await store.createUser({ organisationId: null, role: "admin" });
      await issueToken(store, admin.id, GIVEN_TOKEN_SECONDS, nowMillis, given);
      return null;
    }
    const { token, identity } = known;
    const trouble =
      token.revokedMillis !== null
        ? "was revoked"
        : token.expiresMillis <= nowMillis
          ? "has expired"
          : identity.role !== "admin"
            ? "is of a user who is no admin"
            : null;
    if (trouble !== null)
      throw new MempredError("INVALID_INPUT", `the admin token ${trouble}`, { expected: "another one" });
    return null;
  }
  if ((await store.countUsers()) > 0) return null;
  const admin = await store.createUser({ organisationId: null, role: "admin" });
  return (await issueToken(store, admin.id, FIRST_TOKEN_SECONDS, nowMillis)).token;
}
