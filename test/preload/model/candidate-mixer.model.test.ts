// The mixer against a softmax written down plainly, after every step: probabilities, sources and weights.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { CandidateMixer } from "../../../preload/model/candidate-mixer.ts";

interface Column {
  readonly weight: number;
  readonly source: number;
  readonly entries: readonly (readonly [symbol: number, value: number])[]; // −1: none of these
}

/** Probabilities by symbol, and the gradient of log P(came) by weight. */
function naive(columns: readonly Column[], weights: readonly number[], came: number) {
  const scores = new Map<number, number>([[-1, 0]]);
  for (const { weight, entries } of columns) {
    for (const [symbol, value] of entries) scores.set(symbol, (scores.get(symbol) ?? 0) + weights[weight]! * value);
  }
  const sum = [...scores.values()].reduce((total, score) => total + Math.exp(score), 0);
  const probabilities = new Map([...scores].map(([symbol, score]) => [symbol, Math.exp(score) / sum]));
  const truth = probabilities.has(came) ? came : -1;
  const gradients = columns.map(({ entries }) =>
    entries.reduce((total, [symbol, value]) => {
      return total + ((symbol === truth ? 1 : 0) - probabilities.get(symbol)!) * value;
    }, 0),
  );
  return { probabilities, gradients };
}

describe("candidate mixer", () => {
  for (const seed of [1, 2, 3]) {
    it(`is a softmax over weighted columns and follows its gradient (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "mixer");
      const mixer = new CandidateMixer(40, 3);
      expect(mixer.reserve(4, 0.5)).toBe(0);
      expect(mixer.reserve(2, 0.1)).toBe(4);
      for (let turn = 0; turn < 150; turn++) {
        const columns: Column[] = [0, 1, 2, 3, 4, 5]
          .filter(() => stream.chance(0.7))
          .map((weight) => ({
            weight,
            source: weight >> 1,
            entries: [-1, ...Array.from({ length: 12 }, () => stream.integer(40))]
              .filter((symbol, i, all) => all.indexOf(symbol) === i && stream.chance(0.6))
              .map((symbol) => [symbol, 4 * stream.next()] as const),
          }));
        mixer.begin();
        for (const { weight, source, entries } of columns) {
          mixer.column(weight, source);
          for (const [symbol, value] of entries) {
            if (symbol === -1) mixer.addOther(value);
            else mixer.add(symbol, value);
          }
        }
        mixer.weigh();
        mixer.normalise();
        const came = stream.integer(40);
        const weights = Array.from(mixer.weights);
        const squares = Array.from(mixer.squares);
        const { probabilities, gradients } = naive(columns, weights, came);
        expect(mixer.count).toBe(probabilities.size);
        let off = 0;
        for (const [symbol, probability] of probabilities) {
          const found = mixer.scores[symbol === -1 ? 0 : mixer.candidateOf(symbol)]!;
          off = Math.max(off, Math.abs(found - probability));
        }
        expect(off).toBeLessThan(1e-5);
        mixer.learn(mixer.candidateOf(came));
        columns.forEach(({ weight }, i) => {
          const expected = weights[weight]! + (0.02 * gradients[i]!) / Math.sqrt(squares[weight]! + gradients[i]! ** 2);
          off = Math.max(off, Math.abs(mixer.weights[weight]! - expected));
        });
        expect(off).toBeLessThan(1e-5);
        mixer.check();
      }
    });
  }

  it("names the source that gave a candidate most", () => {
    const mixer = new CandidateMixer(8, 3);
    mixer.reserve(3, 1);
    mixer.begin();
    for (const [source, value] of [
      [0, 1],
      [1, 3],
      [2, 2],
    ] as const) {
      mixer.column(source, source);
      mixer.add(5, value);
      mixer.add(6, 4 - value);
    }
    mixer.weigh();
    expect(mixer.sourceOf(mixer.candidateOf(5))).toBe(1);
    expect(mixer.sourceOf(mixer.candidateOf(6))).toBe(0);
    mixer.lift(mixer.candidateOf(6), 5, 2);
    expect(mixer.sourceOf(mixer.candidateOf(6))).toBe(2);
  });

  it("drops what is too much and stays in its arrays", () => {
    const mixer = new CandidateMixer(1000, 1);
    mixer.reserve(1, 1);
    mixer.begin();
    for (let column = 0; column < 200; column++) {
      mixer.column(0, 0);
      for (let symbol = 0; symbol < 1000; symbol++) mixer.add(symbol, 1);
    }
    mixer.weigh();
    mixer.normalise();
    expect(mixer.count).toBe(257);
    expect(mixer.scores.subarray(0, mixer.count).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
    mixer.learn(0);
    mixer.check();
  });
});
