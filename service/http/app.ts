// The service as a function from requests to responses. One handler a route, no chain of middleware: what every request needs (limits,
// who is asking, the body, the deadline) is done here, in order, and a route gets what is left, checked.
//
// In this order: the address's limit, the path, the token, the token's limit, rights, the query, the body. So a stranger learns nothing
// but that a token is needed, and pays for asking before anything is read from the store.

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AssertionError, MempredError } from "../../core/errors.ts";
import type { PreloadEngine } from "../engine/preload-engine.ts";
import type { Identity } from "../identity.ts";
import type { ItemStore } from "../store/item-store.ts";
import { bearerToken } from "./access-token.ts";
import { adminRoutes } from "./admin-routes.ts";
import { itemRoutes } from "./item-routes.ts";
import { livePage } from "./live-page.ts";
import { type Logger, SILENT } from "./logger.ts";
import { HttpMetrics } from "./metrics.ts";
import { openRoutes } from "./open-routes.ts";
import { registerRoutes } from "./openapi-document.ts";
import { HTTP_DEFAULTS, type HttpOptions } from "./options.ts";
import { preloadRoutes } from "./preload-routes.ts";
import { notFound, Problem, problemResponse, unauthenticated } from "./problem.ts";
import { addressKey, RateLimiter } from "./rate-limiter.ts";
import { readBody } from "./read-body.ts";
import type { Route } from "./route.ts";
import { parseStrictJson } from "./strict-json.ts";
import { TokenAuthority } from "./token-authority.ts";
import { listNames, parseQuery, validate } from "./validate.ts";

export interface AppParts {
  readonly store: ItemStore;
  readonly engine: PreloadEngine;
  readonly options?: HttpOptions | undefined;
  readonly logger?: Logger | undefined;
  /** Of the service, for the OpenAPI document. */
  readonly version?: string | undefined;
  /** The live page as HTML, offered at "/"; null: none. */
  readonly page?: string | null | undefined;
}

export interface ServiceApp {
  /**
   * Answers one request. Never rejects.
   * @param environment Node's own request where there is one: its socket says which address asks
   */
  readonly fetch: (request: Request, environment?: RequestEnvironment) => Response | Promise<Response>;
  readonly routes: readonly Route[];
  readonly metrics: HttpMetrics;
  /** Told by the server about what never became a request. */
  refused(problem: Problem): void;
}

export interface RequestEnvironment {
  readonly incoming?: { readonly socket: { readonly remoteAddress?: string | undefined } } | undefined;
}

const NOBODY: Identity = { tokenId: "", userId: "", organisationId: null, role: "user" };

/** A route, made ready. */
interface Prepared {
  readonly route: Route;
  readonly lists: ReadonlySet<string>;
  /** Queries that were checked, by their text: callers ask for the same again and again. */
  readonly queries: Map<string, unknown>;
}

const MOST_KNOWN_QUERIES = 256;
const LONGEST_KNOWN_QUERY = 64;

