// What a replay is given and what it tells.

import type { NextComponentModel } from "../contract.ts";

/** Who asked for what, in order; what io/sequence-reader.ts reads. */
export interface ComponentSequence {
  /** Indices of `names`. */
  readonly components: Uint32Array;
  readonly names: readonly string[];
  /** Indices of `userNames`. */
  readonly users: Uint32Array;
  readonly userNames: readonly string[];
  /** 1: a session begins here. */
  readonly isFirst: Uint8Array;
  /** Never decreasing; null: without times. */
  readonly atMillis: Float64Array | null;
}

/** off: LRU alone. thresholds, benefit: the routers. clairvoyant: knows the next three requests and when each component comes again. */
export const REPLAY_MODES = ["off", "thresholds", "benefit", "clairvoyant"] as const;
export type ReplayMode = (typeof REPLAY_MODES)[number];

export interface PreloadReplayOptions {
  readonly mode: ReplayMode;
  /** What predicts; new, for this run alone. Not asked in the modes off and clairvoyant. */
  readonly model: NextComponentModel;
  /** Components that the cache holds. Default 10. */
  readonly componentCount?: number | undefined;
  /** Preloads for each request at most; Infinity: not limited. Default 0.25. */
  readonly preloadsPerRequest?: number | undefined;
  /** How far the model looks, in requests. Default 1. */
  readonly lookahead?: 1 | 2 | 3 | undefined;
  /** Between two requests. Default: the recording's times, 1,000 without. */
  readonly gapMillis?: number | undefined;
  /** What a load takes; 0: it is there before the next request, as the literature has it. Default 100. */
  readonly loadMillis?: number | undefined;
  /** Bytes of a component. Default 4,096. */
  readonly componentBytes?: number | undefined;
  /** What a byte held for a second costs, in average loads. Default 0. */
  readonly price?: number | undefined;
  /** What a preload for nothing costs, in average loads; mode benefit. Default 0 where preloads are limited, else 0.5. */
  readonly wasteRatio?: number | undefined;
  /** Nothing is loaded below it; mode thresholds. Default 0. */
  readonly leastConfidence?: number | undefined;
}

/** What came of the preloads of one source, or of all. */
export interface ReplayedPreloads {
  readonly begun: number;
  readonly inTime: number;
  readonly late: number;
  readonly wasted: number;
  readonly failed: number;
  /** At the end: under way, or there and not asked for yet. */
  readonly open: number;
  /** wasted / (in time + late + wasted); NaN without any. */
  readonly wastedShare: number;
  readonly bytes: number;
  readonly wastedBytes: number;
  readonly heldSeconds: number;
}

export interface ReplayAccuracy {
  /** Requests that were predicted: all but the first of each session. */
  readonly predictions: number;
  /** Shares of them, NaN without any. */
  readonly top1: number;
  readonly top3: number;
  /** The same for the components that came most often so far. */
  readonly baseTop1: number;
  readonly baseTop3: number;
}

export interface PreloadReplayResult {
  readonly mode: ReplayMode;
  readonly requests: number;
  readonly hits: number;
  readonly hitRatio: number;
  /** Of an LRU of as many components, without preloading and with loads that take no time. */
  readonly hitRatioWithout: number;
  /** (hitRatio − hitRatioWithout) · 100. */
  readonly gainPoints: number;
  readonly preloads: ReplayedPreloads;
  readonly preloadsPerRequest: number;
  readonly sources: readonly (ReplayedPreloads & { readonly source: string })[];
  /** Routed to a queue that was full; taken out of one because the component was asked for or had come meanwhile. */
  readonly queueFull: number;
  readonly overtaken: number;
  /** What a request waited for its component, on the average. */
  readonly meanWaitMillis: number;
  /** Null where nothing predicts. */
  readonly accuracy: ReplayAccuracy | null;
  readonly modelBytes: number;
  /** Over every hit, miss and preload. */
  readonly digest: string;
}
