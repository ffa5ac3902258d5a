// METRIC lines of an evaluation: the figures of each policy at each level over all families, and how many marks were met.

import type { EvaluationFigure, EvaluationFile } from "../../sim/suite/evaluation.ts";
import { evaluationMarks, markStatus } from "../../sim/suite/evaluation-marks.ts";
import { bySeed, rowsOf } from "../../sim/suite/evaluation-table.ts";
import { mean, meanInterval } from "../../sim/suite/statistics.ts";
import { formatMetric } from "./format.ts";

const FIGURES: readonly EvaluationFigure[] = [
  "oom_events",
  "oom_avoidable",
  "oom_denied_bytes",
  "compaction_runs",
  "compaction_moved_bytes",
  "response_mean_micros",
  "response_p99_micros",
];

/** All lines, each ending in a newline. */
export function evaluationMetricLines(file: EvaluationFile): string {
  const lines: string[] = [];
  const { suite } = file.parts;
  for (const pressureRatio of suite?.pressures ?? []) {
    for (const policy of suite!.policies) {
      for (const figure of FIGURES) {
        const values = [...bySeed(rowsOf(suite!, policy, { pressureRatio }), figure).values()];
        if (values.length === 0) continue;
        const interval = meanInterval(values);
        const bounds = interval === null ? "" : ` lo=${formatMetric(interval[0])} hi=${formatMetric(interval[1])}`;
        lines.push(
          `METRIC ${figure}=${formatMetric(mean(values))}${bounds} policy=${policy} scenario=all pressure=${formatMetric(pressureRatio)} seeds=${values.length}\n`,
        );
      }
    }
  }
  const marks = evaluationMarks(file).map(markStatus);
  for (const status of ["met", "missed", "not measured"] as const)
    lines.push(
      `METRIC marks_${status.replace(" ", "_")}=${marks.filter((one) => one === status).length} policy=predictive\n`,
    );
  return lines.join("");
}
