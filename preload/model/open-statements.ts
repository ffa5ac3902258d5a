// What was stated about requests that have not come yet, so that it can be held against them: for each user at most two pending
// statements of step 2 and three of step 3, each the likeliest few components with their probability and kind.

import { assert } from "../../core/errors.ts";
import type { Calibrator } from "./calibrator.ts";
import type { Columns } from "./columns.ts";

/** Components of one statement that are held against what comes. */
export const STATED_COUNT = 6;
/** Slots of a user: step 1 has one, step 2 two, step 3 three, each used again when its request has come. */
const SLOT_COUNT = 6;

export class OpenStatements {
  readonly #dueAt: Float64Array; // the user's request count at which it is settled; 0: none
  readonly #symbols: Uint16Array;
  readonly #stated: Float32Array;
  readonly #kinds: Uint8Array;
  readonly #counts: Uint8Array;

  constructor(userCount: number) {
    const slots = userCount * SLOT_COUNT;
    this.#dueAt = new Float64Array(slots);
    this.#symbols = new Uint16Array(slots * STATED_COUNT);
    this.#stated = new Float32Array(slots * STATED_COUNT);
    this.#kinds = new Uint8Array(slots * STATED_COUNT);
    this.#counts = new Uint8Array(slots);
  }

  get stateBytes(): number {
    return this.#dueAt.length * (8 + 1 + 7 * STATED_COUNT);
  }

  /** A statement about the `step`th request after `requestCount` ones begins; one about the same request is replaced. @returns its slot */
  open(user: number, requestCount: number, step: number): number {
    const due = requestCount + step;
    const slot = user * SLOT_COUNT + (step * (step - 1)) / 2 + (due % step);
    this.#dueAt[slot] = due;
    this.#counts[slot] = 0;
    return slot;
  }

  /** Adds to a statement; past STATED_COUNT it is dropped. */
  state(slot: number, symbol: number, probability: number, kind: number): void {
    const count = this.#counts[slot]!;
    if (count === STATED_COUNT) return;
    const at = slot * STATED_COUNT + count;
    this.#symbols[at] = symbol;
    this.#stated[at] = probability;
    this.#kinds[at] = kind;
    this.#counts[slot] = count + 1;
  }

  /** `symbol` came as the user's request number `requestCount`: settles what was stated about it. */
  settle(user: number, requestCount: number, symbol: number, calibrator: Calibrator): void {
    for (let slot = user * SLOT_COUNT; slot < (user + 1) * SLOT_COUNT; slot++) {
      if (this.#dueAt[slot] !== requestCount) continue;
      this.#dueAt[slot] = 0;
      const first = slot * STATED_COUNT;
      for (let i = first; i < first + this.#counts[slot]!; i++) {
        calibrator.learn(this.#kinds[i]!, this.#stated[i]!, this.#symbols[i] === symbol);
      }
    }
  }

  columns(): Columns {
    const [symbols, stated, kinds, counts] = [this.#symbols, this.#stated, this.#kinds, this.#counts];
    return { dueAt: this.#dueAt, symbols, stated, kinds, counts };
  }

  /** Throws AssertionError when a statement cannot be. @param kindCount kinds are below it */
  check(kindCount: number): void {
    assert(
      this.#counts.every((count) => count <= STATED_COUNT),
      "a statement keeps to its places",
    );
    assert(
      this.#kinds.every((kind) => kind < kindCount),
      "kinds of statements are known",
    );
    assert(
      this.#stated.every((stated) => stated >= 0 && stated <= 1.001),
      "what is stated is a probability",
    );
  }

  /** A session ended: what was stated about its next requests is neither right nor wrong. */
  drop(user: number): void {
    this.#dueAt.fill(0, user * SLOT_COUNT, (user + 1) * SLOT_COUNT);
  }
}
