// Whether to load what nobody has asked for yet. A prediction is worth its probability times what the load would cost whoever asks;
// it costs a load for nothing where it is wrong, and memory for as long as it lies there: bytes × seconds × price. All of it in
// one unit, the cost of an average load. Probabilities are not taken at their word: each source (a model, a pattern, a list of
// hot keys) has a record of what came of what it promised, and is believed accordingly.
// After Patterson et al., "Informed prefetching and caching" (SOSP 1995), who weigh a prefetch against the buffer that it takes.

import { assert } from "../core/errors.ts";

/** What came of a prefetch: asked for when it was there; asked for while it was under way; never asked for; could not be loaded. */
export type PrefetchOutcome = "in-time" | "late" | "wasted" | "failed";

export interface PrefetchGateOptions {
  /** What a load for nothing costs, in average loads: background work is cheaper than someone waiting. Default 0.5, which at a price of 0 asks for a probability of 1/3. */
  readonly wasteRatio?: number | undefined;
  /** Used until a source has a record of its own, seconds. Default 30. */
  readonly residenceSeconds?: number | undefined;
  /** Used until a size is known. Default 4,096. */
  readonly entryBytes?: number | undefined;
}

export interface PrefetchCandidate {
  /** Who proposes it. */
  readonly source: string;
  /** That it is asked for, 0..1, as the source says. */
  readonly probability: number;
  /** Of this load against an average one. Default 1. */
  readonly loadRatio?: number | undefined;
  /** Default: the mean of what was prefetched before. */
  readonly bytes?: number | undefined;
  /** What else it costs, in average loads: what has to leave for it, its place in a budget. Default 0. */
  readonly chargedLoads?: number | undefined;
}

export interface PrefetchFigures {
  readonly allowed: number;
  readonly refused: number;
  readonly inTime: number;
  readonly late: number;
  readonly wasted: number;
  readonly failed: number;
  /** Asked for, in time or late, of all that have an outcome other than failed; NaN without any. */
  readonly precision: number;
  /** The sum of the probabilities of these over their number: what precision should be; NaN without any. */
  readonly promised: number;
}

interface SourceRecord {
  allowed: number;
  refused: number;
  inTime: number;
  late: number;
  wasted: number;
  failed: number;
  promisedSum: number;
  /** Fading sums: used, and promised, of the last few dozen. */
  recentUsed: number;
  recentPromised: number;
  /** Fading mean of the seconds that an entry lay there. */
  residenceSeconds: number;
}

/** Weight of "the source is right" against its record, in prefetches. */
const PRIOR_COUNT = 4;
/** An outcome fades by this with each later one: the last 64 or so count. */
const OUTCOME_FADE = 1 - 1 / 64;
/** A record fades by this with each refusal, so that a source that was shut out is tried again. */
const REFUSAL_FADE = 1 - 1 / 256;
const MEAN_STEP = 1 / 16;

export class PrefetchGate {
  /** What a byte held for a second costs, in average loads; Infinity stops prefetching. */
  price = 0;
  readonly #wasteRatio: number;
  readonly #firstResidenceSeconds: number;
  readonly #records = new Map<string, SourceRecord>();
  #entryBytes: number;

