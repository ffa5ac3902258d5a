// Sequences whose answer is known, and helpers that feed them.

import type { RandomStream } from "../../../core/random.ts";
import type { NextComponentPredictorOptions } from "../../../preload/model/model-options.ts";
import { NextComponentPredictor } from "../../../preload/model/next-component-predictor.ts";

/** Small enough to be made for each test. */
export const SMALL: NextComponentPredictorOptions = {
  componentCount: 128,
  userCount: 16,
  nodeCount: 2048,
  sharedNodeCount: 1024,
  sessionNodeCount: 512,
  hourNodeCount: 512,
  linkCount: 4096,
};

export function small(options: NextComponentPredictorOptions = {}): NextComponentPredictor {
  return new NextComponentPredictor({ ...SMALL, ...options });
}

/** One of `weights`' indexes, as likely as its weight. */
export function draw(stream: RandomStream, weights: readonly number[]): number {
  let rest = stream.next() * weights.reduce((sum, one) => sum + one, 0);
  for (let i = 0; i < weights.length; i++) {
    rest -= weights[i]!;
    if (rest < 0) return i;
  }
  return weights.length - 1;
}

/** A Markov chain over `size` components named c0, c1, …: each has one likely, one less likely and any successor. */
export function* chain(stream: RandomStream, size: number, length: number): Generator<string> {
  let at = 0;
  for (let i = 0; i < length; i++) {
    const kind = draw(stream, [0.6, 0.25, 0.15]);
    if (kind === 0) at = (at * 3 + 1) % size;
    else if (kind === 1) at = (at * 5 + 2) % size;
    else at = stream.integer(size);
    yield `c${at}`;
  }
}
