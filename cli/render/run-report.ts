// What `mempred report` says of a run, before it is laid out: sections of tables and lines. Accuracy never stands without
// base rate and skill: where nothing happens, saying "nothing" is right most of the time. A band with too little in it says
// `insufficient` in place of figures that look like knowledge.

import { MICROS_PER_SECOND } from "../../core/units.ts";
import type { ForecastFigures, ForecastReport } from "../../predictor/forecast-report.ts";
import { ATTACK_KINDS, type AttackOutcome } from "../../sim/attacks.ts";
import type { Decision, ResultFile, RunResult } from "../../sim/result.ts";
import { runsDigest } from "../../sim/suite/baseline.ts";
import { mixText, percentText } from "../../sim/suite/plan.ts";
import { mean } from "../../sim/suite/statistics.ts";
import { headlinePressure } from "../../sim/suite/verdicts.ts";
import { findForecast } from "../stored-result.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMicros,
  formatMoment,
  formatPercent,
  formatSeeds,
} from "./format.ts";

export interface ReportSection {
  readonly title: string;
  readonly header?: readonly string[];
  readonly rows?: readonly (readonly string[])[];
  readonly leftColumns?: readonly number[];
  readonly notes?: readonly string[];
}

export interface RunReport {
  readonly heading: readonly string[];
  readonly sections: readonly ReportSection[];
}

const BAR_CELLS = 20;
/** Decisions shown per policy; the result file has what there is. */
const SHOWN_DECISIONS = 10;

/** Builds the report of the given policies of a result; policies without a forecast appear where they have figures. */
export function runReport(result: ResultFile, policies: readonly string[]): RunReport {
  const { suite, runs } = result;
  const sections: ReportSection[] = [];
  for (const policy of policies) {
    const forecast = findForecast(result, policy, null, null) ?? soleForecast(runs, policy);
    if (forecast === undefined) continue;
    sections.push(
      accuracySection(policy, forecast),
      alarmSection(policy, forecast),
      calibrationSection(policy, forecast),
    );
  }
  if (sections.length === 0)
    sections.push({
      title: "forecast",
      notes: ["no policy of this run forecasts anything: there is no accuracy to report"],
    });
  sections.push(latencySection(result, policies), footprintSection(result, policies));
  sections.push(guardSection(result, policies), autonomySection(result, policies));
  for (const policy of policies) {
    const own = runs.filter((run) => run.policy === policy);
    const section = attackSectionOf(own, policy);
    if (section !== null) sections.push(section);
  }
  for (const policy of policies) {
    const section = decisionSection(result, policy);
    if (section !== null) sections.push(section);
  }
  const mix = suite.mix === null ? "each scenario's own mix" : `mix ${mixText(suite.mix)} %`;
  return {
    heading: [
      `${suite.scenarios.length === 1 ? suite.scenarios[0] : `${suite.scenarios.length} scenarios`}`,
      `pressure ${suite.pressures.map(percentText).join(", ")} %`,
      formatSeeds(suite.seeds),
      suite.durationSeconds > 0 ? `${formatDuration(suite.durationSeconds)} simulated` : "as long as each trace",
      mix,
      `${formatCount(runs.length)} runs${result.isPartial ? " (partial: interrupted)" : ""}`,
      `digest ${runsDigest(runs)}`,
    ],
    sections,
  };
}

/** A file by other hands may lack summaries: one run is its own. */
function soleForecast(runs: readonly RunResult[], policy: string): ForecastReport | undefined {
  const own = runs.filter((run) => run.policy === policy && run.forecast !== null);
  return own.length === 1 ? own[0]!.forecast! : undefined;
}