export function createApp({ store, engine, options = {}, logger = SILENT, version = "0", page }: AppParts): ServiceApp {
  const limits = { ...HTTP_DEFAULTS, ...definedOf(options) };
  const now = options.nowMillis ?? Date.now;
  const authority = new TokenAuthority(store, { rememberMillis: limits.rememberTokensMillis, nowMillis: now });
  const addresses = new RateLimiter(limits.addressRate);
  const tokens = new RateLimiter(limits.tokenRate);
  const metrics = new HttpMetrics(store, engine);
  const hono = new OpenAPIHono<{ Bindings: RequestEnvironment }>();
  let document: string | undefined;
  const openApi = () => {
    const info = { title: "mempred preload service", version };
    document ??= JSON.stringify(hono.getOpenAPI31Document({ openapi: "3.1.0", info }));
    return document;
  };
  const isMetricsProtected = options.isMetricsProtected === true;
  const routes = [
    ...openRoutes({ store, engine, metrics, isMetricsProtected, openApi, page: page == null ? null : livePage(page) }),
    ...preloadRoutes(store, engine),
    ...itemRoutes(store, engine),
    ...adminRoutes(store, authority, now),
  ];
  registerRoutes(hono.openAPIRegistry, routes);
  for (const route of routes) {
    const prepared = prepare(route);
    const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
    hono.on(route.method, path, (context) =>
      observed(context.req.method, route.path, () => answer(prepared, context as unknown as Context)),
    );
  }
  const methods = methodTable(routes);
  hono.notFound((context) =>
    observed(context.req.method, "-", async () => {
      checkAddress(context as unknown as Context);
      const allowed = methods.find(({ pattern }) => pattern.test(context.req.path))?.allowed;
      if (allowed === undefined) throw notFound();
      throw new Problem("method-not-allowed", `This path has ${allowed}.`, { headers: { allow: allowed } });
    }),
  );
  hono.onError((error) => problemResponse(problemOf(error, logger)));

  function checkAddress(context: Context): void {
    const address = (context.env as RequestEnvironment | undefined)?.incoming?.socket.remoteAddress ?? "";
    const wait = addresses.take(addressKey(address), now());
    if (wait > 0) throw rateLimited("address", wait);
  }

  async function answer(prepared: Prepared, context: Context): Promise<Response> {
    const begun = performance.now();
    const { route } = prepared;
    if (route.isUnlimited !== true) checkAddress(context);
    const { url } = context.req;
    const pathFrom = url.indexOf("/", 8);
    if (url.length - pathFrom > limits.maxPathLength)
      throw new Problem("path-too-long", `A path with its query has at most ${limits.maxPathLength} characters.`);
    let identity = NOBODY;
    if (route.access !== "open") {
      const token = bearerToken(context.req.header("authorization"));
      if (token === undefined) throw unauthenticated();
      const found = authority.identify(token);
      const bearer = found instanceof Promise ? await within(limits.deadlineMillis, found) : found;
      if (bearer === undefined) throw unauthenticated();
      identity = bearer;
      const wait = tokens.take(identity.tokenId, now());
      if (wait > 0) throw rateLimited("token", wait);
      if (route.access === "admin" && identity.role !== "admin") throw new Problem("forbidden", "That is for admins.");
    }
    const query = queryOf(prepared, url);
    let deadlineMillis = limits.deadlineMillis;
    let body: unknown;
    if (route.body !== undefined) {
      deadlineMillis -= performance.now() - begun;
      const bytes = await readBody(context.req.raw, { maxBytes: limits.maxBodyBytes, maxMillis: limits.bodyMillis });
      const isEmpty = bytes.length === 0 && route.isBodyOptional === true;
      body = validate(route.body, isEmpty ? {} : parseStrictJson(bytes), "invalid-body");
    } else deadlineMillis -= performance.now() - begun;
    const id = context.req.param("id") ?? "";
    const work = route.handle({ identity, query, body, id, headers: context.req.raw.headers });
    return work instanceof Promise ? within(Math.max(1, deadlineMillis), work) : work;
  }

  /** Counts a request and makes a response of whatever is thrown. */
  function observed(method: string, path: string, work: () => Promise<Response>): Promise<Response> {
    const begun = performance.now();
    metrics.begin();
    return work()
      .catch((error: unknown) => problemResponse(problemOf(error, logger)))
      .then((response) => {
        const millis = performance.now() - begun;
        metrics.end(method, path, response.status, millis / 1000);
        if (logger.isDebug()) logger.debug({ method, route: path, status: response.status, millis }, "request");
        return response;
      });
  }

  return {
    fetch: (request, environment) => hono.fetch(request, environment ?? {}),
    routes,
    metrics,
    refused(problem) {
      metrics.refused(problem.status);
      if (logger.isDebug()) logger.debug({ status: problem.status, code: problem.code }, "refused");
    },
  };
}

/** What a client is told about an error. What is not known is a mistake of ours: it is logged whole and told as nothing. */
function problemOf(error: unknown, logger: Logger): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof MempredError) {
    if (error.code.startsWith("BACKEND_")) {
      logger.warn({ code: error.code, reason: error.message }, "unavailable");
      const detail =
        error.code === "BACKEND_FULL"
          ? "There is no room for it now."
          : "The store does not answer now; what was asked may not have been done.";
      return new Problem("unavailable", detail, { headers: { "retry-after": "1" } });
    }
    if (error.code === "INVALID_INPUT") return new Problem("invalid-request", "Something in it does not fit.");
  }
  const { message, stack } = error instanceof Error ? error : new AssertionError(String(error));
  logger.error({ message, stack }, "internal");
  return new Problem("internal", "Something went wrong here that is no fault of the request.");
}

/** The result of `work`, or a Problem, "overdue". The work itself goes on: a write may be done all the same. */
function within<T>(millis: number, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      const detail = "There was no answer in time; if it was a write, it may have been done.";
      reject(new Problem("overdue", detail, { headers: { "retry-after": "1" } }));
    }, millis);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

function prepare(route: Route): Prepared {
  return { route, lists: listNames(route.query), queries: new Map() };
}

function queryOf({ route, lists, queries }: Prepared, url: string): unknown {
  const from = url.indexOf("?");
  const text = from < 0 ? "" : url.slice(from + 1);
  const known = queries.get(text);
  if (known !== undefined) return known;
  const parsed = parseQuery(text, lists);
  const query = route.query === undefined ? noQuery(parsed) : validate(route.query, parsed, "invalid-query");
  if (queries.size < MOST_KNOWN_QUERIES && text.length <= LONGEST_KNOWN_QUERY) queries.set(text, Object.freeze(query));
  return query;
}

function noQuery(query: Record<string, unknown>): unknown {
  const [first] = Object.keys(query);
  if (first === undefined) return {};
  const fault = { path: first.slice(0, 64), message: "is not known: there are no parameters here" };
  throw new Problem("invalid-query", `${fault.path}: ${fault.message}`, { faults: [fault] });
}

function rateLimited(what: string, waitSeconds: number): Problem {
  const headers = { "retry-after": String(Math.ceil(waitSeconds)) };
  return new Problem("rate-limited", `Too many requests of this ${what}.`, { headers });
}

function methodTable(routes: readonly Route[]): { pattern: RegExp; allowed: string }[] {
  const byPath = new Map<string, string[]>();
  for (const { path, method } of routes) byPath.set(path, [...(byPath.get(path) ?? []), method.toUpperCase()]);
  return [...byPath].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    allowed: methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", "),
  }));
}

function definedOf(options: HttpOptions): Partial<typeof HTTP_DEFAULTS> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
