// mempred top: a run, or this machine's memory, as it goes, in the terminal. Without a terminal one picture of one moment.

import { DEFAULT_CAPACITY_BYTES, MICROS_PER_SECOND } from "../../core/units.ts";
import type { Recording } from "../../sim/recording/recording.ts";
import { isUnicodeLocale } from "../colour.ts";
import type { CommandContext, CommandOutcome } from "../command.ts";
import { EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM } from "../exit.ts";
import { usage } from "../settings.ts";
import { commonSuiteParts, DEFAULT_RATE, policiesOf, pressuresOf, seedsOf } from "../suite-settings.ts";
import { Player } from "../top/player.ts";
import { runScreen, type ScreenSize } from "../top/run-screen.ts";
import { show, type Viewer } from "../top/show.ts";
import { parseDurationSeconds } from "../units.ts";

const DEFAULT_SECONDS = 120;
/** Of a picture where there is no terminal to have a size. */
const PLAIN_SIZE: ScreenSize = { columns: 100, rows: 36 };

export async function top(context: CommandContext): Promise<CommandOutcome> {
  const { host, settings } = context;
  const isUnicode = isUnicodeLocale(host.environment);
  if (settings.isOn("live", false)) {
    if (context.arguments.length > 0) throw usage("--live shows this machine, not a journal", "mempred top --live");
    return view(await liveViewer(context, isUnicode), context, true);
  }
  const at = settings.get("at", parseDurationSeconds, null);
  const recordings = context.arguments.length > 0 ? await readAll(context) : await recordAll(context);
  const player = new Player(recordings, (at ?? 0) * MICROS_PER_SECOND);
  if (at !== null) player.isPlaying = false;
  else if (host.terminal === null) player.goTo(player.endMicros);
  return view(
    {
      get isDone() {
        return player.isDone;
      },
      press: (key) => player.press(key),
      advance: (millis) => player.advance(millis),
      draw: (size) => runScreen(player, size, context.palette, isUnicode),
    },
    context,
    false,
  );
}

async function view(viewer: Viewer, context: CommandContext, isLive: boolean): Promise<CommandOutcome> {
  const { host } = context;
  if (host.terminal === null) {
    if (isLive) viewer.advance(0);
    const lines = viewer.draw(PLAIN_SIZE).slice(0, -1); // no keys here
    return { status: EXIT_OK, text: `${lines.join("\n").trimEnd()}\n` };
  }
  const signal = await show(viewer, host, host.terminal);
  return { status: signal === null ? EXIT_OK : signal === "SIGINT" ? EXIT_SIGINT : EXIT_SIGTERM, text: "" };
}

async function liveViewer(context: CommandContext, isUnicode: boolean): Promise<Viewer> {
  const { LiveViewer } = await import("../top/live.ts");
  const { ProcessSource } = await import("../../live/pressure/process-source.ts");
  const { cgroupLimit, machineLimit } = await import("../../live/pressure/memory-limit.ts");
  const group = cgroupLimit();
  const source = new ProcessSource({ limits: [machineLimit(), ...(group === null ? [] : [group])] });
  return new LiveViewer(source, () => source.bindingLimit ?? "machine", context.palette, isUnicode);
}

async function readAll(context: CommandContext): Promise<Recording[]> {
  const paths = [...new Set(context.arguments)];
  if (paths.length > 2) throw usage(`${paths.length} journals do not fit on a screen`, "one or two");
  const { readRecording } = await import("../read-recording.ts");
  const recordings: Recording[] = [];
  for (const path of paths) recordings.push(await readRecording(path));
  return recordings;
}

/** The runs that are asked for, made now. */
async function recordAll(context: CommandContext): Promise<Recording[]> {
  const { settings } = context;
  const parts = commonSuiteParts(settings);
  const [pressures, seeds] = [pressuresOf(settings) ?? [0.95], seedsOf(settings) ?? [1]];
  const policies = await policiesOf(settings, ["reactive", "predictive"]);
  if (policies.length > 2) throw usage(`${policies.length} policies do not fit on a screen`, "one or two");
  if (pressures.length > 1 || seeds.length > 1)
    throw usage("a screen shows one level and one seed", "--pressure 95 --seed 1");
  const { scenarioSources } = await import("../scenario-sources.ts");
  const named = await scenarioSources(settings.list("scenario", (text) => text, ["burst"]));
  if (named.length !== 1) throw usage(`${named.length} scenarios do not fit on a screen`, "one of them");
  const [{ source, scenario, name }] = named as [(typeof named)[number]];
  const suggested = scenario.durationMicros === undefined ? null : scenario.durationMicros / MICROS_PER_SECOND;
  const { loadEngine } = await import("../engine.ts");
  const { recordRun } = await import("../record-run.ts");
  const engine = await loadEngine();
  const made = await engine.makeDemand(source, {
    pressureRatio: pressures[0]!,
    seed: seeds[0]!,
    durationSeconds: settings.get("duration", parseDurationSeconds, null) ?? suggested ?? DEFAULT_SECONDS,
    ratePerSecond: parts.rate ?? scenario.ratePerSecond ?? DEFAULT_RATE,
    capacityBytes: parts.capacityBytes ?? DEFAULT_CAPACITY_BYTES,
    mix: parts.mix,
  });
  const demand = { ...made, name };
  return policies.map((policy) => recordRun(engine, demand, policy, seeds[0]!).recording);
}
