// Tables of an evaluation about forecasts: accuracy by band, skill by family, calibration, alarms, the Diebold-Mariano test.

import type { EvaluationFile, ForecasterCosts, RunPart } from "../../sim/suite/evaluation.ts";
import { baselineTests, firstAgainstLearned, forecastOf, skillOf } from "../../sim/suite/evaluation-forecast.ts";
import { HEADLINE_LEVEL } from "../../sim/suite/evaluation-marks.ts";
import { holmAdjust } from "../../sim/suite/holm.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { formatP } from "./evaluation-format.ts";
import { formatCount, formatPercent, formatSigned } from "./format.ts";
import type { ReportSection } from "./run-report.ts";

/** Sections about the forecasts of every policy that made some. */
export function forecastSections(file: EvaluationFile): ReportSection[] {
  const { suite, forecast } = file.parts;
  const sections: ReportSection[] = [];
  if (suite !== undefined) {
    const policies = suite.policies.filter((policy) => forecastOf(suite, policy) !== null);
    for (const policy of policies) sections.push(bandSection(suite, policy));
    if (policies.length > 0) sections.push(skillSection(suite, policies), alarmSection(suite, policies));
  }
  if (file.costs !== undefined) sections.push(costSection(file, file.costs));
  if (forecast !== undefined) {
    const policies = forecast.policies.filter((policy) => forecast.rows.some((row) => row.policy === policy));
    for (const policy of policies) {
      const tests = baselineTests(forecast, policy);
      const adjusted = holmAdjust(tests.map((test) => test.p));
      const first = firstAgainstLearned(forecast, policy);
      sections.push({
        title: `${policy} against the best simple baseline, ${percentText(forecast.pressures[0]!)} %: Diebold-Mariano`,
        header: ["family", "MAE", "best baseline", "difference", "statistic", "p", "p (Holm)", "better"],
        leftColumns: [0, 2, 7],
        rows: tests.map((test, i) => [
          test.scenario,
          `${test.maePercentPoints.toFixed(2)} pp`,
          test.bestBaseline,
          `${formatSigned(test.difference)} pp`,
          test.statistic === null ? "n/a" : formatSigned(test.statistic),
          formatP(test.p),
          formatP(adjusted[i]!),
          adjusted[i] === null || adjusted[i]! > 0.05
            ? "~ not shown"
            : test.difference < 0
              ? `✓ ${policy}`
              : `✗ ${test.bestBaseline}`,
        ]),
        notes: [
          "Absolute errors 5 s ahead, 10 overlapping steps: long-run variance over 9 lags in each run, pooled over seeds. The baseline is chosen afterwards, which is the hardest rival; Holm over families.",
          ...(first === null
            ? []
            : [
                `Cold start: error over that of persistence, first 200 forecasts with shipped weights ${first.policy.toFixed(3)}, after the 1,000th from random weights ${first.baseline.toFixed(3)}.`,
              ]),
        ],
      });
    }
  }
  return sections;
}

/** What each forecaster costs, beside what it is worth. */
function costSection({ policies, parts: { forecast } }: EvaluationFile, costs: ForecasterCosts): ReportSection {
  const shown = costs.rows.filter((row) => policies.some((policy) => policy.id === row.policy));
  const level = forecast === undefined ? "" : ` at ${percentText(forecast.pressures[0]!)} %`;
  return {
    title: "What each forecaster costs",
    header: [
      ...["policy", "forecaster", "parameters", "state", "where", "policy's own", "a request", "a tick", "a forecast"],
      `skill${level}`,
    ],
    leftColumns: [0, 1, 4],
    rows: shown.map((row) => {
      const skill = forecast === undefined ? null : skillOf(forecast, row.policy);
      return [
        row.policy,
        row.forecaster,
        row.parameters === null ? "n/a" : formatCount(row.parameters),
        `${formatCount(row.stateBytes)} B`,
        row.isInArena ? "in the arena" : "beside it",
        row.controllerBytes === 0 ? "none" : `${row.controllerBytes} B`,
        `${formatCount(row.requestNanos)} ns`,
        `${formatCount(row.tickNanos)} ns`,
        `${formatCount(row.forecastNanos)} ns`,
        skill === null ? "n/a" : skill.toFixed(2).replace("-", "−"),
      ];
    }),
    notes: [
      `Bytes in the arena are taken from the demand; those beside it cost it nothing, and nobody acts on what is said there. A tick, each 500 ms, learns and forecasts. Times are wall-clock time on ${costs.measuredOn}, the fastest of several rounds: they are in no digest and differ from machine to machine. Skill is of the part forecast: each policy's forecaster on the pressure that it sees, against the simple baseline that did best there.`,
    ],
  };
}

