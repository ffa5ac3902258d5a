// Every mode on every sequence, one after the other, in slices between which signals are heard and progress is shown.

import { LRU } from "../cache/policies/lru.ts";
import { OPT } from "../cache/policies/opt.ts";
import { replayCache } from "../cache/replay.ts";
import { Digest } from "../core/hash.ts";
import type { SequenceTrace } from "../io/sequence-trace.ts";
import type { NextComponentModel } from "../preload/contract.ts";
import { SOURCES } from "../preload/model/expert.ts";
import { NextComponentPredictor } from "../preload/model/next-component-predictor.ts";
import type {
  PreloadReplayResult,
  ReplayAccuracy,
  ReplayedPreloads,
  ReplayMode,
} from "../preload/replay/replay-types.ts";
import { SequenceReplay } from "../preload/replay/sequence-replay.ts";
import type { Host } from "./host.ts";
import {
  PRELOAD_SCHEMA,
  type PreloadDocument,
  type PreloadOutcomes,
  type PreloadRow,
  type PreloadSequenceSummary,
  type PreloadSettings,
} from "./preload-document.ts";
import { packageVersion } from "./version.ts";

/** Models by the name of --model. */
export const PRELOAD_MODELS = ["full", "sequence"] as const;
export type PreloadModelName = (typeof PRELOAD_MODELS)[number];

const SLICE_REQUESTS = 2_000;

export interface PreloadPlan {
  readonly settings: PreloadSettings & { readonly model: PreloadModelName };
  readonly modes: readonly ReplayMode[];
  readonly sequences: readonly SequenceTrace[];
}

export interface PreloadReplayOutcome {
  readonly document: PreloadDocument;
  /** The signal that ended it early, or null. */
  readonly signal: "SIGINT" | "SIGTERM" | null;
}

/** @param onProgress is told the requests that were replayed, of all */
export async function runPreloadReplay(
  plan: PreloadPlan,
  host: Host,
  onProgress: (done: number, all: number) => void,
): Promise<PreloadReplayOutcome> {
  const { settings, modes, sequences } = plan;
  let signal: PreloadReplayOutcome["signal"] = null;
  const stopListening = host.onSignal((received) => {
    signal = received;
  });
  const all = modes.length * sequences.reduce((sum, one) => sum + one.components.length, 0);
  const rows: PreloadRow[] = [];
  const accuracies = new Map<string, ReplayAccuracy>();
  const digest = new Digest();
  let done = 0;
  try {
    for (const sequence of sequences) {
      for (const mode of modes) {
        const replay = new SequenceReplay(sequence, optionsOf(settings, mode));
        const count = sequence.components.length;
        for (let from = 0; from < count && signal === null; from += SLICE_REQUESTS) {
          const end = Math.min(count, from + SLICE_REQUESTS);
          for (let index = from; index < end; index++) replay.request(index);
          done += end - from;
          onProgress(done, all);
          await new Promise((resume) => setImmediate(resume));
        }
        if (signal !== null) break;
        const result = replay.finish();
        rows.push(rowOf(sequence.name, result));
        if (result.accuracy !== null) accuracies.set(sequence.name, result.accuracy);
        digest.addText(`${sequence.name} ${mode} ${result.digest}\n`);
      }
    }
  } finally {
    stopListening();
  }
  const isPartial = rows.length < modes.length * sequences.length;
  const document: PreloadDocument = {
    schema: PRELOAD_SCHEMA,
    version: packageVersion(),
    digest: digest.hex(),
    ...(isPartial ? { isPartial: true as const } : {}),
    settings,
    sequences: sequences.map((one) => summaryOf(one, settings.components, accuracies.get(one.name))),
    rows,
  };
  return { document, signal: isPartial ? signal : null };
}

function optionsOf(settings: PreloadPlan["settings"], mode: ReplayMode) {
  const { components, preloadsPerRequest, gapMillis, wasteRatio, model, ...rest } = settings;
  return {
    ...rest,
    mode,
    model: modelOf(model),
    componentCount: components,
    preloadsPerRequest: preloadsPerRequest ?? Infinity,
    gapMillis: gapMillis ?? undefined,
    wasteRatio: wasteRatio ?? undefined,
  };
}

function modelOf(name: PreloadModelName): NextComponentModel {
  if (name === "full") return new NextComponentPredictor();
  return new NextComponentPredictor({ without: SOURCES.filter((source) => source !== "sequence") });
}

function rowOf(sequence: string, result: PreloadReplayResult): PreloadRow {
  const { mode, requests, hits, hitRatio, gainPoints, preloadsPerRequest, preloads } = result;
  const { queueFull, overtaken, meanWaitMillis, sources } = result;
  return {
    ...{ sequence, mode, requests, hits, hitRatio, gainPoints, preloadsPerRequest },
    ...outcomesOf(preloads),
    ...{ queueFull, overtaken, meanWaitMillis },
    sources: sources.map((one) => ({ source: one.source, ...outcomesOf(one) })),
  };
}

function outcomesOf(preloads: ReplayedPreloads): PreloadOutcomes {
  const { begun, inTime, late, wasted, failed, open, wastedShare, bytes, wastedBytes, heldSeconds } = preloads;
  const share = shareOf(wastedShare);
  return { begun, inTime, late, wasted, failed, open, wastedShare: share, bytes, wastedBytes, heldSeconds };
}

function summaryOf(
  sequence: SequenceTrace,
  capacity: number,
  accuracy: ReplayAccuracy | undefined,
): PreloadSequenceSummary {
  const { name, file, format, components, names, userNames, sessionCount } = sequence;
  return {
    ...{ name, file, format, requests: components.length },
    ...{ components: names.length, users: userNames.length, sessions: sessionCount },
    hitRatioLru: replayCache(LRU, { keys: components }, { capacity }).hitRatio,
    hitRatioOpt: replayCache(OPT, { keys: components }, { capacity }).hitRatio,
    accuracy:
      accuracy === undefined
        ? null
        : {
            predictions: accuracy.predictions,
            top1: shareOf(accuracy.top1),
            top3: shareOf(accuracy.top3),
            baseTop1: shareOf(accuracy.baseTop1),
            baseTop3: shareOf(accuracy.baseTop3),
          },
  };
}

function shareOf(share: number): number | null {
  return Number.isNaN(share) ? null : share;
}
