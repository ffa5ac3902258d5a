// Which components a user will ask for next, one to three requests ahead: experts, each with a view of its own (sequences of the
// user and of everyone, the session's shape, links, habits, users alike, the hour, words of names), mixed into one probability
// by weights that are learned online, looked ahead with step by step, and calibrated by what came of earlier statements.
// Names and users get numbers in bounded tables; those not seen for longest are forgotten with all that was learned of them.

import { SequenceHistory } from "../../cache/sequence-history.ts";
import { SymbolTable } from "../../cache/symbol-table.ts";
import { assert } from "../../core/errors.ts";
import type { ComponentRequest, ExpectedComponent, NextComponentModel } from "../contract.ts";
import { Calibrator } from "./calibrator.ts";
import { type Situation, SOURCES } from "./expert.ts";
import { Experts } from "./experts.ts";
import { hourOf } from "./hour-expert.ts";
import { Lookahead, STEP_COUNT } from "./lookahead.ts";
import { type ModelShape, modelShape, type NextComponentPredictorOptions } from "./model-options.ts";
import { OpenStatements, STATED_COUNT } from "./open-statements.ts";

/** Components that one answer names at most. */
export const MOST_EXPECTED = 64;
const STEPS: readonly (1 | 2 | 3)[] = [1, 2, 3];
/** Bytes of a user's history, without the object. */
const HISTORY_BYTES = 2 * 6 + 3 * 16 + 24;

export class NextComponentPredictor implements NextComponentModel {
  readonly id = "next-component";
  readonly shape: ModelShape;
  readonly experts: Experts;
  readonly calibrator: Calibrator;
  /** @internal The parts, for saving, loading and checks. */
  readonly components: SymbolTable;
  /** @internal */
  readonly users: SymbolTable;
  /** @internal By user's number. */
  readonly situations: (Situation | undefined)[];
  /** @internal */
  readonly open: OpenStatements;
  readonly #lookahead: Lookahead;
  readonly #noSymbols: Uint8Array;
  readonly #noUsers: Uint8Array;
  // The likeliest of a step while they are picked: places in its distribution.
  readonly #picked = new Uint16Array(Math.max(STATED_COUNT, MOST_EXPECTED));

  constructor(options: NextComponentPredictorOptions = {}) {
    this.shape = modelShape(options);
    const { componentCount, userCount } = this.shape;
    this.experts = new Experts(this.shape);
    this.calibrator = new Calibrator(STEP_COUNT * SOURCES.length);
    this.components = new SymbolTable(componentCount);
    this.users = new SymbolTable(userCount);
    this.situations = new Array<Situation | undefined>(userCount).fill(undefined);
    this.#lookahead = new Lookahead(this.experts, componentCount, this.shape.beamCount);
    this.open = new OpenStatements(userCount);
    this.#noSymbols = new Uint8Array(componentCount);
    this.#noUsers = new Uint8Array(userCount);
  }

  /** Bytes of typed arrays and of each known user; the strings come on top. */
  get stateBytes(): number {
    const { componentCount, userCount } = this.shape;
    const names = 9 * (componentCount + userCount) + componentCount + userCount;
    const parts =
      this.experts.stateBytes + this.calibrator.stateBytes + this.#lookahead.stateBytes + this.open.stateBytes;
    return parts + names + HISTORY_BYTES * this.users.count;
  }

  /** Components known. */
  get componentCount(): number {
    return this.components.count;
  }

  /** Users known. */
  get userCount(): number {
    return this.users.count;
  }

  /** A component that exists, whether or not anyone has asked for it yet: its name may be like one that is asked for. */
  introduce(component: string): void {
    if (component.length <= this.shape.mostNameUnits) this.#symbolOf(component);
  }

  observe(request: ComponentRequest): void {
    const user = request.user ?? "";
    const { mostNameUnits, offsetMinutes } = this.shape;
    if (user.length > mostNameUnits) return;
    const situation = this.#situationOf(user);
    if (request.isFirst === true) {
      situation.history.clear();
      this.open.drop(situation.user);
    }
    if (request.component.length > mostNameUnits) {
      situation.history.clear(); // what comes next does not follow what came before
      this.open.drop(situation.user);
      return;
    }
    const symbol = this.#symbolOf(request.component);
    situation.hour = hourOf(request.atMillis, offsetMinutes);
    this.experts.predict(situation);
    if (situation.history.length > 0) this.#stateNext(situation);
    this.experts.observe(situation, symbol);
    situation.history.push(symbol);
    situation.requestCount++;
    this.open.settle(situation.user, situation.requestCount, symbol, this.calibrator);
  }

  expect(user: string, atMillis: number, stepCount: 1 | 2 | 3, count: number): ExpectedComponent[] {
    const best = new Map<string, ExpectedComponent>();
    for (const step of this.expectSteps(user, atMillis, stepCount, count)) {
      for (const expected of step) {
        if (expected.confidence > (best.get(expected.component)?.confidence ?? 0))
          best.set(expected.component, expected);
      }
    }
    return [...best.values()].sort((a, b) => b.confidence - a.confidence || a.step - b.step).slice(0, count);
  }

