// What needs no token: whether the process lives, whether it can serve, its figures, and what there is to call.

import type { PreloadEngine } from "../engine/preload-engine.ts";
import type { PartHealth } from "../health.ts";
import type { ItemStore } from "../store/item-store.ts";
import type { LivePage } from "./live-page.ts";
import type { HttpMetrics } from "./metrics.ts";
import { jsonResponse, type Route, route } from "./route.ts";
import { ReadinessSchema } from "./schemas.ts";

const INDEX = {
  service: "mempred",
  start: "GET /memory/memories with Authorization: Bearer mp_...",
  api: "/openapi.json",
  health: ["/healthz", "/readyz", "/metrics"],
};

export interface OpenRoutesOptions {
  readonly store: ItemStore;
  readonly engine: PreloadEngine;
  readonly metrics: HttpMetrics;
  readonly isMetricsProtected: boolean;
  /** JSON text; made when it is first asked for. */
  readonly openApi: () => string;
  /** Null: there is none, and the index is all there is to see. */
  readonly page: LivePage | null;
}

export function openRoutes({ store, engine, metrics, isMetricsProtected, openApi, page }: OpenRoutesOptions): Route[] {
  return [
    route({
      method: "get",
      path: "/",
      summary: "The live page of the simulator, for browsers; an index for everyone else",
      access: "open",
      answers: [{ status: 200, description: "The page, or an index" }],
      handle: ({ headers }) => {
        if (page !== null && headers.get("accept")?.includes("text/html") === true) return pageResponse(page);
        return jsonResponse(JSON.stringify(INDEX), 200, {
          "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
          "referrer-policy": "no-referrer",
        });
      },
    }),
    route({
      method: "get",
      path: "/healthz",
      summary: "The process lives",
      access: "open",
      isUnlimited: true,
      answers: [{ status: 200, description: "It does" }],
      handle: () => jsonResponse('{"isAlive":true}'),
    }),
    route({
      method: "get",
      path: "/readyz",
      summary: "Whether requests can be served, and which part is degraded or down",
      access: "open",
      isUnlimited: true,
      answers: [
        { status: 200, description: "They can: slower, perhaps", schema: ReadinessSchema },
        { status: 503, description: "They cannot: the store is down", schema: ReadinessSchema },
      ],
      handle: () => {
        const parts = partsOf(store, engine);
        const isReady = store.health().state !== "down";
        const shown = parts.map(({ part, state, sinceMillis }) => ({ part, state, sinceMillis }));
        const headers = isReady ? undefined : { "retry-after": "1" };
        return jsonResponse(JSON.stringify({ isReady, parts: shown }), isReady ? 200 : 503, headers);
      },
    }),
    route({
      method: "get",
      path: "/metrics",
      summary: "Figures for Prometheus",
      access: isMetricsProtected ? "admin" : "open",
      isUnlimited: true,
      answers: [{ status: 200, description: "Figures", contentType: "text/plain" }],
      handle: async () =>
        new Response(await metrics.text(), {
          headers: { "content-type": metrics.contentType, "cache-control": "no-store" },
        }),
    }),
    route({
      method: "get",
      path: "/openapi.json",
      summary: "This API as an OpenAPI 3.1 document",
      access: "open",
      answers: [{ status: 200, description: "The document" }],
      handle: () => jsonResponse(openApi()),
    }),
  ];
}

function pageResponse({ html, contentSecurityPolicy }: LivePage): Response {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
    "content-security-policy": contentSecurityPolicy,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
  return new Response(html, { headers });
}

/** Each part once; the store speaks for itself. */
export function partsOf(store: ItemStore, engine: PreloadEngine): readonly PartHealth[] {
  const own = store.health();
  return [own, ...engine.status().health.filter(({ part }) => part !== own.part)];
}
