// What comes in one, two and three requests. Step 2 is not the distribution of step 1 said again but what follows each of the
// likeliest components of step 1, weighed by how likely that one is; step 3 follows the likeliest pairs (a beam). What lies
// outside the beam is taken to go on as what lies inside: sums are over the beam and divided by its probability.

import { SequenceHistory } from "../../cache/sequence-history.ts";
import { assert } from "../../core/errors.ts";
import type { Situation } from "./expert.ts";
import type { Experts } from "./experts.ts";

export const STEP_COUNT = 3;
/** A path less likely than this is not followed. */
export const LEAST_PATH = 1 / 64;

/** Candidates of one step, in no order. */
export class StepDistribution {
  readonly symbols: Uint16Array;
  readonly probabilities: Float64Array;
  /** Who says so on the likeliest path. */
  readonly sources: Uint8Array;
  count = 0;

  constructor(mostCount: number) {
    this.symbols = new Uint16Array(mostCount);
    this.probabilities = new Float64Array(mostCount);
    this.sources = new Uint8Array(mostCount);
  }
}

class Path implements Situation {
  user = 0;
  readonly history = new SequenceHistory(0);
  requestCount = 0;
  hour = 0;
  probability = 0;

  become(other: Situation, probability: number): void {
    this.user = other.user;
    this.history.copyFrom(other.history);
    this.requestCount = other.requestCount;
    this.hour = other.hour;
    this.probability = probability;
  }
}

export class Lookahead {
  /** By step − 1. */
  readonly steps: readonly StepDistribution[];
  readonly #experts: Experts;
  #paths: Path[];
  #nextPaths: Path[];
  // The likeliest continuations, the likeliest first.
  readonly #bestFrom: Uint8Array;
  readonly #bestSymbol: Uint16Array;
  readonly #bestProbability: Float64Array;
  #bestCount = 0;
  // By symbol: its place in the step's distribution + 1, 0 outside a step; and the largest single contribution.
  readonly #placeOf: Uint16Array;
  readonly #largest: Float64Array;

  /** @param beamCount paths that are followed at each step, 1 to 64 */
  constructor(experts: Experts, symbolCount: number, beamCount: number) {
    assert(Number.isInteger(beamCount) && beamCount >= 1 && beamCount <= 64, "1 to 64 paths are followed");
    this.#experts = experts;
    this.#paths = Array.from({ length: beamCount }, () => new Path());
    this.#nextPaths = Array.from({ length: beamCount }, () => new Path());
    this.#bestFrom = new Uint8Array(beamCount);
    this.#bestSymbol = new Uint16Array(beamCount);
    this.#bestProbability = new Float64Array(beamCount);
    this.steps = Array.from({ length: STEP_COUNT }, () => new StepDistribution(symbolCount));
    this.#placeOf = new Uint16Array(symbolCount);
    this.#largest = new Float64Array(symbolCount);
  }

  get stateBytes(): number {
    return this.#placeOf.byteLength + this.#largest.byteLength + STEP_COUNT * 11 * this.#placeOf.length;
  }

  /** Fills `steps` up to `stepCount`. One prediction for step 1, at most `beamCount` for each further one. */
  look(from: Situation, stepCount: number): void {
    this.#paths[0]!.become(from, 1);
    let pathCount = 1;
    for (let step = 0; step < stepCount; step++) {
      this.#fill(this.steps[step]!, pathCount, step + 1 < stepCount);
      if (step + 1 === stepCount) break;
      for (let i = 0; i < this.#bestCount; i++) {
        const path = this.#nextPaths[i]!;
        path.become(this.#paths[this.#bestFrom[i]!]!, this.#bestProbability[i]!);
        path.history.push(this.#bestSymbol[i]!);
        path.requestCount++;
      }
      pathCount = this.#bestCount;
      [this.#paths, this.#nextPaths] = [this.#nextPaths, this.#paths];
    }
  }

  #fill(step: StepDistribution, pathCount: number, isFollowed: boolean): void {
    const { mixer } = this.#experts;
    step.count = 0;
    this.#bestCount = 0;
    let covered = 0;
    for (let from = 0; from < pathCount; from++) covered += this.#paths[from]!.probability;
    for (let from = 0; from < pathCount; from++) {
      const path = this.#paths[from]!;
      this.#experts.predict(path);
      for (let candidate = 1; candidate < mixer.count; candidate++) {
        const symbol = mixer.symbols[candidate]!;
        const joint = path.probability * mixer.scores[candidate]!;
        this.#add(step, symbol, joint / covered, candidate);
        if (isFollowed) this.#keep(from, symbol, joint);
      }
    }
    for (let i = 0; i < step.count; i++) this.#placeOf[step.symbols[i]!] = 0;
  }

  #add(step: StepDistribution, symbol: number, probability: number, candidate: number): void {
    let place = this.#placeOf[symbol]! - 1;
    if (place < 0) {
      place = step.count++;
      this.#placeOf[symbol] = place + 1;
      step.symbols[place] = symbol;
      step.probabilities[place] = 0;
      this.#largest[symbol] = -1;
    }
    step.probabilities[place] = step.probabilities[place]! + probability;
    if (probability <= this.#largest[symbol]!) return;
    this.#largest[symbol] = probability;
    step.sources[place] = this.#experts.mixer.sourceOf(candidate);
  }

  #keep(from: number, symbol: number, probability: number): void {
    const most = this.#bestProbability;
    const isFull = this.#bestCount === most.length;
    if (probability < LEAST_PATH || (isFull && most[most.length - 1]! >= probability)) return;
    let at = isFull ? most.length - 1 : this.#bestCount++;
    for (; at > 0 && most[at - 1]! < probability; at--) {
      most[at] = most[at - 1]!;
      this.#bestFrom[at] = this.#bestFrom[at - 1]!;
      this.#bestSymbol[at] = this.#bestSymbol[at - 1]!;
    }
    most[at] = probability;
    this.#bestFrom[at] = from;
    this.#bestSymbol[at] = symbol;
  }
}
