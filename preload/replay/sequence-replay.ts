// A sequence of requests against a cache of components, with preloading, in virtual time: deterministic to the bit. At each
// request: what has finished loading by then is there; a hit, or the requester waits; the model is asked how it had foreseen it,
// learns it, and says what comes next; the router decides; free workers begin. What is being loaded has its place in the cache
// from the moment the load begins, so nothing is expected of room that is taken.
//
// The modes differ in who decides. thresholds: the threshold router on a plain LRU store. benefit: the benefit router with a
// reuse estimator (reuse-estimator.ts) that says what a candidate is worth, and what the one is that would leave for it; whoever
// is worth least leaves, for a preload or for a demand load. clairvoyant: the same with the truth for an estimate.

import { plainAttributes } from "../../cache/entry-table.ts";
import { LRU } from "../../cache/policies/lru.ts";
import { CacheStore, STALE } from "../../cache/store.ts";
import { assert } from "../../core/errors.ts";
import { Digest } from "../../core/hash.ts";
import { PreloadAccounting, type SettledPreload } from "../accounting.ts";
import type { ComponentCost, ExpectedComponent, PreloadRouter } from "../contract.ts";
import type { PreloadRequest } from "../queue.ts";
import { ReuseEstimator } from "../reuse-estimator.ts";
import { BenefitRouter } from "../routers/benefit.ts";
import { ThresholdRouter } from "../routers/thresholds.ts";
import { ForesightScore } from "./foresight-score.ts";
import type { ComponentSequence, PreloadReplayOptions, PreloadReplayResult, ReplayedPreloads } from "./replay-types.ts";
import { StandingExpectations } from "./standing-expectations.ts";
import { type Flight, VirtualLoads } from "./virtual-loads.ts";

const DEFAULT_GAP_MILLIS = 1_000;
/** Components that the model is asked for: candidates, and what it says of residents. */
const EXPECTED_COUNT = 64;
/** Candidates that are weighed against residents. */
const WEIGHED_COUNT = 6;
/** For so many requests a preload that nobody has asked for is not thrown out for what somebody did ask for; mode thresholds. */
const PROTECTED_REQUESTS = 5;

/**
 * Replays a whole sequence. Cost: what the model takes, and some microseconds a request.
 * @throws AssertionError for options out of range, or when what was counted does not add up
 */
export function replaySequence(sequence: ComponentSequence, options: PreloadReplayOptions): PreloadReplayResult {
  const replay = new SequenceReplay(sequence, options);
  for (let index = 0; index < sequence.components.length; index++) replay.request(index);
  return replay.finish();
}

/** A replay request by request, for whoever wants to look up in between. */
export class SequenceReplay {
  readonly #sequence: ComponentSequence;
  readonly #options: PreloadReplayOptions;
  readonly #capacity: number;
  readonly #lookahead: 1 | 2 | 3;
  readonly #cost: ComponentCost;
  readonly #protectMillis: number;
  readonly #store: CacheStore<number>;
  readonly #loads: VirtualLoads;
  readonly #accounting: PreloadAccounting;
  readonly #router: PreloadRouter;
  readonly #isPredicted: boolean;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #digest = new Digest();
  readonly #foresight = new ForesightScore();
  /** Mode benefit. */
  readonly #estimator: ReuseEstimator | undefined;
  /** Modes benefit and clairvoyant: what a component is worth, by id, as of the last request; whoever is worth least leaves. */
  readonly #worth: Float64Array | undefined;
  readonly #residents = new Set<number>();
  readonly #expectations: StandingExpectations;
  /** Mode clairvoyant: by request, the next one for the same component. */
  readonly #nextUse: Float64Array | undefined;
  readonly #nextOf: Float64Array;
  /** What was expected after the last request, for the user of it. */
  #lastExpected: readonly ExpectedComponent[] = [];
  #now = 0;
  #waitMillis = 0;
  #queueFull = 0;
  #overtaken = 0;