function accuracySection(policy: string, forecast: ForecastReport): ReportSection {
  const threshold =
    forecast.criticalThreshold === null ? "each level's own threshold" : formatPercent(forecast.criticalThreshold, 1);
  const row = (label: string, figures: ForecastFigures): string[] => [
    label,
    formatCount(figures.predictions),
    percent(figures.baseRate),
    percent(figures.accuracy),
    percent(figures.falsePositiveShare),
    percent(figures.falseNegativeShare),
    percent(figures.balancedAccuracy),
    figures.maePercentPoints === null ? "" : `${figures.maePercentPoints.toFixed(2)} pp`,
    figures.skill === null ? "" : figures.skill.toFixed(2).replace("-", "−"),
    figures.bestBaseline ?? "",
    figures.insufficient ? "insufficient" : "",
  ];
  return {
    title: `${policy}: forecast 5 s ahead, by occupancy when it was made`,
    header: ["band", "n", "base rate", "accuracy", "false +", "false −", "balanced", "MAE", "skill", "against", ""],
    leftColumns: [0, 9, 10],
    rows: [
      ...forecast.bands.map((band) => row(`${percentText(band.fromRatio)}–${percentText(band.toRatio)} %`, band)),
      row("overall", forecast),
      row("cold start", forecast.coldStart),
    ],
    notes: [
      `event: pressure reaches ${threshold}. accuracy + false + + false − = 100 % of all forecasts.`,
      "skill = 1 − MAE / MAE of the best simple baseline on the same pairs: below 0 the baseline is better.",
      "insufficient: fewer than 200 forecasts or 20 events. cold start: the first 200 forecasts of each run.",
    ],
  };
}

function alarmSection(policy: string, { alarms }: ForecastReport): ReportSection {
  const lead = alarms.medianLeadSeconds === null ? "n/a" : formatDuration(alarms.medianLeadSeconds);
  const falseAlarms = alarms.falseAlarmsPerHour === null ? "n/a" : formatCount(alarms.falseAlarmsPerHour);
  return {
    title: `${policy}: alarms`,
    notes: [
      `${formatCount(alarms.alarms)} alarms, ${formatCount(alarms.episodes)} critical episodes · precision ${percent(alarms.precision) || "n/a"} · recall ${percent(alarms.recall) || "n/a"} · median warning ${lead} · false alarms ${falseAlarms} an hour`,
      `an alarm stood ${percent(alarms.standingShare) || "n/a"} of the time: one that always stands has recall 100 % and is worth nothing`,
    ],
  };
}

function calibrationSection(policy: string, { calibration }: ForecastReport): ReportSection {
  const rows = calibration
    .filter((bin) => bin.predictions > 0)
    .map((bin) => [
      `${percentText(bin.fromProbability)}–${percentText(bin.toProbability)} %`,
      formatCount(bin.predictions),
      percent(bin.meanProbability),
      percent(bin.eventShare),
      bar(bin.eventShare ?? 0),
    ]);
  return {
    title: `${policy}: calibration`,
    header: ["said", "n", "mean said", "happened", ""],
    leftColumns: [0, 4],
    rows,
  };
}

function latencySection({ suite, runs }: ResultFile, policies: readonly string[]): ReportSection {
  const level = headlinePressure(suite);
  const rows = policies.flatMap((policy) => {
    const own = runs.filter((run) => run.policy === policy && run.pressureRatio === level);
    if (own.length === 0) return [];
    const average = (pick: (run: RunResult) => number) => mean(own.map(pick));
    return [
      [
        policy,
        formatPercent(Math.max(...own.map((run) => run.pressure.peakEffective)), 1),
        formatPercent(
          average((run) => run.pressure.meanEffective),
          1,
        ),
        formatCount(average((run) => run.ooms.avoidable)),
        formatCount(average((run) => run.ooms.total)),
        formatMicros(average((run) => run.responseMicros.mean)),
        formatMicros(average((run) => run.responseMicros.p99)),
        formatMicros(average((run) => run.responseMicros.p999)),
        formatMicros(Math.max(...own.map((run) => run.responseMicros.max))),
        formatMicros(Math.max(...own.map((run) => run.compaction.maxPauseMicros))),
      ],
    ];
  });
  return {
    title: `pressure, denials and response time at ${percentText(level)} %`,
    header: ["policy", "peak", "mean", "avoidable", "all OOM", "response", "p99", "p99.9", "longest", "longest pause"],
    rows,
    notes: ["virtual time, over served requests; pressure is effective pressure, 1 − usable / capacity"],
  };
}

