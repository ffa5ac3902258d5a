// Tables of an evaluation about runs: all policies, by family, by level, causes, gaps, work, recordings, the marks. Each is
// a section with its rows as text; the page (evaluation-report.ts) and the terminal lay the same ones out.

import { OOM_CAUSES } from "../../sim/result.ts";
import {
  BOUND_POLICIES,
  type EvaluationFigure,
  type EvaluationFile,
  isWatcher,
  type RunPart,
} from "../../sim/suite/evaluation.ts";
import { evaluationMarks, HEADLINE_LEVEL, MARKED_POLICY, markStatus } from "../../sim/suite/evaluation-marks.ts";
import {
  difference,
  differenceOverScenarios,
  figureMean,
  gapClosedInterval,
  leastDenyingReactive,
  rowsOf,
  type TestedDifference,
} from "../../sim/suite/evaluation-table.ts";
import { compareWork, competitors, workCurve, workDifference } from "../../sim/suite/evaluation-work.ts";
import { holmAdjust } from "../../sim/suite/holm.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { mean } from "../../sim/suite/statistics.ts";
import type { WorkRange } from "../../sim/suite/work-curve.ts";
import {
  formatDifference,
  formatMarkDistance,
  formatMarkValue,
  formatMib,
  formatP,
  formatRatio,
  formatSignedBytes,
} from "./evaluation-format.ts";
import { formatBytes, formatCount, formatMicros, formatSigned } from "./format.ts";
import type { ReportSection } from "./run-report.ts";

const AT_HEADLINE = { pressureRatio: HEADLINE_LEVEL };

/** Every policy at the headline level: figures, and the differences to the baseline with interval, p and p after Holm. */
export function policySections(suite: RunPart): ReportSection[] {
  const baseline = leastDenyingReactive(suite, AT_HEADLINE);
  if (baseline === null) return [];
  const policies = suite.policies.filter(
    (policy) => !isWatcher(policy) && rowsOf(suite, policy, AT_HEADLINE).length > 0,
  );
  const cell = (policy: string, figure: EvaluationFigure, format: (value: number) => string) => {
    const value = figureMean(suite, policy, figure, AT_HEADLINE);
    return value === null ? "n/a" : format(value);
  };
  const rows = policies.map((policy) => [
    nameOf(policy, baseline),
    cell(policy, "oom_avoidable", formatCount),
    cell(policy, "oom_events", formatCount),
    cell(policy, "oom_denied_bytes", formatBytes),
    cell(policy, "compaction_moved_bytes", formatMib),
    cell(policy, "compaction_runs", formatCount),
    cell(policy, "compaction_mean_micros", formatMicros),
    cell(policy, "response_mean_micros", formatMicros),
    cell(policy, "response_p99_micros", formatMicros),
  ]);
  const header = ["policy", "avoidable", "all OOM", "denied", "MiB moved", "runs", "a run takes", "response", "p99"];
  const rivals = policies.filter((policy) => policy !== baseline);
  const of = (figure: EvaluationFigure) =>
    rivals.map((policy) => difference(suite, baseline, policy, figure, AT_HEADLINE));
  const avoidable = of("oom_avoidable");
  const adjusted = holmAdjust(avoidable.map((one) => one?.p ?? null));
  const columns: readonly (readonly [string, EvaluationFigure, (value: number) => string])[] = [
    ["all OOM", "oom_events", formatSigned],
    ["denied", "oom_denied_bytes", formatSignedBytes],
    ["MiB moved", "compaction_moved_bytes", (bytes) => formatSigned(bytes / 1_048_576)],
    ["runs", "compaction_runs", formatSigned],
    ["response", "response_mean_micros", signedMicros],
    ["p99", "response_p99_micros", signedMicros],
  ];
  const others = columns.map(([, figure]) => of(figure));
  return [
    {
      title: `All policies at ${percentText(HEADLINE_LEVEL)} %, means a run over ${suite.scenarios.length} families`,
      header,
      rows,
    },
    {
      title: `Differences to ${baseline} [95 % interval]`,
      header: ["policy", "avoidable", "p", "p (Holm)", ...columns.map(([title]) => title)],
      rows: rivals.map((policy, i) => [
        nameOf(policy, baseline),
        formatDifference(avoidable[i]!),
        formatP(avoidable[i]?.p ?? null),
        formatP(adjusted[i]!),
        ...others.map((list, k) => formatDifference(list[i]!, columns[k]![2])),
      ]),
      notes: [
        `The baseline is the variant of reactive that denies least. Pairs are seeds, families averaged within each. p: sign-flip test of the avoidable OOMs, two-sided; Holm over the ${rivals.length} rows.`,
      ],
    },
  ];
}

