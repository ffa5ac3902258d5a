// `npm run bench`: every benchmark, one after the other, each in a process of its own so that none runs on code that another
// has warmed or spoilt. Prints a table with the marks to reach, then a digest of what was computed: it is the same on every
// machine and in every run, whatever the times were. A missed mark is told and does not fail the command.
//
//   npm run bench -- [--smoke] [--json FILE] [--docs FILE] [--add FILE] [heap] [predictor] [simulation] [cache] [cache-hits]
//                    [prediction] [components] [preloader] [ring] [backends] [preload-cache] [service] [startup]
//
// --add takes the parts that do not run now from the document of an earlier run of the same Node and processor. --docs writes
// the figures into a page, between the markers "figures:bench": docs/benchmarks.md is written so.

import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs, promisify } from "node:util";
import { renderMarkdownTable, renderTable } from "../../cli/render/table.ts";
import { Digest } from "../../core/hash.ts";
import { readText } from "../../io/read-text.ts";
import { writeFileAtomic } from "../../io/write-file.ts";
import type { BenchRow } from "./bench-row.ts";

type Bench = (options: { smoke: boolean }) => Promise<BenchRow[]>;

/** The parts in the order of the report. Each is loaded in its own process only. */
const PARTS: Readonly<Record<string, () => Promise<Bench>>> = {
  heap: async () => (await import("./heap.ts")).benchHeap,
  predictor: async () => (await import("./predictor.ts")).benchPredictor,
  simulation: async () => (await import("./simulation.ts")).benchSimulation,
  cache: async () => (await import("./cache.ts")).benchCache,
  "cache-hits": async () => (await import("./cache-hits.ts")).benchCacheHits,
  prediction: async () => (await import("./prediction.ts")).benchPrediction,
  components: async () => (await import("./components.ts")).benchComponents,
  preloader: async () => (await import("./preloader.ts")).benchPreloader,
  ring: async () => (await import("./ring.ts")).benchRing,
  backends: async () => (await import("./backends.ts")).benchBackends,
  "preload-cache": async () => (await import("./preload-cache.ts")).benchPreloadCache,
  service: async () => (await import("./service.ts")).benchService,
  startup: async () => (await import("./startup.ts")).benchStartup,
};

/** One measured figure of the JSON document. */
interface BenchFigure extends BenchRow {
  readonly part: string;
  /** Whether the mark was reached; null without one. */
  readonly isReached: boolean | null;
}

interface BenchDocument {
  readonly schema: "mempred.bench/1";
  readonly isSmoke: boolean;
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  readonly rows: readonly BenchFigure[];
  /** By part, then over all of them. */
  readonly digests: Readonly<Record<string, string>>;
  readonly digest: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    smoke: { type: "boolean", default: false },
    json: { type: "string" },
    docs: { type: "string" },
    add: { type: "string" },
    part: { type: "string" },
  },
});
const unknown = [...positionals, ...(values.part === undefined ? [] : [values.part])].find((name) => !(name in PARTS));
if (unknown !== undefined) {
  process.stderr.write(`there is no benchmark "${unknown}": ${Object.keys(PARTS).join(", ")}\n`);
  process.exitCode = 2;
} else if (values.part !== undefined) {
  const bench = await (PARTS[values.part] as () => Promise<Bench>)();
  process.stdout.write(JSON.stringify(await bench({ smoke: values.smoke })));
} else {
  const now = await runParts(positionals.length > 0 ? positionals : Object.keys(PARTS), values.smoke);
  const document = values.add === undefined ? now : addTo(JSON.parse(await readText(values.add)) as BenchDocument, now);
  if (values.json !== undefined) await writeFileAtomic(values.json, `${JSON.stringify(document, null, 2)}\n`);
  if (values.docs !== undefined) await writeFigures(values.docs, document);
  process.stdout.write(describe(document));
}

async function runParts(parts: readonly string[], isSmoke: boolean): Promise<BenchDocument> {
  const figures: BenchFigure[] = [];
  const digests: Record<string, string> = {};
  const digest = new Digest();
  for (const part of parts) {
    process.stderr.write(`${part} ...\n`);
    for (const row of await runPart(part, isSmoke)) {
      if (row.unit !== "" || row.note === undefined) figures.push({ part, ...row, isReached: isReached(row) });
      else {
        digests[part] = row.note;
        digest.addText(`${part} ${row.note}`);
      }
    }
  }
  return {
    schema: "mempred.bench/1",
    isSmoke,
    node: process.version,
    processor: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    rows: figures,
    digests,
    digest: digest.hex(),
  };
}

