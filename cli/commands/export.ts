// mempred export: recorded runs in other forms, for the tools that people have: Perfetto, notebooks, pictures.

import { MICROS_PER_SECOND } from "../../core/units.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK } from "../exit.ts";
import {
  checkOutputs,
  EVENTS_SIGNATURE,
  PARQUET_SIGNATURE,
  PERFETTO_SIGNATURE,
  SVG_SIGNATURE,
  TICKS_SIGNATURE,
} from "../outputs.ts";
import { readRecording } from "../read-recording.ts";
import { formatCount, formatMoment } from "../render/format.ts";
import { usage } from "../settings.ts";
import { parseDurationSeconds } from "../units.ts";

interface Form {
  readonly option: string;
  readonly signature: string;
  /** The file's content, or null where there is nothing to show. */
  readonly make: (recordings: readonly Recording[]) => Promise<string | Uint8Array | null>;
}

export async function exportRuns(context: CommandContext): Promise<CommandOutcome> {
  const { settings } = context;
  const moment = (name: string) => {
    const seconds = settings.get(name, parseDurationSeconds, null);
    return seconds === null ? null : seconds * MICROS_PER_SECOND;
  };
  const [at, from, to] = [moment("at"), moment("from"), moment("to")];
  if (from !== null && to !== null && from >= to) throw usage("--from is not before --to", "--from 1m --to 2m");
  const wanted = forms({ at, from: from ?? 0, to: to ?? Infinity }).flatMap((form) => {
    const path = settings.get(form.option, (text) => text, null);
    return path === null ? [] : [{ ...form, path }];
  });
  if (wanted.length === 0)
    throw usage(
      "nothing to write",
      "--perfetto FILE, --csv FILE, --events FILE, --parquet FILE, --svg FILE, --errors FILE or --map FILE",
    );
  const outputs = wanted.map(({ option, path, signature }) => ({ option: `--${option}`, path, signature }));
  const paths = [...new Set(context.arguments)];
  await checkOutputs(outputs, paths);
  const recordings: Recording[] = [];
  for (const path of paths) recordings.push(await readRecording(path));

  const { writeFileAtomic } = await import("../../io/write-file.ts");
  const lines = recordings.map(({ header, events, ticks, endMicros }) => {
    const counts = `${formatCount(events.count)} events, ${formatCount(ticks.count)} ticks, ${formatMoment(endMicros)}`;
    return `${header.policy} · ${header.scenario} · seed ${header.seed}: ${counts}`;
  });
  for (const { path, option, make } of wanted) {
    const content = await make(recordings);
    if (content === null)
      throw usage(
        `--${option}: these journals have nothing to draw`,
        "a policy that forecasts, for --errors; a journal of this version",
      );
    await writeFileAtomic(path, content);
    lines.push(
      `wrote ${path} (${formatCount(typeof content === "string" ? Buffer.byteLength(content) : content.length)} bytes)`,
    );
  }
  return { status: EXIT_OK, text: `${lines.join("\n")}\n` };
}

function forms({ at, from, to }: { at: number | null; from: number; to: number }): Form[] {
  const tables = () => import("../../sim/recording/tables.ts");
  const figures = () => import("../render/run-figures.ts");
  return [
    {
      option: "perfetto",
      signature: PERFETTO_SIGNATURE,
      make: async (recordings) => (await import("../../sim/recording/perfetto.ts")).perfettoTrace(recordings),
    },
    {
      option: "csv",
      signature: TICKS_SIGNATURE,
      make: async (recordings) => {
        const { stack, tickTable, toCsv } = await tables();
        return toCsv(stack(recordings.map(tickTable)));
      },
    },
    {
      option: "events",
      signature: EVENTS_SIGNATURE,
      make: async (recordings) => {
        const { eventTable, stack, toCsv } = await tables();
        return toCsv(stack(recordings.map(eventTable)));
      },
    },
    {
      option: "parquet",
      signature: PARQUET_SIGNATURE,
      make: async (recordings) => {
        const { stack, eventTable } = await tables();
        return (await import("../parquet.ts")).toParquet(stack(recordings.map(eventTable)));
      },
    },
    {
      option: "svg",
      signature: SVG_SIGNATURE,
      make: async (recordings) => (await figures()).timelineFigure(recordings, from, to),
    },
    {
      option: "errors",
      signature: SVG_SIGNATURE,
      make: async (recordings) => (await import("../render/error-figure.ts")).errorFigure(recordings),
    },
    {
      option: "map",
      signature: SVG_SIGNATURE,
      make: async ([first]) => (await figures()).heapFigure(first!, at ?? first!.endMicros),
    },
  ];
}