function footprintSection({ runs }: ResultFile, policies: readonly string[]): ReportSection {
  const rows = policies.flatMap((policy) => {
    const own = runs.filter((run) => run.policy === policy);
    if (own.length === 0) return [];
    const average = (pick: (run: RunResult) => number) => mean(own.map(pick));
    const { predictor, capacityBytes } = own[0]!;
    return [
      [
        policy,
        predictor === null ? "none" : `${formatCount(predictor.stateBytes)} B`,
        predictor === null ? "" : formatPercent(predictor.stateBytes / capacityBytes, 2),
        predictor === null ? "" : formatCount(average((run) => run.predictor?.trainedLabels ?? 0)),
        formatCount(average((run) => run.autonomy.predictionsPerHour)),
        formatCount(average((run) => run.autonomy.decisionsPerHour)),
        formatBytes(average((run) => run.compaction.movedBytes)),
        allocatedPerMoved(own),
        formatPercent(
          average((run) => run.compaction.dutyRatio),
          2,
        ),
      ],
    ];
  });
  return {
    title: "what it costs",
    header: [
      "policy",
      "predictor",
      "of the arena",
      "labels learned",
      "forecasts/h",
      "decisions/h",
      "moved a run",
      "allocated/moved",
      "compacting",
    ],
    rows,
    notes: ["time per forecast and per training step depends on the machine: `npm run bench` measures it"],
  };
}

/** Bytes allocated for each byte moved, over all runs. */
function allocatedPerMoved(runs: readonly RunResult[]): string {
  const sum = (pick: (run: RunResult) => number) => runs.reduce((total, run) => total + pick(run), 0);
  const moved = sum((run) => run.compaction.movedBytes);
  return moved === 0 ? "" : `${formatCount(sum((run) => run.compaction.allocatedBytes) / moved)} ×`;
}

function guardSection({ runs }: ResultFile, policies: readonly string[]): ReportSection {
  const rows = policies.flatMap((policy) => {
    const own = runs.filter((run) => run.policy === policy);
    if (own.length === 0) return [];
    const reasons = new Map<string, number>();
    for (const { reason } of own.flatMap((run) => run.watchdog.trips))
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const sum = (pick: (run: RunResult) => number) => own.reduce((total, run) => total + pick(run), 0);
    return [
      [
        policy,
        formatCount(sum((run) => run.watchdog.trips.length)),
        formatCount(sum((run) => run.watchdog.readmissions)),
        formatCount(sum((run) => run.watchdog.fallbackTicks)),
        String(Math.max(...own.map((run) => run.compaction.maxRunsInAnySecond))),
        formatCount(sum((run) => run.compaction.refusedByLimiter)),
        [...reasons].map(([reason, n]) => `${reason} ${n}`).join(", "),
      ],
    ];
  });
  return {
    title: "guards, over all runs",
    header: ["policy", "trips", "readmitted", "fallback ticks", "most runs/s", "refused by limiter", "reasons"],
    leftColumns: [0, 6],
    rows,
  };
}

/** What ran by itself, and whether it came back after each fallback. */
function autonomySection({ runs }: ResultFile, policies: readonly string[]): ReportSection {
  const rows = policies.flatMap((policy) => {
    const own = runs.filter((run) => run.policy === policy);
    if (own.length === 0) return [];
    const sum = (pick: (run: RunResult) => number) => own.reduce((total, run) => total + pick(run), 0);
    const decisions = sum((run) => run.autonomy.decisions);
    const predictions = sum((run) => run.autonomy.predictions);
    const hours = sum((run) => run.durationSeconds) / 3600;
    const safe = sum((run) => run.watchdog.fallbackTicks);
    return [
      [
        policy,
        formatCount(decisions),
        hours === 0 ? "" : formatCount(decisions / hours),
        formatCount(predictions),
        hours === 0 ? "" : formatCount(predictions / hours),
        formatCount(sum((run) => run.watchdog.trips.length)),
        `${formatCount(safe)}${predictions === 0 ? "" : ` (${formatPercent(safe / predictions, 1)})`}`,
        formatCount(sum((run) => run.watchdog.readmissions)),
      ],
    ];
  });
  return {
    title: "autonomy and recovery, over all runs",
    header: ["policy", "decisions", "an hour", "predictions", "an hour", "trips", "ticks in safe mode", "recoveries"],
    rows,
    notes: ["safe mode: the watchdog has put the forecaster aside, and compaction is on demand only"],
  };
}