/** Family by family: the baseline, the predictive policy, and who denies least without knowing the future. */
export function familySection(suite: RunPart): ReportSection | null {
  const baseline = leastDenyingReactive(suite, AT_HEADLINE);
  if (baseline === null || !suite.policies.includes(MARKED_POLICY)) return null;
  const results = suite.scenarios.map((scenario) =>
    difference(suite, baseline, MARKED_POLICY, "oom_avoidable", { ...AT_HEADLINE, scenario }),
  );
  const adjusted = holmAdjust(results.map((result) => result?.p ?? null));
  return {
    title: `Family by family at ${percentText(HEADLINE_LEVEL)} %`,
    header: [
      "family",
      baseline,
      MARKED_POLICY,
      "difference [95 % interval]",
      "p",
      "p (Holm)",
      "MiB moved",
      "denies least",
    ],
    leftColumns: [0, 7],
    rows: suite.scenarios.map((scenario, i) => {
      const result = results[i]!;
      const where = { ...AT_HEADLINE, scenario };
      const moved = [baseline, MARKED_POLICY].map((policy) =>
        figureMean(suite, policy, "compaction_moved_bytes", where),
      );
      return [
        scenario,
        result === null ? "n/a" : formatCount(result.baseline),
        result === null ? "n/a" : formatCount(result.policy),
        formatDifference(result),
        formatP(result?.p ?? null),
        formatP(adjusted[i]!),
        moved.map((bytes) => (bytes === null ? "n/a" : formatMib(bytes))).join(" → "),
        leastDenying(suite, where),
      ];
    }),
    notes: [
      `p as above, Holm over the ${suite.scenarios.length} families. Bounds are no candidates for "denies least".`,
    ],
  };
}

/** Every level: avoidable and all OOM, bytes moved. */
export function levelSection(suite: RunPart): ReportSection | null {
  if (!suite.policies.includes(MARKED_POLICY)) return null;
  const rows = suite.pressures.flatMap((pressureRatio) => {
    const where = { pressureRatio };
    const baseline = leastDenyingReactive(suite, where);
    if (baseline === null) return [];
    const of = (figure: EvaluationFigure, against = baseline) =>
      difference(suite, against, MARKED_POLICY, figure, where);
    const watermark = of("compaction_moved_bytes", "watermark");
    return [
      [
        `${percentText(pressureRatio)} %`,
        baseline,
        pair(of("oom_avoidable")),
        formatDifference(of("oom_avoidable")),
        formatDifference(of("oom_events")),
        formatDifference(of("oom_denied_bytes"), formatSignedBytes),
        watermark === null ? "n/a" : `${formatMib(watermark.baseline)} → ${formatMib(watermark.policy)}`,
      ],
    ];
  });
  return {
    title: `Every level, mean over families: ${MARKED_POLICY} against the variant of reactive that denies least there`,
    header: ["level", "baseline", "avoidable", "difference", "all OOM", "denied", "MiB: watermark → predictive"],
    leftColumns: [0, 1],
    rows,
  };
}

/** Why requests were denied, and of which class. */
export function causeSection(suite: RunPart): ReportSection {
  const classes = ["atomic", "deadline", "wait"] as const;
  const cell = (policy: string, figure: EvaluationFigure) => {
    const value = figureMean(suite, policy, figure, AT_HEADLINE);
    return value === null ? "n/a" : formatCount(value);
  };
  return {
    title: `What was denied at ${percentText(HEADLINE_LEVEL)} %, mean a run: causes and classes`,
    header: ["policy", ...OOM_CAUSES, ...classes],
    rows: suite.policies
      .filter((policy) => !isWatcher(policy))
      .map((policy) => [
        policy,
        ...OOM_CAUSES.map((cause) => cell(policy, `oom_cause_${cause}`)),
        ...classes.map((name) => cell(policy, `oom_class_${name}`)),
      ]),
    notes: [
      "capacity: no layout could serve it · pinned: pins are in the way · reserve: kept for atomic requests · limit: limiter, watchdog or a busy compactor · fragmentation: it would fit after compaction, but could not wait. Avoidable = limit + fragmentation.",
    ],
  };
}

