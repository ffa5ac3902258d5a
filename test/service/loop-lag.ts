// How long this process itself stood still, so that a bound on how long something took can be one on what is tested: the machine
// may be busy. A timer looks every few milliseconds; by how much it came late is not the other side's fault.

const EVERY_MILLIS = 5;

export class LoopLag {
  #lateMillis = 0;
  #lastMillis = performance.now();
  readonly #timer = setInterval(() => this.#look(), EVERY_MILLIS);

  /** ms that this took, without those that the process stood still. */
  async time(work: () => Promise<unknown>): Promise<number> {
    this.#look();
    const [begin, late] = [performance.now(), this.#lateMillis];
    await work();
    this.#look();
    return performance.now() - begin - (this.#lateMillis - late);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#lateMillis += Math.max(0, now - this.#lastMillis - EVERY_MILLIS);
    this.#lastMillis = now;
  }
}
