// How often the model of the next component is right, online: each request is expected before it is learned, from the first on,
// nothing is trained beforehand. One, two and three requests ahead, within a session; the first of a session follows nothing and
// is left out. Shell users both apart (a model each) and together (one model, the users' requests in turn); sessions of the web
// site as those of one user. Beside each figure the base rate: the most frequent components so far. With --ablation each expert
// in turn is left out, step 1. With --newcomers the first 300 requests of each shell user, by a model that knows nothing and by
// one that knows the other users. With --time what a call costs.
//
//   npx tsx scripts/preload-accuracy.ts [FOLDER] [--trace NAME] [--steps 1|3] [--ablation] [--newcomers] [--time] [--sessions N] [--json] [--options JSON]
//
// FOLDER holds msnbc-120k.txt.gz and unix-user*.txt.gz (UCI data sets), default ../shared/traces/sequence.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { HotSymbols } from "../cache/hot-symbols.ts";
import type { ExpectedComponent } from "../preload/contract.ts";
import { SOURCES } from "../preload/model/expert.ts";
import type { NextComponentPredictorOptions } from "../preload/model/model-options.ts";
import { NextComponentPredictor } from "../preload/model/next-component-predictor.ts";
import { readSessions } from "./sequence-accuracy.ts";

export const TOPS = [1, 3, 5] as const;
const STEPS = [1, 2, 3] as const;
/** Sessions of the web site by which constants were chosen; what comes after them was not looked at. */
const TUNED_SESSIONS = 40_000;
/** Requests of a trace without times are taken to be a minute apart. */
const GAP_MILLIS = 60_000;

export interface Request {
  readonly component: string;
  readonly user: string;
  readonly isFirst: boolean;
}

/** Counts of one step. */
export interface StepAccuracy {
  readonly step: number;
  readonly predictions: number;
  /** Share that was among the first 1, 3, 5. */
  readonly tops: readonly number[];
  /** The same for the most frequent components so far. */
  readonly baseTops: readonly number[];
  /** Mean difference between a stated confidence and how often it came true, over bins of a tenth, of the first five. */
  readonly calibrationError: number;
}

export interface AccuracyResult {
  readonly steps: readonly StepAccuracy[];
  /** Of step 1, the part from request `heldOutFrom` on. */
  readonly heldOut: StepAccuracy;
  readonly stateBytes: number;
}

class Tally {
  predictions = 0;
  readonly #hits = new Float64Array(TOPS.length);
  readonly #baseHits = new Float64Array(TOPS.length);
  readonly #said = new Float64Array(10);
  readonly #came = new Float64Array(10);
  #named = 0;

  add(expected: readonly ExpectedComponent[], component: string, basePlace: number): void {
    this.predictions++;
    const place = expected.findIndex((one) => one.component === component);
    TOPS.forEach((top, i) => {
      if (place >= 0 && place < top) this.#hits[i]!++;
      if (basePlace >= 0 && basePlace < top) this.#baseHits[i]!++;
    });
    expected.forEach(({ confidence }, i) => {
      const bin = Math.min(9, Math.floor(confidence * 10));
      this.#said[bin]! += confidence;
      if (i === place) this.#came[bin]!++;
      this.#named++;
    });
  }

