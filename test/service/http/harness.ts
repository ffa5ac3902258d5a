// An app over fakes, with users of two organisations, their items, and a way to ask.

import { hashToken, makeToken } from "../../../service/http/access-token.ts";
import { issueToken } from "../../../service/http/admin-routes.ts";
import { createApp, type ServiceApp } from "../../../service/http/app.ts";
import type { HttpOptions } from "../../../service/http/options.ts";
import { ProblemSchema } from "../../../service/http/schemas.ts";
import type { Role } from "../../../service/identity.ts";
import type { Item, Visibility } from "../../../service/item.ts";
import { FakeEngine } from "../fake-engine.ts";
import { FakeStore } from "../fake-store.ts";

export const UNLIMITED = { perSecond: Infinity, burst: 1 };

export interface Person {
  readonly id: string;
  readonly token: string;
  readonly tokenId: string;
}

export interface World {
  readonly app: ServiceApp;
  readonly store: FakeStore;
  readonly engine: FakeEngine;
  /** Moves the clock of the app and its store. */
  pass(millis: number): void;
  now(): number;
  person(role?: Role, organisationId?: string | null): Promise<Person>;
  item(owner: Person, content: string, visibility?: Visibility): Promise<Item>;
  ask(method: string, path: string, token?: string | null, body?: unknown, headers?: object): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of all shapes
  readonly json: any;
}

export async function makeWorld(options: HttpOptions = {}): Promise<World> {
  let nowMillis = 1_800_000_000_000;
  const now = () => nowMillis;
  const store = new FakeStore(now);
  const engine = new FakeEngine(store);
  const rates = { tokenRate: UNLIMITED, addressRate: UNLIMITED };
  const app = createApp({ store, engine, options: { ...rates, nowMillis: now, ...options } });
  return {
    app,
    store,
    engine,
    now,
    pass: (millis) => {
      nowMillis += millis;
    },
    async person(role = "user", organisationId = null) {
      const { id } = await store.createUser({ organisationId, role });
      const { token, stored } = await issueToken(store, id, 3_600, nowMillis);
      return { id, token, tokenId: stored.id };
    },
    item: (owner, content, visibility = "private") =>
      store.insert(owner.id, { content, contexts: ["work"], importance: 0.5, isPinned: false, visibility }),
    async ask(method, path, token, body, headers = {}) {
      const hasBody = body !== undefined;
      const request = new Request(`http://service.test${path}`, {
        method,
        headers: {
          ...(token == null ? {} : { authorization: `Bearer ${token}` }),
          ...(hasBody ? { "content-type": "application/json" } : {}),
          ...headers,
        },
        ...(hasBody ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
      });
      return answerOf(await app.fetch(request), method === "HEAD");
    },
  };
}

export async function answerOf(response: Response, isHead = false): Promise<Answer> {
  const text = await response.text();
  const headers = Object.fromEntries(response.headers);
  const json = /json/.test(headers["content-type"] ?? "") && text !== "" ? JSON.parse(text) : undefined;
  if (response.status >= 400 && !isHead && !("isReady" in (json ?? {}))) checkProblem(response.status, headers, json);
  return { status: response.status, headers, text, json };
}

/** Whatever is wrong is said in one shape, and nothing of the inside with it. */
export function checkProblem(status: number, headers: Readonly<Record<string, string>>, json: unknown): void {
  const problem = ProblemSchema.parse(json);
  if (problem.status !== status) throw new Error(`status ${status}, but the body says ${problem.status}`);
  if (headers["content-type"] !== "application/problem+json") throw new Error(`type ${headers["content-type"]}`);
  if (status === 401 && !headers["www-authenticate"]?.startsWith("Bearer")) throw new Error("no WWW-Authenticate");
  if ((status === 429 || status === 503) && !(Number(headers["retry-after"]) >= 1)) throw new Error("no Retry-After");
  if (status === 405 && !headers["allow"]) throw new Error("no Allow");
  if (/\bat .*:\d+:\d+|node_modules|[\\/](?:service|work|secret)[\\/]/.test(JSON.stringify(json)))
    throw new Error(`the inside shows: ${JSON.stringify(json)}`);
}

/** A token of each kind that opens nothing. */
export async function badTokens(world: World, person: Person): Promise<Readonly<Record<string, string | null>>> {
  const { store } = world;
  const expired = await issueToken(store, person.id, -1, world.now());
  const revoked = await issueToken(store, person.id, 3_600, world.now());
  await store.revokeToken(revoked.stored.id);
  const unknown = makeToken();
  if ((await store.findToken(hashToken(unknown))) !== undefined) throw new Error("an unknown token is known");
  return {
    "no token": null,
    "malformed token": "mp_short",
    "unknown token": unknown,
    "expired token": expired.token,
    "revoked token": revoked.token,
  };
}
