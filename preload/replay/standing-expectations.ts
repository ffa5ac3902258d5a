// What all users together are expected to ask for: the last expectation of each, added up by component. So what was loaded for one
// user is not thrown out because another asks for something else in between.

import type { ExpectedComponent } from "../contract.ts";

/** After so many requests without one of a user, nothing is expected of that user any more. */
const STANDING_REQUESTS = 64;

export class StandingExpectations {
  /** By user, who was last heard of longest ago first. */
  readonly #standing = new Map<number, { readonly expected: readonly ExpectedComponent[]; readonly index: number }>();
  readonly #ids: ReadonlyMap<string, number>;
  /** By component id. */
  readonly #sums: Float64Array;

  constructor(ids: ReadonlyMap<string, number>) {
    this.#ids = ids;
    this.#sums = new Float64Array(ids.size);
  }

  /** In the place of what was expected of that user before. @param index of the request */
  set(user: number, expected: readonly ExpectedComponent[], index: number): void {
    this.#forget(user);
    for (const [other, standing] of this.#standing) {
      if (index - standing.index <= STANDING_REQUESTS) break;
      this.#forget(other);
    }
    this.#standing.set(user, { expected, index });
    this.#add(expected, 1);
  }

  /** That somebody asks for it soon, 0..1. */
  probabilityOf(id: number): number {
    return Math.max(0, Math.min(1, this.#sums[id]!));
  }

  #forget(user: number): void {
    const standing = this.#standing.get(user);
    if (standing === undefined) return;
    this.#add(standing.expected, -1);
    this.#standing.delete(user);
  }

  #add(expected: readonly ExpectedComponent[], sign: number): void {
    for (const { component, confidence } of expected) {
      const id = this.#ids.get(component)!;
      this.#sums[id] = this.#sums[id]! + sign * confidence;
    }
  }
}
