// `ensemble`: several forecasters side by side, and as its forecast their mean, weighted by how right each has been lately (K81).
// Differs from choosing a winner afterwards in that it never knows more than what matured. The rule is exponential weighting
// over a fading memory (Herbster & Warmuth 1998 mix back to follow a changing best expert; fading losses do the same with one
// parameter less): member i has weight ∝ prior_i · e^(−κ·(E_i / E_least − 1)), E = fading mean |forecast − label|. Relative
// errors and not absolute ones, so that 2 points at 50 % and half a point at 98 % weigh alike. The prior favours the trained
// members until labels have come.
//
// Monitoring (K83): who leads, since when, how often that changed, and each member's error and weight, in `standings()`.

import { assert } from "../core/errors.ts";
import type { Forecaster } from "../core/forecaster.ts";
import { HORIZON_TICKS, TICK_MICROS } from "../core/units.ts";
import { BASELINE_SHARED_BYTES, BaselineForecaster } from "./baselines/baseline-forecaster.ts";
import { expClamped } from "./logistic.ts";

/** κ: a member whose error is 10 % over the least keeps e^−0.6 = 0.55 of its weight, one with twice the least 0.0025. */
export const ENSEMBLE_SHARPNESS = 6;
/** Memory of the errors, labels; one minute. */
export const ENSEMBLE_MEMORY_LABELS = 120;
/** Labels for which the prior counts: the errors start as though all had been equal over so many. */
const PRIOR_LABELS = 20;
const NEGLIGIBLE = 0.0005; // errors below a twentieth of a point count as equal

export interface EnsembleMember {
  readonly forecaster: Forecaster;
  /** Weight before anything is known, > 0; relative to the others'. */
  readonly prior: number;
}

export interface Standing {
  readonly id: string;
  /** 0..1, they add to 1. */
  readonly weight: number;
  /** Fading mean |forecast − label|, 0..1; null before the first label. */
  readonly meanError: number | null;
}

export interface EnsembleOptions {
  readonly sharpness?: number | undefined;
  readonly memoryLabels?: number | undefined;
}

export class Ensemble extends BaselineForecaster {
  readonly id = "ensemble";
  readonly stateBytes: number;
  readonly members: readonly EnsembleMember[];
  readonly #sharpness: number;
  readonly #memoryLabels: number;
  readonly #said: Float64Array; // ten ticks of what each member said
  readonly #errors: Float64Array;
  readonly #weights: Float64Array;
  readonly #next = new Float64Array([0.5, -1, 0]); // forecast, time of the last tick, time of the last change of leader
  #head = 0;
  #filled = 0;
  #labels = 0;
  #leader = 0;
  #changes = 0;

  constructor(members: readonly EnsembleMember[], options: EnsembleOptions = {}) {
    super();
    assert(members.length > 0, "an ensemble has members");
    assert(
      members.every(({ prior }) => prior > 0 && prior < Infinity),
      "priors are positive",
    );
    this.members = members;
    this.#sharpness = options.sharpness ?? ENSEMBLE_SHARPNESS;
    this.#memoryLabels = options.memoryLabels ?? ENSEMBLE_MEMORY_LABELS;
    const n = members.length;
    this.#said = new Float64Array(HORIZON_TICKS * n);
    this.#errors = new Float64Array(n);
    this.#weights = new Float64Array(n);
    this.#weigh();
    this.#changes = 0;
    this.stateBytes =
      BASELINE_SHARED_BYTES +
      (HORIZON_TICKS * n + 2 * n + 3 + 5) * 8 +
      members.reduce((sum, { forecaster }) => sum + forecaster.stateBytes, 0);
  }