/** How much of the way to the bounds each policy goes. Null without a bound. */
export function gapSection(suite: RunPart): ReportSection | null {
  const baseline = leastDenyingReactive(suite, AT_HEADLINE);
  const bounds = BOUND_POLICIES.filter((bound) => rowsOf(suite, bound, AT_HEADLINE).length > 0);
  if (baseline === null || bounds.length === 0) return null;
  const policies = suite.policies.filter(
    (policy) => policy !== baseline && !bounds.includes(policy) && !isWatcher(policy),
  );
  const cell = (policy: string, bound: string) =>
    formatRatio(gapClosedInterval(suite, baseline, policy, bound, AT_HEADLINE));
  return {
    title: `Share of the gap closed at ${percentText(HEADLINE_LEVEL)} % [95 % interval]`,
    header: ["policy", ...bounds.map((bound) => `towards ${bound}`)],
    rows: policies.map((policy) => [policy, ...bounds.map((bound) => cell(policy, bound))]),
    notes: [
      `(${baseline} − policy) / (${baseline} − bound) in avoidable OOMs; seeds are resampled. A bound that denies no less than the baseline bounds nothing: n/a or a share that makes no sense.`,
    ],
  };
}

/** Avoidable OOM at equal bytes moved, over all families and in each. */
export function workSections(file: EvaluationFile, part: RunPart): ReportSection[] {
  const policies = competitors(file, part);
  if (policies.length < 2 || !policies.includes(MARKED_POLICY)) return [];
  const rivals = policies.filter((policy) => policy !== MARKED_POLICY);
  const all = compareWork(part, policies);
  const results = rivals.map((rival) => (all === null ? null : workDifference(all, rival, MARKED_POLICY)));
  const adjusted = holmAdjust(results.map((result) => result?.p ?? null));
  const own = all?.oomsBySeed.get(MARKED_POLICY);
  const range = all === null ? "no MiB at all" : rangeText(all.range);
  const sections: ReportSection[] = [
    {
      title: `At equal bytes moved: mean avoidable OOM a run at ${range}`,
      header: ["policy", "avoidable", `${MARKED_POLICY} less this [95 % interval]`, "p", "p (Holm)", "ahead"],
      leftColumns: [0, 5],
      rows: [
        [MARKED_POLICY, own === undefined ? "n/a" : formatCount(mean([...own.values()])), "", "", "", ""],
        ...rivals.map((rival, i) => [
          rival,
          results[i] === null ? "n/a" : formatCount(results[i]!.baseline),
          formatDifference(results[i]!),
          formatP(results[i]?.p ?? null),
          formatP(adjusted[i]!),
          aheadText(results[i]!, rival),
        ]),
      ],
      notes: [
        "The area under the curve of avoidable OOM against MiB moved (all compactions, reactive ones too) by the trapezoid rule, over its width. Each policy runs at several budgets for its proactive runs; the curve is the lower hull of the points, which a mixture of budgets reaches, and level past its end. The range goes from the most that any of them must move to the most that any can use, at most twice what the baseline moves; it is a single place where proactive runs save more reactive ones than they cost.",
      ],
    },
  ];
  if (part.scenarios.length > 1) {
    const header = ["family", "at", MARKED_POLICY, ...rivals];
    const rows = part.scenarios.map((scenario) => {
      const comparison = compareWork(part, policies, scenario);
      if (comparison === null) return [scenario, "n/a", ...policies.map(() => "n/a")];
      const average = (policy: string) => mean([...(comparison.oomsBySeed.get(policy)?.values() ?? [])]);
      return [
        scenario,
        rangeText(comparison.range),
        formatCount(average(MARKED_POLICY)),
        ...rivals.map((rival) => {
          const pairRange = compareWork(part, [MARKED_POLICY, rival], scenario);
          const result = pairRange === null ? null : workDifference(pairRange, rival, MARKED_POLICY);
          return `${formatCount(average(rival))} ${aheadMark(result)}`;
        }),
      ];
    });
    sections.push({
      title: "The same by family: who is ahead",
      header,
      rows,
      notes: [
        `✓ ${MARKED_POLICY} is ahead, ✗ behind, ~ not shown (interval holds 0). The mark compares the two over their own common range, the numbers are over that of all.`,
      ],
    });
  }
  sections.push(budgetSection(part, policies));
  return sections;
}

