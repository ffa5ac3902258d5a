// What a suite's report says, before it is laid out: blocks, a table of all levels, verdicts, costs. Text and Markdown are
// layouts of this one model, so they cannot say different things. Costs are rows like gains are, and where nothing can be
// told the report says that.

import { type Comparison, type Interval, OOM_CAUSES, type ResultFile, type RunResult } from "../../sim/result.ts";
import { runsDigest } from "../../sim/suite/baseline.ts";
import { intervalOf, pairBySeed } from "../../sim/suite/comparisons.ts";
import { BOUNDS, durationText, mixText } from "../../sim/suite/plan.ts";
import { mean } from "../../sim/suite/statistics.ts";
import {
  direction,
  gapClosed,
  headlineBaseline,
  headlinePolicy,
  headlinePressure,
  judge,
  poolComparisons,
  type Verdict,
} from "../../sim/suite/verdicts.ts";
import { findForecast } from "../stored-result.ts";
import {
  formatBytes,
  formatChange,
  formatCount,
  formatDuration,
  formatMicros,
  formatPercent,
  formatSeeds,
  formatSigned,
} from "./format.ts";
import { costSentence, verdictSentences } from "./verdict-text.ts";

/** What a row's difference means. */
export type Mark = "better" | "worse" | "unclear" | "equal" | "cost" | "saved" | "none";

export interface ReportRow {
  readonly label: string;
  readonly baseline: string;
  readonly policy: string;
  readonly difference: string;
  readonly mark: Mark;
}

export interface PolicyRow {
  readonly policy: string;
  readonly cells: readonly string[];
}

export interface ReportBlock {
  readonly scenario: string;
  readonly pressureRatio: number;
  /** What was asked of the heap: level reached, mix, threshold. */
  readonly demand: string;
  readonly rows: readonly ReportRow[];
  /** Label and text. */
  readonly lines: readonly (readonly [string, string])[];
  readonly verdict: Verdict | null;
}

export interface LevelCell {
  readonly text: string;
  readonly verdict: Verdict | null;
}

export interface SuiteReport {
  readonly heading: readonly string[];
  readonly baseline: string;
  /** Null when only one policy ran. */
  readonly policy: string | null;
  /** Things to know before reading on. */
  readonly cautions: readonly string[];
  readonly blocks: readonly ReportBlock[];
  /** Avoidable OOMs a run, scenarios × levels; null for a single cell. */
  readonly levels: {
    readonly pressures: readonly number[];
    readonly rows: readonly { readonly scenario: string; readonly cells: readonly LevelCell[] }[];
  } | null;
  /** All policies, pooled at the headline level; empty with two or fewer. */
  readonly ranking: {
    readonly pressureRatio: number;
    readonly header: readonly string[];
    readonly rows: readonly PolicyRow[];
  } | null;
  readonly verdicts: readonly string[];
  readonly cost: string;
  readonly next: readonly string[];
}

/** Builds the report of a result with at least one run. */
export function suiteReport(result: ResultFile): SuiteReport {
  const { suite, runs } = result;
  const baseline = headlineBaseline(suite, runs);
  const policy = headlinePolicy(suite, baseline);
  const scenarios = suite.scenarios.filter((scenario) => runs.some((run) => run.scenario === scenario));
  const isSingleCell = scenarios.length === 1 && suite.pressures.length === 1;
  return {
    heading: heading(result),
    baseline,
    policy,
    cautions: cautions(result, baseline, policy),
    blocks: scenarios.map((scenario) => block(result, scenario, telling(result, scenario), baseline, policy)),
    levels: isSingleCell ? null : { pressures: suite.pressures, rows: levelRows(result, scenarios, baseline, policy) },
    ranking: suite.policies.length > 2 ? ranking(result, baseline) : null,
    verdicts: verdictSentences(result, baseline, policy),
    cost: costSentence(result, baseline, policy),
    next: nextSteps(result, policy),
  };
}

function heading({ suite, runs }: ResultFile): string[] {
  const capacities = [...new Set(runs.map((run) => run.capacityBytes))];
  const arena = capacities.length === 1 ? formatBytes(capacities[0]!) : `${capacities.length} sizes`;
  const durations = [...new Set(runs.map((run) => run.durationSeconds))];
  const time = durations.length === 1 ? `${formatDuration(durations[0]!)} simulated` : "as long as each trace";
  return [`arena ${arena}`, time, formatSeeds(suite.seeds), `digest ${runsDigest(runs)}`];
}