  /** Id of the member with the greatest weight. */
  get leader(): string {
    return this.members[this.#leader].forecaster.id;
  }

  /** When the leader took the lead, µs; 0 from the start. */
  get leaderSinceMicros(): number {
    return this.#next[2];
  }

  /** How often the lead changed. */
  get leaderChanges(): number {
    return this.#changes;
  }

  /** Every member with its weight and recent error, in the order of `members`. Cold. */
  standings(): Standing[] {
    return this.members.map(({ forecaster }, i) => ({
      id: forecaster.id,
      weight: this.#weights[i],
      meanError: this.#labels === 0 ? null : this.#errors[i],
    }));
  }

  override observe(nowMicros: number, occupancyRatio: number, pressureRatio: number): void {
    for (let i = 0; i < this.members.length; i++)
      this.members[i].forecaster.observe(nowMicros, occupancyRatio, pressureRatio);
  }

  observeRequest(nowMicros: number, lengthBytes: number, requestClass: number, tenant: number): void {
    for (let i = 0; i < this.members.length; i++)
      this.members[i].forecaster.observeRequest?.(nowMicros, lengthBytes, requestClass, tenant);
  }

  override noteCompaction(nowMicros: number): void {
    for (let i = 0; i < this.members.length; i++) this.members[i].forecaster.noteCompaction(nowMicros);
  }

  sampleHeap(largestHoleBytes: number, holeCount: number, referenceBytes: number): void {
    for (let i = 0; i < this.members.length; i++)
      this.members[i].forecaster.sampleHeap?.(largestHoleBytes, holeCount, referenceBytes);
  }

  override tick(nowMicros: number, occupancyRatio: number, pressureRatio: number, isLabelMasked: boolean): void {
    const next = this.#next;
    const { members } = this;
    const n = members.length;
    if (next[1] >= 0 && nowMicros - next[1] > 2 * TICK_MICROS) this.#filled = 0;
    next[1] = nowMicros;
    const at = this.#head * n;
    if (this.#filled < HORIZON_TICKS) this.#filled++;
    else if (!isLabelMasked) this.#learn(at, pressureRatio);
    let sum = 0;
    let total = 0;
    for (let i = 0; i < n; i++) {
      const { forecaster } = members[i];
      forecaster.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
      const said = forecaster.forecast(nowMicros);
      this.#said[at + i] = said;
      if (!(said >= 0 && said <= 1)) continue; // a damaged member has no say
      sum += this.#weights[i] * said;
      total += this.#weights[i];
    }
    next[0] = total > 0 ? sum / total : pressureRatio;
    this.#head = this.#head + 1 === HORIZON_TICKS ? 0 : this.#head + 1;
    super.tick(nowMicros, occupancyRatio, pressureRatio, isLabelMasked);
  }

  protected take(_pressureRatio: number): void {}

  /** That of the last tick. */
  forecast(_nowMicros: number): number {
    return this.#next[0];
  }

  #learn(at: number, label: number): void {
    const share = Math.max(1 / this.#memoryLabels, 1 / (this.#labels + 1));
    for (let i = 0; i < this.members.length; i++) {
      const said = this.#said[at + i];
      const error = said >= 0 && said <= 1 ? Math.abs(said - label) : 1;
      this.#errors[i] += share * (error - this.#errors[i]);
    }
    this.#labels++;
    this.#weigh();
  }

  #weigh(): void {
    const errors = this.#errors;
    const weights = this.#weights;
    let least = Infinity;
    for (let i = 0; i < errors.length; i++) if (errors[i] < least) least = errors[i];
    // Few labels say little: the sharpness grows with them.
    const sharpness = (this.#sharpness * this.#labels) / (this.#labels + PRIOR_LABELS);
    let total = 0;
    for (let i = 0; i < errors.length; i++) {
      const excess = (errors[i] + NEGLIGIBLE) / (least + NEGLIGIBLE) - 1;
      weights[i] = this.members[i].prior * expClamped(-sharpness * excess);
      total += weights[i];
    }
    let leader = 0;
    for (let i = 0; i < weights.length; i++) {
      weights[i] /= total;
      if (weights[i] > weights[leader]) leader = i;
    }
    if (leader === this.#leader) return;
    this.#leader = leader;
    this.#changes++;
    this.#next[2] = Math.max(0, this.#next[1]);
  }
}
