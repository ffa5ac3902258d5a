// How often the sequence model is right, online: each symbol is predicted before it is learned, from the first session or the first
// command on, nothing is trained beforehand. Shared by all sessions of one trace: statistics; apart: the history, which begins
// anew with each session. The first symbol of a session follows nothing and is left out (and counted beside). Beside each figure
// the base rate, the most frequent symbols so far, and a plain back-off to the longest context with unbounded tables.
//
//   npx tsx scripts/sequence-accuracy.ts [FOLDER] [--orders 2,4] [--json]
//
// FOLDER holds msnbc-120k.txt.gz and unix-user*.txt.gz (UCI data sets), default ../shared/traces/sequence.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { HotSymbols } from "../cache/hot-symbols.ts";
import { SequenceHistory } from "../cache/sequence-history.ts";
import { Predictions, SequenceModel } from "../cache/sequence-model.ts";
import { readSequenceText } from "../io/sequence-reader.ts";
import type { SequenceTrace } from "../io/sequence-trace.ts";

const TOP = [1, 3, 5] as const;
const SUCCESSORS = 16;
const NODES = 8192;
const LARGEST_ORDER = 6;

interface Trace {
  readonly name: string;
  readonly sessions: readonly (readonly number[])[];
  readonly symbolCount: number;
}

export interface AccuracyRow {
  readonly trace: string;
  readonly model: string;
  readonly predictions: number;
  readonly top1: number;
  readonly top3: number;
  readonly top5: number;
  /** Mean difference between a stated probability and how often it came true, over bins of a tenth; NaN without probabilities. */
  readonly calibrationError: number;
  readonly stateBytes: number;
}

/** Something that ranks what comes next. */
interface Ranker {
  begin(): void;
  /** Puts up to five symbols into `out`, the likeliest first; probabilities where it has them. */
  predict(out: Predictions): void;
  observe(symbol: number): void;
  readonly stateBytes: number;
  readonly hasProbabilities: boolean;
}

/** One session a line after lines of header, categories 1 to 17. */
export function readSessions(text: string): number[][] {
  const trace = readSequenceText(text, "sessions", "sessions");
  return sessionsOf(trace, (id) => Number(trace.names[id]));
}

/** One command a line, in order: one long session. */
export function readCommands(text: string): { sessions: number[][]; symbolCount: number } {
  const trace = readSequenceText(text, "commands", "text");
  return { sessions: sessionsOf(trace, (id) => id), symbolCount: trace.names.length };
}

function sessionsOf({ components, isFirst }: SequenceTrace, symbolOf: (id: number) => number): number[][] {
  const sessions: number[][] = [];
  components.forEach((id, at) => {
    if (isFirst[at] === 1) sessions.push([]);
    sessions.at(-1)!.push(symbolOf(id));
  });
  return sessions;
}

function mixed(order: number, symbolCount: number): Ranker {
  const model = new SequenceModel({ spaceCount: 1, symbolCount, order, successorCount: SUCCESSORS, nodeCount: NODES });
  const history = new SequenceHistory(0);
  return {
    begin() {
      history.clear();
      model.invalidate();
    },
    predict: (out) => model.predict(history, 5, out),
    observe: (symbol) => model.observe(history, symbol),
    stateBytes: model.stateBytes,
    hasProbabilities: true,
  };
}

function mostFrequent(): Ranker {
  const hot = new HotSymbols();
  return {
    begin() {},
    predict(out) {
      out.count = Math.min(5, hot.length);
      for (let i = 0; i < out.count; i++) out.symbols[i] = hot.symbols[i]!;
    },
    observe: (symbol) => hot.observe(symbol),
    stateBytes: hot.symbols.byteLength + hot.counts.byteLength,
    hasProbabilities: false,
  };
}

/** The textbook's: the successors of the longest context that was seen, by count, filled up from shorter ones. */
function backOff(order: number): Ranker {
  const tables = Array.from({ length: order + 1 }, () => new Map<string, Map<number, number>>());
  let recent: number[] = [];
  const keyOf = (length: number) => recent.slice(recent.length - length).join();
  return {
    begin() {
      recent = [];
    },
    predict(out) {
      out.count = 0;
      for (let length = Math.min(order, recent.length); length >= 0 && out.count < 5; length--) {
        const counts = [...(tables[length]!.get(keyOf(length)) ?? [])].sort((a, b) => b[1] - a[1]);
        for (const [symbol] of counts) {
          if (out.count < 5 && !out.symbols.subarray(0, out.count).includes(symbol)) out.symbols[out.count++] = symbol;
        }
      }
    },
    observe(symbol) {
      for (let length = 0; length <= Math.min(order, recent.length); length++) {
        const key = keyOf(length);
        const counts = tables[length]!.get(key) ?? new Map<number, number>();
        tables[length]!.set(key, counts.set(symbol, (counts.get(symbol) ?? 0) + 1));
      }
      recent = [...recent, symbol].slice(-LARGEST_ORDER);
    },
    stateBytes: NaN,
    hasProbabilities: false,
  };
}

