// Figures for Prometheus, in a registry of the app's own, so that two apps in a process do not count into each other's. Labels are
// routes and codes, never what somebody sent: their number is bounded.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PreloadEngine, PreloadStatus } from "../engine/preload-engine.ts";
import type { ItemStore } from "../store/item-store.ts";
import { partsOf } from "./open-routes.ts";

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export class HttpMetrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram;
  #inFlight = 0;

  constructor(store: ItemStore, engine: PreloadEngine) {
    const registers = [this.#registry];
    this.#durations = new Histogram({
      name: "mempred_http_request_duration_seconds",
      help: "Requests by method, route and status, and how long each took",
      labelNames: ["method", "route", "status"],
      buckets: SECONDS,
      registers,
    });
    const inFlight = () => this.#inFlight;
    new Gauge({
      name: "mempred_http_requests_in_flight",
      help: "Requests under way",
      registers,
      collect() {
        this.set(inFlight());
      },
    });
    preloadMetrics(this.#registry, store, engine);
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: 100 });
  }

  readonly contentType = "text/plain; version=0.0.4; charset=utf-8";

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  begin(): void {
    this.#inFlight++;
  }

  end(method: string, route: string, status: number, seconds: number): void {
    this.#inFlight--;
    this.#durations.observe({ method, route, status }, seconds);
  }

  /** A request that never got to a route: broken HTTP, a limit of the server. */
  refused(status: number): void {
    this.#durations.observe({ method: "-", route: "-", status }, 0);
  }

  get inFlight(): number {
    return this.#inFlight;
  }
}

function preloadMetrics(registry: Registry, store: ItemStore, engine: PreloadEngine): void {
  const registers = [registry];
  new Counter({
    name: "mempred_preload_retrievals_total",
    help: "Retrievals by where the items came from",
    labelNames: ["from"],
    registers,
    collect() {
      this.reset();
      for (const [from, count] of Object.entries(engine.status().retrievals)) this.inc({ from }, count);
    },
  });
  const gauge = (name: string, help: string, value: (status: PreloadStatus) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(engine.status()));
      },
    });
  gauge("mempred_preload_cache_keys", "Lists held by the cache", ({ cache }) => cache.keys);
  gauge("mempred_preload_cache_bytes", "Bytes held by the cache", ({ cache }) => cache.bytes);
  gauge("mempred_preload_pressure_ratio", "Memory pressure of the process, 0 to 1", ({ pressure }) => pressure.ratio);
  gauge(
    "mempred_preload_runs_running",
    "Runs under way",
    ({ runs }) => runs.filter(({ state }) => state === "running").length,
  );
  gauge("mempred_preload_last_run_items", "Items of the latest run", ({ runs }) => runs[0]?.items ?? 0);
  new Gauge({
    name: "mempred_part_up",
    help: "1: up, 0.5: degraded, 0: down",
    labelNames: ["part"],
    registers,
    collect() {
      this.reset();
      for (const { part, state } of partsOf(store, engine))
        this.set({ part }, state === "up" ? 1 : state === "degraded" ? 0.5 : 0);
    },
  });
}
