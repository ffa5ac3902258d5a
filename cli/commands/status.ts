// mempred status: the predictor as the last run left it. The figures of its block come from the block itself, the rest from
// the result beside it.

import { CompactPredictor } from "../../predictor/compact-predictor.ts";
import { compactWeights } from "../../predictor/shipped-compact.ts";
import type { RunResult } from "../../sim/result.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { headlinePressure } from "../../sim/suite/verdicts.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import { type KeptRun, loadRun } from "../last-run.ts";
import { formatCount, formatMoment, formatPercent } from "../render/format.ts";
import { DECISION_HEADER, decisionRows } from "../render/run-report.ts";
import { renderTable } from "../render/table.ts";
import type { StoredResult } from "../stored-result.ts";
import { weightsDigest } from "../weights.ts";

/** Decisions shown; --json has all that were kept. */
const SHOWN_DECISIONS = 10;

export async function status(context: CommandContext): Promise<CommandOutcome> {
  const { settings, palette } = context;
  const { result, path, predictor } = await loadRun(context, context.arguments[0]);
  const run = lastForecastingRun(result);
  const document = statusDocument(result, run, predictor);
  if (settings.isOn("json", false))
    return { status: EXIT_OK, text: `${JSON.stringify(document, null, 2)}\n`, isDocument: true };
  if (run === null) {
    const what =
      result.runs.length === 0 ? "nothing was finished in it" : `${result.suite.policies.join(", ")} forecast nothing`;
    return { status: EXIT_OK, text: `${path}: no predictor ran (${what}). Try: mempred stress --policy predictive\n` };
  }
  const { watchdog } = document;
  const rows: string[][] = [
    ["run", `${run.policy} on ${run.scenario} at ${percentText(run.pressureRatio)} %, seed ${run.seed}, from ${path}`],
    ["weights", weightsText(document)],
    [
      "learned",
      `${learnedText(run, document)}, ${formatCount(run.predictor?.stateBytes ?? 0)} B of state (${formatPercent((run.predictor?.stateBytes ?? 0) / run.capacityBytes, 2)} of the arena)`,
    ],
  ];
  if (document.predictor !== null) {
    const { confidence, recentErrorPercentPoints, upperMarginPercentPoints } = document.predictor;
    rows.push([
      "confidence",
      `${formatPercent(confidence, 0)}, from a recent error of ${recentErrorPercentPoints.toFixed(2)} pp; alarms at ${upperMarginPercentPoints.toFixed(2)} pp above the forecast`,
    ]);
  }
  const trips = watchdog.trips.map((trip) => `${trip.reason} at ${formatMoment(trip.atMicros)}`).slice(-5);
  rows.push([
    "watchdog",
    `${watchdog.state}, ${formatCount(watchdog.trips.length)} trips, ${formatCount(watchdog.readmissions)} readmitted, ${formatCount(watchdog.fallbackTicks)} ticks in fallback${trips.length > 0 ? ` (last: ${trips.join(", ")})` : ""}`,
  ]);
  rows.push([
    "decisions",
    `${formatCount(run.autonomy.decisions)} (${formatCount(run.autonomy.decisionsPerHour)} an hour), autonomy ${run.autonomy.isOn ? "on" : "off"}: ${countsText(run.autonomy.byAction)}`,
  ]);
  const decisions = run.autonomy.recent.slice(-SHOWN_DECISIONS);
  const lines = [palette.strong("mempred status"), ...renderTable(rows, { leftColumns: [0, 1], gap: 3 })];
  if (decisions.length > 0) {
    const table = renderTable([DECISION_HEADER, ...decisionRows(decisions)], { leftColumns: [1, 2, 6, 7], gap: 3 });
    lines.push("", palette.strong("last decisions that did something"), palette.dim(table[0]!), ...table.slice(1));
  }
  return { status: EXIT_OK, text: `${lines.join("\n")}\n` };
}

/** The run whose predictor was kept: the last at the headline level of the last policy that forecasts. */
function lastForecastingRun({ suite, runs }: StoredResult): RunResult | null {
  const level = headlinePressure(suite);
  const forecasting = runs.filter((run) => run.predictor !== null);
  return forecasting.filter((run) => run.pressureRatio === level).at(-1) ?? forecasting.at(-1) ?? null;
}

function statusDocument(result: StoredResult, run: RunResult | null, predictor: KeptRun["predictor"]) {
  const trips = run?.watchdog.trips ?? [];
  const readmissions = run?.watchdog.readmissions ?? 0;
  return {
    schema: "mempred.status/1",
    version: result.version,
    isPartial: result.isPartial ?? false,
    run:
      run === null
        ? null
        : {
            scenario: run.scenario,
            pressureRatio: run.pressureRatio,
            seed: run.seed,
            policy: run.policy,
            hash: run.hash,
          },
    startWeights: result.suite.settings?.weights ?? "shipped",
    predictor:
      predictor === null
        ? null
        : {
            kind: predictor.id,
            ...(predictor instanceof CompactPredictor
              ? {
                  weightsDigest: weightsDigest(compactWeights()),
                  weightNorm: normOf(compactWeights()),
                  predictions: null,
                  trainedLabels: null,
                  learningRate: null,
                  learned: { bias: predictor.learned[0], rateWeight: predictor.learned[1] },
                }
              : {
                  weightsDigest: weightsDigest(predictor.weights),
                  weightNorm: normOf(predictor.weights),
                  predictions: predictor.predictions,
                  trainedLabels: predictor.trainedLabels,
                  learningRate: predictor.learningRate,
                  learned: null,
                }),
            confidence: predictor.confidence(),
            recentErrorPercentPoints: 100 * predictor.recentError,
            upperMarginPercentPoints: 100 * predictor.upperMargin(),
          },
    footprint: run?.predictor ?? null,
    watchdog: {
      // Each trip opens the breaker and each readmission closes it again.
      state: trips.length === 0 ? "closed" : trips.length > readmissions ? "open: fallback" : "closed again",
      trips,
      readmissions,
      fallbackTicks: run?.watchdog.fallbackTicks ?? 0,
    },
    autonomy: run?.autonomy ?? null,
  };
}

function weightsText({ startWeights, predictor }: ReturnType<typeof statusDocument>): string {
  const start =
    startWeights === "cold" ? "random (cold)" : startWeights === "shipped" ? "as shipped" : `file ${startWeights}`;
  if (predictor === null) return `started ${start}`;
  if (predictor.learned !== null)
    return `constants of the program, ${predictor.weightsDigest}, norm ${predictor.weightNorm.toFixed(2)}`;
  return `started ${start}; now ${predictor.weightsDigest}, norm ${predictor.weightNorm.toFixed(2)}, step ${predictor.learningRate}`;
}

function learnedText(run: RunResult, { predictor }: ReturnType<typeof statusDocument>): string {
  if (predictor?.learned == null) return `${formatCount(run.predictor?.trainedLabels ?? 0)} labels in the run`;
  const { bias, rateWeight } = predictor.learned;
  return `bias ${bias.toFixed(3)} and weight of the rate ${rateWeight.toFixed(3)}, online`;
}

function normOf(weights: Float64Array): number {
  return Math.sqrt(weights.reduce((sum, weight) => sum + weight * weight, 0));
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([name, n]) => `${name} ${formatCount(n)}`)
    .join(", ");
}