  result(step: number): StepAccuracy {
    const share = (hits: number) => hits / this.predictions;
    return {
      step,
      predictions: this.predictions,
      tops: Array.from(this.#hits, share),
      baseTops: Array.from(this.#baseHits, share),
      calibrationError: this.#said.reduce((sum, said, i) => sum + Math.abs(said - this.#came[i]!), 0) / this.#named,
    };
  }
}

/** Expects each request before it is learned. @param mostSteps 1: only the next request, a fraction of the time of all three */
export function measureAccuracy(
  requests: readonly Request[],
  options: NextComponentPredictorOptions,
  mostSteps: 1 | 3,
  heldOutFrom = 0,
  model = new NextComponentPredictor(options),
): AccuracyResult {
  const tallies = STEPS.map(() => new Tally());
  const heldOut = new Tally();
  const numbers = new Map<string, number>();
  const hot = new Map<string, HotSymbols>();
  // By user: what was said of the coming requests of its session, the oldest statement first, of steps 1 to 3.
  const open = new Map<string, (readonly ExpectedComponent[] | undefined)[][]>();
  requests.forEach(({ component, user, isFirst }, at) => {
    const atMillis = at * GAP_MILLIS;
    if (!numbers.has(component)) numbers.set(component, numbers.size);
    const number = numbers.get(component)!;
    if (!hot.has(user)) hot.set(user, new HotSymbols());
    const basePlace = hot.get(user)!.rankOf(number);
    const statements = isFirst ? [] : (open.get(user) ?? []);
    statements.forEach((said, i) => {
      const step = statements.length - i;
      const expected = said[step - 1];
      if (expected === undefined) return;
      tallies[step - 1]!.add(expected, component, basePlace);
      if (step === 1 && at >= heldOutFrom) heldOut.add(expected, component, basePlace);
    });
    model.observe({ component, user, atMillis, isFirst });
    hot.get(user)!.observe(number);
    const said = model.expectSteps(user, atMillis, mostSteps, 5);
    open.set(user, [...statements, said].slice(-STEPS.length));
  });
  return {
    steps: tallies.map((tally, i) => tally.result(STEPS[i]!)),
    heldOut: heldOut.result(1),
    stateBytes: model.stateBytes,
  };
}

export function webRequests(text: string, mostSessions: number): Request[] {
  const names = text.split("\n")[2]!.trim().split(/\s+/);
  const sessions = readSessions(text).slice(0, mostSessions);
  return sessions.flatMap((session) =>
    session.map((page, i) => ({ component: names[page - 1]!, user: "", isFirst: i === 0 })),
  );
}

export function shellRequests(text: string, user: string): Request[] {
  const commands = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return commands.map((component, i) => ({ component, user, isFirst: i === 0 }));
}

/** All users' requests in one sequence, each spread evenly over it. */
export function inTurn(users: readonly (readonly Request[])[]): Request[] {
  const all = users.flatMap((requests, user) =>
    requests.map((request, i) => ({ request, at: (i + 0.5) / requests.length, user })),
  );
  return all.sort((a, b) => a.at - b.at || a.user - b.user).map(({ request }) => request);
}

const percent = (share: number) => (Number.isNaN(share) ? "" : (100 * share).toFixed(1)).padStart(6);

function line(trace: string, model: string, { predictions, tops, baseTops, calibrationError }: StepAccuracy): string {
  const figures = [...tops, ...baseTops, calibrationError].map(percent).join(" ");
  return `${trace.padEnd(16)}${model.padEnd(24)}${String(predictions).padStart(8)}${figures}\n`;
}

/** The mean over traces, each counting the same. */
export function meanAccuracy(steps: readonly StepAccuracy[]): StepAccuracy {
  const mean = (of: (one: StepAccuracy) => number) => steps.reduce((sum, one) => sum + of(one), 0) / steps.length;
  return {
    step: steps[0]!.step,
    predictions: steps.reduce((sum, one) => sum + one.predictions, 0),
    tops: TOPS.map((_, i) => mean((one) => one.tops[i]!)),
    baseTops: TOPS.map((_, i) => mean((one) => one.baseTops[i]!)),
    calibrationError: mean((one) => one.calibrationError),
  };
}

/** First requests of a user by which newcomers are measured, and of each other user that are known by then. */
const NEWCOMER_REQUESTS = 300;
const OTHERS_REQUESTS = 5000;

/** Each user's first requests, by a model that knows nothing and by one that knows the other users. */
function newcomers(users: readonly (readonly Request[])[], options: NextComponentPredictorOptions): string {
  const alone: StepAccuracy[] = [];
  const joined: StepAccuracy[] = [];
  for (const user of users) {
    const first = user.slice(0, NEWCOMER_REQUESTS);
    alone.push(measureAccuracy(first, options, 1).heldOut);
    const model = new NextComponentPredictor(options);
    const others = users.filter((other) => other !== user).map((other) => other.slice(0, OTHERS_REQUESTS));
    inTurn(others).forEach((request, at) => {
      model.observe({ ...request, atMillis: at * GAP_MILLIS });
    });
    joined.push(measureAccuracy(first, options, 1, 0, model).heldOut);
  }
  const rows = [
    ...alone.map((one, i) => line(users[i]![0]!.user, `first ${NEWCOMER_REQUESTS}, alone`, one)),
    ...joined.map((one, i) => line(users[i]![0]!.user, `first ${NEWCOMER_REQUESTS}, joining`, one)),
    line("users, mean", `first ${NEWCOMER_REQUESTS}, alone`, meanAccuracy(alone)),
    line("users, mean", `first ${NEWCOMER_REQUESTS}, joining`, meanAccuracy(joined)),
  ];
  return rows.join("");
}

/** Calls of one batch. */
const BATCH = 1000;

/** Processor time of one call in microseconds, on requests of one user: the quickest of batches, as others may be busy. */
function times(requests: readonly Request[], options: NextComponentPredictorOptions): string {
  const model = new NextComponentPredictor(options);
  const micros = (count: number, call: (i: number) => void) => {
    let least = Infinity;
    for (let from = 0; from + BATCH <= count; from += BATCH) {
      const begun = process.cpuUsage();
      for (let i = from; i < from + BATCH; i++) call(i);
      least = Math.min(least, process.cpuUsage(begun).user / BATCH);
    }
    return least.toFixed(1);
  };
  const observe = micros(requests.length, (i) => model.observe({ ...requests[i]!, atMillis: i * GAP_MILLIS }));
  const expect = STEPS.map((step) => micros(10 * BATCH, () => model.expect(requests[0]!.user, 0, step, 5)));
  return `observe ${observe}, expect 1, 2, 3 steps ahead ${expect.join(", ")} microseconds of processor time\n`;
}

const HEADING = `${"trace".padEnd(16)}${"model".padEnd(24)}${"n".padStart(8)}${TOPS.map((top) => `top ${top}`.padStart(6)).join(" ")} ${TOPS.map((top) => `base ${top}`.padStart(6)).join(" ")} calibration error, %\n`;

interface Trace {
  readonly name: string;
  readonly requests: readonly Request[];
  /** Requests by which constants were chosen. */
  readonly tunedCount: number;
}

function readTraces(folder: string, mostSessions: number): { traces: Trace[]; shell: Request[][] } {
  const read = (name: string) => gunzipSync(readFileSync(join(folder, name))).toString("utf8");
  const traces: Trace[] = [];
  const shell: Request[][] = [];
  const files = readdirSync(folder).filter((name) => /^(msnbc-.*|unix-user.*)\.txt\.gz$/.test(name));
  for (const file of files.sort()) {
    const name = file.replace(".txt.gz", "");
    if (name.startsWith("msnbc")) {
      const requests = webRequests(read(file), mostSessions);
      traces.push({ name, requests, tunedCount: webRequests(read(file), TUNED_SESSIONS).length });
    } else {
      shell.push(shellRequests(read(file), name));
      traces.push({ name, requests: shell.at(-1)!, tunedCount: 0 });
    }
  }
  if (shell.length > 0) traces.push({ name: "unix, together", requests: inTurn(shell), tunedCount: 0 });
  return { traces, shell };
}

interface Variant {
  readonly name: string;
  readonly options: NextComponentPredictorOptions;
}

function variantsOf(options: NextComponentPredictorOptions, isAblation: boolean): Variant[] {
  if (!isAblation) return [{ name: "all", options }];
  const others = SOURCES.filter((source) => source !== "sequence");
  return [
    { name: "all", options },
    ...SOURCES.map((source) => ({ name: `without ${source}`, options: { ...options, without: [source] } })),
    { name: "sequence alone", options: { ...options, without: others } },
    { name: "not calibrated", options: { ...options, isCalibrated: false } },
  ];
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      trace: { type: "string", default: "" },
      ablation: { type: "boolean", default: false },
      newcomers: { type: "boolean", default: false },
      time: { type: "boolean", default: false },
      sessions: { type: "string", default: "Infinity" },
      options: { type: "string", default: "{}" },
      steps: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
    },
  });
  const folder = positionals[0] ?? "../shared/traces/sequence";
  let read: ReturnType<typeof readTraces>;
  try {
    read = readTraces(folder, Number(values.sessions));
  } catch {
    process.stderr.write(`skipped: there are no sequences in ${folder}\n`);
    return;
  }
  const options = JSON.parse(values.options) as NextComponentPredictorOptions;
  const write = (text: string) => void (values.json || process.stdout.write(text));
  if (values.time) {
    write(times(read.shell[0] ?? [], options));
    return;
  }
  write(HEADING);
  if (values.newcomers) {
    write(newcomers(read.shell, options));
    return;
  }
  const mostSteps = values.ablation || values.steps === "1" ? 1 : 3;
  const rows: { trace: string; model: string; result: AccuracyResult }[] = [];
  for (const { name, options: changed } of variantsOf(options, values.ablation)) {
    const users: AccuracyResult[] = [];
    for (const trace of read.traces.filter((one) => one.name.startsWith(values.trace))) {
      const result = measureAccuracy(trace.requests, changed, mostSteps, trace.tunedCount);
      rows.push({ trace: trace.name, model: name, result });
      if (trace.name.startsWith("unix-user")) users.push(result);
      for (const step of result.steps.slice(0, mostSteps)) write(line(trace.name, `${name}, step ${step.step}`, step));
      const isSplit = trace.tunedCount > 0 && result.heldOut.predictions > 0;
      if (isSplit) write(line(trace.name, `${name}, after ${TUNED_SESSIONS}`, result.heldOut));
    }
    for (let step = 0; users.length > 1 && step < mostSteps; step++) {
      const mean = meanAccuracy(users.map(({ steps }) => steps[step]!));
      write(line("users, mean", `${name}, step ${step + 1}`, mean));
    }
  }
  write(`state: ${rows[0]?.result.stateBytes ?? 0} bytes\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ schema: "mempred.preload-accuracy/1", rows }, null, 2)}\n`);
}

if (process.argv[1]?.endsWith("preload-accuracy.ts")) main();
