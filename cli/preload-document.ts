// What `mempred preload replay --json` writes: `mempred.preload/1`. No wall-clock value is in it, so equal input gives equal bytes.

import type { ReplayMode } from "../preload/replay/replay-types.ts";

export const PRELOAD_SCHEMA = "mempred.preload/1";

/** What came of the preloads of one source, or of all. */
export interface PreloadOutcomes {
  readonly begun: number;
  readonly inTime: number;
  readonly late: number;
  readonly wasted: number;
  readonly failed: number;
  /** At the end: under way, or there and not asked for yet. */
  readonly open: number;
  /** wasted / (in time + late + wasted); null without any. */
  readonly wastedShare: number | null;
  readonly bytes: number;
  readonly wastedBytes: number;
  readonly heldSeconds: number;
}

/** One mode on one sequence. */
export interface PreloadRow extends PreloadOutcomes {
  readonly sequence: string;
  readonly mode: ReplayMode;
  readonly requests: number;
  readonly hits: number;
  readonly hitRatio: number;
  /** Against LRU without preloading, in points of a hundred. */
  readonly gainPoints: number;
  readonly preloadsPerRequest: number;
  readonly queueFull: number;
  readonly overtaken: number;
  readonly meanWaitMillis: number;
  readonly sources: readonly (PreloadOutcomes & { readonly source: string })[];
}

export interface PreloadSequenceSummary {
  readonly name: string;
  readonly file: string;
  readonly format: string;
  readonly requests: number;
  readonly components: number;
  readonly users: number;
  readonly sessions: number;
  /** Without preloading: LRU, and the optimum of Belady, who knows the future. */
  readonly hitRatioLru: number;
  readonly hitRatioOpt: number;
  /** Of the model, over all requests but the first of each session; null where no mode predicts. */
  readonly accuracy: {
    readonly predictions: number;
    readonly top1: number | null;
    readonly top3: number | null;
    readonly baseTop1: number | null;
    readonly baseTop3: number | null;
  } | null;
}

export interface PreloadSettings {
  /** Components that the cache holds. */
  readonly components: number;
  /** Preloads for each request at most; null: not limited. */
  readonly preloadsPerRequest: number | null;
  readonly lookahead: 1 | 2 | 3;
  readonly loadMillis: number;
  /** Null: the recording's times, 1,000 where there are none. */
  readonly gapMillis: number | null;
  readonly componentBytes: number;
  readonly price: number;
  /** What a preload for nothing costs in mode benefit; null: 0 where preloads are limited, else 0.5. */
  readonly wasteRatio: number | null;
  /** Below it nothing is loaded in mode thresholds. */
  readonly leastConfidence: number;
  readonly model: string;
}

export interface PreloadDocument {
  readonly schema: typeof PRELOAD_SCHEMA;
  readonly version: string;
  /** Over every hit, miss and preload of all rows. */
  readonly digest: string;
  /** It was interrupted: rows are missing. */
  readonly isPartial?: true;
  readonly settings: PreloadSettings;
  readonly sequences: readonly PreloadSequenceSummary[];
  /** By sequence, then mode. */
  readonly rows: readonly PreloadRow[];
}

/** As JSON, a line a row, so that two files can be told apart line by line. */
export function stringifyPreloadDocument(document: PreloadDocument): string {
  const { schema, version, digest, isPartial, settings, sequences, rows } = document;
  const head = JSON.stringify({ schema, version, digest, isPartial, settings });
  const lines = (items: readonly unknown[]) =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => JSON.stringify(item)).join(",\n")}\n]`;
  return `${head.slice(0, -1)},\n"sequences":${lines(sequences)},\n"rows":${lines(rows)}}\n`;
}
