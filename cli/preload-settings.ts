// Settings of `mempred preload replay`.

import { MempredError } from "../core/errors.ts";
import { suggestion } from "../core/suggest.ts";
import { REPLAY_MODES, type ReplayMode } from "../preload/replay/replay-types.ts";
import { PRELOAD_MODELS, type PreloadPlan } from "./run-preload.ts";
import { type Settings, usage } from "./settings.ts";
import { parseBytes, parseCount } from "./units.ts";

const MOST_COMPONENTS = 1_000_000;
/** A day: whoever waits longer is not asked any more. */
const MOST_MILLIS = 86_400_000;

/** Errors: USAGE, INVALID_INPUT. */
export function preloadSettings(settings: Settings): Omit<PreloadPlan, "sequences"> {
  const modes = settings.list("mode", (text) => text, ["all"]).flatMap((id) => (id === "all" ? REPLAY_MODES : [id]));
  for (const mode of modes) {
    if (REPLAY_MODES.includes(mode as ReplayMode)) continue;
    const known = ["all", ...REPLAY_MODES];
    const source = settings.sourceOf("mode") ?? "--mode";
    throw usage(`${source}: there is no mode "${mode}"${suggestion(mode, known)}`, known.join(", "));
  }
  return {
    modes: REPLAY_MODES.filter((mode) => modes.includes(mode)),
    settings: {
      components: settings.get("components", (text) => parseCount(text, 1, MOST_COMPONENTS), 10),
      preloadsPerRequest: settings.get("prefetches", parsePrefetches, 0.25),
      lookahead: settings.get("lookahead", (text) => parseCount(text, 1, 3), 1) as 1 | 2 | 3,
      loadMillis: settings.get("load", parseMillis, 100),
      gapMillis: settings.get("gap", parseMillis, null),
      componentBytes: settings.get("bytes", parseBytes, 4096),
      price: settings.get("price", (text) => parseNumber(text, 0, Number.MAX_VALUE, "a price, 0 or more"), 0),
      wasteRatio: settings.get("waste", (text) => parseNumber(text, 0, 1000, "a number of loads from 0 to 1000"), null),
      leastConfidence: settings.get("floor", (text) => parseNumber(text, 0, 0.7, "a confidence from 0 to 0.7"), 0),
      model: settings.get("model", parseModel, "full"),
    },
  };
}

function parsePrefetches(text: string): number | null {
  if (text.trim() === "unlimited") return null;
  const expected = "a number of preloads a request over 0 and at most 1000, or unlimited";
  const value = parseNumber(text, 0, 1000, expected);
  if (value === 0) throw new MempredError("INVALID_INPUT", `"${text}" loads nothing`, { expected });
  return value;
}

/** "100ms", "1.5s", "0" → ms. */
function parseMillis(text: string): number {
  const expected = "a time such as 100ms or 1.5s, at most a day, or 0";
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|)$/.exec(text.trim());
  const millis = match === null ? NaN : Number(match[1]) * (match[2] === "s" ? 1000 : 1);
  const hasUnit = match !== null && (match[2] !== "" || millis === 0);
  if (!hasUnit || !(millis <= MOST_MILLIS))
    throw new MempredError("INVALID_INPUT", `"${text}" will not do`, { expected });
  return millis;
}

function parseNumber(text: string, least: number, most: number, expected: string): number {
  const value = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
  if (!(value >= least && value <= most))
    throw new MempredError("INVALID_INPUT", `"${text}" will not do`, { expected });
  return value;
}

function parseModel(text: string): (typeof PRELOAD_MODELS)[number] {
  const found = PRELOAD_MODELS.find((name) => name === text);
  if (found !== undefined) return found;
  const message = `there is no model "${text}"${suggestion(text, PRELOAD_MODELS)}`;
  throw new MempredError("INVALID_INPUT", message, { expected: PRELOAD_MODELS.join(", ") });
}