function measure(trace: Trace, name: string, ranker: Ranker): AccuracyRow {
  const out = new Predictions(5);
  const hits = new Float64Array(TOP.length);
  const bins = Array.from({ length: 10 }, () => ({ said: 0, came: 0 }));
  let [predictions, named] = [0, 0];
  for (const session of trace.sessions) {
    ranker.begin();
    session.forEach((symbol, at) => {
      if (at > 0) {
        ranker.predict(out);
        predictions++;
        const place = out.symbols.subarray(0, out.count).indexOf(symbol);
        TOP.forEach((top, i) => {
          if (place >= 0 && place < top) hits[i]!++;
        });
        for (let i = 0; ranker.hasProbabilities && i < out.count; i++) {
          const bin = bins[Math.min(9, Math.floor(out.probabilities[i]! * 10))]!;
          bin.said += out.probabilities[i]!;
          if (i === place) bin.came++;
          named++;
        }
      }
      ranker.observe(symbol);
    });
  }
  return {
    trace: trace.name,
    model: name,
    predictions,
    top1: hits[0]! / predictions,
    top3: hits[1]! / predictions,
    top5: hits[2]! / predictions,
    calibrationError: bins.reduce((sum, { said, came }) => sum + Math.abs(said - came), 0) / named,
    stateBytes: ranker.stateBytes,
  };
}

/** All models on one trace. */
export function measureTrace(trace: Trace, orders: readonly number[]): AccuracyRow[] {
  return [
    measure(trace, "most frequent", mostFrequent()),
    measure(trace, "back-off, order 2", backOff(2)),
    ...orders.map((order) => measure(trace, `mixed, order ${order}`, mixed(order, trace.symbolCount))),
  ];
}

/** The mean over several traces, each counting the same. */
export function meanRows(name: string, rows: readonly AccuracyRow[]): AccuracyRow[] {
  return [...new Set(rows.map((row) => row.model))].map((model) => {
    const own = rows.filter((row) => row.model === model);
    const mean = (of: (row: AccuracyRow) => number) => own.reduce((sum, row) => sum + of(row), 0) / own.length;
    return {
      trace: name,
      model,
      predictions: own.reduce((sum, row) => sum + row.predictions, 0),
      top1: mean((row) => row.top1),
      top3: mean((row) => row.top3),
      top5: mean((row) => row.top5),
      calibrationError: mean((row) => row.calibrationError),
      stateBytes: own[0]!.stateBytes,
    };
  });
}

function tracesIn(folder: string): Trace[] {
  const read = (name: string) => gunzipSync(readFileSync(join(folder, name))).toString("utf8");
  return readdirSync(folder)
    .filter((name) => /^(msnbc-.*|unix-user.*)\.txt\.gz$/.test(name))
    .sort()
    .map((name) => {
      const short = name.replace(".txt.gz", "");
      if (name.startsWith("msnbc")) return { name: short, sessions: readSessions(read(name)), symbolCount: 18 };
      return { name: short, ...readCommands(read(name)) };
    });
}

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { orders: { type: "string", default: "2,4" }, json: { type: "boolean", default: false } },
  });
  const folder = positionals[0] ?? "../shared/traces/sequence";
  let traces: Trace[];
  try {
    traces = tracesIn(folder);
  } catch {
    process.stderr.write(`skipped: there are no sequences in ${folder}\n`);
    return;
  }
  const orders = values.orders.split(",").map(Number);
  const rows = traces.flatMap((trace) => measureTrace(trace, orders));
  rows.push(
    ...meanRows(
      "shell users, mean",
      rows.filter((row) => row.trace.startsWith("unix-user")),
    ),
  );
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ schema: "mempred.sequence-accuracy/1", rows }, null, 2)}\n`);
    return;
  }
  const percent = (share: number) => (Number.isNaN(share) ? "" : (100 * share).toFixed(1)).padStart(6);
  process.stdout.write(
    `${"trace".padEnd(20)}${"model".padEnd(20)}${"n".padStart(8)} top 1  top 3  top 5  calibration error, %\n`,
  );
  for (const row of rows) {
    const figures = [row.top1, row.top3, row.top5, row.calibrationError].map(percent).join(" ");
    process.stdout.write(
      `${row.trace.padEnd(20)}${row.model.padEnd(20)}${String(row.predictions).padStart(8)}${figures}\n`,
    );
  }
}

if (process.argv[1]?.endsWith("sequence-accuracy.ts")) main();