function cautions(result: ResultFile, baseline: string, policy: string | null): string[] {
  const { suite, runs } = result;
  const found: string[] = [];
  if (result.isPartial === true) found.push(`partial: interrupted after ${formatCount(runs.length)} runs`);
  if (policy === null) found.push("one policy: nothing to compare it with");
  else if (suite.seeds.length === 1) found.push("one seed: no interval, draw no conclusion");
  else if (suite.seeds.length < 20) {
    const text = `${suite.seeds.length} seeds: the intervals are rough; claim nothing under 20 (--seeds 20)`;
    found.push(text);
  }
  const variants = suite.policies.filter((id) => id !== baseline && id.startsWith("reactive"));
  if (variants.length > 0) found.push(`measured against ${baseline}, the variant of reactive that denies least here`);
  const timings = [...new Set(runs.map((run) => run.timing))].filter((timing) => timing !== "scenario");
  if (timings.length > 0) found.push(`timing: ${timings.join("; ")}`);
  const isReplay = suite.durationSeconds === 0;
  if (isReplay && suite.seeds.length > 1)
    found.push("a recording is the same for every seed; a seed draws the classes and pins that it leaves open");
  if (!isReplay && hasStubSmell(runs))
    found.push("different seeds gave identical runs: this looks like a stub and proves nothing");
  found.push(...new Set(runs.flatMap((run) => run.notes.map((note) => `${run.scenario}, ${run.policy}: ${note}`))));
  return found;
}

/** Runs of one cell over several seeds that are all alike cannot come from different demands. */
function hasStubSmell(runs: readonly RunResult[]): boolean {
  const hashes = new Map<string, Set<string>>();
  const seeds = new Map<string, number>();
  for (const run of runs) {
    const key = `${run.scenario}\n${run.pressureRatio}\n${run.policy}`;
    hashes.set(key, (hashes.get(key) ?? new Set()).add(run.hash));
    seeds.set(key, (seeds.get(key) ?? 0) + 1);
  }
  return [...hashes].some(([key, distinct]) => seeds.get(key)! > 1 && distinct.size === 1);
}

/** The level a scenario is shown at: the headline one if anything avoidable happened there, else the highest such. */
function telling({ suite, runs }: ResultFile, scenario: string): number {
  const eventful = suite.pressures.filter((level) =>
    runs.some((run) => run.scenario === scenario && run.pressureRatio === level && run.ooms.avoidable > 0),
  );
  const headline = headlinePressure(suite);
  const own = suite.pressures.filter((level) =>
    runs.some((run) => run.scenario === scenario && run.pressureRatio === level),
  );
  if (eventful.includes(headline) || (eventful.length === 0 && own.includes(headline))) return headline;
  return Math.max(...(eventful.length > 0 ? eventful : own));
}

function block(
  result: ResultFile,
  scenario: string,
  pressureRatio: number,
  baseline: string,
  policy: string | null,
): ReportBlock {
  const at = (id: string | null) =>
    result.runs.filter((run) => run.scenario === scenario && run.pressureRatio === pressureRatio && run.policy === id);
  const baselineRuns = at(baseline);
  const policyRuns = at(policy);
  const comparison = result.comparisons.find(
    (row) =>
      row.scenario === scenario &&
      row.pressureRatio === pressureRatio &&
      row.baseline === baseline &&
      row.policy === policy,
  );
  return {
    scenario,
    pressureRatio,
    demand: demandText(baselineRuns.length > 0 ? baselineRuns : policyRuns),
    rows: blockRows(baselineRuns, policyRuns, comparison ?? null),
    lines: blockLines(
      result,
      scenario,
      pressureRatio,
      baseline,
      policy,
      policyRuns.length > 0 ? policyRuns : baselineRuns,
    ),
    verdict: comparison === undefined ? null : judge(comparison),
  };
}

function demandText(runs: readonly RunResult[]): string {
  const first = runs[0]!;
  const level = (pick: (run: RunResult) => number) => formatPercent(mean(runs.map(pick)), 1);
  const mix = `mix ${mixText(first.mix).split(",").slice(0, 3).join("/")} %, ${formatPercent(first.mix.pinned)} pinned`;
  return [
    `demand mean ${level((run) => run.demandLevel.mean)}, peak ${level((run) => run.demandLevel.peak)}`,
    mix,
    `critical from ${formatPercent(first.pressure.criticalThreshold, 1)}`,
  ].join(" · ");
}

