// How soon a user's next request comes, so that what is expected two or three requests ahead can wait where it may: after the next
// request the model knows more, and what is loaded then is loaded for nothing less often. It has to begin now only where loading
// takes longer than the requests in between leave time for.

import { assert } from "../core/errors.ts";

export interface RequestGapsOptions {
  /** Users whose last request is remembered; those not seen for longest are forgotten. Default 1,000. */
  readonly userCount?: number | undefined;
  /** A longer pause ends a session and says nothing of how fast requests follow each other, ms. Default 600,000. */
  readonly longestMillis?: number | undefined;
}

/** Share of the gaps that are shorter than `shortMillis`. */
const SHORT_SHARE = 0.1;
const STEP = 0.05;
/** Until so many gaps the shortest is taken. */
const FIRST_GAPS = 8;
const ENTRY_BYTES = 100;

export class RequestGaps {
  readonly #last = new Map<string, number>();
  readonly #userCount: number;
  readonly #longestMillis: number;
  #count = 0;
  /** Of ten gaps nine are longer; 0 until there was one. */
  shortMillis = 0;

  constructor(options: RequestGapsOptions = {}) {
    this.#userCount = options.userCount ?? 1000;
    this.#longestMillis = options.longestMillis ?? 600_000;
    assert(this.#userCount >= 1 && this.#longestMillis > 0, "request gaps: room for a user, a time above 0");
  }

  get stateBytes(): number {
    return this.#last.size * ENTRY_BYTES;
  }

  /** A request of a user, in the order of time. @param isFirst a session begins with it */
  observe(user: string, atMillis: number, isFirst: boolean): void {
    const last = this.#last.get(user);
    if (last !== undefined)
      this.#last.delete(user); // to the end of the order
    else if (this.#last.size >= this.#userCount) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest);
        break;
      }
    }
    this.#last.set(user, atMillis);
    if (last === undefined || isFirst) return;
    const gap = atMillis - last;
    if (gap >= 0 && gap <= this.#longestMillis) this.#learn(gap);
  }

  /** The user's last request had to wait until now: from here on there is time to load ahead. */
  answered(user: string, atMillis: number): void {
    const last = this.#last.get(user);
    if (last !== undefined && atMillis > last) this.#last.set(user, atMillis);
  }

  /** Whether a load that takes so long is in time for that step when it begins after the next request. */
  canWait(step: number, loadMillis: number): boolean {
    return step > 1 && loadMillis <= (step - 1) * this.shortMillis;
  }

  /** A quantile followed by steps of a size that grows with it (Robbins and Monro, 1951). */
  #learn(gap: number): void {
    this.#count++;
    if (this.#count <= FIRST_GAPS) {
      this.shortMillis = this.#count === 1 ? gap : Math.min(this.shortMillis, gap);
      return;
    }
    if (gap < this.shortMillis) this.shortMillis *= 1 - STEP * (1 - SHORT_SHARE);
    else this.shortMillis = this.shortMillis * (1 + STEP * SHORT_SHARE) + STEP * SHORT_SHARE;
  }
}
