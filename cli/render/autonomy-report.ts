// What `mempred autonomy` says: the three ways side by side, each subsystem's share, the guards, and the verdict with its
// intervals. A mark that was missed is said with the figure that missed it.

import { ATTACK_KINDS } from "../../sim/attacks.ts";
import type { RunResult } from "../../sim/result.ts";
import { percentText } from "../../sim/suite/plan.ts";
import { mean, meanInterval, pairedDifferences } from "../../sim/suite/statistics.ts";
import type { AutonomyDocument, AutonomyMode, AutonomyRun } from "../autonomy-document.ts";
import { formatBytes, formatCount, formatDuration, formatPercent, formatSeeds, formatSigned } from "./format.ts";
import { attackSectionOf, type ReportSection } from "./run-report.ts";

/** The marks of an hour alone (K47, K48): OOM events of one subsystem, and trips without attack. */
const MOST_OOMS_AN_HOUR = 2;
/** Below this many seeds a bootstrap interval covers too little. */
const FEW_SEEDS = 5;
const MODES: readonly AutonomyMode[] = ["reactive", "uncoordinated", "coordinated"];

export interface AutonomyReportText {
  readonly heading: readonly string[];
  readonly sections: readonly ReportSection[];
  readonly verdicts: readonly string[];
}

export function autonomyReport(document: AutonomyDocument): AutonomyReportText {
  const { subsystems, pressureRatio, seeds, durationSeconds, policy, attacks } = document;
  const coordinated = runsOf(document, "coordinated").flatMap((run) => run.zones);
  const attackTable = attackSectionOf(coordinated, `${policy}, coordinated`);
  return {
    heading: [
      `${subsystems.length} subsystem${subsystems.length === 1 ? "" : "s"}: ${subsystems.join(", ")}`,
      `pressure ${percentText(pressureRatio)} %`,
      `${formatDuration(durationSeconds)} alone`,
      formatSeeds(seeds),
      policy,
      attacks.length === 0
        ? "no attacks"
        : attacks.length === ATTACK_KINDS.length
          ? "all attacks"
          : `attacks ${attacks.join(", ")}`,
    ],
    sections: [modeSection(document), subsystemSection(document), ...(attackTable === null ? [] : [attackTable])],
    verdicts: verdictsOf(document),
  };
}

function modeSection(document: AutonomyDocument): ReportSection {
  const rows = MODES.map((mode) => {
    const runs = runsOf(document, mode);
    const average = (pick: (zone: RunResult) => number) => formatCount(mean(runs.map((run) => over(run, pick))));
    return [
      mode,
      average((zone) => zone.ooms.avoidable),
      average((zone) => zone.ooms.total),
      average((zone) => zone.compaction.runs),
      average((zone) => zone.compaction.proactive),
      formatBytes(mean(runs.map((run) => over(run, (zone) => zone.compaction.movedBytes)))),
      String(Math.max(...runs.map((run) => run.maxRunsInAnySecond))),
      average((zone) => zone.autonomy.decisions),
      average((zone) => zone.autonomy.predictions),
      average((zone) => zone.watchdog.trips.length),
      average((zone) => zone.watchdog.fallbackTicks),
      average((zone) => zone.watchdog.readmissions),
    ];
  });
  return {
    title: "all subsystems together, mean over seeds",
    header: [
      "",
      "avoidable",
      "all OOM",
      "runs",
      "proactive",
      "moved",
      "most runs/s",
      "decisions",
      "predictions",
      "trips",
      "safe ticks",
      "recoveries",
    ],
    rows,
    notes: [
      "one limit over all: 10 runs in any second. uncoordinated: first come, first served. coordinated: the neediest first",
    ],
  };
}

function subsystemSection(document: AutonomyDocument): ReportSection {
  const hours = document.durationSeconds / 3600;
  const runs = runsOf(document, "coordinated");
  const rows = document.subsystems.map((name, z) => {
    const average = (mode: AutonomyMode, pick: (zone: RunResult) => number) =>
      mean(runsOf(document, mode).map((run) => pick(run.zones[z]!)));
    const perHour = (pick: (zone: RunResult) => number) => formatCount(average("coordinated", pick) / hours);
    return [
      `${z + 1} ${name}`,
      ...MODES.map((mode) => formatCount(average(mode, (zone) => zone.ooms.avoidable))),
      perHour((zone) => zone.autonomy.decisions),
      perHour((zone) => zone.autonomy.predictions),
      formatCount(average("coordinated", (zone) => zone.watchdog.trips.length)),
      formatPercent(mean(runs.map((run) => run.zones[z]!.pressure.meanEffective)), 1),
    ];
  });
  return {
    title: "each subsystem, avoidable OOM and what its loop did when coordinated",
    header: ["", ...MODES, "decisions/h", "predictions/h", "trips", "mean pressure"],
    rows,
  };
}