  constructor(options: PrefetchGateOptions = {}) {
    this.#wasteRatio = options.wasteRatio ?? 0.5;
    this.#firstResidenceSeconds = options.residenceSeconds ?? 30;
    this.#entryBytes = options.entryBytes ?? 4096;
    assert(this.#wasteRatio >= 0, "prefetch gate: a wasted load costs nothing or more");
    assert(
      this.#firstResidenceSeconds >= 0 && this.#entryBytes >= 0,
      "prefetch gate: a size and a time are not negative",
    );
  }

  /** The probability after a look at the source's record, 0..1. */
  believed(source: string, probability: number): number {
    const record = this.#records.get(source);
    if (record === undefined) return probability;
    const { recentUsed, recentPromised } = record;
    return Math.min(1, (probability * (recentUsed + PRIOR_COUNT)) / (recentPromised + PRIOR_COUNT));
  }

  /** What loading it now is expected to bring, in average loads; it pays above 0. Asking changes nothing. */
  benefit(candidate: PrefetchCandidate): number {
    const { source, probability, loadRatio = 1, bytes = this.#entryBytes, chargedLoads = 0 } = candidate;
    assert(probability >= 0 && probability <= 1, "prefetch gate: a probability is 0..1");
    const believed = this.believed(source, probability);
    const seconds = this.#records.get(source)?.residenceSeconds ?? this.#firstResidenceSeconds;
    const held = bytes * seconds;
    const rent = held === 0 ? 0 : held * this.price;
    return believed * loadRatio - (1 - believed) * this.#wasteRatio * loadRatio - rent - chargedLoads;
  }

  /** Whether to load it. Counts the answer. */
  allow(candidate: PrefetchCandidate): boolean {
    const { source, chargedLoads = 0 } = candidate;
    const benefit = this.price < Infinity ? this.benefit(candidate) : -Infinity;
    const isWorthIt = benefit > 0;
    const record = this.#recordOf(source);
    if (isWorthIt) record.allowed++;
    else {
      record.refused++;
      // What was refused for what is charged beside it says nothing about the source.
      if (chargedLoads === 0 || benefit + chargedLoads <= 0) {
        record.recentUsed *= REFUSAL_FADE;
        record.recentPromised *= REFUSAL_FADE;
      }
    }
    return isWorthIt;
  }

  /**
   * What came of a prefetch that was allowed.
   * @param probability as it was promised. @param residenceSeconds how long it lay there, in time or wasted
   */
  settle(
    source: string,
    outcome: PrefetchOutcome,
    probability: number,
    residenceSeconds: number,
    bytes?: number,
  ): void {
    const record = this.#recordOf(source);
    if (bytes !== undefined) this.#entryBytes += (bytes - this.#entryBytes) * MEAN_STEP;
    if (outcome === "failed") {
      record.failed++;
      return; // says nothing about the prediction
    }
    if (outcome === "in-time") record.inTime++;
    else if (outcome === "late") record.late++;
    else record.wasted++;
    record.promisedSum += probability;
    record.recentUsed = record.recentUsed * OUTCOME_FADE + (outcome === "wasted" ? 0 : 1);
    record.recentPromised = record.recentPromised * OUTCOME_FADE + probability;
    if (outcome !== "late") record.residenceSeconds += (residenceSeconds - record.residenceSeconds) * MEAN_STEP;
  }

  /** Of one source or, without, of all together. */
  figures(source?: string): PrefetchFigures {
    const records = source === undefined ? [...this.#records.values()] : [this.#records.get(source) ?? emptyRecord(0)];
    const sum = (of: (record: SourceRecord) => number) => records.reduce((total, record) => total + of(record), 0);
    const used = sum((one) => one.inTime + one.late);
    const judged = used + sum((one) => one.wasted);
    return {
      allowed: sum((one) => one.allowed),
      refused: sum((one) => one.refused),
      inTime: sum((one) => one.inTime),
      late: sum((one) => one.late),
      wasted: sum((one) => one.wasted),
      failed: sum((one) => one.failed),
      precision: used / judged,
      promised: sum((one) => one.promisedSum) / judged,
    };
  }

  sources(): string[] {
    return [...this.#records.keys()];
  }

  #recordOf(source: string): SourceRecord {
    let record = this.#records.get(source);
    if (record === undefined) this.#records.set(source, (record = emptyRecord(this.#firstResidenceSeconds)));
    return record;
  }
}

function emptyRecord(residenceSeconds: number): SourceRecord {
  return {
    allowed: 0,
    refused: 0,
    inTime: 0,
    late: 0,
    wasted: 0,
    failed: 0,
    promisedSum: 0,
    recentUsed: 0,
    recentPromised: 0,
    residenceSeconds,
  };
}
