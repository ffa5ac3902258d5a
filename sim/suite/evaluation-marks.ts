// The marks that the predictive policy is measured by, each with what was measured, its interval and whether it was met.
// Marks are what was set out to be reached before anything was measured; a missed one is said to be missed, by how far, and
// what bounds it. Text is made elsewhere (cli/render): here are numbers.

import type { EvaluationFigure, EvaluationFile, RunPart } from "./evaluation.ts";
import { BEST_WATCHER, STRUCTURED_FAMILIES } from "./evaluation.ts";
import { firstAgainstLearned, forecastOf } from "./evaluation-forecast.ts";
import {
  changeInterval,
  difference,
  differenceOverScenarios,
  figureMean,
  gapClosedInterval,
  leastDenyingReactive,
  rowsOf,
  type TestedDifference,
} from "./evaluation-table.ts";
import { compareWork, competitors, workDifference } from "./evaluation-work.ts";
import { BOUNDS } from "./plan.ts";

/** The policy that the marks are about. */
export const MARKED_POLICY = "predictive";
export const HEADLINE_LEVEL = 0.95;

/** How a measured number is written. */
export type MarkUnit = "change" | "share" | "factor" | "count" | "number";

export interface Mark {
  readonly title: string;
  readonly unit: MarkUnit;
  /** Met when measured ≤ (or ≥) this. */
  readonly target: number;
  readonly direction: "at most" | "at least";
  /** What more would be welcome; null where none was named. */
  readonly stretch: number | null;
  /** Null: not measured, or too little to say. */
  readonly measured: number | null;
  readonly ci95: readonly [number, number] | null;
  /** True where a difference is judged by its interval: "not worse" is met unless the whole interval lies beyond the target. */
  readonly isNotWorse: boolean;
  /** What bounds it, or why it was not measured; empty where there is nothing to say. */
  readonly remark: string;
}

export type MarkStatus = "met" | "missed" | "not measured";

export function markStatus(mark: Mark): MarkStatus {
  const { measured, ci95, target, direction } = mark;
  if (measured === null) return "not measured";
  const told = mark.isNotWorse && ci95 !== null ? (direction === "at most" ? ci95[0] : ci95[1]) : measured;
  return (direction === "at most" ? told <= target : told >= target) ? "met" : "missed";
}

/** Every mark, in the order of the report. */
export function evaluationMarks(file: EvaluationFile): Mark[] {
  const { suite, traces } = file.parts;
  return [
    ...(suite === undefined ? [missing("the frozen suite", "suite")] : suiteMarks(file, suite)),
    ...workMarks(file),
    ...(suite === undefined ? [] : forecastMarks(file, suite)),
    ...autonomyMarks(file),
    ...(suite === undefined ? [] : lowLevelMarks(suite)),
    ...(traces === undefined ? [missing("avoidable OOM on real traces", "traces")] : traceMarks(traces)),
  ];
}

function suiteMarks(file: EvaluationFile, suite: RunPart): Mark[] {
  const at = { pressureRatio: HEADLINE_LEVEL };
  const least = leastDenyingReactive(suite, at);
  if (least === null) return [missing("avoidable OOM against reactive", "a variant of reactive")];
  const own = file.policies.find((policy) => policy.id === MARKED_POLICY);
  const sameCompactor = own === undefined ? "reactive" : variantOf(own.compactor);
  const moved = (against: string, target: number, stretch: number): Mark => {
    const ratio = changeInterval(suite, against, MARKED_POLICY, "compaction_moved_bytes", at);
    return mark(`bytes moved against ${against}`, "factor", "at most", target, stretch, plusOne(ratio), "");
  };
  // The plain one, as everybody has it, and the strongest of its variants, which has our compactors.
  const baselines = least === "reactive" ? ["reactive"] : ["reactive", least];
  return [
    ...baselines.flatMap((baseline) => marksAgainst(suite, baseline, at)),
    moved("reactive", 1, 0.5),
    ...(sameCompactor === "reactive" ? [] : [moved(sameCompactor, 2, 1)]),
  ];
}

