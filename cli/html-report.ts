// A report as one HTML file: the built page with the report inside it, packed. It opens from disk without a network; the page
// makes the shown run again from its own copy of the simulator and holds the digest against the report's.

import { basename } from "node:path";
import { gzipSync } from "node:zlib";
import { builtPage } from "../io/built-page.ts";
import type { ResultFile } from "../sim/result.ts";
import type { Suite } from "../sim/suite/plan.ts";
import { PAGE_SCHEMA, type PageReport, type PageSource, pageReport } from "./render/page-report.ts";

/** As in ui/files/embedded.ts. */
const ID = "mempred-embedded";
/** After what says the encoding, and near the head of the file, so that an older report is known by its first bytes. */
const HEAD = /<meta charset="utf-8" ?\/?>/;

/**
 * The report of a result with at least one run: of all runs the verdict and the cost, and its worst seed to look at.
 * @param weights those that the runs began with, where they came from a file
 * Errors: NOT_FOUND, the page is not built, or a scenario file or trace of the run is gone.
 */
export async function htmlReport(result: ResultFile, weights: Float64Array | null = null): Promise<string> {
  const report = pageReport(result);
  const source = await sourceOf(result.suite as Suite, report.shown.scenario);
  const shown = { ...report.shown, source, weights: weights === null ? null : [...weights] };
  return embed(builtPage(), { ...report, shown });
}

/** The page with the report in it. Equal reports give equal bytes. */
export function embed(page: string, report: PageReport): string {
  const packed = gzipSync(JSON.stringify(report), { level: 9 });
  packed[9] = 255; // the operating system, which says nothing of the content
  const json = JSON.stringify({ schema: PAGE_SCHEMA, packed: packed.toString("base64") });
  return page.replace(HEAD, (head) => `${head}<script type="application/json" id="${ID}">${json}</script>`);
}

/** What the page cannot have by name. */
async function sourceOf({ settings }: Suite, scenario: string): Promise<PageSource | null> {
  const file = settings?.files?.[scenario];
  if (file === undefined) return null;
  if (settings.command === "replay") {
    const { resolveTrace } = await import("../io/find-trace.ts");
    return { kind: "trace", ...(await traceText(resolveTrace(file))) };
  }
  const { readText } = await import("../io/read-text.ts");
  const { parseScenarioSpec } = await import("../scenarios/scenario-file.ts");
  return { kind: "spec", spec: parseScenarioSpec(await readText(file), file) };
}

/** Its name without the folder: a report goes to others. */
async function traceText(path: string): Promise<{ file: string; text: string }> {
  const { openUnpacked } = await import("../io/unpack.ts");
  const { TRACE_FORMATS } = await import("../scenarios/trace/registry.ts");
  const source = await openUnpacked(path, new Set(TRACE_FORMATS.flatMap((format) => format.extensions)));
  const parts: Uint8Array[] = [];
  for await (const chunk of source.chunks()) parts.push(chunk);
  return { file: basename(source.file), text: Buffer.concat(parts).toString("utf8") };
}
