// The ring's own code, stopped at its atomic operations: before or after any of them another "thread" may run whole operations on
// the same buffer, which may be stopped in turn, four deep. So threads are overtaken between reading a cursor and moving it,
// between reading a sequence number and the run behind it, and between claiming and handing over, in all the orders that this
// allows; a stress with real threads meets few of them.

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../../core/random.ts";
import { IntRing } from "../../../preload/ring/int-ring.ts";

const THREADS = 4;
const INDEX_BITS = 20;
const MOST_INTERRUPTIONS = 300;

class Run {
  readonly #random: RandomStream;
  readonly #views: IntRing[];
  readonly #sent = new Array<number>(THREADS).fill(0);
  /** By thread that took and thread that sent, the last index. */
  readonly #last = Array.from({ length: THREADS }, () => new Array<number>(THREADS).fill(-1));
  readonly #taken = new Set<number>();
  readonly #interruptRatio: number;
  readonly #pushRatio: number;
  readonly #mostBatch: number;
  #depth = 0;
  interruptions = 0;
  refusals = 0;

  constructor(seed: number) {
    this.#random = new RandomStream(seed, "ring-interleaving");
    const random = this.#random;
    const capacity = 2 ** random.between(1, 4);
    const first = random.chance(0.5) ? -random.integer(64) : 2 ** 31 - random.integer(64);
    const ring = IntRing.create(capacity, first);
    this.#views = Array.from({ length: THREADS }, () => IntRing.attach(ring.buffer));
    // Each run is of its own kind: few or many interruptions, fuller or emptier, small or large batches.
    this.#interruptRatio = 0.01 + 0.1 * random.next();
    this.#pushRatio = 0.3 + 0.4 * random.next();
    this.#mostBatch = random.between(1, 2 * capacity);
  }

  /** Called at each atomic operation. */
  interrupt(): void {
    if (this.#depth >= THREADS || this.interruptions >= MOST_INTERRUPTIONS) return;
    if (!this.#random.chance(this.#interruptRatio)) return;
    this.interruptions++;
    for (let i = this.#random.between(1, 6); i > 0; i--) this.act();
  }

  act(): void {
    const thread = this.#depth++;
    if (this.#random.chance(this.#pushRatio)) this.#push(thread);
    else this.#pop(thread);
    this.#depth--;
  }

  end(): void {
    const ring = this.#views[0] as IntRing;
    ring.check();
    for (let item = ring.tryPop(); item !== undefined; item = ring.tryPop()) this.#take(0, item);
    ring.check();
    expect(this.#taken.size).toBe(this.#sent.reduce((sum, count) => sum + count, 0));
  }

  #push(thread: number): void {
    const ring = this.#views[thread] as IntRing;
    const count = this.#random.between(1, this.#mostBatch);
    const items = Int32Array.from({ length: count }, (_, i) => (thread << INDEX_BITS) | (this.#sent[thread]! + i));
    const done = count === 1 ? (ring.tryPush(items[0] as number) ? 1 : 0) : ring.pushMany(items);
    this.#sent[thread]! += done;
    if (done === 0) this.refusals++;
  }

  #pop(thread: number): void {
    const ring = this.#views[thread] as IntRing;
    const count = this.#random.between(1, this.#mostBatch);
    const out = new Int32Array(count);
    const one = count === 1 ? ring.tryPop() : undefined;
    if (one !== undefined) out[0] = one;
    const done = count === 1 ? (one === undefined ? 0 : 1) : ring.popMany(out);
    for (let i = 0; i < done; i++) this.#take(thread, out[i] as number);
    if (done === 0) this.refusals++;
  }

  #take(thread: number, item: number): void {
    if (this.#taken.has(item)) throw new Error("an item was taken twice");
    this.#taken.add(item);
    const sender = item >> INDEX_BITS;
    if (item <= this.#last[thread]![sender]!) throw new Error("an item came after a later one of the same sender");
    this.#last[thread]![sender] = item;
  }
}

/** Runs `act` while every atomic operation may be interrupted before and after. */
function withInterruptions(run: Run, act: () => void): void {
  const real = { load: Atomics.load, store: Atomics.store, compareExchange: Atomics.compareExchange };
  const around =
    <A extends unknown[], R>(operation: (...args: A) => R) =>
    (...args: A): R => {
      run.interrupt();
      const result = operation(...args);
      run.interrupt();
      return result;
    };
  try {
    Object.assign(Atomics, {
      load: around(real.load),
      store: around(real.store),
      compareExchange: around(real.compareExchange),
    });
    act();
  } finally {
    Object.assign(Atomics, real);
  }
}

describe("the ring, interrupted", () => {
  it("P37 P38 P40: every item once, in the order of its sender, wherever threads are overtaken", () => {
    let interruptions = 0;
    let refusals = 0;
    for (let seed = 1; seed <= 200; seed++) {
      try {
        const run = new Run(seed);
        withInterruptions(run, () => {
          for (let i = 0; i < 60; i++) run.act();
        });
        run.end();
        interruptions += run.interruptions;
        refusals += run.refusals;
      } catch (error) {
        throw new Error(`seed ${seed}: new Run(${seed}) of this file shows it again`, { cause: error });
      }
    }
    expect(interruptions).toBeGreaterThan(10_000);
    expect(refusals).toBeGreaterThan(1_000);
  });
});