/** What `predictive` is held to against one variant of reactive. */
function marksAgainst(suite: RunPart, baseline: string, at: { readonly pressureRatio: number }): Mark[] {
  const change = (figure: EvaluationFigure, policy = MARKED_POLICY) =>
    changeInterval(suite, baseline, policy, figure, at);
  const ofChange = (title: string, figure: EvaluationFigure, target: number, stretch: number | null, remark = "") =>
    mark(`${title} against ${baseline}`, "change", "at most", target, stretch, change(figure), remark);
  const reached = (figure: EvaluationFigure) =>
    BOUNDS.map((bound) => ({ bound, ratio: change(figure, bound)?.ratio ?? null }))
      .filter((one) => one.ratio !== null)
      .map(({ bound, ratio }) => `${bound} itself changes it by ${(100 * ratio!).toFixed(0)} %`)
      .join("; ");
  return [
    ofChange("avoidable OOM", "oom_avoidable", -0.625, -0.9, reached("oom_avoidable")),
    ...BOUNDS.map((bound) => {
      const closed = gapClosedInterval(suite, baseline, MARKED_POLICY, bound, at);
      const [target, stretch] = bound === "clairvoyant" ? [0.6, 0.8] : [0.8, 0.95];
      const title = `share of the gap from ${baseline} to ${bound} closed`;
      return mark(title, "share", "at least", target, stretch, closed, closed === null ? `${bound} did not run` : "");
    }),
    notWorse(`all OOM against ${baseline}`, change("oom_events"), -0.3),
    notWorse(`denied bytes against ${baseline}`, change("oom_denied_bytes"), -0.3),
    ofChange("compaction runs", "compaction_runs", -0.31, null, reached("compaction_runs")),
    ofChange("mean time of a run", "compaction_mean_micros", -0.25, null),
    ofChange("mean response", "response_mean_micros", -0.21, -0.5, "over served requests: more are served"),
    differenceNotWorse(
      `p99 response against ${baseline}, µs`,
      difference(suite, baseline, MARKED_POLICY, "response_p99_micros", at),
    ),
  ];
}

/** At equal bytes moved: in how many predictable families it is ahead, in how many of all it is behind. */
function workMarks(file: EvaluationFile): Mark[] {
  const part = file.parts.budgets;
  const rivals = ["watermark", "placebo", "least-squares", "rate-margin"];
  if (part === undefined) return [missing("ahead at equal bytes moved", "budgets")];
  const policies = competitors(file, part);
  return rivals
    .filter((rival) => policies.includes(rival) && policies.includes(MARKED_POLICY))
    .flatMap((rival) => {
      let ahead = 0;
      let structured = 0;
      const behind: string[] = [];
      for (const scenario of part.scenarios) {
        const comparison = compareWork(part, [MARKED_POLICY, rival], scenario);
        const result = comparison === null ? null : workDifference(comparison, rival, MARKED_POLICY);
        if (result === null) continue;
        const isStructured = STRUCTURED_FAMILIES.includes(scenario);
        if (isStructured) structured++;
        if (isStructured && result.ci95 !== null && result.ci95[1] < 0) ahead++;
        if (result.ci95 !== null && result.ci95[0] > 0) behind.push(scenario);
      }
      if (structured === 0) return [];
      return [
        mark(
          `ahead of ${rival} at equal bytes moved, families with structure (of ${structured})`,
          "count",
          "at least",
          structured,
          null,
          { ratio: ahead, ci95: null },
          "",
        ),
        mark(
          `behind ${rival} at equal bytes moved, all families`,
          "count",
          "at most",
          0,
          null,
          { ratio: behind.length, ci95: null },
          behind.join(", "),
        ),
      ];
    });
}

