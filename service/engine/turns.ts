// Work in the background, one piece a turn of the event loop: what came from outside in the meantime goes first. Promises alone do
// not yield (a store that answers at once is a chain of microtasks), and eight workers that each wait for the next turn would do
// eight pieces in it.

export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves in a turn of its own. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#release());
    });
  }

  #release(): void {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(() => this.#release());
  }
}