  constructor(sequence: ComponentSequence, options: PreloadReplayOptions) {
    const { mode, componentCount = 10, preloadsPerRequest = 0.25, lookahead = 1, price = 0 } = options;
    const { loadMillis = 100, gapMillis, wasteRatio, leastConfidence, componentBytes = 4096 } = options;
    assert(Number.isInteger(componentCount) && componentCount >= 1, "replay: a whole number of components, 1 or more");
    assert(loadMillis >= 0 && (gapMillis ?? 0) >= 0, "replay: times are not negative");
    this.#sequence = sequence;
    this.#options = options;
    this.#capacity = componentCount;
    this.#lookahead = lookahead;
    this.#protectMillis = PROTECTED_REQUESTS * (gapMillis ?? DEFAULT_GAP_MILLIS);
    this.#cost = { loadRatio: 1, bytes: componentBytes };
    this.#isPredicted = mode === "thresholds" || mode === "benefit";
    this.#ids = new Map(sequence.names.map((name, id) => [name, id]));
    this.#store = new CacheStore<number>({
      policy: LRU,
      maxEntries: componentCount,
      speculativeRatio: 1,
      nowMillis: () => this.#now,
      onRemove: (component, id) => this.#left(component, id),
    });
    this.#loads = new VirtualLoads(loadMillis, {
      begin: (entry) => this.#begin(entry),
      arrive: (flight) => this.#arrive(flight),
    });
    this.#accounting = new PreloadAccounting({ entriesWithout: componentCount });
    const budget = { preloadsPerRequest };
    this.#router =
      mode === "thresholds"
        ? new ThresholdRouter({ ...budget, leastConfidence })
        : new BenefitRouter({ ...budget, wasteRatio: wasteRatio ?? (preloadsPerRequest < Infinity ? 0 : 0.5) });
    this.#router.setPrice(price);
    this.#estimator = mode === "benefit" ? new ReuseEstimator() : undefined;
    const isWeighed = mode === "benefit" || mode === "clairvoyant";
    this.#worth = isWeighed ? new Float64Array(sequence.names.length) : undefined;
    this.#expectations = new StandingExpectations(this.#ids);
    this.#nextUse = mode === "clairvoyant" ? nextUses(sequence.components, sequence.names.length) : undefined;
    this.#nextOf = new Float64Array(sequence.names.length).fill(Infinity);
  }

  /** Replays one request; each once, in order from 0. */
  request(index: number): void {
    const { components, names, users, userNames, isFirst } = this.#sequence;
    const id = components[index]!;
    const component = names[id]!;
    const user = userNames[users[index]!]!;
    const now = this.#timeOf(index);
    this.#loads.advance(now);
    this.#now = now;
    if (this.#isPredicted && isFirst[index] === 0)
      this.#foresight.score(id, component, this.#expectedNext(index, user));
    const isLoadNeeded = this.#ask(component);
    this.#router.onRequest?.();
    if (this.#isPredicted) {
      this.#options.model.observe({ component, user, atMillis: this.#now, isFirst: isFirst[index] === 1 });
      this.#estimator?.observe(id);
      this.#foresight.observe(id);
      this.#lastExpected = this.#options.model.expect(user, this.#now, this.#lookahead, EXPECTED_COUNT);
    } else if (this.#nextUse !== undefined) this.#lastExpected = this.#foresee(index);
    if (this.#estimator !== undefined) this.#value(this.#lastExpected, id, users[index]!, index);
    if (isLoadNeeded) this.#demand(id, component);
    if (this.#estimator !== undefined) this.#routeByWorth(this.#lastExpected, user);
    else this.#route(this.#lastExpected, user);
    this.#loads.start(this.#now);
  }

  /** After the last request. */
  finish(): PreloadReplayResult {
    const { accounting, options } = { accounting: this.#accounting, options: this.#options };
    this.#store.check();
    this.#loads.queues.check();
    this.#estimator?.check();
    accounting.check();
    const { requests, hits, hitRatio, hitRatioWithout } = accounting.hits;
    const preloads = told(accounting, undefined);
    assert(requests === this.#sequence.components.length, "replay: a request was lost");
    assert(this.#store.statistics.hits >= hits, "replay: a hit that the store knows nothing of");
    assert(this.#residents.size === this.#store.count, "replay: what is resident is known");
    this.#digest.addInteger(hits);
    return {
      mode: options.mode,
      requests,
      hits,
      hitRatio,
      hitRatioWithout,
      gainPoints: 100 * (hitRatio - hitRatioWithout),
      preloads,
      preloadsPerRequest: preloads.begun / requests,
      sources: accounting
        .sources()
        .sort()
        .map((source) => ({ source, ...told(accounting, source) })),
      queueFull: this.#queueFull,
      overtaken: this.#overtaken,
      meanWaitMillis: this.#waitMillis / requests,
      accuracy: this.#isPredicted ? this.#foresight.figures : null,
      modelBytes: this.#isPredicted ? options.model.stateBytes + (this.#estimator?.stateBytes ?? 0) : 0,
      digest: this.#digest.hex(),
    };
  }

  #timeOf(index: number): number {
    const { atMillis } = this.#sequence;
    const { gapMillis } = this.#options;
    if (gapMillis === undefined && atMillis !== null) return atMillis[index]!;
    return index * (gapMillis ?? DEFAULT_GAP_MILLIS);
  }

  /** What the model expects of this request, before it knows it. */
  #expectedNext(index: number, user: string): readonly ExpectedComponent[] {
    const isSameUser = index > 0 && this.#sequence.users[index] === this.#sequence.users[index - 1];
    if (isSameUser && this.#lookahead === 1) return this.#lastExpected;
    return this.#options.model.expect(user, this.#now, 1, 3);
  }

  /** Somebody asks: it is there, under way, or to be loaded now. @returns the last of these */
  #ask(component: string): boolean {
    const hasPlace = this.#store.demand(component, "", 0) >= STALE;
    const flight = this.#loads.find(component);
    const isHit = hasPlace && flight === undefined;
    this.#digest.addInteger(isHit ? 1 : 2);
    this.#settle(this.#accounting.request(component, isHit, this.#now));
    if (flight !== undefined) this.#waitMillis += flight.finishesAt - this.#now;
    return !isHit && flight === undefined;
  }

  #demand(id: number, component: string): void {
    if (this.#loads.queues.cancel(component) !== undefined) this.#overtaken++;
    this.#waitMillis += this.#loads.demand(component, this.#now) - this.#now;
    this.#hold(id, component, false);
  }

  /** A load begins: it takes its place. */
  #hold(id: number, component: string, isSpeculative: boolean): void {
    if (this.#worth !== undefined && this.#store.count >= this.#capacity) {
      let victim = -1;
      for (const one of this.#residents) if (victim < 0 || this.#worth[one]! < this.#worth[victim]!) victim = one;
      this.#store.delete(this.#sequence.names[victim]!, "");
    }
    const attributes = plainAttributes();
    attributes.isSpeculative = isSpeculative;
    attributes.protectUntil = this.#now + this.#protectMillis;
    this.#store.put(component, id, "", attributes);
    this.#residents.add(id);
  }

  /** The truth about the next three requests. */
  #foresee(index: number): ExpectedComponent[] {
    const { components, names } = this.#sequence;
    this.#nextOf[components[index]!] = this.#nextUse![index]!;
    const expected: ExpectedComponent[] = [];
    for (const step of [1, 2, 3] as const) {
      const id = components[index + step];
      if (id === undefined || expected.some((one) => one.component === names[id])) continue;
      this.#nextOf[id] = index + step;
      expected.push({ component: names[id]!, step, confidence: 1, source: "clairvoyant" });
    }
    for (const id of this.#residents) this.#worth![id] = 1 / (this.#nextOf[id]! - index);
    this.#worth![components[index]!] = 1 / (this.#nextOf[components[index]!]! - index);
    return expected;
  }

  #route(expected: readonly ExpectedComponent[], user: string): void {
    for (const one of expected) {
      if (this.#isKnown(one.component)) continue;
      if (this.#worth !== undefined) {
        const id = this.#ids.get(one.component)!;
        this.#worth[id] = 1 / one.step;
        if (this.#displaced() >= this.#worth[id]!) continue; // who would leave is needed as soon
      }
      this.#offer(one, this.#cost, user);
    }
  }

  /** What is there, what was asked for and what is expected, each by one measure. */
  #value(expected: readonly ExpectedComponent[], asked: number, user: number, index: number): void {
    const worth = this.#worth!;
    const estimator = this.#estimator!;
    this.#expectations.set(user, expected, index);
    worth[asked] = estimator.worth(asked, this.#expectations.probabilityOf(asked));
    for (const id of this.#residents) {
      if (id !== asked) worth[id] = estimator.worthAndSample(id, this.#expectations.probabilityOf(id));
    }
  }

  /** Those go ahead that are worth more than who would leave for them, the best first. */
  #routeByWorth(expected: readonly ExpectedComponent[], user: string): void {
    const worth = this.#worth!;
    const estimator = this.#estimator!;
    const candidates: { readonly id: number; readonly expected: ExpectedComponent }[] = [];
    for (const one of expected) {
      const id = this.#ids.get(one.component)!;
      if (this.#residents.has(id)) continue;
      worth[id] = estimator.worth(id, this.#expectations.probabilityOf(id));
      candidates.push({ id, expected: one });
    }
    candidates.sort((a, b) => worth[b.id]! - worth[a.id]!);
    for (const { id, expected: one } of candidates.slice(0, WEIGHED_COUNT)) {
      estimator.worthAndSample(id, this.#expectations.probabilityOf(id));
      if (this.#isKnown(one.component)) continue;
      const cost = { ...this.#cost, displacedLoads: this.#displaced() };
      if (!this.#offer({ ...one, confidence: worth[id]! }, cost, user)) break;
    }
  }

  /** There, under way, or waiting already. */
  #isKnown(component: string): boolean {
    if (this.#store.find(component, "") >= 0) return true;
    return this.#loads.find(component) !== undefined || this.#loads.queues.find(component) !== undefined;
  }

  /** What is lost with who leaves, if one more is loaded beside what waits. */
  #displaced(): number {
    const pending = this.#loads.queues.count - (this.#capacity - this.#store.count);
    if (pending < 0) return 0;
    const worths = [...this.#residents].map((id) => this.#worth![id]!).sort((a, b) => a - b);
    return worths[Math.min(pending, worths.length - 1)] ?? 0;
  }

  /** @returns whether it was routed */
  #offer(expected: ExpectedComponent, cost: ComponentCost, user: string): boolean {
    const queue = this.#router.route(expected, cost);
    if (queue === undefined) return false;
    const { component, confidence, step, source } = expected;
    const request: PreloadRequest = {
      ...{ component, confidence, step, source, user },
      ...{ isRequired: false, priority: 0, bytes: cost.bytes, loadRatio: cost.loadRatio },
    };
    const answer = this.#loads.queues.offer(request, queue, this.#now);
    if (!answer.accepted || answer.displaced !== undefined) this.#queueFull++;
    return true;
  }

  #begin(entry: PreloadRequest): boolean {
    const { component, confidence, source } = entry;
    if (this.#store.find(component, "") >= 0 || this.#loads.find(component) !== undefined) {
      this.#overtaken++;
      return false;
    }
    const id = this.#ids.get(component)!;
    this.#accounting.begin({ component, step: entry.step as 1 | 2 | 3, confidence, source });
    this.#digest.addWords(3, id);
    this.#hold(id, component, true);
    return true;
  }

  #arrive({ component, finishesAt, source }: Flight): void {
    this.#now = finishesAt;
    if (source !== undefined) this.#accounting.arrive(component, this.#cost.bytes, finishesAt, source);
  }

  #left(component: string, id: number): void {
    this.#residents.delete(id);
    this.#settle(this.#accounting.leave(component, this.#now));
  }

  #settle(settled: SettledPreload | undefined): void {
    if (settled === undefined) return;
    const { expected, outcome, heldSeconds, bytes } = settled;
    this.#router.settle(expected, outcome, heldSeconds, bytes);
    this.#digest.addWords(outcome === "in-time" ? 4 : outcome === "late" ? 5 : 6, this.#ids.get(expected.component)!);
  }
}

function told(accounting: PreloadAccounting, source: string | undefined): ReplayedPreloads {
  const { begun, inTime, late, wasted, failed, underWay, held, wastedShare, bytes, wastedBytes, heldSeconds } =
    accounting.figures(source);
  return { begun, inTime, late, wasted, failed, open: underWay + held, wastedShare, bytes, wastedBytes, heldSeconds };
}

/** For each request the index of the next one for the same component; Infinity: none. */
function nextUses(components: Uint32Array, componentCount: number): Float64Array {
  const next = new Float64Array(components.length);
  const later = new Float64Array(componentCount).fill(Infinity);
  for (let index = components.length - 1; index >= 0; index--) {
    next[index] = later[components[index]!]!;
    later[components[index]!] = index;
  }
  return next;
}