function blockRows(
  baselineRuns: readonly RunResult[],
  policyRuns: readonly RunResult[],
  comparison: Comparison | null,
): ReportRow[] {
  const row = (
    label: string,
    figure: (runs: readonly RunResult[]) => string,
    interval: Interval | null,
    format: (value: number) => string,
    kind: "outcome" | "cost",
  ): ReportRow => ({
    label,
    baseline: baselineRuns.length === 0 ? "" : figure(baselineRuns),
    policy: policyRuns.length === 0 ? "" : figure(policyRuns),
    difference: interval === null ? "" : differenceText(interval, format),
    mark: interval === null ? "none" : markOf(interval, kind),
  });
  const average = (pick: (run: RunResult) => number) => (runs: readonly RunResult[]) => mean(runs.map(pick));
  const avoidable = average((run) => run.ooms.avoidable);
  const total = average((run) => run.ooms.total);
  const denied = average((run) => run.ooms.deniedBytes);
  const compactions = average((run) => run.compaction.runs);
  const proactive = average((run) => run.compaction.proactive);
  const moved = average((run) => run.compaction.movedBytes);
  const share = (runs: readonly RunResult[]) => (compactions(runs) > 0 ? proactive(runs) / compactions(runs) : 0);
  const each = (runs: readonly RunResult[]) => {
    const acted = runs.filter((run) => run.compaction.runs > 0);
    return acted.length === 0 ? 0 : mean(acted.map((run) => run.compaction.meanMicros));
  };
  const peak = (runs: readonly RunResult[]) => Math.max(...runs.map((run) => run.pressure.peakEffective));
  const signedBytes = (bytes: number) => `${bytes > 0 ? "+" : ""}${formatBytes(bytes)}`;
  const signedMicros = (micros: number) => `${micros > 0 ? "+" : ""}${formatMicros(micros)}`;
  const worst = (runs: readonly RunResult[]) => Math.max(...runs.map((run) => run.responseMicros.max));
  return [
    row(
      "avoidable OOM / run",
      (r) => formatCount(avoidable(r)),
      comparison?.avoidableOoms ?? null,
      formatSigned,
      "outcome",
    ),
    row(
      "all OOM / run · denied",
      (r) => `${formatCount(total(r))} · ${formatBytes(denied(r))}`,
      comparison?.totalOoms ?? null,
      formatSigned,
      "outcome",
    ),
    row(
      "compactions (proactive) · each",
      (r) => `${formatCount(compactions(r))} (${formatPercent(share(r), 0)}) · ${formatMicros(each(r))}`,
      comparison?.compactionRuns ?? null,
      formatSigned,
      "cost",
    ),
    row(
      "pressure peak · mean",
      (r) => `${formatPercent(peak(r), 1)} · ${formatPercent(average((run) => run.pressure.meanEffective)(r), 1)}`,
      null,
      formatSigned,
      "outcome",
    ),
    row("bytes moved", (r) => formatBytes(moved(r)), comparison?.movedBytes ?? null, signedBytes, "cost"),
    row(
      "response p99 · p99.9 · max",
      (r) =>
        [average((run) => run.responseMicros.p99)(r), average((run) => run.responseMicros.p999)(r), worst(r)]
          .map(formatMicros)
          .join(" · "),
      comparison?.responseP99Micros ?? null,
      signedMicros,
      "outcome",
    ),
    ...hitRatioRows(baselineRuns, policyRuns),
    row(
      "response mean",
      (r) => formatMicros(average((run) => run.responseMicros.mean)(r)),
      comparison?.responseMeanMicros ?? null,
      signedMicros,
      "outcome",
    ),
  ];
}

/** What the cache among the tenants still answers, where the scenario has lookups; the difference in points. */
function hitRatioRows(baselineRuns: readonly RunResult[], policyRuns: readonly RunResult[]): ReportRow[] {
  const asked = [...baselineRuns, ...policyRuns].some((run) => (run.cache?.hitRatio ?? null) !== null);
  if (!asked) return [];
  const ratio = (run: RunResult) => run.cache?.hitRatio ?? 0;
  const unshed = (run: RunResult) => run.cache?.hitRatioUnshed ?? 0;
  const text = (runs: readonly RunResult[]) =>
    runs.length === 0 ? "" : `${formatPercent(mean(runs.map(ratio)), 1)} · ${formatPercent(mean(runs.map(unshed)), 1)}`;
  const pairs = pairBySeed(baselineRuns, policyRuns);
  // As misses, of which fewer are better, as of everything else in the table.
  const misses = (side: 0 | 1) => pairs.map((pair) => 100 * (1 - ratio(pair[side])));
  const interval = pairs.length === 0 ? null : intervalOf(misses(0), misses(1));
  const points = (value: number) => `${value < 0 ? "−" : value > 0 ? "+" : ""}${Math.abs(value).toFixed(2)}`;
  let difference = "";
  if (interval !== null) {
    difference = `${points(interval.baseline - interval.policy)} pp`;
    if (interval.ci95 !== null) difference += ` [${points(-interval.ci95[1])}, ${points(-interval.ci95[0])}]`;
  }
  return [
    {
      label: "cache hit ratio · unshed",
      baseline: text(baselineRuns),
      policy: text(policyRuns),
      difference,
      mark: interval === null ? "none" : markOf(interval, "outcome"),
    },
  ];
}

