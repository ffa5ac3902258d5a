// The figures that a run is known by: one list, so that METRIC lines, comparisons and baselines agree on names, units and
// which way is better. A figure that a run does not have (a forecast of a policy that makes none) is null, never 0.

import type { RunResult } from "../result.ts";

export interface RunMetric {
  /** Name in METRIC lines and baselines; ends in its unit where it has one. */
  readonly name: string;
  readonly title: string;
  /** Whether a smaller figure is the better one; null where neither is. */
  readonly isLessBetter: boolean | null;
  readonly of: (run: RunResult) => number | null;
}

/** In the order in which METRIC lines are printed. New ones go at the end: scripts may count on the order. */
export const RUN_METRICS: readonly RunMetric[] = [
  metric("oom_events", "all OOM", true, (run) => run.ooms.total),
  metric("oom_avoidable", "avoidable OOM", true, (run) => run.ooms.avoidable),
  metric("oom_denied_bytes", "denied bytes", true, (run) => run.ooms.deniedBytes),
  metric("oom_episodes", "OOM episodes", true, (run) => run.ooms.episodes),
  metric("requests_total", "requests", null, (run) => run.requests.total),
  metric("requests_served", "requests served", false, (run) => run.requests.served),
  metric("pressure_peak_occupancy", "peak occupancy", true, (run) => run.pressure.peakOccupancy),
  metric("pressure_mean_occupancy", "mean occupancy", true, (run) => run.pressure.meanOccupancy),
  metric("pressure_peak_effective", "peak pressure", true, (run) => run.pressure.peakEffective),
  metric("pressure_mean_effective", "mean pressure", true, (run) => run.pressure.meanEffective),
  metric("pressure_critical_ratio", "time critical", true, (run) => run.pressure.criticalRatio),
  metric("compaction_runs", "compactions", true, (run) => run.compaction.runs),
  metric("compaction_proactive", "proactive compactions", null, (run) => run.compaction.proactive),
  metric("compaction_reactive", "reactive compactions", null, (run) => run.compaction.reactive),
  metric("compaction_useful", "useful proactive compactions", false, (run) => run.compaction.useful),
  metric("compaction_moved_bytes", "bytes moved", true, (run) => run.compaction.movedBytes),
  metric("compaction_mean_micros", "mean compaction time", true, (run) =>
    run.compaction.runs > 0 ? run.compaction.meanMicros : null,
  ),
  metric("compaction_max_pause_micros", "longest pause", true, (run) => run.compaction.maxPauseMicros),
  metric("compaction_duty_ratio", "time compacting", true, (run) => run.compaction.dutyRatio),
  metric(
    "compaction_max_runs_in_any_second",
    "most runs in a second",
    null,
    (run) => run.compaction.maxRunsInAnySecond,
  ),
  metric("compaction_refused_by_limiter", "refused by the limiter", null, (run) => run.compaction.refusedByLimiter),
  metric("response_mean_micros", "mean response", true, (run) => run.responseMicros.mean),
  metric("response_p50_micros", "p50 response", true, (run) => run.responseMicros.p50),
  metric("response_p95_micros", "p95 response", true, (run) => run.responseMicros.p95),
  metric("response_p99_micros", "p99 response", true, (run) => run.responseMicros.p99),
  metric("response_max_micros", "longest response", true, (run) => run.responseMicros.max),
  metric("reclaim_shed_bytes", "bytes shed", null, (run) => run.reclaim.shedBytes),
  metric("forecast_predictions", "forecasts scored", null, (run) => forecastNumber(run, "predictions")),
  metric("forecast_accuracy", "forecast accuracy", false, (run) => forecastNumber(run, "accuracy")),
  metric("forecast_base_rate", "base rate", null, (run) => forecastNumber(run, "baseRate")),
  metric("forecast_balanced_accuracy", "balanced accuracy", false, (run) => forecastNumber(run, "balancedAccuracy")),
  metric("forecast_mae_percent_points", "forecast error", true, (run) => forecastNumber(run, "maePercentPoints")),
  metric("forecast_skill", "forecast skill", false, (run) => forecastNumber(run, "skill")),
  metric("decisions_per_hour", "decisions an hour", null, (run) => run.autonomy.decisionsPerHour),
  metric("predictions_per_hour", "predictions an hour", null, (run) => run.autonomy.predictionsPerHour),
  metric("watchdog_trips", "watchdog trips", true, (run) => run.watchdog.trips.length),
  metric("watchdog_fallback_ticks", "fallback ticks", true, (run) => run.watchdog.fallbackTicks),
  metric("predictor_state_bytes", "predictor bytes", true, (run) => run.predictor?.stateBytes ?? null),
  metric("cache_hit_ratio", "hit ratio of the cache", false, (run) => run.cache?.hitRatio ?? null),
  metric(
    "cache_hit_ratio_unshed",
    "hit ratio, nothing shed or denied",
    null,
    (run) => run.cache?.hitRatioUnshed ?? null,
  ),
];

/** The metric of that name. Throws RangeError for an unknown one: names come from this file or from a checked document. */
export function metricNamed(name: string): RunMetric {
  const found = RUN_METRICS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`no metric is called ${name}`);
  return found;
}

/** A finite number of the run's forecast report, null when it is not there. */
export function forecastNumber(run: RunResult, key: keyof NonNullable<RunResult["forecast"]>): number | null {
  const value = run.forecast?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function metric(
  name: string,
  title: string,
  isLessBetter: boolean | null,
  of: (run: RunResult) => number | null,
): RunMetric {
  return { name, title, isLessBetter, of };
}
