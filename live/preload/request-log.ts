// Requests wait here until whoever asked has an answer: learning and expecting cost tens of microseconds, a hit less than one. They are
// taken out in the order they came, after the promises that are settled now, a bounded number at a time, so that nothing else of the
// process waits long. Where the process never comes to rest, as in a loop that awaits only what is there, what does not fit is left
// out and counted: no load could begin meanwhile either.

import type { ComponentRequest } from "../../preload/contract.ts";

/** Requests that may wait. */
const MOST_WAITING = 4096;
/** Requests taken out at a time. */
const SLICE = 16;

export class RequestLog {
  readonly #take: (requests: readonly ComponentRequest[]) => void;
  #waiting: ComponentRequest[] = [];
  /** Requests that found no place. */
  leftOut = 0;
  #timer: NodeJS.Immediate | undefined;

  /** @param take gets requests in order; may not throw */
  constructor(take: (requests: readonly ComponentRequest[]) => void) {
    this.#take = take;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(request: ComponentRequest): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.leftOut++;
      return;
    }
    this.#waiting.push(request);
    this.#timer ??= setImmediate(this.#slice);
  }

  /** Takes everything out now. */
  flush(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    const requests = this.#waiting;
    this.#waiting = [];
    if (requests.length > 0) this.#take(requests);
  }

  readonly #slice = (): void => {
    this.#timer = undefined;
    if (this.#waiting.length <= SLICE) {
      this.flush();
      return;
    }
    this.#take(this.#waiting.splice(0, SLICE));
    this.#timer ??= setImmediate(this.#slice);
  };
}
