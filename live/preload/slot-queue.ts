// So many things at once; who comes later waits, the required ones before the speculative ones, else in order of arrival.

import { assert } from "../../core/errors.ts";

interface Waiter {
  enter(): void;
}

export class SlotQueue {
  readonly #slots: number;
  /** Required, speculative; each by its signal, in order of arrival. */
  readonly #waiting: readonly [Map<AbortSignal, Waiter>, Map<AbortSignal, Waiter>] = [new Map(), new Map()];
  #taken = 0;

  constructor(slots: number) {
    assert(Number.isInteger(slots) && slots >= 1, "slots: there is at least one");
    this.#slots = slots;
  }

  get takenCount(): number {
    return this.#taken;
  }

  get waitingCount(): number {
    return this.#waiting[0].size + this.#waiting[1].size;
  }

  /**
   * Resolves when a slot is the caller's, who gives it back with `leave`; rejects with the signal's reason, and then there is none.
   * @param signal of this caller alone: it stands for him
   */
  enter(isRequired: boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#taken < this.#slots) {
        this.#taken++;
        return resolve();
      }
      const giveUp = () => {
        for (const waiting of this.#waiting) waiting.delete(signal);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        enter() {
          signal.removeEventListener("abort", giveUp);
          resolve();
        },
      };
      this.#waiting[isRequired ? 0 : 1].set(signal, waiter);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Who waits with this signal is required from now on, behind those that were before. */
  promote(signal: AbortSignal): void {
    const [required, speculative] = this.#waiting;
    const waiter = speculative.get(signal);
    if (waiter === undefined) return;
    speculative.delete(signal);
    required.set(signal, waiter);
  }

  /** The slot goes to the next that waits, or is free. */
  leave(): void {
    assert(this.#taken > 0, "slots: none is taken");
    for (const waiting of this.#waiting) {
      for (const [signal, waiter] of waiting) {
        waiting.delete(signal);
        waiter.enter();
        return;
      }
    }
    this.#taken--;
  }
}
