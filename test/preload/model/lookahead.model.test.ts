// Steps two and three against the definition: each path's probability times what follows it, summed, over the beam.

import { describe, expect, it } from "vitest";
import { SequenceHistory } from "../../../cache/sequence-history.ts";
import { RandomStream } from "../../../core/random.ts";
import type { Situation } from "../../../preload/model/expert.ts";
import type { Experts } from "../../../preload/model/experts.ts";
import { LEAST_PATH, Lookahead } from "../../../preload/model/lookahead.ts";
import { chain, draw, small } from "./streams.ts";

const BEAM = 5;

/** What the experts say after `history`, by symbol. */
function next(experts: Experts, situation: Situation): Map<number, number> {
  experts.predict(situation);
  const { mixer } = experts;
  return new Map(
    Array.from({ length: mixer.count - 1 }, (_, i) => [mixer.symbols[i + 1]!, mixer.scores[i + 1]!] as const),
  );
}

function after(situation: Situation, symbol: number): Situation {
  const history = new SequenceHistory(0);
  history.copyFrom(situation.history);
  history.push(symbol);
  return { ...situation, history, requestCount: situation.requestCount + 1 };
}

describe("lookahead", () => {
  for (const seed of [1, 2, 3]) {
    it(`P16: multiplies and sums over the likeliest paths (seed ${seed})`, () => {
      const stream = new RandomStream(seed, "lookahead");
      const model = small();
      const path = [...chain(stream, 20, 500)];
      for (const component of path) model.observe({ component, user: "u", atMillis: 0 });
      const { experts } = model;
      const lookahead = new Lookahead(experts, 128, BEAM);
      for (let turn = 0; turn < 20; turn++) {
        // Some place in the sequence: symbols are numbered as they came.
        const history = new SequenceHistory(0);
        for (let i = 0; i < 1 + draw(stream, [1, 1, 1, 1]); i++) history.push(stream.integer(20));
        const start: Situation = { user: 0, history, requestCount: 500, hour: 3 };
        lookahead.look(start, 3);
        let paths = [{ at: start, probability: 1 }];
        for (let step = 0; step < 3; step++) {
          const sums = new Map<number, number>();
          const covered = paths.reduce((sum, { probability }) => sum + probability, 0);
          const further = paths.flatMap(({ at, probability }) =>
            [...next(experts, at)].map(([symbol, chance]) => {
              sums.set(symbol, (sums.get(symbol) ?? 0) + (probability * chance) / covered);
              return { at, symbol, probability: probability * chance };
            }),
          );
          const found = lookahead.steps[step]!;
          expect(found.count).toBe(sums.size);
          let [off, total] = [0, 0];
          for (let i = 0; i < found.count; i++) {
            off = Math.max(off, Math.abs(found.probabilities[i]! - sums.get(found.symbols[i]!)!));
            total += found.probabilities[i]!;
          }
          expect(off).toBeLessThan(1e-12);
          expect(total).toBeLessThanOrEqual(1 + 1e-9);
          further.sort((a, b) => b.probability - a.probability);
          paths = further
            .filter(({ probability }) => probability >= LEAST_PATH)
            .slice(0, BEAM)
            .map(({ at, symbol, probability }) => ({ at: after(at, symbol), probability }));
        }
      }
    });
  }
});