const BAND_TARGETS = [
  [0.982, 0.99],
  [0.965, 0.98],
  [0.948, 0.97],
  [0.921, 0.96],
  [0.893, 0.95],
] as const;

function forecastMarks(file: EvaluationFile, suite: RunPart): Mark[] {
  return [
    ...[MARKED_POLICY, BEST_WATCHER].flatMap((policy) => accuracyMarks(suite, policy)),
    startMark(file.parts.forecast),
  ];
}

/** Accuracy by band and skill by family, of the forecaster that acts and of the best one that only watches. */
function accuracyMarks(suite: RunPart, policy: string): Mark[] {
  const everywhere = forecastOf(suite, policy);
  if (everywhere === null) return [missing(`forecast accuracy of ${policy}`, `a forecast of ${policy}`)];
  const bands = everywhere.bands.map((band, i): Mark => {
    const [target, stretch] = BAND_TARGETS[i]!;
    const rate = band.baseRate ?? 0;
    const isTelling = !band.insufficient && rate >= 0.05 && rate <= 0.95;
    const rateText = `base rate ${(100 * rate).toFixed(1)} %`;
    const remark = isTelling
      ? rateText
      : `${band.predictions} forecasts, ${rateText}: too few events for accuracy to mean anything`;
    const title = `forecast accuracy of ${policy}, occupancy ${100 * band.fromRatio}–${100 * band.toRatio} %`;
    const value = isTelling && band.accuracy !== null ? { ratio: band.accuracy, ci95: null } : null;
    return mark(title, "share", "at least", target, stretch, value, remark);
  });
  const skills = STRUCTURED_FAMILIES.filter((family) => suite.scenarios.includes(family)).map((family): Mark => {
    const report = forecastOf(suite, policy, { scenario: family, pressureRatio: HEADLINE_LEVEL });
    const value = report?.skill == null ? null : { ratio: report.skill, ci95: null };
    const remark = report?.bestBaseline == null ? "" : `best baseline ${report.bestBaseline}`;
    return mark(`skill of ${policy}, ${family}`, "number", "at least", 0.3, 0.6, value, remark);
  });
  return [...bands, ...skills];
}

function startMark(part: EvaluationFile["parts"]["forecast"]): Mark {
  // Only the network that learns online has a start without weights to be held against.
  const first = part === undefined ? null : firstAgainstLearned(part, "neural");
  if (first === null)
    return missing("first 200 forecasts against learned ones", "forecast, in runs of over 1,000 ticks");
  return {
    ...differenceNotWorse("first 200 forecasts with shipped weights against a cold start's after 1,000", first),
    remark: `error over persistence's: ${first.policy.toFixed(3)} against ${first.baseline.toFixed(3)}`,
  };
}

function autonomyMarks(file: EvaluationFile): Mark[] {
  const part = file.parts.autonomy;
  if (part === undefined) return [missing("one hour autonomous", "autonomy")];
  const hours = part.durationSeconds / 3600;
  const value = (figure: EvaluationFigure) => {
    const mean = figureMean(part, MARKED_POLICY, figure);
    return mean === null ? null : { ratio: mean / hours, ci95: null };
  };
  const finished = rowsOf(part, MARKED_POLICY).reduce((sum, row) => sum + row.seeds.length, 0);
  const wanted = part.scenarios.length * part.seeds.length;
  const alone = figureMean(part, "reactive", "oom_avoidable");
  const remark = alone === null ? "" : `reactive: ${(alone / hours).toFixed(0)}`;
  return [
    mark("avoidable OOM in an autonomous hour", "number", "at most", 2, 0, value("oom_avoidable"), remark),
    mark(
      "all OOM in an autonomous hour",
      "number",
      "at most",
      2,
      0,
      value("oom_events"),
      "demand over capacity included",
    ),
    mark("watchdog trips in an autonomous hour without attack", "number", "at most", 0, 0, value("watchdog_trips"), ""),
    mark(
      "autonomous hours that did not finish",
      "count",
      "at most",
      0,
      0,
      { ratio: part.isPartial === true ? wanted - finished : 0, ci95: null },
      `${finished} finished`,
    ),
  ];
}