function verdictsOf(document: AutonomyDocument): string[] {
  const { durationSeconds, pressureRatio, attacks, subsystems, seeds } = document;
  const zones = runsOf(document, "coordinated").flatMap((run) => run.zones);
  const total = mean(zones.map((zone) => zone.ooms.total));
  const trips = zones.reduce((sum, zone) => sum + zone.watchdog.trips.length, 0);
  const place = `${formatDuration(durationSeconds)} alone at ${percentText(pressureRatio)} %`;
  const hourly = total / (durationSeconds / 3600);
  const isReached = hourly <= MOST_OOMS_AN_HOUR;
  const lines = [
    `${place}, ${formatCount(zones.length)} subsystem runs: ${formatCount(hourly)} OOMs an hour and subsystem (mark ≤ ${MOST_OOMS_AN_HOUR}: ${isReached ? "reached" : "missed"}), of which avoidable ${formatCount(mean(zones.map((zone) => zone.ooms.avoidable)) / (durationSeconds / 3600))}.`,
    differenceSentence(document, "uncoordinated", "reactive"),
    differenceSentence(document, "coordinated", "reactive"),
  ];
  if (subsystems.length > 1) lines.push(differenceSentence(document, "coordinated", "uncoordinated"));
  else lines.push("one subsystem: there is nothing to coordinate.");
  lines.push(
    attacks.length === 0
      ? `watchdog trips without attack: ${formatCount(trips)} (mark 0: ${trips === 0 ? "reached" : "missed"}).`
      : recoverySentence(zones),
    `crashes 0 (one would have ended this with exit 3); limit of runs held in every second: at most ${Math.max(...document.runs.map((run) => run.maxRunsInAnySecond))} of 10.`,
  );
  if (seeds.length === 1) lines.push("one seed: no interval, draw no conclusion from the differences.");
  else if (seeds.length < FEW_SEEDS) lines.push(`${seeds.length} seeds: the intervals are rough.`);
  return lines;
}

/** Avoidable OOMs of all subsystems together, paired by seed. */
function differenceSentence(document: AutonomyDocument, policy: AutonomyMode, baseline: AutonomyMode): string {
  const sums = (mode: AutonomyMode) => runsOf(document, mode).map((run) => over(run, (zone) => zone.ooms.avoidable));
  const [a, b] = [sums(baseline), sums(policy)];
  const differences = pairedDifferences(a, b);
  const interval = meanInterval(differences);
  const figures = `${formatCount(mean(b))} against ${formatCount(mean(a))} avoidable OOMs`;
  const range = interval === null ? "" : ` [${formatSigned(interval[0])}, ${formatSigned(interval[1])}]`;
  const text = `${figures}, difference ${formatSigned(mean(differences))}${range}`;
  if (interval === null) return `${policy} and ${baseline}: ${text}.`;
  if (interval[1] < 0) return `${policy} is better than ${baseline}: ${text}.`;
  if (interval[0] > 0) return `${policy} is WORSE than ${baseline}: ${text}.`;
  return `no difference shown between ${policy} and ${baseline}: ${text}.`;
}

function recoverySentence(zones: readonly RunResult[]): string {
  const outcomes = zones.flatMap((zone) => zone.attacks?.outcomes ?? []);
  const recovered = outcomes.flatMap((outcome) => outcome.recoveredAfterMicros ?? []);
  const tripped = outcomes.filter((outcome) => outcome.trips.length > 0).length;
  const slowest = recovered.length === 0 ? "" : `, the slowest after ${formatDuration(Math.max(...recovered) / 1e6)}`;
  return `${formatCount(outcomes.length)} attacks: the watchdog tripped at ${formatCount(tripped)}, ${formatCount(recovered.length)} were recovered from before the next${slowest}.`;
}

function runsOf(document: AutonomyDocument, mode: AutonomyMode): readonly AutonomyRun[] {
  return document.runs.filter((run) => run.mode === mode);
}

function over(run: AutonomyRun, pick: (zone: RunResult) => number): number {
  return run.zones.reduce((sum, zone) => sum + pick(zone), 0);
}