/** The points of the curves. */
function budgetSection(part: RunPart, policies: readonly string[]): ReportSection {
  const curves = policies.map((policy) => workCurve(part, policy)).filter((curve) => curve !== null);
  const budgets = [...new Set(curves.flatMap((curve) => curve.budgets))];
  return {
    title: "Points of the curves: avoidable OOM at MiB moved, by budget for proactive runs",
    header: ["policy", ...budgets.map((budget) => (budget === null ? "unlimited" : `${budget / 1000} kB/s`))],
    rows: curves.map((curve) => [
      curve.policy,
      ...budgets.map((budget) => {
        const point = curve.points[curve.budgets.indexOf(budget)];
        return point === undefined ? "" : `${formatCount(mean(point.ooms))} at ${formatCount(mean(point.movedMib))}`;
      }),
    ]),
  };
}

/** Recordings: both levels, over recordings and one by one. */
export function traceSections(traces: RunPart): ReportSection[] {
  return traces.pressures.flatMap((pressureRatio) => {
    const where = { pressureRatio };
    const baseline = leastDenyingReactive(traces, where);
    if (baseline === null) return [];
    const rivals = traces.policies.filter((policy) => policy !== baseline);
    const results = rivals.map((policy) => differenceOverScenarios(traces, baseline, policy, "oom_avoidable", where));
    const adjusted = holmAdjust(results.map((result) => result?.p ?? null));
    const level = percentText(pressureRatio);
    const over = (policy: string, figure: EvaluationFigure, format: (value: number) => string) =>
      formatDifference(differenceOverScenarios(traces, baseline, policy, figure, where), format);
    const sections: ReportSection[] = [
      {
        title: `Recordings, peak at ${level} % of the arena: differences to ${baseline}, mean over ${traces.scenarios.length} recordings`,
        header: [
          "policy",
          "avoidable",
          "difference [95 % interval]",
          "p",
          "p (Holm)",
          "all OOM",
          "denied",
          "MiB moved",
        ],
        rows: rivals.map((policy, i) => [
          nameOf(policy, baseline),
          results[i] === null ? "n/a" : formatCount(results[i]!.policy),
          formatDifference(results[i]!),
          formatP(results[i]?.p ?? null),
          formatP(adjusted[i]!),
          over(policy, "oom_events", formatSigned),
          over(policy, "oom_denied_bytes", formatSignedBytes),
          over(policy, "compaction_moved_bytes", (bytes) => formatSigned(bytes / 1_048_576)),
        ]),
        notes: [
          "The unit is the recording: seeds draw the classes and pins that a recording leaves open, and are averaged within it.",
        ],
      },
    ];
    if (traces.policies.includes(MARKED_POLICY))
      sections.push({
        title: `Recording by recording at ${level} %`,
        header: ["recording", baseline, MARKED_POLICY, "difference", "all OOM", "MiB moved", "denies least"],
        leftColumns: [0, 6],
        rows: traces.scenarios.map((scenario) => {
          const at = { pressureRatio, scenario };
          const result = difference(traces, baseline, MARKED_POLICY, "oom_avoidable", at);
          return [
            scenario,
            result === null ? "n/a" : formatCount(result.baseline),
            result === null ? "n/a" : formatCount(result.policy),
            formatDifference(result),
            pair(difference(traces, baseline, MARKED_POLICY, "oom_events", at)),
            pairMib(difference(traces, baseline, MARKED_POLICY, "compaction_moved_bytes", at)),
            leastDenying(traces, at),
          ];
        }),
      });
    return sections;
  });
}

