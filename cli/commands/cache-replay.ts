// mempred cache replay: cache policies side by side on recorded accesses, each at each size.

import type { CacheTrace } from "../../io/cache-trace.ts";
import { type CacheDocument, stringifyCacheDocument } from "../cache-document.ts";
import { cacheSettings, planCacheReplay } from "../cache-plan.ts";
import { isUnicodeLocale, toAscii } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { CACHE_SIGNATURE, checkOutputs } from "../outputs.ts";
import { Progress } from "../progress.ts";
import { cacheMetricLines } from "../render/cache-metrics.ts";
import { cacheReport, cacheVerdict } from "../render/cache-report.ts";
import { runCacheReplay } from "../run-cache.ts";
import { usage } from "../settings.ts";
import { workersOf } from "../suite-settings.ts";

export async function cacheReplay(context: CommandContext): Promise<CommandOutcome> {
  const { host, settings } = context;
  const request = await cacheSettings(settings);
  const format = await formatOf(context);
  const json = settings.get("json", (text) => text, null);
  const withMetrics = settings.isOn("metrics", false);
  if (json === "-" && withMetrics) throw usage("--json and --metrics both want stdout", "--json cache.json");
  const workers = settings.has("jobs") ? workersOf(context) : null;
  const paths = [...new Set(context.arguments)];
  const outputs = json === null || json === "-" ? [] : [{ option: "--json", path: json, signature: CACHE_SIGNATURE }];
  await checkOutputs(outputs, paths);

  const traces = await readTraces(context, paths, format);
  const plan = planCacheReplay(request, traces);
  for (const note of plan.notes) context.note(`mempred: ${note}`);
  const isUnicode = isUnicodeLocale(host.environment);
  const progress = new Progress(host, [], context.isQuiet, isUnicode ? (text) => text : toAscii);
  const { document, signal } = await runCacheReplay(plan, host, workers, (done, all) =>
    progress.update([], done, all),
  ).finally(() => progress.finish());

  const { writeFileAtomic } = await import("../../io/write-file.ts");
  for (const { path } of outputs) {
    await writeFileAtomic(path, stringifyCacheDocument(document));
    context.note(`mempred: wrote ${path}`);
  }
  if (signal !== null) context.note(`mempred: ${signal}: what was done is printed and marked isPartial`);
  const status = signal === null ? EXIT_OK : signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM;
  if (json === "-") return { status, text: stringifyCacheDocument(document), isDocument: true };
  return { status, text: textOf(document, context, withMetrics) };
}

function textOf(document: CacheDocument, context: CommandContext, withMetrics: boolean): string {
  if (document.rows.length === 0) return "nothing was finished: there is nothing to report\n";
  const metrics = withMetrics ? cacheMetricLines(document) : "";
  const width = Math.min(120, Math.max(60, context.host.stdout.columns ?? 100));
  if (context.isQuiet) return withMetrics ? metrics : cacheVerdict(document, context.palette);
  return cacheReport(document, context.palette, width) + (withMetrics ? `\n${metrics}` : "");
}

async function readTraces(context: CommandContext, paths: readonly string[], format: string): Promise<CacheTrace[]> {
  const { readCacheTrace } = await import("../../io/cache-reader.ts");
  const traces: CacheTrace[] = [];
  for (const path of paths) {
    const trace = await readCacheTrace(path, { format });
    const rival = traces.find((other) => other.name === trace.name);
    if (rival !== undefined)
      throw usage(
        `two traces are called "${trace.name}": ${rival.file} and ${trace.file}`,
        "another name for one of them",
      );
    for (const { code, count, firstPlace } of trace.warnings)
      context.note(`mempred: ${path}: ${code.replaceAll("-", " ")}, ${count} times, first at ${firstPlace}`);
    traces.push(trace);
  }
  return traces;
}

async function formatOf({ settings }: CommandContext): Promise<string> {
  const format = settings.get("format", (text) => text, "auto");
  const { CACHE_TRACE_FORMAT_IDS } = await import("../../io/cache-formats.ts");
  const known = ["auto", ...CACHE_TRACE_FORMAT_IDS];
  if (known.includes(format)) return format;
  const { suggestion } = await import("../../core/suggest.ts");
  const message = `${settings.sourceOf("format")}: unknown format "${format}"${suggestion(format, known)}`;
  throw usage(message, known.join(", "));
}
