// How good predictions are, counted on what was really asked for next: an access is a hit at k when its key was among the k likeliest
// of the prediction that stood when it came. Beside it always the base rate: the same question put to the list of the most
// frequent keys, which predicts without looking at what came before.

import type { AccessRank } from "./markov-model.ts";

export interface PredictionFigures {
  /** Accesses that were predicted. */
  readonly count: number;
  /** Share of them within the 1, 3 and 5 likeliest; NaN without any. */
  readonly top1: number;
  readonly top3: number;
  readonly top5: number;
  /** The same for the most frequent keys. */
  readonly baseTop1: number;
  readonly baseTop3: number;
  readonly baseTop5: number;
  /** Mean probability that the key that came had been given. */
  readonly meanProbability: number;
}

/** Columns: hits at 1, 3, 5, the same of the base rate. */
const PLACES = [1, 3, 5] as const;

export class PredictionScore {
  count = 0;
  readonly #hits = new Float64Array(PLACES.length);
  readonly #baseHits = new Float64Array(PLACES.length);
  #probabilitySum = 0;

  /** Takes in where one access stood. No garbage. */
  add({ rank, frequencyRank, probability }: AccessRank): void {
    this.count++;
    this.#probabilitySum += probability;
    for (let i = 0; i < PLACES.length; i++) {
      if (rank >= 0 && rank < PLACES[i]!) this.#hits[i] = this.#hits[i]! + 1;
      if (frequencyRank >= 0 && frequencyRank < PLACES[i]!) this.#baseHits[i] = this.#baseHits[i]! + 1;
    }
  }

  figures(): PredictionFigures {
    const { count } = this;
    return {
      count,
      top1: this.#hits[0]! / count,
      top3: this.#hits[1]! / count,
      top5: this.#hits[2]! / count,
      baseTop1: this.#baseHits[0]! / count,
      baseTop3: this.#baseHits[1]! / count,
      baseTop5: this.#baseHits[2]! / count,
      meanProbability: this.#probabilitySum / count,
    };
  }
}
