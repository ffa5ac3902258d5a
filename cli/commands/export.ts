// mempred export: recorded runs in other forms, for the tools that people have: Perfetto, notebooks, pictures.

import { MICROS_PER_SECOND } from "../../core/units.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { CONSTANT_NETWORK_POLICIES, LEARNING_NETWORK_POLICIES } from "../../sim/recording/shown-network.ts";
import { policyBase } from "../../sim/suite/plan.ts";
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
  /** What to give instead where there is nothing to draw. */
  readonly needs?: string | ((recordings: readonly Recording[]) => string);
  /** The file's content, or null where there is nothing to draw. */
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
  if (wanted.length === 0) {
    const names = forms({ at, from: 0, to: Infinity }).map(({ option }) => `--${option} FILE`);
    throw usage("nothing to write", `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
  }
  const outputs = wanted.map(({ option, path, signature }) => ({ option: `--${option}`, path, signature }));
  const paths = [...new Set(context.arguments)];
  await checkOutputs(outputs, paths);
  const recordings: Recording[] = [];
  for (const path of paths) recordings.push(await readRecording(path));

  const endMicros = Math.max(...recordings.map((one) => one.endMicros));
  if (from !== null && from >= endMicros)
    throw usage(`--from is after the end of the runs, ${formatMoment(endMicros)}`, "an earlier moment");

  const { writeFileAtomic } = await import("../../io/write-file.ts");
  const lines = recordings.map(({ header, events, ticks, endMicros }) => {
    const counts = `${formatCount(events.count)} events, ${formatCount(ticks.count)} ticks, ${formatMoment(endMicros)}`;
    return `${header.policy} · ${header.scenario} · seed ${header.seed}: ${counts}`;
  });
  const made: { readonly path: string; readonly content: string | Uint8Array }[] = [];
  for (const { path, option, make, needs } of wanted) {
    const content = await make(recordings);
    if (content === null)
      throw usage(
        `--${option}: ${paths.length === 1 ? "this journal has" : "these journals have"} nothing to draw`,
        typeof needs === "function" ? needs(recordings) : (needs ?? "a run that lasted"),
      );
    made.push({ path, content });
  }
  for (const { path, content } of made) {
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
      needs: "a policy that forecasts, such as predictive",
      make: async (recordings) => (await import("../render/error-figure.ts")).errorFigure(recordings),
    },
    {
      option: "calibration",
      signature: SVG_SIGNATURE,
      needs: "a policy that forecasts, such as predictive, and more than 5 s of it",
      make: async (recordings) =>
        (await import("../render/calibration-figure.ts")).recordedCalibrationFigure(recordings),
    },
    {
      option: "compactions",
      signature: SVG_SIGNATURE,
      needs: "a policy that compacts, and a time in which it did",
      make: async (recordings) =>
        (await import("../render/compaction-figure.ts")).compactionFigure(recordings, from, to),
    },
    {
      option: "network",
      signature: SVG_SIGNATURE,
      needs: (recordings) => networkNeeds(recordings),
      make: async (recordings) =>
        (await import("../render/network-figure.ts")).networkFigure(recordings, at ?? Infinity),
    },
    {
      option: "map",
      signature: SVG_SIGNATURE,
      make: async ([first]) => (await figures()).heapFigure(first!, at ?? first!.endMicros),
    },
  ];
}

/** Why no network can be drawn: none is there, or an earlier version did not write it down. */
function networkNeeds(recordings: readonly Recording[]): string {
  const learning = recordings.find(({ header }) => LEARNING_NETWORK_POLICIES.includes(policyBase(header.policy)));
  if (learning === undefined)
    return `a policy with the small network: ${[...LEARNING_NETWORK_POLICIES, ...CONSTANT_NETWORK_POLICIES].join(", ")}`;
  return `a journal with weights: ${learning.header.policy} learns while it runs, and an earlier version did not write them down; run it again`;
}
