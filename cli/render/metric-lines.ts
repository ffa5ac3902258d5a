// METRIC lines (K25): `METRIC name=value lo=... hi=... policy=... scenario=... pressure=... seeds=...`, one a line, no colour,
// in a stable order: scenario, level, policy, then the metrics as metrics.ts lists them. The value is the mean over seeds
// and lo..hi its 95 % bootstrap interval; with one seed there are none, and neither is printed.

import type { ResultFile } from "../../sim/result.ts";
import { groupRuns } from "../../sim/suite/comparisons.ts";
import { RUN_METRICS } from "../../sim/suite/metrics.ts";
import { mean, meanInterval } from "../../sim/suite/statistics.ts";
import { formatMetric } from "./format.ts";

/** All lines of a result, each ending in a newline. */
export function metricLines(result: ResultFile): string {
  const lines: string[] = [];
  const groups = new Map(groupRuns(result.runs).map((g) => [`${g.scenario}\n${g.pressureRatio}\n${g.policy}`, g]));
  for (const scenario of result.suite.scenarios) {
    for (const pressureRatio of result.suite.pressures) {
      for (const policy of result.suite.policies) {
        const group = groups.get(`${scenario}\n${pressureRatio}\n${policy}`);
        if (group === undefined) continue;
        for (const metric of RUN_METRICS) {
          const values = group.runs.map(metric.of).filter((value) => value !== null);
          if (values.length === 0) continue;
          const interval = meanInterval(values);
          const bounds = interval === null ? "" : ` lo=${formatMetric(interval[0])} hi=${formatMetric(interval[1])}`;
          const labels = `policy=${policy} scenario=${word(scenario)} pressure=${formatMetric(pressureRatio)}`;
          lines.push(`METRIC ${metric.name}=${formatMetric(mean(values))}${bounds} ${labels} seeds=${values.length}\n`);
        }
      }
    }
  }
  return lines.join("");
}

/** A name without spaces, so that fields can be split at them. */
function word(name: string): string {
  return name.replace(/\s+/g, "_");
}