  /** As `expect`, but for each step apart, from step 1: what is asked for exactly then, the likeliest `count` first. */
  expectSteps(user: string, atMillis: number, stepCount: 1 | 2 | 3, count: number): ExpectedComponent[][] {
    const number = this.users.find(user);
    if (number < 0 || count < 1) return [];
    const situation = this.situations[number]!;
    situation.hour = hourOf(atMillis, this.shape.offsetMinutes);
    this.#lookahead.look(situation, stepCount);
    return STEPS.slice(0, stepCount).map((step) => this.#expectedAt(situation, step, count));
  }

  /** Throws AssertionError when the parts do not agree. Cold. */
  check(): void {
    this.components.check();
    this.users.check();
    const isKnown = (symbol: number) => this.components.has(symbol);
    this.experts.check(isKnown, (user) => this.users.has(user));
    this.calibrator.check();
    this.open.check(STEP_COUNT * SOURCES.length);
    this.situations.forEach((situation, user) => {
      assert((situation !== undefined) === this.users.has(user), "each user stands somewhere");
      if (situation === undefined) return;
      const { recent, length, used, usedCount } = situation.history;
      assert(recent.subarray(0, length).every(isKnown), "a history's components are known");
      assert(used.subarray(0, usedCount).every(isKnown), "a recency list's components are known");
      assert(new Set(used.subarray(0, usedCount)).size === usedCount, "a recency list has each component once");
    });
  }

  /** What the mixer says of the next request is a statement as well, whether or not anybody asked. */
  #stateNext({ user, requestCount }: Situation): void {
    const { mixer } = this.experts;
    const slot = this.open.open(user, requestCount, 1);
    const picked = this.#picked;
    const count = pickLargest(mixer.scores, 1, mixer.count, picked, STATED_COUNT);
    for (let i = 0; i < count; i++) {
      const candidate = picked[i]!;
      this.open.state(slot, mixer.symbols[candidate]!, mixer.scores[candidate]!, mixer.sourceOf(candidate));
    }
  }

  /** The likeliest of one step that was looked at, calibrated; and remembered, to be held against what comes. */
  #expectedAt({ user, requestCount }: Situation, step: 1 | 2 | 3, count: number): ExpectedComponent[] {
    const { symbols, sources, probabilities, count: candidateCount } = this.#lookahead.steps[step - 1]!;
    const picked = this.#picked;
    const wanted = Math.min(MOST_EXPECTED, count);
    const pickedCount = pickLargest(probabilities, 0, candidateCount, picked, Math.max(STATED_COUNT, wanted));
    // Of step 1 `observe` makes a statement of its own.
    const slot = step === 1 ? -1 : this.open.open(user, requestCount, step);
    const expected: ExpectedComponent[] = [];
    for (let i = 0; i < pickedCount; i++) {
      const place = picked[i]!;
      const symbol = symbols[place]!;
      const stated = probabilities[place]!;
      const kind = (step - 1) * SOURCES.length + sources[place]!;
      if (slot >= 0) this.open.state(slot, symbol, stated, kind);
      const confidence = this.shape.isCalibrated ? this.calibrator.calibrate(kind, stated) : Math.min(1, stated);
      expected.push({ component: this.components.text(symbol), step, confidence, source: SOURCES[sources[place]!]! });
    }
    return expected.sort((a, b) => b.confidence - a.confidence).slice(0, wanted);
  }

  #situationOf(user: string): Situation {
    if (this.users.find(user) < 0 && this.users.isFull) {
      this.users.retire();
      const { dead } = this.users;
      this.experts.forget(this.#noSymbols, dead);
      for (let number = 0; number < dead.length; number++) {
        if (dead[number] === 0) continue;
        this.situations[number] = undefined;
        this.open.drop(number);
      }
    }
    const number = this.users.intern(user);
    return (this.situations[number] ??= {
      user: number,
      history: new SequenceHistory(number),
      requestCount: 0,
      hour: 0,
    });
  }

  #symbolOf(component: string): number {
    const known = this.components.find(component);
    if (known < 0 && this.components.isFull) {
      this.components.retire();
      const { dead } = this.components;
      const isAlive = (symbol: number) => dead[symbol] === 0;
      for (const situation of this.situations) situation?.history.retain(isAlive);
      for (let user = 0; user < this.shape.userCount; user++) this.open.drop(user);
      this.experts.forget(dead, this.#noUsers);
    }
    const symbol = this.components.intern(component);
    if (known < 0) this.experts.words?.add(symbol, component);
    return symbol;
  }
}

/** Places of the `count` largest values from `from` to `end`, the largest first, into `out`. @returns how many there are */
function pickLargest(values: Float64Array, from: number, end: number, out: Uint16Array, count: number): number {
  let found = 0;
  for (let i = from; i < end; i++) {
    const value = values[i]!;
    if (found === count && values[out[count - 1]!]! >= value) continue;
    let at = found < count ? found++ : count - 1;
    for (; at > 0 && values[out[at - 1]!]! < value; at--) out[at] = out[at - 1]!;
    out[at] = i;
  }
  return found;
}
