// What a component that lies in a cache is worth: the chance that it is asked for again before long. A request k requests away counts
// discount^(k − 1), so that the next one counts most. What a model says of the next request is one feature, how lately and how
// often the component came are others (what LRU and LFU go by); one logistic regression weighs them, learned online from what
// was really asked for. So a candidate and the one that would have to leave for it are measured with one measure.
// After Song et al., "Learning relaxed Belady for content distribution network caching" (NSDI 2020), with steps after Duchi et
// al. (JMLR 2011).

import { quickExp, quickLog } from "../cache/quick-math.ts";
import { assert } from "../core/errors.ts";

export interface ReuseEstimatorOptions {
  /** What each request of delay leaves of the worth, 0..1 exclusive. Default 0.6. */
  readonly discount?: number | undefined;
  /** Samples that wait for what comes of them, a power of two. Default 1,024. */
  readonly sampleCount?: number | undefined;
}

const FEATURES = 8;
const LEARNING_RATE = 0.05;
/** Requests over which the fast and the slow frequency fade to 1/e. */
const FAST_REQUESTS = 30;
const SLOW_REQUESTS = 500;
const NEVER = -1;

/** Components are numbers 0, 1, 2, …; the arrays grow with them. */
export class ReuseEstimator {
  /** Of: 1, log probability, log age, log fast frequency, log slow frequency, probability, slow frequency, log of what is left to certainty. */
  readonly weights = new Float64Array(FEATURES);
  readonly #squares = new Float64Array(FEATURES).fill(1);
  readonly #discount: number;
  /** discount^k. */
  readonly #worthAfter: Float64Array;
  readonly #features = new Float64Array(FEATURES);
  #now = 0;

  // By component.
  #lastAt = new Float64Array(256).fill(NEVER);
  #fast = new Float64Array(256);
  #slow = new Float64Array(256);
  /** Number of its latest waiting sample; NEVER: none. */
  #newest = new Float64Array(256).fill(NEVER);

  // Waiting samples, a ring: sample n is at n & mask while it is one of the last `sampleCount`.
  readonly #mask: number;
  readonly #sampleFeatures: Float64Array;
  readonly #sampleComponent: Int32Array;
  readonly #sampleAt: Float64Array;
  readonly #sampleBefore: Float64Array;
  readonly #isWaiting: Uint8Array;
  #samples = 0;

  constructor(options: ReuseEstimatorOptions = {}) {
    const { discount = 0.6, sampleCount = 1024 } = options;
    assert(discount > 0 && discount < 1, "reuse estimator: a discount is between 0 and 1");
    assert(sampleCount >= 2 && (sampleCount & (sampleCount - 1)) === 0, "reuse estimator: a power of two of samples");
    this.#discount = discount;
    this.#worthAfter = new Float64Array(64);
    let worth = 1;
    for (let k = 0; k < this.#worthAfter.length; k++) {
      this.#worthAfter[k] = worth;
      worth *= this.#discount;
    }
    this.#mask = sampleCount - 1;
    this.#sampleFeatures = new Float64Array(sampleCount * FEATURES);
    this.#sampleComponent = new Int32Array(sampleCount);
    this.#sampleAt = new Float64Array(sampleCount);
    this.#sampleBefore = new Float64Array(sampleCount);
    this.#isWaiting = new Uint8Array(sampleCount);
    this.weights[1] = 1; // before anything is learned, the model is believed
  }