/** "−2.1 (−62 %) [−3.0, −1.2]". */
export function differenceText(interval: Interval, format: (value: number) => string): string {
  const change = formatChange(interval.changeRatio);
  const difference = interval.policy - interval.baseline;
  const parts = [format(difference)];
  if (change !== "" && difference !== 0) parts.push(`(${change})`);
  if (interval.ci95 !== null) parts.push(`[${format(interval.ci95[0])}, ${format(interval.ci95[1])}]`);
  return parts.join(" ");
}

function markOf(interval: Interval, kind: "outcome" | "cost"): Mark {
  if (interval.ci95 === null) return "none";
  const way = direction(interval);
  if (way === 0) return interval.ci95[0] === 0 && interval.ci95[1] === 0 ? "equal" : "unclear";
  if (kind === "cost") return way < 0 ? "saved" : "cost";
  return way < 0 ? "better" : "worse";
}

function blockLines(
  result: ResultFile,
  scenario: string,
  pressureRatio: number,
  baseline: string,
  policy: string | null,
  shownRuns: readonly RunResult[],
): [string, string][] {
  const lines: [string, string][] = [];
  const id = policy ?? baseline;
  const forecast = findForecast(result, id, scenario, pressureRatio);
  if (forecast !== undefined && forecast.predictions > 0) {
    const { alarms } = forecast;
    const share = (value: number | null) => (value === null ? "n/a" : formatPercent(value, 0));
    const warning = alarms.medianLeadSeconds === null ? "n/a" : formatDuration(alarms.medianLeadSeconds);
    lines.push([
      "forecast 5 s ahead",
      [
        `MAE ${forecast.maePercentPoints?.toFixed(2) ?? "n/a"} pp`,
        `skill ${forecast.skill?.toFixed(2).replace("-", "−") ?? "n/a"} against ${forecast.bestBaseline ?? "n/a"}`,
        `base rate ${share(forecast.baseRate)}`,
        `alarms: precision ${share(alarms.precision)}, recall ${share(alarms.recall)}, median warning ${warning}`,
      ].join(" · "),
    ]);
  }
  const at = (name: string) =>
    result.runs.filter(
      (run) => run.scenario === scenario && run.pressureRatio === pressureRatio && run.policy === name,
    );
  const causes = [baseline, policy]
    .filter((name) => name !== null)
    .map((name) => `${name} ${causesText(at(name))}`)
    .join(" · ");
  lines.push(["denied for", causes]);
  const bounds = boundsText(result, scenario, pressureRatio, baseline, policy);
  if (bounds !== "") lines.push(["bounds", bounds]);
  const sum = (pick: (run: RunResult) => number) => shownRuns.reduce((total, run) => total + pick(run), 0);
  const trips = new Map<string, number>();
  for (const { reason } of shownRuns.flatMap((run) => run.watchdog.trips))
    trips.set(reason, (trips.get(reason) ?? 0) + 1);
  const tripText = [...trips].map(([reason, n]) => `${reason} ${n}`).join(", ");
  lines.push([
    "guards",
    [
      `watchdog trips ${sum((run) => run.watchdog.trips.length)}${tripText === "" ? "" : ` (${tripText})`}`,
      `fallback ticks ${formatCount(sum((run) => run.watchdog.fallbackTicks))}`,
      `most runs in a second ${Math.max(...shownRuns.map((run) => run.compaction.maxRunsInAnySecond))}`,
      `refused by the limiter ${formatCount(sum((run) => run.compaction.refusedByLimiter))}`,
    ].join(" · "),
  ]);
  return lines;
}

/** Why requests were denied, mean a run, most first: "fragmentation 12, capacity 3". */
function causesText(runs: readonly RunResult[]): string {
  const causes = OOM_CAUSES.map((cause) => ({ cause, count: mean(runs.map((run) => run.ooms.byCause[cause])) }));
  const shown = causes.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
  return shown.length === 0 ? "nothing" : shown.map(({ cause, count }) => `${cause} ${formatCount(count)}`).join(", ");
}

