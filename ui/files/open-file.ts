// A file that is dropped or chosen: a journal, a result, or a recording of allocations. It is read to its end and tried before
// anything on the page changes; what is broken or foreign gives a message.

import { batch } from "@preact/signals";
import { pageReport } from "../../cli/render/page-report.ts";
import { JOURNAL_SCHEMA } from "../../sim/journal.ts";
import { HeapView } from "../../sim/recording/heap-view.ts";
import { readJournal } from "../../sim/recording/read-journal.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { RESULT_SCHEMA, type ResultFile } from "../../sim/result.ts";
import { change, withDemand } from "../actions.ts";
import { obstacleOf, showReport } from "../from-report.ts";
import { percent, requestOf } from "../options.ts";
import { stopRuns } from "../runs.ts";
import * as state from "../state.ts";
import { WorkerLine } from "../worker/worker-line.ts";
import { readText } from "./read-text.ts";

/** Opens one file, or two journals side by side. Never throws. */
export async function openFiles(files: readonly File[]): Promise<void> {
  try {
    const texts = await Promise.all(
      files.slice(0, 2).map(async (file) => ({ file: file.name, text: await readText(file) })),
    );
    const [first, second] = texts;
    if (first === undefined) return;
    if (isJournal(first.text)) openJournals(second === undefined ? [first] : [first, second]);
    else if (first.text.trimStart().startsWith("{") && first.text.slice(0, 400).includes(RESULT_SCHEMA))
      openResult(first);
    else if (isScenario(first))
      throw new Error(`a scenario comes with a page: mempred stress --scenario ${first.file} --html page.html`);
    else await openTrace(first);
  } catch (error) {
    const text = `${files[0]?.name ?? "the file"} is not opened, nothing was changed: ${(error as Error).message}`;
    state.message.value = { kind: "error", text };
  }
}

interface Named {
  readonly file: string;
  readonly text: string;
}

function isJournal(text: string): boolean {
  return text.slice(0, 400).includes(JOURNAL_SCHEMA);
}

/** A declaration of demand: what reads and checks those is larger than the page. */
function isScenario({ file, text }: Named): boolean {
  return /\.ya?ml$/i.test(file) || (/\.json$/i.test(file) && /"(?:base|lifetimes)"\s*:/.test(text));
}

function openJournals(files: readonly Named[]): void {
  const recordings = files.map(({ file, text }) => {
    const recording = readJournal(text, file);
    new HeapView(recording).seek(Infinity); // tried to its end: a recording may contradict itself
    return recording;
  });
  // A second one beside the one that is shown.
  const isSecond = recordings.length === 1 && state.shownFile.value !== null && state.sides.B.recording === null;
  const [a, b] = isSecond ? [state.sides.A.recording, recordings[0]!] : [recordings[0]!, recordings[1] ?? null];
  stopRuns();
  batch(() => {
    const names = files.map(({ file }) => file).join(" and ");
    state.shownFile.value = isSecond ? `${state.shownFile.value} and ${names}` : names;
    state.opened.value = null;
    state.tookMillis.value = null;
    show(state.sides.A, a);
    show(state.sides.B, b);
    state.isPlaying.value = false;
    state.isFollowing.value = true;
    state.moment.value = state.headMicros.value;
    const alone = b === null ? " Drop a second one to see both side by side." : "";
    const hint = state.areComparable.value ? alone : " They had different demands, so no differences are shown.";
    const told = [a, b].flatMap((one) => (one === null ? [] : [`${one.header.policy} on ${demandText(one)}`]));
    const text = `shown: ${state.shownFile.value}, not what is chosen above: ${told.join("; ")}.${hint}`;
    state.message.value = { kind: "info", text };
  });
  void scoreForecasts();
}

async function scoreForecasts(): Promise<void> {
  const line = new WorkerLine();
  try {
    for (const side of state.bothSides) {
      const { recording } = side;
      if (recording === null) continue;
      const scores = await line.score(recording);
      if (side.recording === recording) side.scores.value = scores;
    }
  } catch (error) {
    state.message.value = { kind: "error", text: `the forecasts are not scored: ${(error as Error).message}` };
  } finally {
    line.close();
  }
}

function demandText({ header }: Recording): string {
  return `${header.scenario}, ${percent(header.pressureRatio)} %, seed ${header.seed}`;
}

function show(side: state.Side, recording: Recording | null): void {
  side.reset(recording?.header.policy ?? "nothing");
  if (recording !== null) side.show(recording);
}

function openResult({ file, text }: Named): void {
  const result = JSON.parse(text) as ResultFile;
  if (result.schema !== RESULT_SCHEMA || !Array.isArray(result.runs) || !Array.isArray(result.comparisons))
    throw new Error(`it is no ${RESULT_SCHEMA} document`);
  if (result.runs.length === 0) throw new Error("there is no finished run in it");
  checkParts(result);
  const report = pageReport(result);
  const obstacle = obstacleOf(report);
  if (obstacle !== null) throw new Error(`its run cannot be made again here: ${obstacle}`);
  showReport(report);
  const { scenario, seed } = report.shown;
  state.message.value = {
    kind: "info",
    text: `${file}: shown is its worst seed, ${seed} of ${scenario}, run again here.`,
  };
}

/** Of the schema what the page needs; the command line checks the rest. */
function checkParts({ suite, runs, comparisons }: ResultFile): void {
  const isText = (value: unknown) => typeof value === "string";
  const isNumber = (value: unknown) => typeof value === "number";
  const isWhole = [
    ...[suite?.scenarios, suite?.pressures, suite?.seeds, suite?.policies].map(Array.isArray),
    typeof (suite as { settings?: unknown } | undefined)?.settings === "object",
    ...runs.flatMap((run) => [
      ...[run?.scenario, run?.policy, run?.hash].map(isText),
      ...[run?.pressureRatio, run?.seed, run?.ooms?.avoidable, run?.ooms?.total, run?.ooms?.deniedBytes].map(isNumber),
      ...[run?.compaction?.movedBytes, run?.compaction?.dutyRatio, run?.responseMicros?.p99].map(isNumber),
    ]),
    ...comparisons.flatMap((row) => [
      ...[row?.scenario, row?.policy, row?.baseline].map(isText),
      ...[row?.avoidableOoms, row?.totalOoms, row?.deniedBytes].map((interval) => isNumber(interval?.baseline)),
    ]),
  ].every(Boolean);
  if (!isWhole) throw new Error("its suite, a run or a comparison is not complete");
}

async function openTrace(source: Named): Promise<void> {
  const trial = new WorkerLine();
  try {
    await trial.run(requestOf(withDemand({ kind: "trace", ...source }), "none", false));
  } finally {
    trial.close();
  }
  change(withDemand({ kind: "trace", ...source }));
  state.message.value = { kind: "info", text: `${source.file}: a recording, replayed at the pressure above.` };
}
