// A route: what it takes, what it gives, who may call it, and the function that answers. The app and the OpenAPI document are both
// made from these, so that they cannot disagree.

import type { z } from "@hono/zod-openapi";
import type { Identity } from "../identity.ts";
import type { ProblemCode } from "./problem.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** One request to a route, checked. */
export interface Call<Query, Body> {
  /** The bearer; of open routes nobody. */
  readonly identity: Identity;
  readonly query: Query;
  readonly body: Body;
  /** What stands for {id} in the path; "" otherwise. */
  readonly id: string;
  readonly headers: Headers;
}

export interface Answer {
  readonly status: number;
  readonly description: string;
  /** Absent: no content. */
  readonly schema?: z.ZodType;
  /** Default: application/json. */
  readonly contentType?: string;
}

export interface Route<Query = unknown, Body = unknown> {
  readonly method: Method;
  /** As OpenAPI writes it: "/memory/items/{id}". */
  readonly path: string;
  readonly summary: string;
  /** "open": everybody. "user": any valid token. "admin": a token of an admin. */
  readonly access: "open" | "user" | "admin";
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** A request without a body is one with {}. */
  readonly isBodyOptional?: true;
  /** Headers that it looks at, with a description. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
  /** Beside those of every route and those that follow from `access`, `query` and `body`. */
  readonly problems?: readonly ProblemCode[];
  /** Not counted by the limit of addresses: it is asked by what watches over the service. */
  readonly isUnlimited?: true;
  handle(call: Call<Query, Body>): Response | Promise<Response>;
}

/** Checks the types of one route and forgets them, so that routes of all kinds go into one list. */
export function route<Query, Body>(definition: Route<Query, Body>): Route {
  return definition as unknown as Route;
}

const JSON_HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** An answer of JSON, text or its bytes. */
export function jsonResponse(
  text: string | Uint8Array<ArrayBuffer>,
  status = 200,
  headers?: Readonly<Record<string, string>>,
): Response {
  return new Response(text, {
    status,
    headers: headers === undefined ? JSON_HEADERS : { ...JSON_HEADERS, ...headers },
  });
}

/** An answer without a body: 204, 304. */
export function emptyResponse(status: number, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** Codes that a route can answer with. */
export function problemsOf({ access, query, body, problems = [] }: Route): ReadonlySet<ProblemCode> {
  const codes = new Set<ProblemCode>(["invalid-request", "invalid-query", "request-timeout", "path-too-long"]);
  for (const code of ["rate-limited", "headers-too-large", "unavailable", "overdue"] as const) codes.add(code);
  if (access !== "open") codes.add("unauthenticated");
  if (access === "admin") codes.add("forbidden");
  if (query !== undefined) codes.add("invalid-query");
  if (body !== undefined)
    for (const code of ["invalid-json", "invalid-body", "body-too-large", "unsupported-media-type"] as const)
      codes.add(code);
  for (const code of problems) codes.add(code);
  return codes;
}
