// mempred preload replay: what preloading would have gained on recorded sequences, by each way to decide.

import type { SequenceTrace } from "../../io/sequence-trace.ts";
import { isUnicodeLocale, toAscii } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { checkOutputs, PRELOAD_SIGNATURE } from "../outputs.ts";
import { type PreloadDocument, stringifyPreloadDocument } from "../preload-document.ts";
import { preloadSettings } from "../preload-settings.ts";
import { Progress } from "../progress.ts";
import { preloadMetricLines } from "../render/preload-metrics.ts";
import { preloadReport, preloadVerdict } from "../render/preload-report.ts";
import { runPreloadReplay } from "../run-preload.ts";
import { usage } from "../settings.ts";

export async function preloadReplay(context: CommandContext): Promise<CommandOutcome> {
  const { host, settings } = context;
  const request = preloadSettings(settings);
  const format = await formatOf(context);
  const json = settings.get("json", (text) => text, null);
  const withMetrics = settings.isOn("metrics", false);
  if (json === "-" && withMetrics) throw usage("--json and --metrics both want stdout", "--json preload.json");
  const paths = [...new Set(context.arguments)];
  const outputs = json === null || json === "-" ? [] : [{ option: "--json", path: json, signature: PRELOAD_SIGNATURE }];
  await checkOutputs(outputs, paths);

  const sequences = await readSequences(paths, format);
  const isUnicode = isUnicodeLocale(host.environment);
  const progress = new Progress(host, [], context.isQuiet, isUnicode ? (text) => text : toAscii, "", "requests");
  const { document, signal } = await runPreloadReplay({ ...request, sequences }, host, (done, all) =>
    progress.update([], done, all),
  ).finally(() => progress.finish());

  const { writeFileAtomic } = await import("../../io/write-file.ts");
  for (const { path } of outputs) {
    await writeFileAtomic(path, stringifyPreloadDocument(document));
    context.note(`mempred: wrote ${path}`);
  }
  if (signal !== null) context.note(`mempred: ${signal}: what was done is printed and marked isPartial`);
  const status = signal === null ? EXIT_OK : signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM;
  if (json === "-") return { status, text: stringifyPreloadDocument(document), isDocument: true };
  return { status, text: textOf(document, context, withMetrics) };
}

function textOf(document: PreloadDocument, context: CommandContext, withMetrics: boolean): string {
  if (document.rows.length === 0) return "nothing was finished: there is nothing to report\n";
  const metrics = withMetrics ? preloadMetricLines(document) : "";
  if (context.isQuiet) return withMetrics ? metrics : preloadVerdict(document, context.palette);
  return preloadReport(document, context.palette) + (withMetrics ? `\n${metrics}` : "");
}

async function readSequences(paths: readonly string[], format: string): Promise<SequenceTrace[]> {
  const { readSequence } = await import("../../io/sequence-reader.ts");
  const sequences: SequenceTrace[] = [];
  for (const path of paths) {
    const sequence = await readSequence(path, format);
    const rival = sequences.find((other) => other.name === sequence.name);
    if (rival !== undefined)
      throw usage(
        `two sequences are called "${sequence.name}": ${rival.file} and ${sequence.file}`,
        "another name for one of them",
      );
    sequences.push(sequence);
  }
  return sequences;
}

async function formatOf({ settings }: CommandContext): Promise<string> {
  const format = settings.get("format", (text) => text, "auto");
  const { SEQUENCE_FORMAT_IDS } = await import("../../io/sequence-reader.ts");
  const known = ["auto", ...SEQUENCE_FORMAT_IDS];
  if (known.includes(format)) return format;
  const { suggestion } = await import("../../core/suggest.ts");
  const message = `${settings.sourceOf("format")}: unknown format "${format}"${suggestion(format, known)}`;
  throw usage(message, known.join(", "));
}
