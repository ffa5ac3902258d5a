// METRIC lines of a preload replay, in the order of the rows, then the accuracy of the model on each sequence.

import type { PreloadDocument } from "../preload-document.ts";
import { formatMetric } from "./format.ts";

/** All lines, each ending in a newline. What has no value has no line. */
export function preloadMetricLines({ rows, sequences, settings }: PreloadDocument): string {
  const lines: string[] = [];
  const add = (name: string, value: number | null | undefined, labels: string) => {
    if (value !== null && value !== undefined) lines.push(`METRIC ${name}=${formatMetric(value)} ${labels}\n`);
  };
  const label = (name: string) => `sequence=${name.replace(/\s+/g, "_")} components=${settings.components}`;
  for (const row of rows) {
    const labels = `mode=${row.mode} ${label(row.sequence)}`;
    add("preload_hit_ratio", row.hitRatio, labels);
    add("preload_gain_points", row.gainPoints, labels);
    add("preload_per_request", row.preloadsPerRequest, labels);
    add("preload_in_time", row.inTime, labels);
    add("preload_late", row.late, labels);
    add("preload_wasted", row.wasted, labels);
    add("preload_wasted_ratio", row.wastedShare, labels);
    add("preload_wait_millis", row.meanWaitMillis, labels);
  }
  for (const { name, accuracy } of sequences) {
    add("preload_accuracy_top1", accuracy?.top1, label(name));
    add("preload_accuracy_top3", accuracy?.top3, label(name));
    add("preload_base_rate_top1", accuracy?.baseTop1, label(name));
    add("preload_base_rate_top3", accuracy?.baseTop3, label(name));
  }
  return lines.join("");
}
