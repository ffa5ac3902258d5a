// The mixer: its gradient against central differences, calibration, what it can learn, and that spaces do not touch.

import { describe, expect, it } from "vitest";
import { SequenceHistory } from "../../cache/sequence-history.ts";
import { Predictions, SequenceModel } from "../../cache/sequence-model.ts";
import { Digest } from "../../core/hash.ts";
import { RandomStream } from "../../core/random.ts";

const SHAPE = { spaceCount: 2, symbolCount: 64, order: 2, successorCount: 12, nodeCount: 1024 };

/** A source with a memory of two symbols, some noise and, unless told otherwise, a change half way. */
function* source(seed: number, length: number, changed = 5): Generator<number> {
  const random = new RandomStream(seed, "sequence-model test");
  let [a, b] = [0, 1];
  for (let i = 0; i < length; i++) {
    const shift = i < length / 2 ? 3 : changed;
    const next = random.chance(0.8) ? (a * 7 + b * shift + 1) % 12 : random.integer(12);
    yield next;
    [a, b] = [b, next];
  }
}

describe("sequence model", () => {
  it("a step follows the gradient of the log-likelihood, as central differences have it", () => {
    const model = new SequenceModel(SHAPE);
    const history = new SequenceHistory(0);
    for (const symbol of source(1, 400)) model.observe(history, symbol);
    const cases = [3, 11, 40]; // the last was never seen: "none of these"
    for (const symbol of cases) {
      const log = () => {
        model.invalidate();
        let known = model.probabilityOf(history, symbol);
        if (known === 0) {
          known = 1;
          for (let other = 0; other < 64; other++) known -= model.probabilityOf(history, other);
        }
        return Math.log(known);
      };
      const expected = Array.from(model.weights, (weight, i) => {
        if (i >= model.weightsPerSpace) return 0;
        const step = 1 / 128;
        model.weights[i] = weight + step;
        const above = log();
        model.weights[i] = weight - step;
        const below = log();
        model.weights[i] = weight;
        return (above - below) / (2 * step);
      });
      const [weights, squares] = [model.weights.slice(), model.squares.slice()];
      const copy = new SequenceHistory(0);
      copy.copyFrom(history);
      model.invalidate();
      model.observe(copy, symbol);
      let moved = 0;
      for (let i = 0; i < weights.length; i++) {
        const gradient = Math.sign(model.weights[i] - weights[i]) * Math.sqrt(model.squares[i] - squares[i]);
        expect(gradient, `weight ${i}, symbol ${symbol}`).toBeCloseTo(expected[i], 2);
        if (gradient !== 0) moved++;
      }
      expect(moved).toBeGreaterThanOrEqual(8);
      history.copyFrom(copy);
    }
    model.check();
  });

  it("predictions are sorted, agree with the probabilities and ranks, and add to at most 1", () => {
    const model = new SequenceModel(SHAPE);
    const history = new SequenceHistory(1);
    const out = new Predictions(5);
    for (const symbol of source(2, 500)) {
      model.predict(history, 5, out);
      let sum = 0;
      for (let i = 0; i < out.count; i++) {
        expect(out.probabilities[i]).toBe(model.probabilityOf(history, out.symbols[i]));
        expect(model.rankOf(history, out.symbols[i])).toBe(i);
        if (i > 0) expect(out.probabilities[i]).toBeLessThanOrEqual(out.probabilities[i - 1]);
        sum += out.probabilities[i];
      }
      expect(sum).toBeLessThanOrEqual(1 + 1e-9);
      model.observe(history, symbol);
    }
    model.predict(history, 0, out);
    expect(out.count).toBe(0);
    model.predict(new SequenceHistory(0), 5, out); // nothing was ever seen there
    expect(out.count).toBe(0);
    expect(model.rankOf(new SequenceHistory(0), 1)).toBe(-1);
  });

  it("learns a source of order 2 and, after a change, its successor", () => {
    const model = new SequenceModel(SHAPE);
    const history = new SequenceHistory(0);
    const out = new Predictions(1);
    let [before, after, i] = [0, 0, 0];
    for (const symbol of source(3, 12_000)) {
      model.predict(history, 1, out);
      const hit = out.count === 1 && out.symbols[0] === symbol ? 1 : 0;
      if (i >= 4000 && i < 6000) before += hit / 2000;
      if (i >= 10_000) after += hit / 2000;
      model.observe(history, symbol);
      i++;
    }
    // 0.8 + 0.2 / 12 = 0.817 is what can be known.
    expect(before).toBeGreaterThan(0.79);
    expect(after).toBeGreaterThan(0.79);
  });

  it("what it calls p happens in a share p of cases", () => {
    const model = new SequenceModel(SHAPE);
    const history = new SequenceHistory(0);
    const out = new Predictions(5);
    const bins = Array.from({ length: 10 }, () => ({ n: 0, said: 0, came: 0 }));
    for (const symbol of source(4, 20_000, 3)) {
      model.predict(history, 5, out);
      for (let i = 0; i < out.count; i++) {
        const bin = bins[Math.min(9, Math.floor(out.probabilities[i] * 10))];
        bin.n++;
        bin.said += out.probabilities[i];
        if (out.symbols[i] === symbol) bin.came++;
      }
      model.observe(history, symbol);
    }
    let error = 0;
    let total = 0;
    for (const { n, said, came } of bins) {
      error += Math.abs(said - came);
      total += n;
    }
    expect(error / total).toBeLessThan(0.03); // expected calibration error
  });

  it("spaces do not touch: the same bits with and without a neighbour", () => {
    const digestOf = (withNeighbour: boolean): string => {
      const model = new SequenceModel(SHAPE);
      const [own, other] = [new SequenceHistory(0), new SequenceHistory(1)];
      const out = new Predictions(5);
      const digest = new Digest();
      const neighbour = source(9, 3000);
      for (const symbol of source(5, 3000)) {
        model.predict(own, 5, out);
        for (let i = 0; i < out.count; i++)
          digest.addInteger(out.symbols[i] + Math.floor(out.probabilities[i] * 2 ** 40));
        model.observe(own, symbol);
        if (withNeighbour) model.observe(other, neighbour.next().value as number);
      }
      model.check();
      return digest.hex();
    };
    expect(digestOf(true)).toBe(digestOf(false));
  });

  it("looks further ahead with a copy of the history, which changes nothing", () => {
    const model = new SequenceModel({ ...SHAPE, order: 1 });
    const history = new SequenceHistory(0);
    for (let i = 0; i < 400; i++) model.observe(history, i % 4);
    const ahead = new SequenceHistory(0);
    ahead.copyFrom(history);
    const out = new Predictions(1);
    const seen: number[] = [];
    for (let step = 0; step < 6; step++) {
      model.predict(ahead, 1, out);
      seen.push(out.symbols[0]);
      ahead.push(out.symbols[0]);
      model.invalidate();
    }
    expect(seen).toEqual([0, 1, 2, 3, 0, 1]);
    model.predict(history, 1, out);
    expect(out.symbols[0]).toBe(0);
  });

  it("a history keeps the last six and the last sixteen different ones", () => {
    const history = new SequenceHistory(0);
    for (let i = 0; i < 40; i++) history.push(i % 20);
    history.push(19);
    expect(Array.from(history.recent.subarray(0, history.length))).toEqual([19, 19, 18, 17, 16, 15]);
    expect(history.used[0]).toBe(19);
    expect(history.uses[0]).toBe(2);
    expect(history.usedCount).toBe(16);
    history.retain((symbol) => symbol !== 17 && symbol !== 10);
    expect(Array.from(history.recent.subarray(0, history.length))).toEqual([19, 19, 18]);
    expect(Array.from(history.used.subarray(0, history.usedCount))).not.toContain(10);
    expect(history.usedCount).toBe(14);
  });
});