/** An hour on its own. */
export function autonomySection(part: RunPart): ReportSection {
  const figures: readonly (readonly [string, EvaluationFigure])[] = [
    ["avoidable", "oom_avoidable"],
    ["all OOM", "oom_events"],
    ["trips", "watchdog_trips"],
    ["fallback ticks", "watchdog_fallback_ticks"],
    ["decisions / h", "decisions_per_hour"],
    ["runs", "compaction_runs"],
  ];
  const rows = part.scenarios.flatMap((scenario) =>
    part.policies.map((policy) => [
      scenario,
      policy,
      ...figures.map(([, figure]) => {
        const value = figureMean(part, policy, figure, { scenario });
        return value === null ? "n/a" : formatCount(value);
      }),
    ]),
  );
  return {
    title: `Autonomy: ${formatCount(part.durationSeconds / 60)} virtual minutes at ${percentText(part.pressures[0]!)} %, mean of ${part.seeds.length} seeds`,
    header: ["family", "policy", ...figures.map(([title]) => title)],
    leftColumns: [0, 1],
    rows,
  };
}

/** The marks, met or missed and by how far. */
export function markSection(file: EvaluationFile): ReportSection {
  const rows = evaluationMarks(file).map((mark) => {
    const { measured, ci95, unit, target, stretch, direction } = mark;
    const sign = direction === "at most" ? "≤" : "≥";
    const wanted = mark.isNotWorse ? "not worse" : `${sign} ${formatMarkValue(target, unit)}`;
    const status = markStatus(mark);
    return [
      mark.title.replace(/: not worse$/, ""),
      stretch === null ? wanted : `${wanted} (${sign} ${formatMarkValue(stretch, unit)})`,
      measured === null ? "n/a" : formatMarkValue(measured, unit),
      ci95 === null ? "" : `[${formatMarkValue(ci95[0], unit)}, ${formatMarkValue(ci95[1], unit)}]`,
      status === "met" ? "✓ met" : status === "missed" ? "✗ missed" : "not measured",
      status === "missed" ? formatMarkDistance(mark) : "",
      mark.remark,
    ];
  });
  return {
    title: "Marks",
    header: ["mark", "wanted (stretch)", "measured", "95 % interval", "", "off by", "remark"],
    leftColumns: [0, 4, 6],
    rows,
    notes: [
      "Marks were set before anything was measured. Not worse: met unless the whole interval is above 0.",
      'What bounds those that were missed, and what was tried: docs/decisions.md, from "From 61 to 18" to "Forecasters".',
    ],
  };
}

function nameOf(policy: string, baseline: string): string {
  if (policy === baseline) return `${policy} (baseline)`;
  return BOUND_POLICIES.includes(policy) ? `${policy} (bound)` : policy;
}

/** The real policies with the fewest avoidable OOMs there, at most two names. */
function leastDenying(part: RunPart, where: { pressureRatio: number; scenario: string }): string {
  const candidates = part.policies
    .filter((policy) => !BOUND_POLICIES.includes(policy))
    .map((policy) => ({ policy, ooms: figureMean(part, policy, "oom_avoidable", where) ?? Infinity }));
  const least = Math.min(...candidates.map((one) => one.ooms));
  const names = candidates.filter((one) => one.ooms === least).map((one) => one.policy);
  const named = names.length > 2 ? `${names.length} policies` : names.join(", ");
  return `${named} (${formatCount(least)})`;
}

function pair(result: TestedDifference | null): string {
  return result === null ? "n/a" : `${formatCount(result.baseline)} → ${formatCount(result.policy)}`;
}

function pairMib(result: TestedDifference | null): string {
  return result === null ? "n/a" : `${formatMib(result.baseline)} → ${formatMib(result.policy)}`;
}

/** "5.1 to 9.0 MiB", or one place. */
function rangeText({ fromMib, toMib }: WorkRange): string {
  const [from, to] = [fromMib, toMib].map(formatCount);
  return from === to ? `${from} MiB` : `${from} to ${to} MiB`;
}

function signedMicros(micros: number): string {
  return `${micros > 0 ? "+" : ""}${formatMicros(micros)}`;
}

function aheadText(result: TestedDifference | null, rival: string): string {
  if (result === null || result.ci95 === null) return "n/a";
  if (result.ci95[1] < 0) return `✓ ${MARKED_POLICY}`;
  return result.ci95[0] > 0 ? `✗ ${rival}` : "~ not shown";
}

function aheadMark(result: TestedDifference | null): string {
  if (result === null || result.ci95 === null) return "?";
  if (result.ci95[1] < 0) return "✓";
  return result.ci95[0] > 0 ? "✗" : "~";
}
