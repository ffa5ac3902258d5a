// A circuit breaker: what is known to be gone is not asked again and again, each caller waiting for its time limit. Pure logic
// over an injected clock. Closed: everybody may call. One failure opens it (M. Nygard, Release It!, "Circuit Breaker", waits
// for several: here each would cost somebody a whole time limit). Open: nobody may call, and after a pause one trial may be
// made: half-open. The trial closes it, or opens it for a pause twice as long, up to a bound.
//
// Unlike the usual one it lets no ordinary call through as the trial: the owner makes a cheap one of its own (a PING), so no
// caller pays for finding out.

import { assert } from "../../core/errors.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  readonly now: () => number;
  /** From opening to the first trial. Default 100. */
  readonly firstPauseMillis?: number;
  /** No pause is longer. Default 1000. */
  readonly longestPauseMillis?: number;
}

/** What `enter` returns when the call may not be made. */
export const NO_ENTRY = -1;

export class CircuitBreaker {
  readonly #now: () => number;
  readonly #firstPauseMillis: number;
  readonly #longestPauseMillis: number;
  #state: BreakerState = "closed";
  #pauseMillis: number;
  #trialAtMillis = 0;
  /** Counts openings, so that a failure of a call made before the last one says nothing about now. */
  #generation = 0;

  constructor({ now, firstPauseMillis = 100, longestPauseMillis = 1000 }: BreakerOptions) {
    assert(firstPauseMillis > 0 && longestPauseMillis >= firstPauseMillis, "pauses of a breaker: 0 < first ≤ longest");
    this.#now = now;
    this.#firstPauseMillis = firstPauseMillis;
    this.#longestPauseMillis = longestPauseMillis;
    this.#pauseMillis = firstPauseMillis;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** A ticket to hand to `fail` should the call fail, or NO_ENTRY. */
  enter(): number {
    return this.#state === "closed" ? this.#generation : NO_ENTRY;
  }

  /** The call with this ticket failed. Opens the breaker unless it has been open since. Returns whether it opened it. */
  fail(ticket: number): boolean {
    if (this.#state !== "closed" || ticket !== this.#generation) return false;
    this.#open(this.#firstPauseMillis);
    return true;
  }

  /** How long until a trial may be made; 0: now, Infinity: there is nothing to try. */
  millisToTrial(): number {
    if (this.#state !== "open") return Infinity;
    return Math.max(0, this.#trialAtMillis - this.#now());
  }

  /** True once when the pause is over: the caller makes the trial, then calls `endTrial`. */
  beginTrial(): boolean {
    if (this.millisToTrial() > 0) return false;
    this.#state = "half-open";
    return true;
  }

  /** How the trial went. Harmless when the breaker was closed meanwhile. */
  endTrial(isSuccess: boolean): void {
    if (this.#state !== "half-open") return;
    if (isSuccess) this.close();
    else this.#open(Math.min(this.#pauseMillis * 2, this.#longestPauseMillis));
  }

  /** It is known by other means that the other side is back. */
  close(): void {
    this.#state = "closed";
    this.#pauseMillis = this.#firstPauseMillis;
  }

  #open(pauseMillis: number): void {
    this.#generation++;
    this.#state = "open";
    this.#pauseMillis = pauseMillis;
    this.#trialAtMillis = this.#now() + pauseMillis;
  }
}