  /** A component was asked for: learns from its samples, and a request has passed. */
  observe(component: number): void {
    this.#room(component);
    this.#now++;
    const oldest = this.#samples - 1 - this.#mask;
    for (let n = this.#newest[component]!; n !== NEVER && n >= oldest; n = this.#sampleBefore[n & this.#mask]!) {
      const at = n & this.#mask;
      if (this.#isWaiting[at] === 0) break;
      this.#isWaiting[at] = 0;
      const delay = this.#now - this.#sampleAt[at]! - 1;
      this.#learn(at * FEATURES, delay < this.#worthAfter.length ? this.#worthAfter[delay]! : 0);
    }
    this.#newest[component] = NEVER;
    const age = this.#ageOf(component);
    this.#fast[component] = this.#fast[component]! * quickExp(age / FAST_REQUESTS) + 1 / FAST_REQUESTS;
    this.#slow[component] = this.#slow[component]! * quickExp(age / SLOW_REQUESTS) + 1 / SLOW_REQUESTS;
    this.#lastAt[component] = this.#now;
  }

  /**
   * What it is worth to have a component, 0..1; 0 for one that never came. Under a microsecond, no garbage.
   * @param probability that it is asked for next, as a model says; 0 where it says nothing
   */
  worth(component: number, probability: number): number {
    if (!this.#describe(component, probability)) return 0;
    return this.#estimate(this.#features, 0);
  }

  /** The same, and what comes of it is learned from. */
  worthAndSample(component: number, probability: number): number {
    if (!this.#describe(component, probability)) return 0;
    const number = this.#samples++;
    const at = number & this.#mask;
    if (this.#isWaiting[at] === 1) this.#learn(at * FEATURES, 0); // long ago and never asked for since
    this.#sampleFeatures.set(this.#features, at * FEATURES);
    this.#sampleComponent[at] = component;
    this.#sampleAt[at] = this.#now;
    this.#sampleBefore[at] = this.#newest[component]!;
    this.#isWaiting[at] = 1;
    this.#newest[component] = number;
    return this.#estimate(this.#features, 0);
  }

  get stateBytes(): number {
    const samples = (8 * FEATURES + 4 + 8 + 8 + 1) * (this.#mask + 1);
    return samples + 4 * 8 * this.#lastAt.length + 2 * 8 * FEATURES + 8 * this.#worthAfter.length;
  }

  /** Throws AssertionError when something is not a number or a sample is in the wrong chain. Cold. */
  check(): void {
    for (const weight of this.weights) assert(Math.abs(weight) < 1e3, "reuse estimator: weights stay finite");
    for (let component = 0; component < this.#newest.length; component++) {
      const n = this.#newest[component]!;
      if (n === NEVER || n <= this.#samples - 1 - this.#mask) continue;
      assert(this.#sampleComponent[n & this.#mask] === component, "reuse estimator: a sample is its component's");
    }
  }

  #ageOf(component: number): number {
    const lastAt = this.#lastAt[component]!;
    return lastAt === NEVER ? 0 : this.#now - lastAt;
  }

  /** Fills `#features`. @returns whether the component ever came */
  #describe(component: number, probability: number): boolean {
    if (component >= this.#lastAt.length || this.#lastAt[component] === NEVER) return false;
    const features = this.#features;
    const age = this.#ageOf(component);
    const slow = this.#slow[component]! * quickExp(age / SLOW_REQUESTS);
    features[0] = 1;
    features[1] = quickLog(probability + 1e-3);
    features[2] = quickLog(age + 1);
    features[3] = quickLog(this.#fast[component]! * quickExp(age / FAST_REQUESTS) + 1e-3);
    features[4] = quickLog(slow + 1e-4);
    features[5] = probability;
    features[6] = slow;
    features[7] = -quickLog(1 - Math.min(1, probability) + 1e-2);
    return true;
  }

  #estimate(features: Float64Array, from: number): number {
    let score = 0;
    for (let i = 0; i < FEATURES; i++) score += this.weights[i]! * features[from + i]!;
    const small = quickExp(Math.abs(score));
    return score >= 0 ? 1 / (1 + small) : small / (1 + small);
  }

  #learn(from: number, worth: number): void {
    const features = this.#sampleFeatures;
    const error = worth - this.#estimate(features, from);
    for (let i = 0; i < FEATURES; i++) {
      const gradient = error * features[from + i]!;
      const squares = this.#squares[i]! + gradient * gradient;
      this.#squares[i] = squares;
      this.weights[i] = this.weights[i]! + (LEARNING_RATE * gradient) / Math.sqrt(squares);
    }
  }

  #room(component: number): void {
    assert(Number.isInteger(component) && component >= 0, "reuse estimator: components are numbers from 0");
    if (component < this.#lastAt.length) return;
    let length = this.#lastAt.length;
    while (length <= component) length *= 2;
    const grown = (old: Float64Array, empty: number): Float64Array<ArrayBuffer> => {
      const copy = new Float64Array(length).fill(empty);
      copy.set(old);
      return copy;
    };
    this.#lastAt = grown(this.#lastAt, NEVER);
    this.#fast = grown(this.#fast, 0);
    this.#slow = grown(this.#slow, 0);
    this.#newest = grown(this.#newest, NEVER);
  }
}
