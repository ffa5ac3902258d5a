// A cache's statistics for Prometheus. prom-client is loaded when this is called and not before; nothing is counted twice: the
// registry asks for the figures when it is scraped. Several caches share the metrics and differ in the label `cache`.

import type { Counter, Gauge, Registry } from "prom-client";
import type { SmartCacheStatistics } from "./cache-statistics.ts";

/** What can be shown: a SmartCache. */
export interface MeasuredCache {
  readonly id: string;
  stats(): SmartCacheStatistics;
  countBytes(): number;
}

type Row = readonly [labels: Readonly<Record<string, string>>, value: number];
interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  readonly labels: readonly string[];
  readonly rows: (cache: MeasuredCache, stats: SmartCacheStatistics) => readonly Row[];
}

const byReason = (counts: Readonly<Record<string, number>>): Row[] =>
  Object.entries(counts).map(([reason, count]) => [{ reason }, count]);

const METRICS: readonly Metric[] = [
  {
    name: "mempred_cache_requests_total",
    help: "Requests by outcome",
    kind: "counter",
    labels: ["outcome"],
    rows: (_, stats) => [
      [{ outcome: "hit" }, stats.hits],
      [{ outcome: "stale" }, stats.staleHits],
      [{ outcome: "absent" }, stats.missesByReason.absent],
      [{ outcome: "expired" }, stats.missesByReason.expired],
    ],
  },
  {
    name: "mempred_cache_removals_total",
    help: "Entries that left, by reason",
    kind: "counter",
    labels: ["reason"],
    rows: (_, stats) => byReason(stats.removed),
  },
  {
    name: "mempred_cache_refusals_total",
    help: "Values that were not stored, by reason",
    kind: "counter",
    labels: ["reason"],
    rows: (_, stats) => byReason(stats.refused),
  },
  {
    name: "mempred_cache_loads_total",
    help: "Loads by what came of them; coalesced: requests that waited for another's",
    kind: "counter",
    labels: ["result"],
    rows: (_, stats) => [
      [{ result: "started" }, stats.loads.started],
      [{ result: "failed" }, stats.loads.failed],
      [{ result: "timed_out" }, stats.loads.timedOut],
      [{ result: "coalesced" }, stats.loads.coalesced],
      [{ result: "stale_if_error" }, stats.loads.staleIfError],
    ],
  },
  {
    name: "mempred_cache_prefetched_total",
    help: "Prefetched entries: put in, asked for later, gone unused",
    kind: "counter",
    labels: ["result"],
    rows: (_, stats) => [
      [{ result: "inserted" }, stats.prefetched.inserted],
      [{ result: "used" }, stats.prefetched.used],
      [{ result: "wasted" }, stats.prefetched.wasted],
    ],
  },
  {
    name: "mempred_cache_backend_total",
    help: "Second level: reads, writes and errors",
    kind: "counter",
    labels: ["what"],
    rows: (_, { backend }) =>
      backend === undefined
        ? []
        : [
            [{ what: "hit" }, backend.hits],
            [{ what: "miss" }, backend.misses],
            [{ what: "written" }, backend.written],
            [{ what: "error" }, backend.errors],
          ],
  },
  {
    name: "mempred_cache_entries",
    help: "Entries held",
    kind: "gauge",
    labels: [],
    rows: (_, stats) => [[{}, stats.entries]],
  },
  {
    name: "mempred_cache_bytes",
    help: "Bytes that could be given back, counted or estimated",
    kind: "gauge",
    labels: [],
    rows: (cache) => [[{}, cache.countBytes()]],
  },
  {
    name: "mempred_cache_budget_ratio",
    help: "Share of its own limit that the cache may use",
    kind: "gauge",
    labels: [],
    rows: (_, stats) => [[{}, stats.budgetRatio]],
  },
];

/** Caches by registry. */
const shown = new WeakMap<Registry, Set<MeasuredCache>>();

/**
 * Shows the cache in a registry of prom-client; default: its global one. Rejects where prom-client is not installed.
 * @returns takes the cache out again
 */
export async function registerMetrics(cache: MeasuredCache, registry?: Registry): Promise<() => void> {
  const client = await import("prom-client");
  const target = registry ?? client.register;
  let caches = shown.get(target);
  if (caches === undefined) {
    const all = new Set<MeasuredCache>();
    for (const metric of METRICS) {
      const options = {
        name: metric.name,
        help: metric.help,
        labelNames: ["cache", ...metric.labels],
        registers: [target],
        collect() {
          collect(this as unknown as Counter | Gauge, metric, all);
        },
      };
      if (metric.kind === "counter") new client.Counter(options);
      else new client.Gauge(options);
    }
    shown.set(target, all);
    caches = all;
  }
  caches.add(cache);
  return () => caches.delete(cache);
}

function collect(target: Counter | Gauge, metric: Metric, caches: ReadonlySet<MeasuredCache>): void {
  target.reset();
  for (const cache of caches) {
    for (const [labels, value] of metric.rows(cache, cache.stats())) target.inc({ cache: cache.id, ...labels }, value);
  }
}