function bandSection(suite: RunPart, policy: string): ReportSection {
  const report = forecastOf(suite, policy)!;
  const share = (value: number | null, digits = 1) => (value === null ? "n/a" : formatPercent(value, digits));
  const line = (name: string, figures: (typeof report.bands)[number] | typeof report) => [
    name,
    formatCount(figures.predictions),
    share(figures.baseRate),
    share(figures.accuracy),
    share(figures.falsePositiveShare),
    share(figures.falseNegativeShare),
    share(figures.balancedAccuracy),
    figures.maePercentPoints === null ? "n/a" : `${figures.maePercentPoints.toFixed(2)} pp`,
    figures.skill === null ? "n/a" : figures.skill.toFixed(2).replace("-", "−"),
    figures.insufficient ? "insufficient" : "",
  ];
  return {
    title: `Forecast of ${policy}, all families and levels, by occupancy at forecast time`,
    header: ["occupancy", "n", "base rate", "accuracy", "false +", "false −", "balanced", "MAE", "skill", ""],
    leftColumns: [0, 9],
    rows: [
      ...report.bands.map((band) => line(`${100 * band.fromRatio}–${100 * band.toRatio} %`, band)),
      line("all", report),
      line("first 200 of a run", { ...report, ...report.coldStart }),
    ],
    notes: [
      "The event: pressure in 5 s is critical. Shares are of all predictions: accuracy, false + and false − add to 100 %. Where the base rate is near 0 or 100 %, accuracy says nothing.",
    ],
  };
}

function skillSection(suite: RunPart, policies: readonly string[]): ReportSection {
  const at = { pressureRatio: HEADLINE_LEVEL };
  return {
    title: `Skill by family at ${percentText(HEADLINE_LEVEL)} %: 1 − MAE / MAE of the best simple baseline`,
    header: ["family", "best baseline", ...policies.map((policy) => `${policy}: MAE, skill`)],
    leftColumns: [0, 1],
    rows: suite.scenarios.map((scenario) => {
      const reports = policies.map((policy) => forecastOf(suite, policy, { ...at, scenario }));
      return [
        scenario,
        reports.find((report) => report !== null)?.bestBaseline ?? "n/a",
        ...reports.map((report) =>
          report?.maePercentPoints == null || report.skill === null
            ? "n/a"
            : `${report.maePercentPoints.toFixed(2)} pp, ${report.skill.toFixed(2).replace("-", "−")}`,
        ),
      ];
    }),
  };
}

function alarmSection(suite: RunPart, policies: readonly string[]): ReportSection {
  const share = (value: number | null) => (value === null ? "n/a" : formatPercent(value, 0));
  return {
    title: `Alarms, intervals and calibration at ${percentText(HEADLINE_LEVEL)} %`,
    header: ["policy", "precision", "recall", "standing", "median warning", "false / h", "covered", "Brier skill"],
    rows: policies.map((policy) => {
      const report = forecastOf(suite, policy, { pressureRatio: HEADLINE_LEVEL });
      if (report === null) return [policy];
      const { alarms } = report;
      return [
        policy,
        share(alarms.precision),
        share(alarms.recall),
        share(alarms.standingShare),
        alarms.medianLeadSeconds === null ? "n/a" : `${formatCount(alarms.medianLeadSeconds)} s`,
        alarms.falseAlarmsPerHour === null ? "n/a" : formatCount(alarms.falseAlarmsPerHour),
        share(report.intervalCoverage),
        report.brierSkill === null ? "n/a" : report.brierSkill.toFixed(2).replace("-", "−"),
      ];
    }),
    notes: [
      "Precision and recall of an alarm that always stands are worth nothing: see how much of the time it stands.",
    ],
  };
}
