// Sequences and models made for the tests of the replay.

import { RandomStream } from "../../core/random.ts";
import type { ComponentRequest, ExpectedComponent, NextComponentModel } from "../../preload/contract.ts";
import type { ComponentSequence } from "../../preload/replay/replay-types.ts";

/** `isFirst` at the first request and wherever the seed says so. */
export function sequenceOf(ids: readonly number[], users: readonly number[] = []): ComponentSequence {
  const componentCount = Math.max(...ids) + 1;
  return {
    components: Uint32Array.from(ids),
    names: Array.from({ length: componentCount }, (_, id) => `c${id}`),
    users: Uint32Array.from(ids.map((_, at) => users[at] ?? 0)),
    userNames: Array.from({ length: Math.max(0, ...users) + 1 }, (_, user) => `u${user}`),
    isFirst: Uint8Array.from(ids.map((_, at) => (at === 0 ? 1 : 0))),
    atMillis: null,
  };
}

/** Mostly a ring with detours, so that there is something to predict and something that cannot be. */
export function drawSequence(seed: number, length: number, componentCount: number, noise: number): ComponentSequence {
  const random = new RandomStream(seed, "replay sequence");
  const ids: number[] = [];
  let at = 0;
  for (let i = 0; i < length; i++) {
    at = random.chance(noise) ? random.integer(componentCount) : (at + 1) % componentCount;
    ids.push(at);
  }
  return sequenceOf(ids);
}

/** Names what follows what by counting pairs; every confidence is the share. Slow, plain, and the same on every run. */
export class PairModel implements NextComponentModel {
  readonly id = "pairs";
  readonly stateBytes = 0;
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #last = new Map<string, string>();

  observe({ component, user = "" }: ComponentRequest): void {
    const before = this.#last.get(user) ?? "";
    const counts = this.#counts.get(before) ?? new Map<string, number>();
    this.#counts.set(before, counts.set(component, (counts.get(component) ?? 0) + 1));
    this.#last.set(user, component);
  }

  expect(user: string, _atMillis: number, _steps: 1 | 2 | 3, count: number): ExpectedComponent[] {
    const counts = [...(this.#counts.get(this.#last.get(user) ?? "") ?? [])];
    const total = counts.reduce((sum, [, n]) => sum + n, 0);
    return counts
      .map(([component, n]) => ({ component, step: 1 as const, confidence: n / total, source: "pairs" }))
      .sort((a, b) => b.confidence - a.confidence || (a.component < b.component ? -1 : 1))
      .slice(0, Math.min(count, 3));
  }
}