function lowLevelMarks(suite: RunPart): Mark[] {
  return [0.5, 0.75]
    .filter((level) => suite.pressures.includes(level))
    .flatMap((pressureRatio) => {
      const at = { pressureRatio };
      const baseline = leastDenyingReactive(suite, at) ?? "reactive";
      const extra = difference(suite, baseline, MARKED_POLICY, "oom_events", at);
      const moved = changeInterval(suite, "watermark", MARKED_POLICY, "compaction_moved_bytes", at);
      const [own, other] = [MARKED_POLICY, "watermark"].map((policy) =>
        figureMean(suite, policy, "compaction_moved_bytes", at),
      );
      const level = `${100 * pressureRatio} %`;
      const isNothing = own === 0 && other === 0;
      return [
        differenceNotWorse(`extra OOM a run at ${level} against ${baseline}`, extra),
        mark(
          `bytes moved against watermark at ${level}`,
          "factor",
          "at most",
          1,
          null,
          isNothing ? { ratio: 0, ci95: null } : plusOne(moved),
          isNothing ? "neither moves anything" : other === 0 ? "watermark moves nothing there" : "",
        ),
      ];
    });
}

function traceMarks(traces: RunPart): Mark[] {
  return traces.pressures.map((pressureRatio): Mark => {
    const at = { pressureRatio };
    const baseline = leastDenyingReactive(traces, at) ?? "reactive";
    const result = differenceOverScenarios(traces, baseline, MARKED_POLICY, "oom_avoidable", at);
    const level = `${100 * pressureRatio} %`;
    const isNothing = result === null || (result.baseline === 0 && result.policy === 0);
    return {
      title: `avoidable OOM on real traces at ${level}, difference to ${baseline}`,
      unit: "number",
      target: 0,
      direction: "at most",
      stretch: null,
      measured: isNothing ? null : result.policy - result.baseline,
      ci95: isNothing ? null : result.ci95,
      isNotWorse: false,
      remark: isNothing
        ? "nothing avoidable was denied there"
        : `of ${result.baseline.toFixed(1)} a run, over ${result.seeds} recordings`,
    };
  });
}

interface Measured {
  readonly ratio: number | null;
  readonly ci95: readonly [number, number] | null;
}

function mark(
  title: string,
  unit: MarkUnit,
  direction: Mark["direction"],
  target: number,
  stretch: number | null,
  measured: Measured | null,
  remark: string,
): Mark {
  const { ratio = null, ci95 = null } = measured ?? {};
  return { title, unit, direction, target, stretch, measured: ratio, ci95, isNotWorse: false, remark };
}

/** Met unless the whole interval of the change lies above 0. */
function notWorse(title: string, measured: Measured | null, stretch: number | null): Mark {
  return { ...mark(`${title}: not worse`, "change", "at most", 0, stretch, measured, ""), isNotWorse: true };
}

/** The same of a difference in the figure's own unit: for figures that can be 0. */
function differenceNotWorse(title: string, result: TestedDifference | null): Mark {
  const measured = result === null ? null : { ratio: result.policy - result.baseline, ci95: result.ci95 };
  return { ...notWorse(title, measured, null), unit: "number" };
}

function missing(title: string, what: string): Mark {
  return mark(title, "number", "at most", 0, null, null, `needs ${what}`);
}

/** A change as a factor. */
function plusOne(change: Measured | null): Measured | null {
  if (change === null || change.ratio === null) return null;
  const { ratio, ci95 } = change;
  return { ratio: 1 + ratio, ci95: ci95 === null ? null : [1 + ci95[0], 1 + ci95[1]] };
}

/** The variant of `reactive` that compacts as the policy's proactive runs do. */
function variantOf(compactor: string): string {
  return compactor === "slide" ? "reactive" : `reactive:${compactor}`;
}