/** The parts of both, those of `now` where both have one, in the order of the report. Figures of another machine are not mixed in. */
function addTo(earlier: BenchDocument, now: BenchDocument): BenchDocument {
  for (const name of ["schema", "isSmoke", "node", "processor", "processors"] as const)
    if (earlier[name] !== now[name]) throw new Error(`--add: ${name} was ${earlier[name]} and is ${now[name]}`);
  const digests: Record<string, string> = {};
  const rows: BenchFigure[] = [];
  const digest = new Digest();
  for (const part of Object.keys(PARTS)) {
    const from = part in now.digests ? now : earlier;
    const own = from.digests[part];
    if (own === undefined) continue;
    digests[part] = own;
    rows.push(...from.rows.filter((row) => row.part === part));
    digest.addText(`${part} ${own}`);
  }
  return { ...now, rows, digests, digest: digest.hex() };
}

/** Replaces what stands between the markers of the page. */
async function writeFigures(path: string, document: BenchDocument): Promise<void> {
  const text = await readText(path);
  const [start, end] = ["<!-- figures:bench -->", "<!-- /figures:bench -->"];
  const from = text.indexOf(start);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no markers ${start} ... ${end}`);
  const parts = [`node ${document.node}, ${document.processors} x ${document.processor}, digest ${document.digest}`];
  for (const part of Object.keys(document.digests)) {
    const rows = document.rows.filter((row) => row.part === part);
    const cells = rows.map((row) => [...cellsOf(row), row.note ?? ""]);
    parts.push(renderMarkdownTable([part, "value", "unit", "mark", "", "how"], cells).join("\n"));
  }
  const figures = `${start}\n${parts.join("\n\n")}\n`;
  await writeFileAtomic(path, text.slice(0, from) + figures + text.slice(to));
}

/** This very program again, for one part. */
async function runPart(part: string, isSmoke: boolean): Promise<BenchRow[]> {
  const words = [...process.execArgv, process.argv[1] as string, "--part", part, ...(isSmoke ? ["--smoke"] : [])];
  const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 1 << 24 });
  return JSON.parse(stdout) as BenchRow[];
}

/** Compares a value with a mark such as "<= 45" or "<= 60 (stretch 45)". */
function isReached({ value, mark, name }: BenchRow): boolean | null {
  if (mark === undefined) return null;
  const match = /^(<=|>=|<|>|=) *(-?[\d.]+)(?: \(.*\))?$/.exec(mark);
  if (match === null) throw new RangeError(`${name}: the mark "${mark}" cannot be compared`);
  const bound = Number(match[2]);
  if (match[1] === "<=") return value <= bound;
  if (match[1] === ">=") return value >= bound;
  if (match[1] === "<") return value < bound;
  return match[1] === ">" ? value > bound : value === bound;
}

function describe(document: BenchDocument): string {
  const lines = [
    `mempred benchmark${document.isSmoke ? ", smoke: too short for its figures to mean anything" : ""}`,
    `node ${document.node}, ${document.processors} x ${document.processor}`,
  ];
  for (const part of Object.keys(document.digests)) {
    const rows = document.rows.filter((row) => row.part === part);
    lines.push("", part);
    lines.push(
      ...renderTable([["name", "value", "unit", "mark", ""], ...rows.map(cellsOf)], { leftColumns: [0, 2, 3, 4] }),
    );
  }
  const marked = document.rows.filter((row) => row.isReached !== null);
  const missed = marked.filter((row) => row.isReached === false);
  lines.push("", `${marked.length - missed.length} of ${marked.length} marks reached`);
  lines.push(`digest of the results ${document.digest}`, "");
  return lines.join("\n");
}

function cellsOf({ name, value, unit, mark, isReached: isGood }: BenchFigure): string[] {
  const digits = value >= 1000 ? 0 : value >= 100 ? 1 : 2;
  return [name, value.toFixed(digits), unit, mark ?? "", isGood === null ? "" : isGood ? "ok" : "missed"];
}