function boundsText(
  result: ResultFile,
  scenario: string,
  pressureRatio: number,
  baseline: string,
  policy: string | null,
): string {
  const runs = result.runs.filter((run) => run.scenario === scenario && run.pressureRatio === pressureRatio);
  const avoidable = (id: string) => {
    const own = runs.filter((run) => run.policy === id);
    return own.length === 0 ? null : mean(own.map((run) => run.ooms.avoidable));
  };
  const parts: string[] = [];
  for (const [id, title] of [
    ["clairvoyant", "clairvoyant"],
    ["perfect-forecast", "perfect forecast"],
    ["placebo", "placebo, as many runs"],
  ] as const) {
    const value = avoidable(id);
    if (value !== null && id !== policy) parts.push(`${title} ${formatCount(value)}`);
  }
  for (const bound of BOUNDS) {
    const closed = policy === null ? null : gapClosed(runs, baseline, policy, bound);
    if (closed !== null && bound !== policy) parts.push(`gap to ${bound} closed ${formatPercent(closed, 0)}`);
  }
  return parts.join(" · ");
}

function levelRows(result: ResultFile, scenarios: readonly string[], baseline: string, policy: string | null) {
  return scenarios.map((scenario) => ({
    scenario,
    cells: result.suite.pressures.map((level): LevelCell => {
      const at = (id: string | null) =>
        result.runs.filter((run) => run.scenario === scenario && run.pressureRatio === level && run.policy === id);
      const [a, b] = [at(baseline), at(policy)];
      if (a.length === 0) return { text: "", verdict: null };
      const from = formatCount(mean(a.map((run) => run.ooms.avoidable)));
      if (b.length === 0) return { text: from, verdict: null };
      const to = formatCount(mean(b.map((run) => run.ooms.avoidable)));
      const comparison = result.comparisons.find(
        (row) =>
          row.scenario === scenario &&
          row.pressureRatio === level &&
          row.baseline === baseline &&
          row.policy === policy,
      );
      return {
        text: from === "0" && to === "0" ? "0" : `${from} → ${to}`,
        verdict: comparison ? judge(comparison) : null,
      };
    }),
  }));
}

function ranking(result: ResultFile, baseline: string): SuiteReport["ranking"] {
  const pressureRatio = headlinePressure(result.suite);
  const hasCache = result.runs.every((run) => (run.cache?.hitRatio ?? null) !== null);
  const rows = result.suite.policies.map((policy): PolicyRow & { readonly avoidable: number } => {
    const runs = result.runs.filter((run) => run.policy === policy && run.pressureRatio === pressureRatio);
    if (runs.length === 0) return { policy, avoidable: Infinity, cells: [] };
    const average = (pick: (run: RunResult) => number) => mean(runs.map(pick));
    const avoidable = average((run) => run.ooms.avoidable);
    const pooled = poolComparisons(result.runs, result.comparisons, baseline, policy, pressureRatio);
    const difference =
      policy === baseline || pooled === null ? "" : differenceText(pooled.comparison.avoidableOoms, formatSigned);
    return {
      policy,
      avoidable,
      cells: [
        formatCount(avoidable),
        formatCount(average((run) => run.ooms.total)),
        formatBytes(average((run) => run.ooms.deniedBytes)),
        formatBytes(average((run) => run.compaction.movedBytes)),
        formatMicros(average((run) => run.responseMicros.p99)),
        ...(hasCache
          ? [
              formatPercent(
                average((run) => run.cache?.hitRatio ?? 0),
                1,
              ),
            ]
          : []),
        policy === baseline ? "(baseline)" : difference,
      ],
    };
  });
  rows.sort(
    (a, b) =>
      a.avoidable - b.avoidable || result.suite.policies.indexOf(a.policy) - result.suite.policies.indexOf(b.policy),
  );
  const hits = hasCache ? ["cache hits"] : [];
  const header = [
    "policy",
    "avoidable OOM",
    "all OOM",
    "denied",
    "moved",
    "p99",
    ...hits,
    `against ${baseline} [95 % CI]`,
  ];
  return { pressureRatio, header, rows: rows.filter((row) => row.cells.length > 0) };
}

function nextSteps({ suite }: ResultFile, policy: string | null): string[] {
  const steps = ["mempred report"];
  if (suite.policies.length <= 2) {
    const scenario = suite.scenarios.length > 3 ? "" : ` --scenario ${suite.scenarios.join(",")}`;
    const isReplay = suite.durationSeconds === 0;
    if (!isReplay && policy !== null)
      steps.push(`mempred stress${scenario} --policy all --duration ${durationText(suite.durationSeconds)}`);
  }
  if (suite.seeds.length < 20) steps.push("more seeds: --seeds 20");
  if (suite.durationSeconds > 0) steps.push("mempred replay perl");
  return steps;
}