/** Attacks by kind, over all given runs; null where nothing was attacked. */
export function attackSectionOf(runs: readonly RunResult[], name: string): ReportSection | null {
  const attacked = runs.filter((run) => (run.attacks ?? null) !== null);
  if (attacked.length === 0) return null;
  const outcomes = attacked.flatMap((run) => run.attacks!.outcomes);
  const kinds = [...new Set(outcomes.map((outcome) => outcome.kind))].sort(
    (a, b) => ATTACK_KINDS.indexOf(a) - ATTACK_KINDS.indexOf(b),
  );
  const seconds = (micros: readonly number[]) =>
    micros.length === 0 ? "" : formatDuration(Math.max(...micros) / MICROS_PER_SECOND);
  const rows = kinds.map((kind) => {
    const own = outcomes.filter((outcome) => outcome.kind === kind);
    const reasons = new Map<string, number>();
    for (const reason of own.flatMap((outcome) => outcome.trips)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const times = (pick: (outcome: AttackOutcome) => number | null) => own.map(pick).filter((time) => time !== null);
    const recovered = times((outcome) => outcome.recoveredAfterMicros);
    return [
      kind,
      formatCount(own.length),
      [...reasons].map(([reason, n]) => `${reason} ${n}`).join(", "),
      seconds(times((outcome) => outcome.tripAfterMicros)),
      formatCount(own.reduce((total, outcome) => total + outcome.safeModeTicks, 0)),
      `${recovered.length} of ${own.length}`,
      seconds(recovered),
      formatCount(own.reduce((total, outcome) => total + outcome.ooms.avoidable, 0)),
    ];
  });
  return {
    title: `${name}: attacks, over ${attacked.length === 1 ? "one run" : `${formatCount(attacked.length)} runs`}`,
    header: [
      "attack",
      "n",
      "trips",
      "after at most",
      "safe ticks",
      "recovered",
      "after at most",
      "avoidable OOM meanwhile",
    ],
    leftColumns: [0, 2],
    rows,
    notes: [
      "recovered: after the attack's end the forecaster was in use again, and no run begun under it went on, before the next attack or the end of the run",
    ],
  };
}

/** The last decisions of the last run at the headline level that has any. */
export function recentDecisions(
  { suite, runs }: ResultFile,
  policy: string,
): { run: RunResult; decisions: readonly Decision[] } | null {
  const level = headlinePressure(suite);
  const own = runs.filter((run) => run.policy === policy && run.autonomy.recent.length > 0);
  const run = own.filter((one) => one.pressureRatio === level).at(-1) ?? own.at(-1);
  return run === undefined ? null : { run, decisions: run.autonomy.recent };
}

/** Decisions as table rows: when, who, what, why, what came of it. */
export function decisionRows(decisions: readonly Decision[]): string[][] {
  return decisions.map((decision) => [
    formatMoment(decision.atMicros),
    decision.stage,
    decision.action,
    formatPercent(decision.pressure, 1),
    decision.forecast === null ? "" : formatPercent(decision.forecast, 1),
    decision.upper === null ? "" : formatPercent(decision.upper, 1),
    decision.reason,
    decision.outcome ?? "",
  ]);
}

export const DECISION_HEADER = ["at", "stage", "action", "pressure", "forecast", "upper", "reason", "outcome"];

function decisionSection(result: ResultFile, policy: string): ReportSection | null {
  const found = recentDecisions(result, policy);
  if (found === null) return null;
  const { run, decisions } = found;
  return {
    title: `${policy}: last decisions, ${run.scenario} at ${percentText(run.pressureRatio)} %, seed ${run.seed}`,
    header: DECISION_HEADER,
    leftColumns: [1, 2, 6, 7],
    rows: decisionRows(decisions.slice(-SHOWN_DECISIONS)),
  };
}

function percent(ratio: number | null): string {
  return ratio === null ? "" : formatPercent(ratio, 1);
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_CELLS);
  return "█".repeat(filled) + "░".repeat(BAR_CELLS - filled);
}
